/* store_write.c: what the store's thread writes inside a batch's transaction: acceptances,
 * outcomes, settings, the purge. See store_impl.h. A message with one recipient and a body of one
 * part, the usual one, costs two statements to accept and two to finish. */
#include "queue/store_impl.h"

#include <apr_strings.h>
#include <string.h>

/* a message whose parts were staged is accepted by then, or never */
#define STAGED_FOR (3600 * APR_USEC_PER_SEC)

/* The column "uncertain" holds all that is marked of a recipient. */
static apr_int64_t marks_of(const ss_recipient_t *rcpt)
{
    return (rcpt->is_uncertain ? SS_MARK_UNCERTAIN : 0) |
           (rcpt->is_delay_told ? SS_MARK_DELAY_TOLD : 0);
}

/* ---- accepting ---- */

static apr_status_t find_key(ss_db_t *db, ss_store_accept_t *request, int *is_known)
{
    const ss_message_t *m = request->message;

    *is_known = 0;
    if (!m->attr.idempotency_key) return APR_SUCCESS;
    apr_status_t rv =
        ss_db_select(db, SS_SQL_FIND_KEY, SS_ARGS{ m->attr.submitter, m->attr.idempotency_key });
    while (rv == APR_SUCCESS && ss_db_next(db)) {
        const char *hash = ss_db_text(db, 1);
        *is_known = 1;
        apr_cpystrn(request->existing_id, ss_db_text(db, 0), sizeof(request->existing_id));
        request->existing_same =
            hash && m->attr.content_hash && !strcmp(hash, m->attr.content_hash);
    }
    return rv;
}

/* The arguments of the columns of attributes; numbers holds what they point to. Behind the last. */
static const void **attribute_args(const void **args, apr_int64_t *numbers,
                                   const ss_attributes_t *attr)
{
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        if (!row->column) continue;
        if (ss_attributes_is_text(row)) {
            *args++ = ss_attributes_text(row, attr);
        } else {
            *numbers = ss_attributes_number(row, attr);
            *args++ = numbers++;
        }
    }
    return args;
}

static apr_status_t put_message(ss_db_t *db, const ss_message_t *m)
{
    apr_int64_t size = (apr_int64_t)m->size, parts = m->part_count,
                flags = ss_attributes_flags(&m->attr), numbers[SS_DB_ARGS_MAX];
    apr_int64_t created = m->created, paused = m->paused_base, held = m->held,
                since = m->held_since;
    apr_int64_t count[SS_STATES] = { 0 }, rcpts = m->rcpt_count, attempts = 0;
    int any = 0, is_inline = m->part_count <= SS_STORE_INLINE_PARTS;
    apr_int64_t due = ss_message_due(m, &any);
    const char *body = is_inline && m->part_count ? m->parts[0].bytes : NULL;
    apr_size_t body_len = body ? m->parts[0].len : 0;

    if (!any) due = SS_STORE_FAR;
    for (int i = 0; i < m->rcpt_count; i++) {
        count[m->rcpts[i].state]++;
        if (m->rcpts[i].attempts > attempts) attempts = m->rcpts[i].attempts;
    }
    const void *args[SS_DB_ARGS_MAX] = { m->id,
                                         m->relay,
                                         m->from,
                                         &size,
                                         &parts,
                                         &flags,
                                         &created,
                                         &paused,
                                         &held,
                                         &since,
                                         &rcpts,
                                         &due,
                                         &attempts,
                                         &count[SS_STATE_QUEUED],
                                         &count[SS_STATE_DEFERRED],
                                         &count[SS_STATE_HELD] };
    const void *blob[] = { SS_BLOB(body, &body_len, "message", "body") };
    memcpy(attribute_args(args + 16, numbers, &m->attr), blob, sizeof(blob));
    return ss_db_put(db, SS_SQL_PUT_MESSAGE, args);
}

