/* store_purge.h: deletes old finished messages and orphaned parts, inside the batch's transaction.
 */
#ifndef SS_QUEUE_STORE_PURGE_H
#define SS_QUEUE_STORE_PURGE_H

#include "queue/db.h"
#include "queue/store_request.h"

apr_status_t ss_store_purge_write(ss_db_t *db, ss_store_purge_t *request);

#endif
