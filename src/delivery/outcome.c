#include "delivery/outcome.h"

#include <apr_strings.h>
#include <string.h>

#include "delivery/bounce_queue.h"
#include "delivery/jump.h"
#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"
#include "delivery/progress.h"
#include "delivery/retry.h"
#include "delivery/suspects.h"

#define SECOND APR_USEC_PER_SEC
/* an outcome that the store refused is posted again */
#define REFUSED_AGAIN (5 * APR_USEC_PER_SEC)
/* the least wait after a reply about a rate */
#define LIMITED_AGAIN SECOND
/* the time that a reply names is waited for instead of SMTPSendRetry's, if it is no longer */
#define NAMED_MOST (4 * 3600 * SECOND)

/* ---- the log's line, which other tools parse: its form is fixed ---- */

static double seconds(apr_interval_time_t t)
{
    return t > 0 ? (double)t / 1e6 : 0.0;
}

static const char *one_line(const char *text, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, text ? text : "");

    for (char *p = copy; *p; p++) {
        if (*p == '\r' || *p == '\n') *p = ' ';
    }
    return copy;
}

static void say(const ss_job_t *job, const ss_recipient_t *rcpt,
                const ss_outcome_attempt_t *attempt, const char *status, const char *words,
                apr_time_t now, apr_pool_t *pool)
{
    const ss_message_t *m = job->message;
    const ss_log_t *log = job->delivery->log;
    const ss_ports_t *ports = &job->delivery->ports;
    ss_log_level_t level = !strcmp(status, "sent") ? SS_LOG_INFO : SS_LOG_WARN;
    const char *trace = m->attr.traceparent;
    int is_heard = attempt && ports->attempted;

    if (!ss_log_is(log, level) && !is_heard) return;
    ss_mono_t mono = ss_delivery_mono(job->delivery);
    apr_interval_time_t delay = now - m->created, transfer = 0;
    apr_interval_time_t stored =
        ss_mono_is_set(job->received) ? ss_mono_since(job->stored, job->received) : 0;
    apr_interval_time_t connect = attempt ? attempt->connected_for : 0;
    apr_interval_time_t queue =
        (ss_mono_is_set(job->stored) ? ss_mono_since(mono, job->stored) : delay) - connect;
    if (attempt) {
        queue -= ss_mono_since(mono, attempt->handed);
        if (ss_mono_is_set(attempt->started))
            transfer = ss_mono_since(attempt->ended, attempt->started);
    }
    if (is_heard)
        ports->attempted(ports->self, m, rcpt,
                         &(ss_ports_attempt_t){ stored, queue, connect, transfer });
    ss_log(
        log, level, 0,
        "%s: to=<%s>, relay=%s, delay=%.2f, delays=%.2f/%.2f/%.2f/%.2f, dsn=%s, status=%s (%s)%s%s",
        m->id, rcpt->address, attempt && attempt->host ? attempt->host : "none", seconds(delay),
        seconds(stored), seconds(queue), seconds(connect), seconds(transfer),
        rcpt->dsn && *rcpt->dsn ? rcpt->dsn : "4.0.0", status, one_line(words, pool),
        trace ? ", traceparent=" : "", trace ? trace : "");
}

/* ---- the durable part ---- */

static const char *copy(const char *text, apr_pool_t *pool)
{
    return text ? apr_pstrdup(pool, text) : NULL;
}

void ss_outcome_post_again(ss_delivery_t *d)
{
    ss_store_request_t *request;

    ss_delivery_untimer(d, &d->refused_timer);
    while ((request = ss_store_request_take(&d->refused)) != NULL) {
        ((ss_job_t *)request->baton)->refused--;
        ss_delivery_post(d, request);
    }
}

static void refused_long_enough(ss_timer_t *timer, ss_mono_t now)
{
    (void)now;
    ss_outcome_post_again(timer->self);
}

/* The store has the message as it was before: it would be sent again from there if memory forgot
 * it. Its job stays, and its outcome is posted again until it is written. */
static void keep(ss_job_t *job, ss_store_request_t *request)
{
    ss_delivery_t *d = job->delivery;

    job->refused++;
    ss_job_hide(job);
    ss_store_request_push(&d->refused, request);
    if (d->refused_timer.node.place) return;
    d->refused_timer = (ss_timer_t){ .fired = refused_long_enough, .self = d };
    ss_delivery_timer(d, &d->refused_timer, ss_mono_add(ss_delivery_mono(d), REFUSED_AGAIN));
}

