/* store_outcome.h: writes the results of attempts, inside the batch's transaction. The recipients'
 * rows are authoritative; counts, due and finished in the message's row are derived from them. */
#pragma once

#include "queue/message_row.h"
#include "queue/store_request.h"

/* How many recipients of a message are in each state, and what that makes of the message. */
typedef struct {
    apr_int64_t count[SS_STATES];
    apr_int64_t due, attempts;
    int is_finished, has_any;
} ss_store_summary_t;

/* If a person has acted on the recipient meanwhile, a hold stays unless the message was sent, and
 * only a delivery overrides a cancellation. May be deferred until ss_store_outcome_flush. */
apr_status_t ss_store_outcome_write(ss_db_t *db, ss_store_outcome_t *request);
/* Writes deferred outcomes: before the transaction ends. */
apr_status_t ss_store_outcome_flush(ss_db_t *db);
apr_status_t ss_store_outcome_summary(ss_db_t *db, const char *id, ss_store_summary_t *summary);
/* Derives the message's row from its recipients. Deletes a finished message's content, or the whole
 * message unless history is kept. summary: what was found. */
apr_status_t ss_store_outcome_settle(ss_db_t *db, const char *id, apr_time_t now, int keep_history,
                                     ss_store_summary_t *summary);
/* Adds to the history. recipient -1: the whole message. */
apr_status_t ss_store_outcome_event(ss_db_t *db, const char *id, apr_time_t time, int recipient,
                                    const char *what, const char *text, const char *host);
