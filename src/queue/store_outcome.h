/* store_outcome.h: results of attempts, inside the batch's transaction. Recipients are the truth;
 * the message's row (counts, due, finished) follows from them. The usual end, the only recipient of
 * a message of one part, is two statements. */
#ifndef SS_QUEUE_STORE_OUTCOME_H
#define SS_QUEUE_STORE_OUTCOME_H

#include "queue/message_row.h"
#include "queue/store_request.h"

/* How many recipients of a message are in each state, and what follows for the message. */
typedef struct {
    apr_int64_t count[SS_STATES];
    apr_int64_t due, attempts;
    int is_finished, has_any;
} ss_store_summary_t;

/* A result that meets a person's action: a hold stays unless the message was sent, and only a
 * delivery overrules a cancellation. May be kept back until ss_store_outcome_flush. */
apr_status_t ss_store_outcome_write(ss_db_t *db, ss_store_outcome_t *request);
/* Writes what was kept back: before the transaction's end. */
apr_status_t ss_store_outcome_flush(ss_db_t *db);
/* Makes the message's row agree with its recipients; deletes a finished message's content, and all
 * of it unless history is kept. summary: what was found. */
apr_status_t ss_store_outcome_settle(ss_db_t *db, const char *id, apr_time_t now, int keep_history,
                                     ss_store_summary_t *summary);
/* Adds to the history. recipient -1: of the message. */
apr_status_t ss_store_outcome_event(ss_db_t *db, const char *id, apr_time_t time, int recipient,
                                    const char *what, const char *text, const char *host);

#endif