static int count_sent(const ss_store_outcome_t *outcome)
{
    int count = 0;

    for (int i = 0; i < outcome->changed_count; i++)
        count += outcome->message->rcpts[outcome->changed[i]].state == SS_STATE_SENT;
    return count;
}

/* Tells who became final by this outcome. */
static void tell_finished(const ss_job_t *job, const ss_store_outcome_t *outcome)
{
    const ss_ports_t *ports = &job->delivery->ports;

    if (!ports->finished || !job->message) return;
    for (int i = 0; i < outcome->changed_count; i++) {
        ss_recipient_t rcpt = outcome->message->rcpts[outcome->changed[i]];
        if (!ss_state_is_final(rcpt.state)) continue;
        rcpt.address = job->message->rcpts[outcome->changed[i]].address;
        ports->finished(ports->self, job->message, &rcpt);
    }
}

static void committed(ss_store_request_t *request)
{
    ss_job_t *job = request->baton;
    ss_delivery_t *d = job->delivery;

    if (request->rv != APR_SUCCESS &&
        ss_delivery_may_log(d, "outcomes that could not be written to the queue")) {
        ss_log(d->log, SS_LOG_ERROR, 250,
               "%s: its outcome could not be written to the queue: %s; it is tried again until the "
               "daemon ends, and after that the message is sent again",
               job->entry.id, request->result.text);
    }
    if (request->rv != APR_SUCCESS && !d->is_leaving) {
        keep(job, request);
        return;
    }
    if (request->rv != APR_SUCCESS)
        d->sent_again += count_sent(ss_store_request_as(request, SS_STORE_OUTCOME));
    else
        tell_finished(job, ss_store_request_as(request, SS_STORE_OUTCOME));
    ss_bounce_queue_committed(job->relay, ss_store_request_as(request, SS_STORE_OUTCOME));
    job->relay->uncommitted--;
    job->relay->stored = ss_delivery_mono(d);
    ss_relay_wake(job->relay); /* there is room for another message again (pump.h) */
    job->outcomes--;           /* from now on making room for another job may free this one */
    apr_pool_destroy(request->pool);
    d->ports.message_written(d->ports.self, job->entry.id);
    if (job->outcomes || job->is_sending || job->is_loading) return;
    if (!job->is_scheduled)
        ss_job_settle(job);
    else if (!ss_job_is_soon(job))
        ss_job_forget(job); /* the order keeps its place */
}

static apr_array_header_t *copy_history(const apr_array_header_t *history, apr_pool_t *pool)
{
    apr_array_header_t *made = apr_array_make(pool, history->nelts, sizeof(ss_message_history_t));

    for (int i = 0; i < history->nelts; i++) {
        ss_message_history_t h = APR_ARRAY_IDX(history, i, ss_message_history_t);
        h.what = copy(h.what, pool);
        h.text = copy(h.text, pool);
        h.host = copy(h.host, pool);
        APR_ARRAY_PUSH(made, ss_message_history_t) = h;
    }
    return made;
}

/* has_dsn: the relay sends reports of its own on what it took. */
static void post(ss_job_t *job, const int *numbers, int count, apr_array_header_t *history,
                 int has_dsn, apr_time_t now)
{
    const ss_message_t *m = job->message;
    ss_store_outcome_t *request = ss_store_outcome_create(
        NULL, job->delivery->config->globals.history > 0, now, committed, job);
    apr_pool_t *pool = request->head.pool;
    ss_message_t *own = apr_pcalloc(pool, sizeof(*own));

    /* A copy of what is written: the session goes on and may change these recipients again before
     * the store has read them. */
    apr_cpystrn(own->id, m->id, sizeof(own->id));
    own->pool = pool;
    own->relay = apr_pstrdup(pool, m->relay);
    own->rcpts = apr_pcalloc(pool, sizeof(*own->rcpts) * (apr_size_t)m->rcpt_count);
    own->rcpt_count = m->rcpt_count;
    request->message = own;
    request->changed = apr_pmemdup(pool, numbers, sizeof(int) * (apr_size_t)count);
    request->changed_count = count;
    if (history && history->nelts) request->history = copy_history(history, pool);
    ss_bounce_queue_add(job, request, numbers, count, has_dsn, now);
    for (int i = 0; i < m->rcpt_count; i++) {
        own->rcpts[i].number = m->rcpts[i].number;
        own->rcpts[i].state =
            m->rcpts[i].state == SS_STATE_SENDING ? SS_STATE_QUEUED : m->rcpts[i].state;
    }
    for (int i = 0; i < count; i++) {
        ss_recipient_t *to = &own->rcpts[numbers[i]];
        *to = m->rcpts[numbers[i]];
        to->address = to->orcpt = NULL;
        to->reply = copy(to->reply, pool);
        to->dsn = copy(to->dsn, pool);
        to->host = copy(to->host, pool);
        to->cause = copy(to->cause, pool);
        to->advice = copy(to->advice, pool);
    }
    job->outcomes++;
    if (!job->relay->uncommitted++) job->relay->stored = ss_delivery_mono(job->delivery);
    ss_delivery_post(job->delivery, &request->head);
}

