/* link.c: a link's session: bytes between the stream and the SMTP client, its events to the owner,
 * its deadline to the loop. What the owner asks for is carried out at the end of the loop's turn;
 * only abort acts at once. One turn moves a bounded amount, so that no link starves the others. */
#include "net/link.h"

#include <apr_strings.h>
#include <string.h>

#include "base/clock.h"
#include "net/link_open.h"

#define READ_SIZE 16384 /* a piece: TLS records have that size */
#define READS_A_TURN 4
#define PIECES 32 /* of one write */
#define WRITE_A_TURN 262144
#define ROUNDS_A_TURN 16 /* events and output, as often as they cause each other */

/* ---- events ---- */

static int is_in_session(const ss_link_t *link)
{
    return !link->is_gone && link->phase == SS_LINK_SESSION;
}

/* Silence from the first moment on: mostly a port that waits for TLS. */
static int is_silence(const ss_link_t *link, const ss_client_event_t *event)
{
    return !link->received && !event->is_ok && event->cmd == SS_CMD_GREETING &&
           !strcmp(event->result.code, "ETIMEDOUT");
}

static int is_answered(const ss_client_message_t *message)
{
    for (int i = 0; i < message->rcpt_count; i++) {
        if (message->rcpts[i].code && message->rcpts[i].code != 421) return 1;
    }
    return 0;
}

static void take_event(ss_link_t *link, const ss_client_event_t *event)
{
    switch (event->kind) {
    case SS_EVENT_DONE: link->is_served |= is_answered(event->message); break;
    case SS_EVENT_START_TLS: link->wants_tls = 1; return;
    case SS_EVENT_READY: link->has_been_ready = 1; break;
    case SS_EVENT_CLOSED:
        ss_link_judge_address(link, !event->is_ok && event->verdict.fate != SS_FATE_BLOCKED);
        if (!link->has_been_ready && !link->has_facts && link->options.tls)
            ss_tls_way_set(link->options.tls, link->options.host, SS_TLS_WAY_UNKNOWN);
        ss_link_close_socket(link);
        link->phase = SS_LINK_CLOSED;
        break;
    default: break;
    }
    ss_client_event_t silent;
    if (is_silence(link, event)) {
        silent = *event;
        silent.result.advice = silent.verdict.advice = "greeting-silent";
        event = &silent;
    }
    ss_link_emit(link, event);
}

static int take_events(ss_link_t *link)
{
    const ss_client_event_t *event;
    int count = 0;

    while (is_in_session(link) && !link->wants_tls &&
           (event = ss_client_next(link->client)) != NULL) {
        take_event(link, event);
        count++;
    }
    return count;
}

/* ---- bytes ---- */

static void lost(ss_link_t *link, apr_status_t status)
{
    const ss_result_t *why = link->stream.ops ? ss_stream_why(&link->stream) : NULL;

    link->is_blocked = link->has_more = 0;
    ss_client_lost(link->client, status, why, ss_mono_now());
}

/* Writes what the client has; the number of bytes that moved. */
static apr_size_t write_output(ss_link_t *link, apr_size_t most)
{
    struct iovec pieces[PIECES];
    apr_size_t moved = 0;

    link->is_blocked = 0;
    while (moved < most) {
        ss_mono_t now = ss_mono_now();
        apr_size_t total = 0, len = 0;
        int count = ss_client_output(link->client, pieces, PIECES, now);
        if (!count) break;
        for (int i = 0; i < count; i++) total += pieces[i].iov_len;
        apr_status_t rv = ss_stream_write(&link->stream, pieces, count, &len);
        if (len) {
            ss_client_sent(link->client, len, now);
            moved += len;
        }
        /* Less than there was: the socket is full, and trying again would be a call for nothing.
         * TLS takes a record at a time. */
        link->is_blocked =
            APR_STATUS_IS_EAGAIN(rv) || (rv == APR_SUCCESS && len < total && !link->has_facts);
        if (rv == APR_SUCCESS && link->is_blocked) return moved;
        if (rv != APR_SUCCESS) {
            if (!link->is_blocked) lost(link, rv);
            return moved;
        }
    }
    /* What the stream took may still be inside it. */
    apr_status_t rv = ss_stream_flush(&link->stream);
    if (APR_STATUS_IS_EAGAIN(rv))
        link->is_blocked = 1;
    else if (rv != APR_SUCCESS)
        lost(link, rv);
    return moved;
}

