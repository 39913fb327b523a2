/* store_control.h: what people do to stored messages: retry, hold, release, cancel; one by id, or a
 * step of those that fit a filter. Inside the batch's transaction. */
#ifndef SS_QUEUE_STORE_CONTROL_H
#define SS_QUEUE_STORE_CONTROL_H

#include "queue/db.h"
#include "queue/store_request.h"

apr_status_t ss_store_control_write(ss_db_t *db, ss_store_control_t *request);
/* One step of counting what an action would change. *more: it is to be called again. */
apr_status_t ss_store_control_count(ss_db_t *db, ss_store_matches_t *request, int *more);

#endif