/* ---- what a fate makes of a recipient ---- */

static void keep_words(ss_recipient_t *rcpt, const ss_client_rcpt_t *result,
                       const ss_outcome_attempt_t *attempt, apr_time_t now, apr_pool_t *pool)
{
    const char *text = one_line(result->text, pool);

    /* The relay's own words; the enhanced code stands in front where the text lost it while it was
     * read. */
    if (!result->code)
        rcpt->reply = text;
    else if (result->has_dsn)
        rcpt->reply = apr_psprintf(pool, "%d %s %s", result->code, result->dsn, text);
    else
        rcpt->reply = apr_psprintf(pool, "%d %s", result->code, text);
    rcpt->dsn = apr_pstrdup(pool, result->dsn);
    rcpt->host = apr_pstrdup(pool, attempt->host);
    rcpt->advice = result->advice;
    rcpt->last_attempt = now;
}

/* *is_rebased: the other recipients' times changed too. */
static void charge(ss_job_t *job, ss_recipient_t *rcpt, apr_time_t now, int *is_rebased)
{
    const ss_settings_t *s = job->relay->settings;
    apr_interval_time_t age = ss_jump_age(job->relay, job->message);
    apr_time_t notice = ss_bounce_queue_delay_at(s, job->message, rcpt, age, now);

    *is_rebased |= ss_job_rebase(job);
    rcpt->attempts++;
    apr_interval_time_t named = ss_retry_named(rcpt->reply);
    apr_uint32_t random = ss_delivery_random(job->delivery);
    rcpt->next =
        now + (named && named <= NAMED_MOST ? named + SECOND + random % SECOND
                                            : ss_retry_wait(s->retry, rcpt->attempts, random));
    /* The notice of delay goes out at its time, with the result of an attempt made then. */
    if (notice > now && rcpt->next > notice) rcpt->next = notice;
}

/* Gives the recipient its new state. Returns the log's word; NULL: it was not charged, and is not
 * worth a commit. */
static const char *decide(ss_job_t *job, ss_recipient_t *rcpt, ss_verdict_fate_t fate,
                          apr_time_t now, int *is_rebased)
{
    ss_relay_t *relay = job->relay;

    if (fate == SS_FATE_UNCERTAIN) {
        rcpt->is_uncertain = 1;
        relay->uncertain++;
    }
    /* Where nothing gets through, the message is not to blame. */
    int uncharged = job->served == relay->served ? 0 : job->uncharged;
    switch (ss_retry_decide(fate, (ss_uncertain_t)relay->settings->uncertain, uncharged)) {
    case SS_RETRY_SENT:
        rcpt->delivered_at = now;
        rcpt->next = 0;
        rcpt->attempts++;
        ss_recipient_go(rcpt, SS_STATE_SENT);
        return "sent";
    case SS_RETRY_FAILED:
        rcpt->next = 0;
        rcpt->attempts++;
        ss_recipient_go(rcpt, SS_STATE_FAILED);
        return "bounced";
    case SS_RETRY_HOLD:
        rcpt->cause = "uncertain";
        ss_recipient_go(rcpt, SS_STATE_HELD);
        return "deferred";
    case SS_RETRY_UNCHARGED:
        ss_recipient_go(rcpt, rcpt->attempts ? SS_STATE_DEFERRED : SS_STATE_QUEUED);
        return NULL;
    case SS_RETRY_LATER: break;
    }
    charge(job, rcpt, now, is_rebased);
    if (ss_jump_is_over(job->relay, job->message)) {
        rcpt->next = 0;
        ss_recipient_go(rcpt, SS_STATE_EXPIRED);
        return "expired";
    }
    ss_recipient_go(rcpt, SS_STATE_DEFERRED);
    return "deferred";
}

