/* connection.c: connections of a relay: opening, handing messages over, what their events mean for
 * the relay. */
#include "delivery/connection.h"

#include <apr_strings.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "delivery/convert.h"
#include "delivery/reading.h"
#include "smtp/advice.h"

#define FEWER_FOR (600 * APR_USEC_PER_SEC)  /* how long halved connections last */
#define SECRET_TIME (30 * APR_USEC_PER_SEC) /* an exec: program's deadline */

typedef struct {
    ss_client_message_t message; /* what the client sees */
    ss_job_t *job;
    ss_connection_t *conn;
    int *numbers; /* of the recipients, in job->message->rcpts */
    ss_outcome_attempt_t attempt;
    ss_reading_t *reading;
    /* the whole content, re-encoded for a relay without 8BITMIME; or NULL */
    const char *converted;
} transaction_t;

static const ss_host_t *host_of(const ss_relay_t *relay, int host)
{
    return &APR_ARRAY_IDX(relay->settings->hosts, host, ss_host_t);
}

const char *ss_connection_host_name(const ss_relay_t *relay, int host, apr_pool_t *pool)
{
    const char *name = host_of(relay, host)->name;
    int port = ss_settings_port(relay->settings, host);

    return strchr(name, ':') ? apr_psprintf(pool, "[%s]:%d", name, port)
                             : apr_psprintf(pool, "%s:%d", name, port);
}

/* ---- the content, read in place ---- */

static apr_status_t read_content(void *self, apr_off_t at, const char **bytes, apr_size_t *len)
{
    const transaction_t *t = self;

    if (!t->converted) return ss_reading_at(t->reading, at, bytes, len);
    if (at >= t->message.size) return APR_EOF;
    *bytes = t->converted + at;
    *len = (apr_size_t)(t->message.size - at);
    return APR_SUCCESS;
}

static void content_came(void *self)
{
    const transaction_t *t = self;

    ss_link_more(t->conn->link);
}

/* ---- handing over ---- */

static int recipients_limit(const ss_connection_t *conn)
{
    const ss_relay_t *relay = conn->relay;
    const ss_capability_t *capability = ss_client_capability(ss_link_client(conn->link));
    int learned = 0;
    int limit = relay->settings->max_recipients;

    ss_learned_bits(relay->daemon, conn->name, &learned, ss_loop_wall(relay->daemon->loop));
    if (learned > 0 && learned < limit) limit = learned;
    if (capability && capability->limit_recipients > 0 && capability->limit_recipients < limit)
        limit = capability->limit_recipients;
    if (limit > SS_CLIENT_RECIPIENTS_MAX) limit = SS_CLIENT_RECIPIENTS_MAX;
    return limit > 0 ? limit : 1;
}

static int is_due(const ss_job_t *job, const ss_recipient_t *rcpt)
{
    return (rcpt->state == SS_STATE_QUEUED || rcpt->state == SS_STATE_DEFERRED) &&
           (rcpt->next <= job->ripe || rcpt->next <= ss_loop_wall(job->daemon->loop));
}

/* What cannot be re-encoded stays as it is: the client then refuses it with the reason. */
static void fit_to_7bit(transaction_t *t)
{
    const ss_capability_t *capability = ss_client_capability(ss_link_client(t->conn->link));
    const char *bytes;
    apr_size_t len;

    if (!t->message.is_8bit || capability->eight_bit_mime ||
        ss_convert_7bit(t->job->message, &bytes, &len, t->message.pool))
        return;
    t->converted = bytes;
    t->message.size = (apr_off_t)len;
    t->message.is_8bit = 0;
}

