#include "queue/store_outcome.h"

#include <apr_strings.h>
#include <string.h>

#include "queue/store_accept.h"

apr_status_t ss_store_outcome_event(ss_db_t *db, const char *id, apr_time_t time, int recipient,
                                    const char *what, const char *text, const char *host)
{
    apr_int64_t when = time, number = recipient;

    return ss_db_put(db, SS_SQL_PUT_EVENT, SS_ARGS{ id, &when, &number, what, text, host });
}

#define END_WIDTH 13
#define SETTLE_WIDTH 11

/* What the arguments of END_RECIPIENT point to. */
typedef struct {
    apr_int64_t state, attempts, next, uncertain, delivered, last, number;
} ended_t;

static void end_args(const void **args, ended_t *e, const char *id, const ss_recipient_t *rcpt)
{
    *e = (ended_t){ rcpt->state,        rcpt->attempts,     rcpt->next,  ss_message_row_marks(rcpt),
                    rcpt->delivered_at, rcpt->last_attempt, rcpt->number };
    const void *row[END_WIDTH] = { &e->state,     &e->attempts,  &e->next,    rcpt->reply,
                                   rcpt->dsn,     rcpt->host,    rcpt->cause, rcpt->advice,
                                   &e->uncertain, &e->delivered, &e->last,    id,
                                   &e->number };
    memcpy(args, row, sizeof(row));
}

/* *is_plain: nobody has acted on the recipient meanwhile. */
static apr_status_t end_recipient(ss_db_t *db, const char *id, const ss_recipient_t *rcpt,
                                  int *is_plain)
{
    const void *args[END_WIDTH];
    ended_t e;
    int changed = 0;

    end_args(args, &e, id, rcpt);
    apr_status_t rv = ss_db_run(db, SS_SQL_END_RECIPIENT, args, &changed);
    *is_plain = changed == 1;
    if (rv != APR_SUCCESS || *is_plain) return rv;
    return ss_db_run(db, SS_SQL_END_RECIPIENT_CAREFULLY,
                     SS_ARGS{ &e.state, rcpt->cause, &e.state, &e.state, &e.attempts, &e.next,
                              rcpt->reply, rcpt->dsn, rcpt->host, rcpt->advice, &e.uncertain,
                              &e.delivered, &e.last, id, &e.number, &e.state },
                     NULL);
}

apr_status_t ss_store_outcome_summary(ss_db_t *db, const char *id, ss_store_summary_t *summary)
{
    apr_status_t rv = ss_db_select(db, SS_SQL_SUMMARY, SS_ARGS{ id });

    memset(summary, 0, sizeof(*summary));
    summary->due = SS_SQL_FAR;
    summary->is_finished = 1;
    while (ss_db_next(db)) {
        apr_int64_t state = ss_db_number(db, 0), next = ss_db_number(db, 2),
                    attempts = ss_db_number(db, 3);
        if (state < 0 || state >= SS_STATES) continue;
        summary->has_any = 1;
        /* This program never stores "sending"; one that a newer program wrote counts as queued. */
        summary->count[state == SS_STATE_SENDING ? SS_STATE_QUEUED : state] += ss_db_number(db, 1);
        if (!ss_state_is_final((ss_state_t)state)) summary->is_finished = 0;
        if (state < SS_STATE_HELD && next < summary->due) summary->due = next;
        if (attempts > summary->attempts) summary->attempts = attempts;
    }
    return rv;
}

static apr_status_t delete_message(ss_db_t *db, const char *id)
{
    static const ss_sql_t all[] = { SS_SQL_DELETE_RECIPIENTS, SS_SQL_DELETE_EVENTS,
                                    SS_SQL_DELETE_BODY, SS_SQL_DELETE_MESSAGE };
    apr_status_t rv = APR_SUCCESS;

    for (apr_size_t i = 0; i < sizeof(all) / sizeof(all[0]) && rv == APR_SUCCESS; i++)
        rv = ss_db_run(db, all[i], SS_ARGS{ id }, NULL);
    return rv;
}

apr_status_t ss_store_outcome_settle(ss_db_t *db, const char *id, apr_time_t now, int keep_history,
                                     ss_store_summary_t *s)
{
    apr_status_t rv = ss_store_outcome_summary(db, id, s);
    apr_int64_t when = now, finished = s->is_finished ? now : 0, held = s->count[SS_STATE_HELD];

    /* What cannot be read makes a transaction fail. The recipients' rows count. */
    if (rv != APR_SUCCESS || !s->has_any || ss_db_has_damaged_row(db, id)) return rv;
    if (s->is_finished && !keep_history) return delete_message(db, id);
    rv = ss_db_run(db, SS_SQL_SETTLE,
                   SS_ARGS{ &s->due, &finished, &s->attempts, &s->count[SS_STATE_QUEUED],
                            &s->count[SS_STATE_DEFERRED], &held, &s->count[SS_STATE_SENT],
                            &s->count[SS_STATE_FAILED], &s->count[SS_STATE_EXPIRED],
                            &s->count[SS_STATE_CANCELLED], &held, &when, &when, &held, &when,
                            &finished, id },
                   NULL);
    if (rv == APR_SUCCESS && s->is_finished)
        rv = ss_db_run(db, SS_SQL_DELETE_BODY, SS_ARGS{ id }, NULL);
    return rv;
}

/* The row of a message with one recipient after its outcome. */
typedef struct {
    apr_int64_t due, finished, attempts, most, count[SS_STATES];
} single_t;