/* A recipient has its new state: counters, and whoever wants to know. */
static void count(const ss_job_t *job, const ss_recipient_t *rcpt, apr_time_t now)
{
    const ss_ports_t *ports = &job->delivery->ports;
    ss_relay_t *relay = job->relay;

    relay->counters.results[rcpt->state]++;
    if (rcpt->state == SS_STATE_SENT) {
        relay->sent++;
        relay->last_success = now;
    } else if (rcpt->state == SS_STATE_FAILED || rcpt->state == SS_STATE_EXPIRED) {
        relay->failed++;
    }
    ports->recipient_changed(ports->self, job->message, rcpt, now);
}

static int is_finished(const ss_message_t *m)
{
    for (int i = 0; i < m->rcpt_count; i++) {
        if (!ss_state_is_final(m->rcpts[i].state)) return 0;
    }
    return 1;
}

static void add_history(apr_array_header_t *history, const ss_recipient_t *rcpt, const char *what,
                        apr_time_t now)
{
    ss_message_history_t *row = apr_array_push(history);

    *row = (ss_message_history_t){ .time = now,
                                   .recipient = rcpt->number,
                                   .what = what,
                                   .text = rcpt->reply,
                                   .host = rcpt->host };
}

/* The changed recipients have their new states: to the store, with what else it tells. */
static void finish(ss_job_t *job, const int *changed, int changed_count,
                   apr_array_header_t *history, int has_dsn, apr_time_t now)
{
    if (!changed_count) return;
    if (is_finished(job->message)) ss_relay_drop_message(job->relay, job->message->size);
    post(job, changed, changed_count, history, has_dsn, now);
}

/* The clock was set: the other recipients that wait are written too, with their new times. */
static int add_waiting(const ss_message_t *m, int *changed, int count)
{
    for (int i = 0; i < m->rcpt_count; i++) {
        int is_new = m->rcpts[i].next && m->rcpts[i].state < SS_STATE_HELD;
        for (int k = 0; is_new && k < count; k++) is_new = changed[k] != i;
        if (is_new) changed[count++] = i;
    }
    return count;
}

/* Another connection takes it at once, whatever this one was refused for. */
static int is_again(const ss_client_rcpt_t *result)
{
    return result->fate == SS_FATE_AGAIN && result->code != 421;
}

/* Too much in too short a time: later, uncharged. */
static void postpone(ss_job_t *job, const ss_client_rcpt_t *result, apr_time_t now)
{
    apr_interval_time_t named = ss_retry_is_quota(result->advice)
                                    ? ss_retry_quota(result->text, 0, now)
                                    : ss_retry_named(result->text);

    job->not_before =
        ss_mono_add(ss_delivery_mono(job->delivery), named > LIMITED_AGAIN ? named : LIMITED_AGAIN);
}

/* The session ended at it. While nothing else gets through either that says nothing of it. */
static void count_broken(ss_job_t *job)
{
    if (!job->uncharged || job->served == job->relay->served) {
        job->uncharged = 0;
        job->served = job->relay->served;
    }
    job->uncharged++;
}

static void note_progress(ss_relay_t *relay, const ss_recipient_t *rcpt,
                          const ss_client_rcpt_t *result)
{
    if (rcpt->state == SS_STATE_SENT)
        ss_progress_succeeded(&relay->progress);
    else if (rcpt->state == SS_STATE_QUEUED || rcpt->state == SS_STATE_DEFERRED)
        ss_progress_waits(&relay->progress,
                          ss_progress_is_personal(result) ? ss_suspects_hash(rcpt->address) : 0,
                          ss_delivery_mono(relay->delivery));
}

