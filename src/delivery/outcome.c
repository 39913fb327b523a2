/* outcome.c: what became of recipients: their states, the log's line, history, counters, and the
 * request that makes it durable. */
#include "daemon/daemon.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "delivery/bounce_queue.h"
#include "operator/waiter.h"
#include "record/webhook.h"
#include "smtp/advice.h"

/* ---- the log's line (CONTRACT.md 4) ---- */

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
    ss_log_level_t level = !strcmp(status, "sent") ? SS_LOG_INFO : SS_LOG_WARN;
    ss_mono_t then = ss_loop_now(job->daemon->loop);
    apr_interval_time_t delay = now - m->created;
    apr_interval_time_t stored =
        ss_mono_is_set(job->received) ? ss_mono_since(job->stored, job->received) : 0;
    apr_interval_time_t connect = attempt ? attempt->connected_for : 0;
    apr_interval_time_t queue =
        (ss_mono_is_set(job->stored) ? ss_mono_since(then, job->stored) : delay) - connect;
    apr_interval_time_t transfer = 0;
    if (attempt) {
        queue -= ss_mono_since(then, attempt->handed);
        if (ss_mono_is_set(attempt->started))
            transfer = ss_mono_since(attempt->ended, attempt->started);
    }

    if (!ss_log_is(job->daemon->log, level)) return;
    ss_log(job->daemon->log, level, 0,
           "%s: to=<%s>, relay=%s, delay=%.2f, delays=%.2f/%.2f/%.2f/%.2f, dsn=%s, status=%s (%s)",
           m->id, rcpt->address, attempt && attempt->host ? attempt->host : "none", seconds(delay),
           seconds(stored), seconds(queue), seconds(connect), seconds(transfer),
           rcpt->dsn && *rcpt->dsn ? rcpt->dsn : "4.0.0", status, one_line(words, pool));
}

/* ---- the durable part ---- */

static const char *copy(const char *text, apr_pool_t *pool)
{
    return text ? apr_pstrdup(pool, text) : NULL;
}

static void committed(ss_store_request_t *request)
{
    ss_job_t *job = request->baton;
    ss_daemon_t *d = job->daemon;

    job->outcomes--;
    if (request->rv != APR_SUCCESS &&
        ss_daemon_is_new(d, "outcomes that could not be written to the queue")) {
        ss_log(d->log, SS_LOG_ERROR, 250,
               "%s: what became of it could not be written to the queue: %s; it may be sent again "
               "after a restart",
               job->entry.id, request->result.text);
    }
    ss_bounce_queue_committed(job->relay, ss_store_request_as(request, SS_STORE_OUTCOME));
    apr_pool_destroy(request->pool);
    ss_waiter_wake(d->operator, job->entry.id);
    if (!job->outcomes && !job->is_sending && !job->is_loading) {
        if (job->is_scheduled) {
            /* The order keeps it; its content need not stay in memory until it is due. */
            if (job->message && !ss_job_is_soon(job)) ss_job_forget(job);
        } else {
            ss_job_settle(job, ss_loop_wall(d->loop));
        }
    }
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
        NULL, job->daemon->config->globals.history > 0, now, committed, job);
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
    ss_store_port_post(&job->daemon->queue, &request->head);
}

/* ---- what a fate makes of a recipient ---- */

apr_interval_time_t ss_outcome_age(const ss_job_t *job, apr_time_t now)
{
    const ss_message_t *m = job->message;
    apr_interval_time_t paused = ss_pause_total(job->relay, now) - m->paused_base;
    apr_time_t from = m->attr.at > m->created ? m->attr.at : m->created;

    return now - from - (paused > 0 ? paused : 0) - m->held;
}

static int is_over(const ss_job_t *job, apr_time_t now)
{
    apr_interval_time_t expire =
        job->message->attr.expire ? job->message->attr.expire : job->relay->settings->expire;

    return ss_outcome_age(job, now) > expire;
}

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

static void charge(ss_job_t *job, ss_recipient_t *rcpt, apr_time_t now)
{
    rcpt->attempts++;
    rcpt->next =
        now + ss_schedule_wait(job->relay->settings->retry, rcpt->attempts, ss_daemon_random());
    /* The notice of delay comes at its time, by an attempt of then, so that it tells what is true.
     */
    apr_time_t notice = ss_bounce_queue_delay_at(job, rcpt, now);
    if (notice > now && rcpt->next > notice) rcpt->next = notice;
}