static apr_status_t put_recipient(ss_db_t *db, const ss_message_t *m, const ss_recipient_t *rcpt)
{
    apr_int64_t number = rcpt->number, notify = rcpt->notify, state = rcpt->state,
                attempts = rcpt->attempts, next = rcpt->next;
    apr_int64_t uncertain = marks_of(rcpt), delivered = rcpt->delivered_at,
                last = rcpt->last_attempt;

    return ss_db_put(db, SS_SQL_PUT_RECIPIENT,
                     SS_ARGS{ m->id, &number, rcpt->address, rcpt->orcpt, &notify, &state,
                              &attempts, &next, rcpt->reply, rcpt->dsn, rcpt->host, rcpt->cause,
                              rcpt->advice, &uncertain, &delivered, &last });
}

static apr_status_t put_parts(ss_db_t *db, const ss_message_t *m)
{
    apr_status_t rv = APR_SUCCESS;

    if (m->part_count <= SS_STORE_INLINE_PARTS) return APR_SUCCESS;
    for (int i = 0; i < m->part_count && rv == APR_SUCCESS; i++) {
        apr_int64_t number = i;
        if (i && m->is_staged) continue;
        rv = ss_db_run(db, SS_SQL_PUT_BODY,
                       SS_ARGS{ m->id, &number,
                                SS_BLOB(m->parts[i].bytes, &m->parts[i].len, "body", "bytes") },
                       NULL);
    }
    return rv;
}

static apr_status_t insert(ss_db_t *db, const ss_message_t *m)
{
    apr_status_t rv = put_message(db, m);

    for (int i = 0; i < m->rcpt_count && rv == APR_SUCCESS; i++)
        rv = put_recipient(db, m, &m->rcpts[i]);
    return rv == APR_SUCCESS ? put_parts(db, m) : rv;
}

/* A message that took longer than its parts are kept must not be accepted without them. */
static apr_status_t check_staged(ss_db_t *db, ss_store_accept_t *request)
{
    const ss_message_t *m = request->message;
    apr_int64_t found = 0;

    if (!m->is_staged) return APR_SUCCESS;
    apr_status_t rv = ss_db_select(db, SS_SQL_COUNT_STAGED, SS_ARGS{ m->id });
    while (rv == APR_SUCCESS && ss_db_next(db)) found = ss_db_number(db, 0);
    if (rv != APR_SUCCESS || found == m->part_count - 1) return rv;
    request->head.rv = APR_EINCOMPLETE;
    ss_result_set(
        &request->head.result, "queue", "", NULL,
        "the message took so long to come that its first parts were given up: send it again");
    return APR_SUCCESS;
}

apr_status_t ss_store_write_accept(ss_db_t *db, ss_store_accept_t *request)
{
    int is_known;

    *request->existing_id = '\0';
    apr_status_t rv = find_key(db, request, &is_known);
    if (rv != APR_SUCCESS || is_known) return rv;
    rv = check_staged(db, request);
    return rv == APR_SUCCESS && request->head.rv == APR_SUCCESS ? insert(db, request->message) : rv;
}

apr_status_t ss_store_write_stage(ss_db_t *db, ss_store_stage_t *request)
{
    apr_int64_t number = request->number;

    return ss_db_run(
        db, SS_SQL_PUT_BODY,
        SS_ARGS{ request->id, &number, SS_BLOB(request->bytes, &request->len, "body", "bytes") },
        NULL);
}

apr_status_t ss_store_write_unstage(ss_db_t *db, ss_store_unstage_t *request)
{
    return ss_db_run(db, SS_SQL_UNSTAGE, SS_ARGS{ request->id, request->id }, NULL);
}

/* A message, or a report, has an id that nobody else uses: where it is there, the transaction that
 * brought it was committed, with all of it. An outcome without reports may be done twice. */
static const char *proof_of(ss_store_request_t *request)
{
    if (request->verb == SS_STORE_ACCEPT)
        return ((ss_store_accept_t *)ss_store_request_as(request, SS_STORE_ACCEPT))->message->id;
    if (request->verb != SS_STORE_OUTCOME) return NULL;
    const ss_store_outcome_t *outcome = ss_store_request_as(request, SS_STORE_OUTCOME);
    if (!outcome->reports || !outcome->reports->nelts) return NULL;
    return APR_ARRAY_IDX(outcome->reports, 0, ss_message_t *)->id;
}