static transaction_t *transaction(ss_connection_t *conn, ss_job_t *job)
{
    ss_message_t *m = job->message;
    int limit = recipients_limit(conn), count = 0;
    apr_pool_t *pool;

    for (int i = 0; i < m->rcpt_count && count < limit; i++) count += is_due(job, &m->rcpts[i]);
    if (!count) return NULL;
    apr_pool_create(&pool, m->pool);
    transaction_t *t = apr_pcalloc(pool, sizeof(*t));
    t->job = job;
    t->conn = conn;
    t->reading = ss_reading_begin(conn->relay->daemon, m, content_came, t, pool);
    t->numbers = apr_palloc(pool, sizeof(int) * (apr_size_t)count);
    t->message = (ss_client_message_t){ .owner = t,
                                        .pool = pool,
                                        .from = m->from,
                                        .rcpts = apr_pcalloc(pool, sizeof(ss_client_rcpt_t) *
                                                                       (apr_size_t)count),
                                        .size = (apr_off_t)m->size,
                                        .content = { read_content, t },
                                        .is_8bit = m->attr.is_8bit,
                                        .is_utf8 = m->attr.is_utf8,
                                        .requires_tls = m->attr.requires_tls,
                                        .dsn_options = m->attr.dsn_options };
    for (int i = 0; i < m->rcpt_count && t->message.rcpt_count < count; i++) {
        if (!is_due(job, &m->rcpts[i])) continue;
        ss_client_rcpt_t *rcpt = &t->message.rcpts[t->message.rcpt_count];
        rcpt->address = m->rcpts[i].address;
        rcpt->orcpt = m->rcpts[i].orcpt;
        rcpt->notify = m->rcpts[i].notify;
        t->numbers[t->message.rcpt_count++] = i;
    }
    fit_to_7bit(t);
    return t;
}

int ss_connection_wants_whole(const ss_connection_t *conn, const ss_message_t *m)
{
    const ss_capability_t *capability = ss_client_capability(ss_link_client(conn->link));

    return m->attr.is_8bit && !capability->eight_bit_mime && ss_message_resident(m) < m->size;
}

int ss_connection_send(ss_connection_t *conn, ss_job_t *job, ss_mono_t now)
{
    transaction_t *t = transaction(conn, job);

    if (!t) return 0;
    t->attempt.host = apr_pstrdup(t->message.pool, ss_link_name(conn->link));
    t->attempt.handed = now;
    t->attempt.has_dsn = ss_client_capability(ss_link_client(conn->link))->dsn;
    /* The first message of a connection waited for it. */
    t->attempt.connected_for = conn->messages || ss_mono_before(conn->ready, job->received)
                                   ? 0
                                   : ss_mono_since(conn->ready, conn->opened);
    if (ss_link_send(conn->link, &t->message) != APR_SUCCESS) {
        ss_reading_end(t->reading);
        apr_pool_destroy(t->message.pool);
        return 0;
    }
    for (int i = 0; i < t->message.rcpt_count; i++) {
        ss_recipient_t *rcpt = &job->message->rcpts[t->numbers[i]];
        ss_relay_counted(conn->relay, rcpt->state, SS_STATE_SENDING);
        ss_recipient_go(rcpt, SS_STATE_SENDING);
    }
    job->is_sending = 1;
    conn->messages++;
    conn->in_flight++;
    conn->relay->in_flight++;
    ss_loop_untimer(conn->relay->daemon->loop, &conn->idle);
    return 1;
}

/* ---- the relay's health ---- */

static void say_state(ss_relay_t *relay, int host, int is_new)
{
    const ss_breaker_t *state = &relay->hosts[host];
    const ss_advice_t *advice = state->cause.advice ? ss_advice_find(state->cause.advice) : NULL;
    apr_pool_t *pool;

    if (!is_new) return;
    apr_pool_create(&pool, relay->pool);
    ss_log(relay->daemon->log, SS_LOG_WARN, 220,
           "relay \"%s\": %s is %s at %s: %s; %" APR_INT64_T_FMT
           " messages wait, none is charged an attempt%s%s%s%s",
           relay->name, ss_connection_host_name(relay, host, pool),
           state->condition == SS_HOST_BLOCKED ? "blocked (it refuses us)" : "down",
           state->cause.step ? state->cause.step : "connect", state->cause.text,
           relay->waiting_messages, advice ? ". " : "", advice ? advice->title : "",
           advice ? ". " : "", advice ? advice->remedy : "");
    apr_pool_destroy(pool);
}