/* A port that speaks TLS says an alert where a greeting was due. */
static int is_tls_alert(const ss_link_t *link, const char *bytes, apr_size_t len)
{
    return !link->received && !link->has_facts && len >= 2 &&
           (bytes[0] == 0x15 || bytes[0] == 0x16) && bytes[1] == 3;
}

static void feed(ss_link_t *link, const char *bytes, apr_size_t len)
{
    ss_mono_t now = ss_mono_now();
    apr_size_t taken = len;

    if (is_tls_alert(link, bytes, len)) {
        ss_result_t result = { 0 };
        ss_result_set(
            &result, "greeting", "", "greeting-tls",
            "the port expects TLS from the first byte: a TLS record arrived instead of a greeting");
        ss_client_lost(link->client, APR_EGENERAL, &result, now);
        return;
    }
    link->received += len;
    ss_transcript_add(link->options.transcript, 0, bytes, len);
    ss_client_feed(link->client, bytes, &taken, now);
}

static void read_input(ss_link_t *link)
{
    char bytes[READ_SIZE];

    link->has_more = 0;
    for (int i = 0; is_in_session(link) && !link->wants_tls; i++) {
        apr_size_t len = sizeof(bytes);
        if (i == READS_A_TURN) {
            link->has_more = 1;
            return;
        }
        apr_status_t rv = ss_stream_read(&link->stream, bytes, &len);
        if (APR_STATUS_IS_EAGAIN(rv)) return;
        if (rv != APR_SUCCESS) {
            lost(link, rv);
            take_events(link);
            return;
        }
        feed(link, bytes, len);
        take_events(link);
        /* Less than asked for: the socket is empty, and asking again would be a call for nothing.
         * TLS keeps bytes of its own. */
        if (len < sizeof(bytes) && !link->has_facts) return;
    }
}

/* ---- a turn ---- */

static void arm(ss_link_t *link)
{
    ss_mono_t deadline = ss_client_deadline(link->client);
    apr_status_t rv = ss_loop_watch(link->loop, &link->watch,
                                    SS_LOOP_READ | (link->is_blocked ? SS_LOOP_WRITE : 0));

    if (ss_mono_is_set(deadline))
        ss_loop_timer(link->loop, &link->timer, deadline);
    else
        ss_loop_untimer(link->loop, &link->timer);
    if (rv != APR_SUCCESS) {
        lost(link, rv);
        ss_loop_defer(link->loop, &link->turn);
    }
}

/* Events and output until nothing moves; then what the link waits for. */
static void pump(ss_link_t *link)
{
    apr_size_t written = 0;
    int round = 0, moved = 1;

    for (; moved && round < ROUNDS_A_TURN && written < WRITE_A_TURN && is_in_session(link);
         round++) {
        moved = take_events(link) > 0;
        if (!is_in_session(link)) return;
        apr_size_t n = write_output(link, WRITE_A_TURN - written);
        written += n;
        moved = (moved || n > 0) && !link->is_blocked;
        if (link->wants_tls && !link->is_blocked) {
            link->wants_tls = 0;
            ss_link_begin_handshake(link);
            return;
        }
    }
    /* The bounds were reached before the end: the others first. */
    if (moved || (link->has_more && !link->is_blocked)) ss_loop_defer(link->loop, &link->turn);
    arm(link);
}

static void on_ready(ss_loop_watch_t *watch, int events, ss_mono_t now)
{
    ss_link_t *link = watch->self;

    (void)now;
    link->busy++;
    if (link->phase == SS_LINK_LISTENING)
        ss_link_listen_ready(link);
    else if (link->phase == SS_LINK_SHAKING)
        ss_link_handshake_ready(link);
    else if (is_in_session(link)) {
        if (events & SS_LOOP_READ) read_input(link);
        if (is_in_session(link)) pump(link);
    }
    ss_link_leave(link);
}

static void give_up(ss_link_t *link)
{
    ss_result_t result = { 0 };

    if (link->phase == SS_LINK_CLOSED) return;
    if (link->resolve) ss_resolve_cancel(link->resolve);
    if (link->connect) ss_connect_cancel(link->connect);
    link->resolve = NULL;
    link->connect = NULL;
    ss_link_closed(link, 1, SS_CMD_QUIT, &result);
}