apr_status_t ss_store_write_is_done(ss_db_t *db, ss_store_request_t *request, int *is_done)
{
    apr_status_t rv = APR_SUCCESS;
    const char *id = proof_of(request);

    *is_done = 0;
    if (request->verb == SS_STORE_STAGE) {
        const ss_store_stage_t *stage = ss_store_request_as(request, SS_STORE_STAGE);
        apr_int64_t number = stage->number;
        rv = ss_db_select(db, SS_SQL_GET_PART, SS_ARGS{ stage->id, &number });
    } else if (id) {
        rv = ss_db_select(db, SS_SQL_GET_MESSAGE, SS_ARGS{ id });
    } else {
        return APR_SUCCESS;
    }
    while (rv == APR_SUCCESS && ss_db_next(db)) *is_done = 1;
    return rv;
}

/* ---- outcomes ---- */

apr_status_t ss_store_write_event(ss_db_t *db, const char *id, apr_time_t time, int recipient,
                                  const char *what, const char *text, const char *host)
{
    apr_int64_t when = time, number = recipient;

    return ss_db_put(db, SS_SQL_PUT_EVENT, SS_ARGS{ id, &when, &number, what, text, host });
}

/* *is_plain: nobody had acted on the recipient meanwhile. */
static apr_status_t end_recipient(ss_db_t *db, const char *id, const ss_recipient_t *rcpt,
                                  int *is_plain)
{
    apr_int64_t state = rcpt->state, attempts = rcpt->attempts, next = rcpt->next,
                uncertain = marks_of(rcpt);
    apr_int64_t delivered = rcpt->delivered_at, last = rcpt->last_attempt, number = rcpt->number;
    int changed = 0;

    apr_status_t rv =
        ss_db_run(db, SS_SQL_END_RECIPIENT,
                  SS_ARGS{ &state, &attempts, &next, rcpt->reply, rcpt->dsn, rcpt->host,
                           rcpt->cause, rcpt->advice, &uncertain, &delivered, &last, id, &number },
                  &changed);
    *is_plain = changed == 1;
    if (rv != APR_SUCCESS || *is_plain) return rv;
    return ss_db_run(db, SS_SQL_END_RECIPIENT_CAREFULLY,
                     SS_ARGS{ &state, rcpt->cause, &state, &state, &attempts, &next, rcpt->reply,
                              rcpt->dsn, rcpt->host, rcpt->advice, &uncertain, &delivered, &last,
                              id, &number, &state },
                     NULL);
}