static void host_failed(ss_relay_t *relay, int host, ss_breaker_condition_t condition,
                        const ss_result_t *cause, ss_mono_t now)
{
    int is_new = ss_breaker_failed(&relay->hosts[host], condition, cause, now,
                                   ss_loop_wall(relay->daemon->loop), ss_daemon_random());

    say_state(relay, host, is_new);
    ss_relay_wake(relay);
}

static void host_worked(ss_relay_t *relay, int host)
{
    apr_time_t now = ss_loop_wall(relay->daemon->loop), since = relay->hosts[host].since;
    apr_pool_t *pool;

    if (!ss_breaker_worked(&relay->hosts[host], now)) return;
    apr_pool_create(&pool, relay->pool);
    ss_log(relay->daemon->log, SS_LOG_NOTICE, 221,
           "relay \"%s\": %s works again after %s; %" APR_INT64_T_FMT
           " messages wait and go out now",
           relay->name, ss_connection_host_name(relay, host, pool),
           ss_text_duration_print(pool, apr_time_from_sec(apr_time_sec(now - since))),
           relay->waiting_messages);
    apr_pool_destroy(pool);
}

/* Whether a session that stands proves that the cause is gone: not where a transaction was refused.
 */
static int is_proved_by_session(const ss_breaker_t *host)
{
    const char *step = host->cause.step ? host->cause.step : "";

    return host->condition == SS_HOST_DOWN ||
           (strcmp(step, "mail") && strcmp(step, "rcpt") && strcmp(step, "data"));
}

static const char *step_of(ss_cmd_t cmd)
{
    return cmd == SS_CMD_MAIL       ? "mail"
           : cmd == SS_CMD_RCPT     ? "rcpt"
           : cmd == SS_CMD_AUTH     ? "auth"
           : cmd == SS_CMD_GREETING ? "greeting"
                                    : "data";
}

/* ---- what a refused command is worth saying ---- */

static void say_refused(ss_connection_t *conn, const ss_client_event_t *event)
{
    ss_relay_t *relay = conn->relay;
    const ss_advice_t *advice = ss_advice_find(event->verdict.advice);
    char words[512];

    if (!ss_daemon_is_new(relay->daemon, "The SMTP host refused the %s command [relay \"%s\", %s]",
                          ss_cmd_name(event->cmd), relay->name, ss_link_name(conn->link)))
        return;
    apr_cpystrn(words, event->text, sizeof(words));
    for (char *p = words; *p; p++)
        if (*p == '\n' || *p == '\r') *p = ' ';
    ss_log(
        relay->daemon->log, SS_LOG_WARN, 0,
        "The SMTP host's reply code to the %s command was %d (\"%s\"): %s%s%s [relay \"%s\", %s]",
        ss_cmd_name(event->cmd), event->code, words, advice ? advice->title : "",
        advice ? ". " : "", advice ? advice->remedy : "", relay->name, ss_link_name(conn->link));
}

static void learn(ss_connection_t *conn, const ss_client_event_t *event, ss_mono_t now)
{
    ss_relay_t *relay = conn->relay;

    if (event->learn == SS_LEARN_FEWER_CONNECTIONS) {
        int half = relay->conn_count / 2;
        relay->conn_limit = half > 1 ? half : 1;
        relay->conn_limit_until = ss_mono_add(now, FEWER_FOR);
        ss_log(relay->daemon->log, SS_LOG_WARN, 222,
               "relay \"%s\": the server says too many connections (%s): at most %d for 10 "
               "minutes; SMTPSendConnections %d makes it permanent",
               relay->name, event->text, relay->conn_limit, relay->conn_limit);
        return;
    }
    ss_learned_add(relay->daemon, conn->name, event->learn, event->number, event->text,
                   ss_loop_wall(relay->daemon->loop));
}