/* The new state and the log's word. *is_durable: whether it is worth a commit. */
static const char *decide(ss_job_t *job, ss_recipient_t *rcpt, const ss_client_rcpt_t *result,
                          int *is_durable, apr_time_t now)
{
    ss_relay_t *relay = job->relay;

    *is_durable = 1;
    switch (result->fate) {
    case SS_FATE_SENT:
        rcpt->delivered_at = now;
        rcpt->next = 0;
        rcpt->attempts++;
        ss_recipient_go(rcpt, SS_STATE_SENT);
        return "sent";
    case SS_FATE_FAILED:
        rcpt->next = 0;
        rcpt->attempts++;
        ss_recipient_go(rcpt, SS_STATE_FAILED);
        return "bounced";
    case SS_FATE_UNCERTAIN:
        rcpt->is_uncertain = 1;
        relay->uncertain++;
        if (relay->settings->uncertain == SS_UNCERTAIN_HOLD) {
            rcpt->cause = "uncertain";
            ss_recipient_go(rcpt, SS_STATE_HELD);
            return "deferred";
        }
        break;
    case SS_FATE_DEFERRED: break;
    case SS_FATE_AGAIN:
    case SS_FATE_DOWN:
        if (job->agains < SS_DAEMON_AGAIN_MAX) {
            *is_durable = 0;
            ss_recipient_go(rcpt, rcpt->attempts ? SS_STATE_DEFERRED : SS_STATE_QUEUED);
            return NULL;
        }
        break;
    case SS_FATE_BLOCKED:
        *is_durable = 0;
        ss_recipient_go(rcpt, rcpt->attempts ? SS_STATE_DEFERRED : SS_STATE_QUEUED);
        return NULL;
    }
    charge(job, rcpt, now);
    if (is_over(job, now)) {
        rcpt->next = 0;
        ss_recipient_go(rcpt, SS_STATE_EXPIRED);
        return "expired";
    }
    ss_recipient_go(rcpt, SS_STATE_DEFERRED);
    return "deferred";
}

static void count(ss_job_t *job, ss_state_t state, apr_time_t now)
{
    ss_metrics_t *metrics = &job->daemon->record->metrics;

    job->relay->metrics.results[state]++;
    switch (state) {
    case SS_STATE_SENT:
        metrics->sent++;
        job->relay->sent++;
        job->relay->last_success = now;
        ss_metrics_histogram_add(&metrics->delivery, now - job->message->created);
        break;
    case SS_STATE_FAILED:
        metrics->failed++;
        job->relay->failed++;
        break;
    case SS_STATE_EXPIRED:
        metrics->expired++;
        job->relay->failed++;
        break;
    case SS_STATE_CANCELLED: metrics->cancelled++; break;
    default: metrics->deferred++; break;
    }
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

void ss_outcome_take(ss_job_t *job, ss_client_rcpt_t *results, const int *numbers, int result_count,
                     const ss_outcome_attempt_t *attempt, apr_time_t now)
{
    ss_message_t *m = job->message;
    apr_pool_t *pool = m->pool;
    int *changed = apr_palloc(pool, sizeof(int) * (apr_size_t)result_count);
    int changed_count = 0, uncharged = 0;
    apr_array_header_t *history = apr_array_make(pool, 4, sizeof(ss_message_history_t));

    for (int i = 0; i < result_count; i++) {
        ss_recipient_t *rcpt = &m->rcpts[numbers[i]];
        int is_durable, is_first = rcpt->attempts == 0;
        keep_words(rcpt, &results[i], attempt, now, pool);
        const char *status = decide(job, rcpt, &results[i], &is_durable, now);
        ss_relay_counted(job->relay, SS_STATE_SENDING, rcpt->state);
        if (!is_durable) {
            uncharged++;
            continue;
        }
        changed[changed_count++] = numbers[i];
        count(job, rcpt->state, now);
        ss_webhook_notify(job->daemon->record, m, rcpt, now);
        if (rcpt->state != SS_STATE_SENT || !is_first)
            add_history(history, rcpt, ss_state_name(rcpt->state), now);
        say(job, rcpt, attempt, status,
            rcpt->is_uncertain && rcpt->state != SS_STATE_SENT
                ? apr_pstrcat(pool, "uncertain: ", rcpt->reply, NULL)
                : rcpt->reply,
            now, pool);
    }
    job->agains = uncharged ? job->agains + 1 : 0;
    if (changed_count) job->ripe = 0;
    if (changed_count) {
        if (is_finished(m)) ss_relay_stored(job->relay, m, -1);
        post(job, changed, changed_count, history, attempt->has_dsn, now);
    }
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
        ss_relay_counted(job->relay, rcpt->state, state);
        ss_recipient_go(rcpt, state);
        changed[changed_count++] = i;
        count(job, state, now);
        ss_webhook_notify(job->daemon->record, m, rcpt, now);
        add_history(history, rcpt, ss_state_name(state), now);
        say(job, rcpt, NULL, status, rcpt->reply, now, m->pool);
    }
    if (!changed_count) return 0;
    if (is_finished(m)) ss_relay_stored(job->relay, m, -1);
    post(job, changed, changed_count, history, 0, now);
    return changed_count;
}

int ss_outcome_expire(ss_job_t *job, apr_time_t now)
{
    return is_over(job, now) && end_all(job, SS_STATE_EXPIRED, "gave up after SMTPSendExpire",
                                        "4.4.7", "expired", 0, now);
}

int ss_outcome_give_up(ss_job_t *job, const char *who, apr_time_t now)
{
    return end_all(job, SS_STATE_FAILED, apr_psprintf(job->message->pool, "given up by %s", who),
                   "5.0.0", "bounced", 1, now);
}
