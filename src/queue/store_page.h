/* store_page.h: messages that fit a filter, newest first. A question about many is cut by their
 * keys into steps of about a millisecond, so that a page never delays a delivery. */
#ifndef SS_QUEUE_STORE_PAGE_H
#define SS_QUEUE_STORE_PAGE_H

#include "queue/store_read.h"

#define SS_STORE_PAGE_STEP 1000 /* messages that one step looks at */
#define SS_STORE_PAGE_END "~"   /* above all ids: where a list begins */

/* Selects rows as ss_message_row_read reads them: messages with after > id >= bound that fit the
 * filter and the mode (SS_SQL_MODE_). */
apr_status_t ss_store_page_select(ss_db_t *db, ss_sql_t sql, const ss_store_filter_t *filter,
                                  const char *after, const char *bound, apr_int64_t mode,
                                  apr_time_t now, apr_int64_t limit, apr_pool_t *pool);
/* One step. *more: it is to be called again. */
apr_status_t ss_store_page_list(ss_db_t *db, ss_store_list_t *request, int *more);
apr_status_t ss_store_page_count(ss_db_t *db, ss_store_matches_t *request, apr_int64_t mode,
                                 int *more);

#endif