/* ---- the secret ---- */

typedef struct {
    ss_relay_t *relay;
    ss_result_t result;
    apr_status_t rv;
} reload_t;

static void reload_work(void *baton)
{
    reload_t *r = baton;

    r->rv = ss_secret_reload(r->relay->secret, SECRET_TIME, &r->result);
}

static void reload_done(void *baton)
{
    reload_t *r = baton;
    ss_relay_t *relay = r->relay;

    relay->is_secret_loading = 0;
    relay->secret_result = r->result;
    if (r->rv != APR_SUCCESS) {
        ss_log(relay->daemon->log, SS_LOG_ERROR, 223,
               "relay \"%s\": SMTPSendPassword cannot be read: %s", relay->name, r->result.text);
    } else if (relay->is_secret_rejected) {
        /* Something new to try: at once, and once; a second rejection waits as the breaker says. */
        ss_breaker_reset(relay->hosts, relay->host_count);
    }
    free(r);
    ss_connection_give_secret(relay);
    ss_relay_wake(relay);
}

static int start_reload(ss_relay_t *relay)
{
    reload_t *r;

    if (relay->is_secret_loading) return 1;
    r = calloc(1, sizeof(*r));
    if (!r) return 0;
    r->relay = relay;
    relay->is_secret_loading = 1;
    if (ss_loop_help(relay->daemon->loop, reload_work, reload_done, r) == APR_SUCCESS) return 1;
    relay->is_secret_loading = 0;
    free(r);
    return 0;
}

static void give_secret(ss_connection_t *conn)
{
    ss_relay_t *relay = conn->relay;
    apr_size_t len = 0;
    const char *bytes =
        ss_secret_is_ready(relay->secret) ? ss_secret_bytes(relay->secret, &len) : NULL;

    conn->wants_secret = 0;
    ss_link_secret(conn->link, bytes, len);
}

void ss_connection_give_secret(ss_relay_t *relay)
{
    for (ss_connection_t *conn = APR_RING_FIRST(&relay->conns), *next;
         conn != APR_RING_SENTINEL(&relay->conns, ss_connection_t, ring); conn = next) {
        next = APR_RING_NEXT(conn, ring);
        if (conn->wants_secret) give_secret(conn);
    }
}

static void want_secret(ss_connection_t *conn)
{
    ss_relay_t *relay = conn->relay;
    int is_stale = ss_secret_can_reload(relay->secret, 0);

    conn->wants_secret = 1;
    if ((relay->is_secret_loading || is_stale || !ss_secret_is_ready(relay->secret)) &&
        start_reload(relay))
        return;
    give_secret(conn);
}

/* A rejected login: read again what can have changed; nothing else is tried before the breaker says
 * so. */
static void login_rejected(ss_relay_t *relay)
{
    if (relay->is_secret_rejected || !relay->secret || !ss_secret_can_reload(relay->secret, 1))
        return;
    relay->is_secret_rejected = 1;
    start_reload(relay);
}

/* ---- events ---- */

static void watch_idle(ss_connection_t *conn, ss_mono_t now)
{
    if (conn->is_quitting) return;
    ss_loop_timer(conn->relay->daemon->loop, &conn->idle,
                  ss_mono_add(now, conn->relay->settings->idle_timeout));
}

static void idle_over(ss_timer_t *timer, ss_mono_t now)
{
    ss_connection_t *conn = timer->self;

    (void)now;
    if (!conn->in_flight) ss_connection_quit(conn);
}

static void became_ready(ss_connection_t *conn, ss_mono_t now)
{
    ss_relay_t *relay = conn->relay;

    conn->is_ready = 1;
    conn->ready = now;
    relay->connecting--;
    relay->is_secret_rejected = 0;
    relay->metrics.connected++;
    if (is_proved_by_session(&relay->hosts[conn->host])) host_worked(relay, conn->host);
    watch_idle(conn, now);
    ss_relay_wake(relay);
}