void ss_outcome_take(ss_job_t *job, const ss_client_rcpt_t *results, const int *numbers,
                     int result_count, const ss_outcome_attempt_t *attempt)
{
    ss_message_t *m = job->message;
    apr_pool_t *pool = m->pool;
    apr_time_t now = ss_delivery_wall(job->delivery);
    int *changed = apr_palloc(pool, sizeof(int) * (apr_size_t)m->rcpt_count), changed_count = 0;
    int is_rebased = 0, is_broken = 0;
    apr_array_header_t *history = apr_array_make(pool, 4, sizeof(ss_message_history_t));

    for (int i = 0; i < result_count; i++) {
        ss_recipient_t *rcpt = &m->rcpts[numbers[i]];
        int is_first = rcpt->attempts == 0;
        keep_words(rcpt, &results[i], attempt, now, pool);
        const char *status = decide(job, rcpt, results[i].fate, now, &is_rebased);
        rcpt->is_uncharged = !status;
        note_progress(job->relay, rcpt, &results[i]);
        ss_relay_move(job->relay, SS_STATE_SENDING, rcpt->state);
        if (!status) {
            /* As the next one for this server it would meet the same refusal, and so would all
             * others behind it. */
            job->entry.is_behind |=
                (results[i].code && !is_again(&results[i])) || results[i].fate == SS_FATE_DOWN;
            is_broken |= results[i].fate == SS_FATE_DOWN ||
                         (results[i].fate == SS_FATE_AGAIN && !is_again(&results[i]));
            if (results[i].fate == SS_FATE_LIMITED) postpone(job, &results[i], now);
            continue;
        }
        changed[changed_count++] = numbers[i];
        count(job, rcpt, now);
        if (rcpt->state != SS_STATE_SENT || !is_first)
            add_history(history, rcpt, ss_state_name(rcpt->state), now);
        say(job, rcpt, attempt, status,
            rcpt->is_uncertain && rcpt->state != SS_STATE_SENT
                ? apr_pstrcat(pool, "uncertain: ", rcpt->reply, NULL)
                : rcpt->reply,
            now, pool);
    }
    if (changed_count == result_count) job->uncharged = 0;
    if (is_broken) count_broken(job);
    if (is_rebased) changed_count = add_waiting(m, changed, changed_count);
    finish(job, changed, changed_count, history, attempt->has_dsn, now);
}

/* Ends recipients without an attempt: words in front of their last ones. is_all: held ones too. */
static int end_all(ss_job_t *job, ss_state_t state, const char *prefix, const char *dsn,
                   const char *status, int is_all, apr_time_t now)
{
    ss_message_t *m = job->message;
    int *changed = apr_palloc(m->pool, sizeof(int) * (apr_size_t)m->rcpt_count), changed_count = 0;
    apr_array_header_t *history = apr_array_make(m->pool, 4, sizeof(ss_message_history_t));
    const char *cause, *advice;

    ss_relay_state(job->relay, &cause, &advice);
    for (int i = 0; i < m->rcpt_count; i++) {
        ss_recipient_t *rcpt = &m->rcpts[i];
        const char *words = rcpt->reply ? rcpt->reply : cause;
        if (rcpt->state != SS_STATE_QUEUED && rcpt->state != SS_STATE_DEFERRED &&
            !(is_all && rcpt->state == SS_STATE_HELD))
            continue;
        rcpt->reply = words ? apr_psprintf(m->pool, "%s; last: %s", prefix, words) : prefix;
        rcpt->dsn = dsn;
        rcpt->next = 0;
        ss_relay_move(job->relay, rcpt->state, state);
        ss_recipient_go(rcpt, state);
        changed[changed_count++] = i;
        count(job, rcpt, now);
        add_history(history, rcpt, ss_state_name(state), now);
        say(job, rcpt, NULL, status, rcpt->reply, now, m->pool);
    }
    finish(job, changed, changed_count, history, 0, now);
    return changed_count;
}

int ss_outcome_expire(ss_job_t *job)
{
    apr_time_t now = ss_delivery_wall(job->delivery);

    return ss_jump_is_over(job->relay, job->message) &&
           end_all(job, SS_STATE_EXPIRED, "gave up after SMTPSendExpire", "4.4.7", "expired", 0,
                   now);
}

int ss_outcome_give_up(ss_job_t *job, const char *who)
{
    return end_all(job, SS_STATE_FAILED, apr_psprintf(job->message->pool, "given up by %s", who),
                   "5.0.0", "bounced", 1, ss_delivery_wall(job->delivery));
}
