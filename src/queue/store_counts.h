/* store_counts.h: numbers of messages by relay and state, in steps of about a millisecond. */
#ifndef SS_QUEUE_STORE_COUNTS_H
#define SS_QUEUE_STORE_COUNTS_H

#include "queue/db.h"
#include "queue/store_request.h"

/* One step. *more: call it again. */
apr_status_t ss_store_counts_all(ss_db_t *db, ss_store_counts_t *request, int *more);
apr_status_t ss_store_counts_oldest(ss_db_t *db, ss_store_oldest_t *request, int *more);
/* Adds the messages that finished after (from, from_id) up to (to, to_id) to rows, of
 * ss_store_count_t. */
apr_status_t ss_store_counts_between(ss_db_t *db, apr_array_header_t *rows, apr_time_t from,
                                     const char *from_id, apr_time_t to, const char *to_id);
/* Adds the current row, with the columns of OPEN_COUNTS or of DONE_COUNTS, to such rows. */
void ss_store_counts_open(ss_db_t *db, apr_array_header_t *rows);
void ss_store_counts_done(ss_db_t *db, apr_array_header_t *rows);

#endif