/* A refusal of us, found in a transaction's answers: the relay is blocked, its recipients wait
 * uncharged. */
static void look_for_block(ss_connection_t *conn, const transaction_t *t, ss_mono_t now)
{
    ss_relay_t *relay = conn->relay;

    for (int i = 0; i < t->message.rcpt_count; i++) {
        const ss_client_rcpt_t *rcpt = &t->message.rcpts[i];
        if (rcpt->fate == SS_FATE_BLOCKED) {
            ss_result_t cause;
            char code[16];
            ss_result_clear(&cause);
            apr_snprintf(code, sizeof(code), "%d", rcpt->code);
            ss_result_set(&cause, step_of(rcpt->cmd), code, rcpt->advice, "%d %s", rcpt->code,
                          rcpt->text ? rcpt->text : "");
            host_failed(relay, conn->host, SS_HOST_BLOCKED, &cause, now);
            ss_connection_quit(conn);
            return;
        }
        if (rcpt->fate == SS_FATE_SENT || rcpt->fate == SS_FATE_FAILED)
            host_worked(relay, conn->host);
    }
}

static void done(ss_connection_t *conn, const ss_client_event_t *event, ss_mono_t now)
{
    transaction_t *t = event->message->owner;
    ss_job_t *job = t->job;
    apr_time_t wall = ss_loop_wall(job->daemon->loop);

    conn->in_flight--;
    conn->relay->in_flight--;
    look_for_block(conn, t, now);
    t->attempt.started = t->message.started;
    t->attempt.ended = t->message.ended;
    job->is_sending = 0;
    ss_outcome_take(job, t->message.rcpts, t->numbers, t->message.rcpt_count, &t->attempt, wall);
    ss_reading_end(t->reading);
    apr_pool_destroy(t->message.pool);
    ss_job_settle(job, wall);
    if (!conn->in_flight) watch_idle(conn, now);
    ss_relay_wake(conn->relay);
}

static void closed(ss_connection_t *conn, const ss_client_event_t *event, ss_mono_t now)
{
    ss_relay_t *relay = conn->relay;
    ss_daemon_t *d = relay->daemon;

    if (!conn->is_ready) {
        int is_blocked = event->verdict.fate == SS_FATE_BLOCKED;
        relay->connecting--;
        if (!conn->is_quitting)
            *(is_blocked ? &relay->metrics.refused : &relay->metrics.unreached) += 1;
        if (event->cmd == SS_CMD_AUTH && is_blocked) login_rejected(relay);
        if (!conn->is_quitting)
            host_failed(relay, conn->host, is_blocked ? SS_HOST_BLOCKED : SS_HOST_DOWN,
                        &event->result, now);
        else
            relay->hosts[conn->host].is_probing = 0;
    } else if (conn->is_probe) {
        relay->hosts[conn->host].is_probing = 0;
    }
    APR_RING_REMOVE(conn, ring);
    relay->conn_count--;
    ss_loop_untimer(d->loop, &conn->idle);
    ss_link_destroy(conn->link);
    if (conn->dialogue) apr_pool_destroy(conn->dialogue);
    free(conn);
    ss_relay_wake(relay);
    if (d->is_leaving) ss_daemon_check_left(d);
}

static void on_event(void *self, ss_link_t *link, const ss_client_event_t *event)
{
    ss_connection_t *conn = self;
    ss_mono_t now = ss_mono_now();

    (void)link;
    switch (event->kind) {
    case SS_EVENT_READY: became_ready(conn, now); break;
    case SS_EVENT_WANT_SECRET: want_secret(conn); break;
    case SS_EVENT_REFUSED: say_refused(conn, event); break;
    case SS_EVENT_LEARNED: learn(conn, event, now); break;
    case SS_EVENT_DONE: done(conn, event, now); break;
    case SS_EVENT_CLOSED: closed(conn, event, now); break;
    case SS_EVENT_STEP:
    case SS_EVENT_START_TLS:
    case SS_EVENT_TRIED: break;
    }
}