static apr_status_t summarize(ss_db_t *db, const char *id, ss_summary_t *summary)
{
    apr_status_t rv = ss_db_select(db, SS_SQL_SUMMARY, SS_ARGS{ id });

    memset(summary, 0, sizeof(*summary));
    summary->due = SS_STORE_FAR;
    summary->is_finished = 1;
    while (rv == APR_SUCCESS && ss_db_next(db)) {
        apr_int64_t state = ss_db_number(db, 0), next = ss_db_number(db, 2),
                    attempts = ss_db_number(db, 3);
        if (state < 0 || state >= SS_STATES) continue;
        summary->has_any = 1;
        /* "sending" is never stored by this program; one that a newer wrote waits like any other.
         */
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

apr_status_t ss_store_write_settle(ss_db_t *db, const char *id, apr_time_t now, int keep_history,
                                   ss_summary_t *s)
{
    apr_status_t rv = summarize(db, id, s);
    apr_int64_t when = now, finished = s->is_finished ? now : 0, held = s->count[SS_STATE_HELD];

    if (rv != APR_SUCCESS || !s->has_any) return rv;
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

/* What the row of a message with one recipient says after that one's outcome. */
typedef struct {
    apr_int64_t due, finished, attempts, most, count[SS_STATES];
} single_t;

static single_t single_of(const ss_recipient_t *rcpt, apr_time_t now)
{
    single_t s = { .attempts = rcpt->attempts,
                   .most = SS_STORE_INLINE_PARTS,
                   .finished = ss_state_is_final(rcpt->state) ? now : 0 };

    s.due = s.finished ? SS_STORE_FAR : rcpt->next;
    s.count[rcpt->state] = 1;
    return s;
}

/* The only recipient of a message whose body lies in its row: no need to look at anything.
 * *is_done: 0: the long way is needed. */
static apr_status_t settle_single(ss_db_t *db, const char *id, const ss_recipient_t *rcpt,
                                  apr_time_t now, int *is_done)
{
    single_t s = single_of(rcpt, now);
    int changed = 0;

    apr_status_t rv =
        ss_db_run(db, SS_SQL_SETTLE_SINGLE,
                  SS_ARGS{ &s.due, &s.finished, &s.attempts, &s.count[SS_STATE_QUEUED],
                           &s.count[SS_STATE_DEFERRED], &s.count[SS_STATE_SENT],
                           &s.count[SS_STATE_FAILED], &s.count[SS_STATE_EXPIRED],
                           &s.count[SS_STATE_CANCELLED], &s.finished, id, &s.most },
                  &changed);
    *is_done = changed == 1;
    return rv;
}

/* One recipient, nothing to write besides, nobody to be asked: the usual end. */
static int is_single(const ss_store_outcome_t *request)
{
    const ss_message_t *m = request->message;

    return m->rcpt_count == 1 && request->changed_count == 1 &&
           m->rcpts[0].state != SS_STATE_HELD &&
           (request->keep_history || !ss_state_is_final(m->rcpts[0].state));
}

static apr_status_t outcome(ss_db_t *db, const ss_store_outcome_t *request)
{
    const ss_message_t *m = request->message;
    apr_status_t rv = APR_SUCCESS;
    int is_plain = 1, is_done = 0;
    ss_summary_t summary;

    for (int i = 0; i < request->changed_count && rv == APR_SUCCESS; i++) {
        int plain;
        rv = end_recipient(db, m->id, &m->rcpts[request->changed[i]], &plain);
        is_plain &= plain;
    }
    if (rv == APR_SUCCESS && is_plain && is_single(request))
        rv = settle_single(db, m->id, &m->rcpts[0], request->now, &is_done);
    return rv == APR_SUCCESS && !is_done
               ? ss_store_write_settle(db, m->id, request->now, request->keep_history, &summary)
               : rv;
}

apr_status_t ss_store_write_outcome(ss_db_t *db, ss_store_outcome_t *request)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; request->history && i < request->history->nelts && rv == APR_SUCCESS; i++) {
        const ss_message_history_t *h = &APR_ARRAY_IDX(request->history, i, ss_message_history_t);
        rv = ss_store_write_event(db, request->message->id, h->time, h->recipient, h->what, h->text,
                                  h->host);
    }
    for (int i = 0; request->reports && i < request->reports->nelts && rv == APR_SUCCESS; i++)
        rv = insert(db, APR_ARRAY_IDX(request->reports, i, ss_message_t *));
    if (rv != APR_SUCCESS) return rv;
    if (!ss_db_has(db, SS_SQL_END_MANY) || db->is_careful || !is_single(request))
        return outcome(db, request);
    if (!db->later) db->later = apr_array_make(db->scratch, 64, sizeof(ss_store_outcome_t *));
    APR_ARRAY_PUSH(db->later, ss_store_outcome_t *) = request;
    return APR_SUCCESS;
}

/* ---- what a server gets many rows of at once ---- */

#define END_WIDTH 13
#define SETTLE_WIDTH 11
#define LATER_MOST 64

typedef struct {
    apr_int64_t state, attempts, next, uncertain, delivered, last, number;
} ended_t;

static const void **end_args(const void **args, ended_t *e, const ss_store_outcome_t *request)
{
    const ss_message_t *m = request->message;
    const ss_recipient_t *rcpt = &m->rcpts[0];

    *e = (ended_t){ rcpt->state,        rcpt->attempts,     rcpt->next,  marks_of(rcpt),
                    rcpt->delivered_at, rcpt->last_attempt, rcpt->number };
    const void *row[END_WIDTH] = { &e->state,     &e->attempts,  &e->next,    rcpt->reply,
                                   rcpt->dsn,     rcpt->host,    rcpt->cause, rcpt->advice,
                                   &e->uncertain, &e->delivered, &e->last,    m->id,
                                   &e->number };
    memcpy(args, row, sizeof(row));
    return args + END_WIDTH;
}

static const void **settle_args(const void **args, single_t *s, const ss_store_outcome_t *request)
{
    *s = single_of(&request->message->rcpts[0], request->now);
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
    return args + SETTLE_WIDTH;
}

/* Some of the outcomes that were kept back. Where one of them meets a person's action, or anything
 * else than the usual, each is done by itself: twice is as good as once. */
static apr_status_t end_some(ss_db_t *db, ss_store_outcome_t *const *requests, int count)
{
    const void *ends[LATER_MOST * END_WIDTH], *settles[LATER_MOST * SETTLE_WIDTH],
        **end = ends, **settle = settles;
    ended_t ended[LATER_MOST];
    single_t singles[LATER_MOST];
    int changed = 0, settled = 0;

    for (int i = 0; i < count; i++) {
        end = end_args(end, &ended[i], requests[i]);
        settle = settle_args(settle, &singles[i], requests[i]);
    }
    apr_status_t rv = ss_db_run_many(db, SS_SQL_END_MANY, count, END_WIDTH, ends, &changed);
    if (rv == APR_SUCCESS && changed == count)
        rv = ss_db_run_many(db, SS_SQL_SETTLE_MANY, count, SETTLE_WIDTH, settles, &settled);
    for (int i = 0; i < count && rv == APR_SUCCESS && settled != count; i++)
        rv = outcome(db, requests[i]);
    return rv;
}

apr_status_t ss_store_write_flush(ss_db_t *db)
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

/* ---- settings, housekeeping ---- */

apr_status_t ss_store_write_set(ss_db_t *db, ss_store_set_t *request)
{
    apr_int64_t now = request->now;

    if (!request->value) return ss_db_run(db, SS_SQL_UNSET, SS_ARGS{ request->key }, NULL);
    return ss_db_run(db, SS_SQL_SET, SS_ARGS{ request->key, request->value, request->who, &now },
                     NULL);
}

/* What the purge is about to delete, so that the daemon's counts follow. */
static apr_status_t count_purged(ss_db_t *db, ss_store_purge_t *request)
{
    apr_int64_t from = 0, to = request->before - 1, offset = request->limit - 1;
    const char *to_id = SS_ID_END;
    apr_status_t rv = ss_db_select(db, SS_SQL_DONE_BOUND, SS_ARGS{ &from, "", &offset });

    while (rv == APR_SUCCESS && ss_db_next(db)) {
        if (ss_db_number(db, 0) >= request->before) continue;
        to = ss_db_number(db, 0);
        to_id = apr_pstrdup(request->head.pool, ss_db_text(db, 1));
    }
    request->rows = apr_array_make(request->head.pool, 4, sizeof(ss_store_count_t));
    return rv == APR_SUCCESS ? ss_store_read_done(db, request->rows, 0, "", to, to_id) : rv;
}

apr_status_t ss_store_write_purge(ss_db_t *db, ss_store_purge_t *request)
{
    static const ss_sql_t all[] = { SS_SQL_PURGE_RECIPIENTS, SS_SQL_PURGE_EVENTS,
                                    SS_SQL_PURGE_BODIES, SS_SQL_PURGE_MESSAGES };
    apr_int64_t before = request->before, limit = request->limit;
    apr_status_t rv = count_purged(db, request);
    char bound[SS_IDENT_TEXT];
    int gone = 0;

    for (apr_size_t i = 0; i < sizeof(all) / sizeof(all[0]) && rv == APR_SUCCESS; i++)
        rv = ss_db_run(db, all[i], SS_ARGS{ &before, &limit }, &gone);
    request->more = gone == request->limit;
    if (rv == APR_SUCCESS)
        rv = ss_db_run(db, SS_SQL_PURGE_ORPHANS,
                       SS_ARGS{ ss_ident_begin(request->now - STAGED_FOR, bound), &limit }, NULL);
    return rv;
}