static void on_turn(ss_deferred_t *deferred, ss_mono_t now)
{
    ss_link_t *link = deferred->self;

    (void)now;
    link->busy++;
    if (link->phase == SS_LINK_SESSION) {
        if (link->has_more) read_input(link);
        if (is_in_session(link)) pump(link);
    } else if (link->wants_quit) {
        give_up(link);
    }
    ss_link_leave(link);
}

static void on_timer(ss_timer_t *timer, ss_mono_t now)
{
    ss_link_t *link = timer->self;

    link->busy++;
    if (link->phase == SS_LINK_SESSION) {
        ss_client_tick(link->client, now);
        pump(link);
    } else {
        ss_link_late(link, now);
    }
    ss_link_leave(link);
}

/* ---- what owners call ---- */

apr_status_t ss_link_open(ss_link_t **out, ss_loop_t *loop, const ss_link_options_t *options,
                          const ss_link_owner_t *owner)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    apr_pool_tag(pool, "smtp_send link");
    ss_link_t *link = apr_pcalloc(pool, sizeof(*link));
    link->pool = pool;
    link->loop = loop;
    link->options = *options;
    link->options.mechanism = apr_pstrdup(pool, options->mechanism);
    link->options.mechanism_lost = apr_pstrdup(pool, options->mechanism_lost);
    link->settings = options->settings;
    link->owner = *owner;
    link->host = &APR_ARRAY_IDX(options->settings->hosts, options->host, ss_settings_host_t);
    link->port = ss_settings_port(options->settings, options->host);
    link->stream.fd = -1;
    link->watch = (ss_loop_watch_t){ .fd = -1, .ready = on_ready, .self = link };
    link->timer = (ss_timer_t){ .fired = on_timer, .self = link };
    link->turn = (ss_deferred_t){ .call = on_turn, .self = link };
    apr_snprintf(link->name, sizeof(link->name),
                 strchr(link->host->name, ':') ? "[%s]:%d" : "%s:%d", link->host->name, link->port);
    link->step_began = ss_mono_now();
    apr_status_t rv = ss_link_start(link);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return rv;
    }
    *out = link;
    return APR_SUCCESS;
}

void ss_link_destroy(ss_link_t *link)
{
    if (link->is_gone) return;
    link->is_gone = 1;
    if (link->resolve) ss_resolve_cancel(link->resolve);
    if (link->connect) ss_connect_cancel(link->connect);
    ss_loop_undefer(link->loop, &link->turn);
    ss_link_close_socket(link);
    if (!link->busy) ss_link_free(link);
}

static void soon(ss_link_t *link)
{
    if (!link->is_gone) ss_loop_defer(link->loop, &link->turn);
}

apr_status_t ss_link_send(ss_link_t *link, ss_client_message_t *message)
{
    if (link->phase != SS_LINK_SESSION) return APR_EAGAIN;
    apr_status_t rv = ss_client_send(link->client, message, ss_mono_now());
    soon(link);
    return rv;
}

void ss_link_more(ss_link_t *link)
{
    if (link->client) ss_client_more(link->client, ss_mono_now());
    soon(link);
}

void ss_link_secret(ss_link_t *link, const char *bytes, apr_size_t len)
{
    if (link->options.transcript && bytes)
        ss_transcript_secret(link->options.transcript, bytes, len);
    if (link->client) ss_client_secret(link->client, bytes, len, ss_mono_now());
    soon(link);
}

void ss_link_try(ss_link_t *link, const char *from, const char *to)
{
    if (link->client) ss_client_try(link->client, from, to, ss_mono_now());
    soon(link);
}

void ss_link_quit(ss_link_t *link)
{
    link->wants_quit = 1;
    if (link->phase == SS_LINK_SESSION) ss_client_quit(link->client, ss_mono_now());
    soon(link);
}

void ss_link_abort(ss_link_t *link, const char *why)
{
    ss_result_t result = { 0 };

    link->busy++;
    ss_result_set(&result, "connect", "", "lost-connection", "%s", why);
    if (link->phase == SS_LINK_SESSION) {
        ss_client_lost(link->client, APR_ECONNABORTED, &result, ss_mono_now());
        link->wants_tls = 0;
        take_events(link);
    } else {
        give_up(link);
    }
    ss_link_leave(link);
}

ss_client_t *ss_link_client(ss_link_t *link)
{
    return link->client;
}

const char *ss_link_name(const ss_link_t *link)
{
    return link->name;
}

const ss_tls_facts_t *ss_link_tls_facts(const ss_link_t *link)
{
    return link->has_facts ? &link->facts : NULL;
}