/* ---- opening, choosing, ending ---- */

static void say_line(void *self, const char *text)
{
    const ss_connection_t *conn = self;

    ss_log(conn->relay->daemon->log, SS_LOG_DEBUG, 298, "%s: %s",
           conn->link ? ss_link_name(conn->link) : conn->name, text);
}

/* LogLevel debug: the whole dialogue, without contents and credentials. */
static ss_transcript_t *dialogue_of(ss_connection_t *conn)
{
    if (!ss_log_is(conn->relay->daemon->log, SS_LOG_DEBUG)) return NULL;
    apr_pool_create(&conn->dialogue, conn->relay->pool);
    return ss_transcript_stream(say_line, conn, conn->dialogue);
}

int ss_connection_open(ss_relay_t *relay, int host, ss_mono_t now)
{
    ss_daemon_t *d = relay->daemon;
    ss_connection_t *conn = calloc(1, sizeof(*conn));
    apr_pool_t *pool;

    if (!conn) return 0;
    apr_pool_create(&pool, relay->pool);
    conn->relay = relay;
    conn->host = host;
    conn->opened = now;
    conn->is_probe = relay->hosts[host].condition != SS_HOST_UP;
    apr_cpystrn(conn->name, ss_connection_host_name(relay, host, pool), sizeof(conn->name));
    conn->idle = (ss_timer_t){ .fired = idle_over, .self = conn };
    ss_link_options_t options = { .settings = relay->settings,
                                  .host = host,
                                  .tls = relay->tls,
                                  .counts = relay->metrics.replies,
                                  .learned =
                                      ss_learned_bits(d, conn->name, NULL, ss_loop_wall(d->loop)),
                                  .transcript = dialogue_of(conn) };
    ss_link_owner_t owner = { on_event, conn };
    apr_status_t rv = ss_link_open(&conn->link, d->loop, &options, &owner);
    apr_pool_destroy(pool);
    if (rv != APR_SUCCESS) {
        ss_result_t cause;
        char why[120];
        ss_result_clear(&cause);
        ss_result_set(&cause, "connect", "", NULL, "no connection can be opened: %s",
                      apr_strerror(rv, why, sizeof(why)));
        if (conn->dialogue) apr_pool_destroy(conn->dialogue);
        free(conn);
        host_failed(relay, host, SS_HOST_DOWN, &cause, now);
        return 0;
    }
    relay->hosts[host].is_probing = conn->is_probe;
    APR_RING_INSERT_TAIL(&relay->conns, conn, ss_connection_t, ring);
    relay->conn_count++;
    relay->connecting++;
    return 1;
}

ss_connection_t *ss_connection_pick(ss_relay_t *relay, ss_mono_t now)
{
    ss_connection_t *best = NULL;

    for (ss_connection_t *conn = APR_RING_FIRST(&relay->conns), *next;
         conn != APR_RING_SENTINEL(&relay->conns, ss_connection_t, ring); conn = next) {
        const ss_settings_t *s = relay->settings;
        const ss_breaker_t *host = &relay->hosts[conn->host];
        next = APR_RING_NEXT(conn, ring);
        if (!conn->is_ready || conn->is_quitting) continue;
        if (s->max_connection_age && ss_mono_since(now, conn->ready) > s->max_connection_age) {
            ss_connection_quit(conn);
            continue;
        }
        /* A probe carries one message; other connections to a host that refuses us carry none. */
        if (host->condition != SS_HOST_UP && (!conn->is_probe || conn->in_flight)) continue;
        if (!ss_client_can_send(ss_link_client(conn->link))) continue;
        if (!best || conn->host < best->host) best = conn;
    }
    return best;
}

void ss_connection_quit(ss_connection_t *conn)
{
    if (conn->is_quitting) return;
    conn->is_quitting = 1;
    ss_loop_untimer(conn->relay->daemon->loop, &conn->idle);
    ss_link_quit(conn->link);
}
