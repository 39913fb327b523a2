/* store_page.h: messages that match a filter, newest first. Read in steps of about a millisecond,
 * cut by key, so that a page never delays a delivery. */
#pragma once

#include "queue/store_read.h"

#define SS_STORE_PAGE_STEP 1000 /* messages that one step looks at */
#define SS_STORE_PAGE_END "~"   /* sorts after every id: where a list begins */

/* Selects messages for ss_message_row_read: after > id >= bound, matching the filter and the mode
 * (SS_SQL_MODE_). */
apr_status_t ss_store_page_select(ss_db_t *db, ss_sql_t sql, const ss_store_filter_t *filter,
                                  const char *after, const char *bound, apr_int64_t mode,
                                  apr_time_t now, apr_int64_t limit, apr_pool_t *pool);
/* The last id of a step that begins below `after`, where sql (SS_SQL_PAGE_BOUND_) cuts; "": fewer
 * messages than one step are left. */
apr_status_t ss_store_page_bound(ss_db_t *db, ss_sql_t sql, const char *after,
                                 char bound[SS_IDENT_TEXT]);
/* One step. *more: call it again. */
apr_status_t ss_store_page_list(ss_db_t *db, ss_store_list_t *request, int *more);
apr_status_t ss_store_page_count(ss_db_t *db, ss_store_matches_t *request, apr_int64_t mode,
                                 int *more);
