/* store_read.h: reads one message, the order of the waiting ones, or settings. Each takes about a
 * millisecond of the store's thread. Functions return the database's status; other results
 * (APR_NOTFOUND) are in request->head.rv. */
#pragma once

#include "queue/message_row.h"
#include "queue/store_request.h"

apr_status_t ss_store_read_load(ss_db_t *db, ss_store_load_t *request);
apr_status_t ss_store_read_part(ss_db_t *db, ss_store_part_t *request);
apr_status_t ss_store_read_lookup(ss_db_t *db, ss_store_lookup_t *request);
apr_status_t ss_store_read_due(ss_db_t *db, ss_store_due_t *request);
/* One step. *more: call it again. */
apr_status_t ss_store_read_settings(ss_db_t *db, ss_store_settings_t *request, int *more);
/* Adds the selected rows (key, value) to rows, of ss_store_setting_t. Returns their number. */
int ss_store_read_setting_rows(ss_db_t *db, apr_array_header_t *rows);
/* Reads at most `most` recipients of a message whose row was read, and sets rcpt_count to their
 * number. */
apr_status_t ss_store_read_recipients(ss_db_t *db, ss_message_t *m, int most);
/* Reads all recipients and the missing parts of such a message. APR_NOTFOUND: some do not exist. */
apr_status_t ss_store_read_rest(ss_db_t *db, ss_message_t *m);
