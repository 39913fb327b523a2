/* store_accept.h: accepts messages, inside the batch's transaction. */
#pragma once

#include "queue/message_row.h"
#include "queue/store_request.h"

/* head.rv APR_EINCOMPLETE: its staged parts were purged meanwhile. */
apr_status_t ss_store_accept_write(ss_db_t *db, ss_store_accept_t *request);
apr_status_t ss_store_accept_stage(ss_db_t *db, ss_store_stage_t *request);
apr_status_t ss_store_accept_unstage(ss_db_t *db, ss_store_unstage_t *request);
/* Inserts a message unconditionally. */
apr_status_t ss_store_accept_insert(ss_db_t *db, const ss_message_t *m);
/* Whether a request was committed whose commit was not answered. Looks for an id that only it
 * inserts; an outcome without reports is idempotent and never counts as done. */
apr_status_t ss_store_accept_is_done(ss_db_t *db, ss_store_request_t *request, int *is_done);
