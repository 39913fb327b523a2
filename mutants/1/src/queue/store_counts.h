/* store_counts.h: numbers of messages by relay and state, in steps of about a millisecond; and the
 * purge, which counts what it deletes. */
#pragma once

#include "queue/db.h"
#include "queue/store_request.h"

/* One step. *more: call it again. */
apr_status_t ss_store_counts_all(ss_db_t *db, ss_store_counts_t *request, int *more);
apr_status_t ss_store_counts_oldest(ss_db_t *db, ss_store_oldest_t *request, int *more);
/* Adds the current row, with SS_SQL_OPEN_COLUMNS or SS_SQL_DONE_COLUMNS, to rows of
 * ss_store_count_t. */
void ss_store_counts_open(ss_db_t *db, apr_array_header_t *rows);
void ss_store_counts_done(ss_db_t *db, apr_array_header_t *rows);
/* Inside the batch's transaction. */
apr_status_t ss_store_counts_purge(ss_db_t *db, ss_store_purge_t *request);
