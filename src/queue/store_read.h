/* store_read.h: reads of one message, and of the order of the waiting ones. Each is one step of the
 * store's thread, of about a millisecond. The result is the database's; request->head.rv stays for
 * what is no fault of it. */
#ifndef SS_QUEUE_STORE_READ_H
#define SS_QUEUE_STORE_READ_H

#include "queue/message_row.h"
#include "queue/store_request.h"

apr_status_t ss_store_read_load(ss_db_t *db, ss_store_load_t *request);
apr_status_t ss_store_read_part(ss_db_t *db, ss_store_part_t *request);
apr_status_t ss_store_read_lookup(ss_db_t *db, ss_store_lookup_t *request);
apr_status_t ss_store_read_due(ss_db_t *db, ss_store_due_t *request);
/* At most so many recipients of a message whose row was read; rcpt_count is then their number. */
apr_status_t ss_store_read_recipients(ss_db_t *db, ss_message_t *m, int most);
/* All recipients and parts of such a message; parts that are there stay. APR_NOTFOUND: some are
 * missing. */
apr_status_t ss_store_read_rest(ss_db_t *db, ss_message_t *m);

#endif