static void settle_args(const void **args, single_t *s, const ss_store_outcome_t *request)
{
    const ss_recipient_t *rcpt = &request->message->rcpts[0];

    *s = (single_t){ .attempts = rcpt->attempts,
                     .most = SS_MESSAGE_ROW_PARTS,
                     .finished = ss_state_is_final(rcpt->state) ? request->now : 0 };
    s->due = s->finished ? SS_SQL_FAR : rcpt->next;
    s->count[rcpt->state] = 1;
    const void *row[SETTLE_WIDTH] = { &s->due,
                                      &s->finished,
                                      &s->attempts,
                                      &s->count[SS_STATE_QUEUED],
                                      &s->count[SS_STATE_DEFERRED],
                                      &s->count[SS_STATE_SENT],
                                      &s->count[SS_STATE_FAILED],
                                      &s->count[SS_STATE_EXPIRED],
                                      &s->count[SS_STATE_CANCELLED],
                                      request->message->id,
                                      &s->most };
    memcpy(args, row, sizeof(row));
}

/* The only recipient of a message with inline content: nothing needs to be read first. *is_done 0:
 * not such a message. */
static apr_status_t settle_single(ss_db_t *db, const ss_store_outcome_t *request, int *is_done)
{
    const void *args[1 + SETTLE_WIDTH];
    single_t s;
    int changed = 0;

    settle_args(args + 1, &s, request);
    args[0] = &s.finished;
    apr_status_t rv = ss_db_run(db, SS_SQL_SETTLE_SINGLE, args, &changed);
    *is_done = changed == 1;
    return rv;
}

/* The usual case: one recipient, and no other state to read first. */
static int is_single(const ss_store_outcome_t *request)
{
    const ss_message_t *m = request->message;

    return m->rcpt_count == 1 && request->changed_count == 1 &&
           m->rcpts[0].state != SS_STATE_HELD &&
           (request->keep_history || !ss_state_is_final(m->rcpts[0].state));
}

static apr_status_t write_one(ss_db_t *db, const ss_store_outcome_t *request)
{
    const ss_message_t *m = request->message;
    apr_status_t rv = APR_SUCCESS;
    int is_plain = 1, is_done = 0;
    ss_store_summary_t summary;

    for (int i = 0; i < request->changed_count && rv == APR_SUCCESS; i++) {
        int plain;
        rv = end_recipient(db, m->id, &m->rcpts[request->changed[i]], &plain);
        is_plain &= plain;
    }
    if (rv == APR_SUCCESS && is_plain && is_single(request) && !ss_db_has_damaged_row(db, m->id))
        rv = settle_single(db, request, &is_done);
    return rv == APR_SUCCESS && !is_done
               ? ss_store_outcome_settle(db, m->id, request->now, request->keep_history, &summary)
               : rv;
}

apr_status_t ss_store_outcome_write(ss_db_t *db, ss_store_outcome_t *request)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; request->history && i < request->history->nelts && rv == APR_SUCCESS; i++) {
        const ss_message_history_t *h = &APR_ARRAY_IDX(request->history, i, ss_message_history_t);
        rv = ss_store_outcome_event(db, request->message->id, h->time, h->recipient, h->what,
                                    h->text, h->host);
    }
    for (int i = 0; request->reports && i < request->reports->nelts && rv == APR_SUCCESS; i++)
        rv = ss_store_accept_insert(db, APR_ARRAY_IDX(request->reports, i, ss_message_t *));
    if (rv != APR_SUCCESS) return rv;
    if (!ss_db_has(db, SS_SQL_END_MANY) || db->is_careful || !is_single(request))
        return write_one(db, request);
    if (!db->later) db->later = apr_array_make(db->scratch, 64, sizeof(ss_store_outcome_t *));
    APR_ARRAY_PUSH(db->later, ss_store_outcome_t *) = request;
    return APR_SUCCESS;
}

/* ---- what a server gets many rows of at once ---- */

#define LATER_MOST 64

/* Some of the deferred outcomes. If any row changed under us, or is not of the usual kind, fall
 * back to one by one; the updates are idempotent. */
static apr_status_t end_some(ss_db_t *db, ss_store_outcome_t *const *requests, int count)
{
    const void *ends[LATER_MOST * END_WIDTH], *settles[LATER_MOST * SETTLE_WIDTH];
    ended_t ended[LATER_MOST];
    single_t singles[LATER_MOST];
    int changed = 0, settled = 0;

    for (int i = 0; i < count; i++) {
        const ss_message_t *m = requests[i]->message;
        end_args(ends + i * END_WIDTH, &ended[i], m->id, &m->rcpts[0]);
        settle_args(settles + i * SETTLE_WIDTH, &singles[i], requests[i]);
    }
    apr_status_t rv = ss_db_run_many(db, SS_SQL_END_MANY, count, END_WIDTH, ends, &changed);
    if (rv == APR_SUCCESS && changed == count)
        rv = ss_db_run_many(db, SS_SQL_SETTLE_MANY, count, SETTLE_WIDTH, settles, &settled);
    for (int i = 0; i < count && rv == APR_SUCCESS && settled != count; i++)
        rv = write_one(db, requests[i]);
    return rv;
}

apr_status_t ss_store_outcome_flush(ss_db_t *db)
{
    ss_store_outcome_t *const *requests =
        db->later ? (ss_store_outcome_t *const *)(void *)db->later->elts : NULL;
    int left = db->later ? db->later->nelts : 0;
    apr_status_t rv = ss_db_flush(db);

    while (left && rv == APR_SUCCESS) {
        int now = left < LATER_MOST ? left : LATER_MOST;
        rv = end_some(db, requests, now);
        requests += now;
        left -= now;
    }
    return rv;
}
