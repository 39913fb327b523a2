#include "net/link_open.h"

#include <apr_strings.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/stream_tls.h"

/* negotiate: a server that says nothing for so long waits for a TLS handshake */
#define LISTEN_TIME (2 * APR_USEC_PER_SEC)
#define SMTPS_PORT 465
/* A ClientHello above this is a large one: with the key shares of OpenSSL 3.5 it does not fit into
 * one packet, and some servers and firewalls never answer such a hello. */
#define HELLO_LARGE 500
/* how long a large one may stay without any answer before a small one is tried */
#define LARGE_TIME (10 * APR_USEC_PER_SEC)
#define LARGE_TIME_IN_HASTE (3 * APR_USEC_PER_SEC)
/* of a whole attempt: a server that drips bytes holds nothing for ever */
#define ATTEMPT_DEADLINE (30 * 60 * APR_USEC_PER_SEC)

static void begin_connect(ss_link_t *link);

/* ---- every phase ---- */

void ss_link_free(ss_link_t *link)
{
    if (link->client) ss_client_destroy(link->client);
    apr_pool_destroy(link->pool);
}

void ss_link_leave(ss_link_t *link)
{
    link->busy--;
    if (link->is_gone && !link->busy) ss_link_free(link);
}

void ss_link_close_socket(ss_link_t *link)
{
    ss_loop_untimer(link->loop, &link->timer);
    ss_loop_unwatch(link->loop, &link->watch);
    ss_stream_close(&link->stream);
    link->watch.fd = -1;
}

static void drop(ss_link_t *link)
{
    ss_link_close_socket(link);
    if (link->client) ss_client_destroy(link->client);
    link->client = NULL;
    if (link->session_pool) apr_pool_clear(link->session_pool);
    link->is_blocked = link->has_more = link->wants_tls = 0;
}

void ss_link_emit(ss_link_t *link, const ss_client_event_t *event)
{
    if (link->is_gone || !link->owner.event) return;
    link->owner.event(link->owner.self, link, event);
}

static void step(ss_link_t *link, int is_ok, ss_cmd_t cmd, const ss_result_t *result)
{
    ss_mono_t now = ss_mono_now();
    ss_client_event_t event = { .kind = SS_EVENT_STEP,
                                .is_ok = is_ok,
                                .cmd = cmd,
                                .result = *result,
                                .took = ss_mono_since(now, link->step_began) };

    if (!is_ok) event.verdict = (ss_verdict_t){ SS_SCOPE_RELAY, SS_FATE_DOWN, 0, result->advice };
    link->step_began = now;
    ss_link_emit(link, &event);
}

void ss_link_closed(ss_link_t *link, int is_ok, ss_cmd_t cmd, const ss_result_t *result)
{
    ss_client_event_t event = {
        .kind = SS_EVENT_CLOSED, .is_ok = is_ok, .cmd = cmd, .result = *result
    };

    event.verdict = (ss_verdict_t){ SS_SCOPE_RELAY, SS_FATE_DOWN, 0, result->advice };
    ss_link_close_socket(link);
    link->phase = SS_LINK_CLOSED;
    ss_link_emit(link, &event);
}

void ss_link_judge_address(const ss_link_t *link, int is_failure)
{
    ss_address_health_t *health = link->options.health;

    if (!health || link->addresses.count < 2 || !link->address.len) return;
    if (link->is_served)
        ss_address_health_worked(health, link->address.text, link->port);
    else if (is_failure)
        ss_address_health_failed(health, link->address.text, link->port, ss_mono_now());
}

/* What is waited for where other addresses may do better: none of them has failed lately. */
static apr_interval_time_t haste(const ss_link_t *link)
{
    if (!link->options.health || link->healthy < 2) return link->options.haste;
    return link->options.haste && link->options.haste < SS_LINK_HASTE ? link->options.haste
                                                                      : SS_LINK_HASTE;
}

/* The connection failed before or without a client: the failed step, then CLOSED. */
static void fail(ss_link_t *link, ss_cmd_t cmd, const ss_result_t *result)
{
    ss_link_judge_address(link, cmd != SS_CMD_CONNECT);
    if (link->options.tls && link->settings->tls == SS_TLS_NEGOTIATE)
        ss_tls_way_set(link->options.tls, link->options.host, SS_TLS_WAY_UNKNOWN);
    step(link, 0, cmd, result);
    if (!link->is_gone) ss_link_closed(link, 0, cmd, result);
}

/* ---- the session ---- */

static void go_on(ss_link_t *link, int is_tls)
{
    const char *type, *bytes;
    apr_size_t len;
    ss_mono_t now = ss_mono_now();

    link->phase = SS_LINK_SESSION;
    if (is_tls) {
        ss_stream_binding(&link->stream, &type, &bytes, &len);
        ss_client_tls_on(link->client, type, bytes, len, now);
    }
    if (link->wants_quit) ss_client_quit(link->client, now);
    ss_loop_defer(link->loop, &link->turn);
}

static ss_client_tls_t client_tls(const ss_link_t *link, int is_tls)
{
    if (is_tls) return SS_CLIENT_TLS_ON;
    if (link->is_plain_now || link->settings->tls == SS_TLS_NONE) return SS_CLIENT_TLS_OFF;
    return link->settings->tls == SS_TLS_OPPORTUNISTIC ? SS_CLIENT_TLS_IF_OFFERED
                                                       : SS_CLIENT_TLS_REQUIRED;
}

/* This end of the connection as an address literal (RFC 5321 4.1.3); the setting's word where the
 * system does not tell. */
static const char *own_literal(const ss_link_t *link)
{
    struct sockaddr_storage own;
    socklen_t len = sizeof(own);
    char text[SS_ADDRESS_TEXT];

    if (getsockname(link->watch.fd, (struct sockaddr *)&own, &len) ||
        getnameinfo((struct sockaddr *)&own, len, text, sizeof(text), NULL, 0, NI_NUMERICHOST))
        return link->settings->helo;
    text[strcspn(text, "%")] = '\0'; /* a scope is no part of a literal */
    return apr_pstrcat(link->session_pool, own.ss_family == AF_INET6 ? "[IPv6:" : "[", text, "]",
                       NULL);
}

static int max_messages(const ss_settings_t *s, int learned)
{
    if (s->one_message == SS_ONE_ON) return 1;
    return learned && (!s->max_messages || learned < s->max_messages) ? learned : s->max_messages;
}

static void begin_session(ss_link_t *link, int is_tls)
{
    const ss_settings_t *s = link->settings;
    unsigned learned = link->options.learned;
    ss_client_options_t options = {
        .helo = s->helo,
        .host = link->host->name,
        .port = link->port,
        .tls = client_tls(link, is_tls),
        .is_loopback = ss_resolve_is_loopback(&link->address),
        .is_unverified = s->tls == SS_TLS_OPPORTUNISTIC && !s->tls_fingerprint,
        .auth_insecure = s->auth_insecure,
        .proof = link->options.proof,
        .haste = haste(link),
        .username = s->username,
        .auth = s->auth,
        .has_client_cert = s->tls_cert_file != NULL,
        .mechanism = link->options.mechanism,
        .mechanism_lost = link->options.mechanism_lost,
        .logins = link->options.logins,
        .pipelining = s->pipelining == SS_PIPELINING_AUTO && !(learned & SS_LEARN_NO_PIPELINING),
        .chunking = !(learned & SS_LEARN_NO_CHUNKING),
        .is_stepwise = (learned & SS_LEARN_NO_STREAMING) != 0,
        .use_helo = (learned & SS_LEARN_NO_EHLO) != 0,
        .window_max = link->options.window_max ? link->options.window_max : SS_CLIENT_WINDOW_MAX,
        .max_messages = max_messages(s, link->options.max_messages),
        .takes_several = (learned & SS_LEARN_SEVERAL) != 0,
        .max_recipients =
            link->options.max_recipients ? link->options.max_recipients : s->max_recipients,
        .counts = link->options.counts,
        .transcript = link->options.transcript,
        .attempt_deadline = ATTEMPT_DEADLINE
    };

    memcpy(options.timeout, s->timeout, sizeof(options.timeout));
    if (!link->session_pool) apr_pool_create(&link->session_pool, link->pool);
    if (s->helo_is_address) options.helo = own_literal(link);
    link->client = ss_client_create(&options, ss_mono_now(), link->session_pool);
    go_on(link, is_tls);
}

/* ---- another try on a fresh socket ---- */

/* Whether the link may connect once more with the other way of TLS. */
static int try_again(ss_link_t *link, ss_tls_way_t way, const char *how)
{
    if (link->reconnects >= SS_LINK_RECONNECTS_MAX) return 0;
    link->reconnects++;
    link->way = way;
    drop(link);
    ss_transcript_note(link->options.transcript, "connecting again %s", how);
    begin_connect(link);
    return 1;
}

/* The server gave no answer at all to the ClientHello: what else it may want. */
static int try_gentler(ss_link_t *link)
{
    apr_uint64_t hello = ss_stream_unanswered(&link->stream);

    if (!hello) return 0;
    /* It greets late, and drops who speaks before it. */
    if (link->settings->tls == SS_TLS_NEGOTIATE && link->way == SS_TLS_WAY_UNKNOWN &&
        !link->client && !link->is_patient) {
        link->is_patient = 1;
        return try_again(link, SS_TLS_WAY_UNKNOWN, "and waiting longer for a greeting");
    }
    if (link->is_small || hello <= HELLO_LARGE) return 0;
    link->is_small = 1;
    return try_again(link, link->way,
                     "with a smaller TLS handshake (SMTPSendTLSGroups "
                     "X25519:P-256), because the large one was not answered");
}

/* ---- TLS ---- */

static void handshake_failed(ss_link_t *link, apr_status_t rv, const ss_result_t *result)
{
    const ss_settings_t *s = link->settings;
    const ss_tls_facts_t *facts = ss_stream_facts(&link->stream);

    if (facts) {
        link->facts = *facts;
        link->has_facts = 1;
    }
    if (try_gentler(link)) return;
    if (s->tls == SS_TLS_NEGOTIATE && !link->client && ss_stream_is_plain(&link->stream) &&
        try_again(link, SS_TLS_WAY_STARTTLS, "in plain text, then STARTTLS"))
        return;
    if (s->tls == SS_TLS_OPPORTUNISTIC && link->reconnects < SS_LINK_RECONNECTS_MAX) {
        /* Not a failed step: its advice makes it a warning in the connection test. */
        step(link, 1, SS_CMD_TLS, result);
        link->is_plain_now = 1;
        if (!link->is_gone)
            try_again(link, SS_TLS_WAY_UNKNOWN, "without TLS, because the handshake failed");
        return;
    }
    if (!link->client) {
        fail(link, SS_CMD_TLS, result);
        return;
    }
    step(link, 0, SS_CMD_TLS, result);
    if (link->is_gone) return;
    /* Not as a timeout: the client would say that in its own words. */
    ss_client_lost(link->client, APR_STATUS_IS_TIMEUP(rv) ? APR_EGENERAL : rv, result,
                   ss_mono_now());
    go_on(link, 0);
}

static void handshake_done(ss_link_t *link)
{
    const ss_tls_facts_t *facts = ss_stream_facts(&link->stream);
    ss_result_t result = { 0 };

    ss_loop_untimer(link->loop, &link->timer);
    link->facts = *facts;
    link->has_facts = 1;
    if (link->settings->tls == SS_TLS_NEGOTIATE)
        ss_tls_way_set(link->options.tls, link->options.host,
                       link->client ? SS_TLS_WAY_STARTTLS : SS_TLS_WAY_AT_ONCE);
    int is_news = link->is_small && !ss_tls_is_small(link->options.tls, link->options.host);
    if (is_news) ss_tls_set_small(link->options.tls, link->options.host, 1);
    ss_result_set(&result, "tls", facts->version, is_news ? "tls-large-hello" : NULL,
                  "%s, %s, certificate for %s, %s%s", facts->version, facts->cipher,
                  *facts->names ? facts->names : "no name", facts->verify,
                  is_news ? "; the server answers only a small ClientHello "
                            "(SMTPSendTLSGroups X25519:P-256)"
                          : "");
    ss_transcript_note(link->options.transcript, "(%s, %s)", facts->version, facts->cipher);
    step(link, 1, SS_CMD_TLS, &result);
    if (link->is_gone) return;
    if (link->client)
        go_on(link, 1);
    else
        begin_session(link, 1);
}

void ss_link_handshake_ready(ss_link_t *link)
{
    ss_result_t result = { 0 };
    int events = SS_LOOP_READ;

    apr_status_t rv = ss_stream_handshake(&link->stream, &events, &result);
    if (APR_STATUS_IS_EAGAIN(rv))
        ss_loop_watch(link->loop, &link->watch, events);
    else if (rv == APR_SUCCESS)
        handshake_done(link);
    else
        handshake_failed(link, rv, &result);
}

static apr_interval_time_t handshake_time(const ss_link_t *link)
{
    apr_interval_time_t whole = link->settings->timeout[SS_TIMEOUT_CONNECT], hasty = haste(link);

    return hasty && hasty < whole ? hasty : whole;
}

void ss_link_begin_handshake(ss_link_t *link)
{
    apr_interval_time_t large = haste(link) ? LARGE_TIME_IN_HASTE : LARGE_TIME;
    ss_result_t result = { 0 };
    apr_status_t rv = APR_ENOTIMPL;

    link->phase = SS_LINK_SHAKING;
    link->step_began = ss_mono_now();
    if (link->options.tls)
        rv = ss_stream_tls(&link->stream, link->options.tls, link->host->name, link->is_small);
    if (rv != APR_SUCCESS) {
        ss_result_set(&result, "tls", "", NULL, "TLS cannot be started on this machine");
        handshake_failed(link, rv, &result);
        return;
    }
    ss_loop_timer(link->loop, &link->timer, ss_mono_add(link->step_began, handshake_time(link)));
    ss_link_handshake_ready(link);
    if (link->phase != SS_LINK_SHAKING || link->is_small) return;
    if (ss_stream_unanswered(&link->stream) > HELLO_LARGE && handshake_time(link) > large)
        ss_loop_timer(link->loop, &link->timer, ss_mono_add(link->step_began, large));
}

/* ---- negotiate: who speaks first? ---- */

void ss_link_listen_ready(ss_link_t *link)
{
    unsigned char first[4];
    ssize_t n = recv(link->stream.fd, first, sizeof(first), MSG_PEEK);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    ss_loop_untimer(link->loop, &link->timer);
    if (n >= 2 && (first[0] == 0x15 || first[0] == 0x16) && first[1] == 3)
        ss_link_begin_handshake(link);
    else
        begin_session(link, 0);
}

/* ---- connecting ---- */

static ss_tls_way_t first_way(const ss_link_t *link)
{
    switch (link->settings->tls) {
    case SS_TLS_TLS: return SS_TLS_WAY_AT_ONCE;
    case SS_TLS_STARTTLS: return SS_TLS_WAY_STARTTLS;
    case SS_TLS_NEGOTIATE: {
        ss_tls_way_t way = link->options.tls ? ss_tls_way(link->options.tls, link->options.host)
                                             : SS_TLS_WAY_UNKNOWN;
        return way == SS_TLS_WAY_UNKNOWN && link->port == SMTPS_PORT ? SS_TLS_WAY_AT_ONCE : way;
    }
    default: return SS_TLS_WAY_UNKNOWN;
    }
}

static void on_connected(void *self, const ss_connect_result_t *connected)
{
    ss_link_t *link = self;
    ss_result_t result = connected->result;

    link->busy++;
    link->connect = NULL;
    if (connected->fd < 0) {
        fail(link, SS_CMD_CONNECT, &result);
        ss_link_leave(link);
        return;
    }
    link->address = *connected->address;
    ss_stream_tcp(&link->stream, connected->fd);
    link->watch.fd = connected->fd;
    /* The shape that tools for mail logs parse, where the name is an address, too. */
    apr_snprintf(link->name, sizeof(link->name), "%s[%s]:%d", link->host->name, link->address.text,
                 link->port);
    if (!ss_result_is_set(&result))
        ss_result_set(&result, "connect", "", NULL, "%s port %d answered", link->address.text,
                      link->port);
    step(link, 1, SS_CMD_CONNECT, &result);
    if (!link->is_gone) {
        if (link->way == SS_TLS_WAY_AT_ONCE) {
            ss_link_begin_handshake(link);
        } else if (link->settings->tls == SS_TLS_NEGOTIATE && link->way == SS_TLS_WAY_UNKNOWN) {
            link->phase = SS_LINK_LISTENING;
            ss_loop_timer(
                link->loop, &link->timer,
                ss_mono_add(ss_mono_now(), link->is_patient
                                               ? link->settings->timeout[SS_TIMEOUT_GREETING]
                                               : LISTEN_TIME));
            ss_loop_watch(link->loop, &link->watch, SS_LOOP_READ);
        } else {
            begin_session(link, 0);
        }
    }
    ss_link_leave(link);
}

static void begin_connect(ss_link_t *link)
{
    const ss_settings_t *s = link->settings;
    ss_connect_options_t options = { .addresses = &link->addresses,
                                     .source = s->source_address,
                                     .host = link->host->name,
                                     .port = link->port,
                                     .timeout = s->timeout[SS_TIMEOUT_CONNECT],
                                     .healthy = link->healthy };
    ss_result_t result = { 0 };

    if (link->options.haste && link->options.haste < options.timeout)
        options.timeout = link->options.haste;
    link->phase = SS_LINK_CONNECTING;
    link->step_began = ss_mono_now();
    link->received = 0;
    if (ss_connect_start(&link->connect, link->loop, &options, on_connected, link) == APR_SUCCESS)
        return;
    ss_result_set(&result, "connect", "ENOMEM", NULL, "out of memory");
    fail(link, SS_CMD_CONNECT, &result);
}

/* ---- resolving ---- */

static void on_resolved(void *self, const ss_resolve_addresses_t *addresses,
                        const ss_result_t *failure)
{
    ss_link_t *link = self;
    ss_result_t result = { 0 };
    char list[900] = "";
    apr_size_t used = 0;

    link->busy++;
    link->resolve = NULL;
    if (!addresses->count) {
        fail(link, SS_CMD_CONNECT, failure);
        ss_link_leave(link);
        return;
    }
    link->addresses = *addresses;
    link->healthy = link->options.health
                        ? ss_address_health_sort(link->options.health, &link->addresses, link->port,
                                                 ss_mono_now())
                        : addresses->count;
    for (int i = 0; i < addresses->count && used + SS_ADDRESS_TEXT < sizeof(list); i++) {
        apr_snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
                     addresses->list[i].text);
        used += strlen(list + used);
    }
    ss_result_set(&result, "resolve", "", NULL, "%s", list);
    step(link, 1, SS_CMD_CONNECT, &result);
    if (!link->is_gone) begin_connect(link);
    ss_link_leave(link);
}

/* ---- the beginning, and a phase that takes too long ---- */

void ss_link_late(ss_link_t *link, ss_mono_t now)
{
    ss_result_t result = { 0 };

    if (link->phase == SS_LINK_LISTENING) {
        ss_link_begin_handshake(link);
    } else if (link->phase == SS_LINK_SHAKING) {
        /* The short wait was for any answer at all; the whole handshake has the whole time. */
        ss_mono_t until = ss_mono_add(link->step_began, handshake_time(link));
        if (ss_mono_since(until, now) > 0 && !ss_stream_unanswered(&link->stream)) {
            ss_loop_timer(link->loop, &link->timer, until);
            return;
        }
        ss_stream_handshake_timeout(&link->stream, ss_mono_since(now, link->step_began), &result);
        handshake_failed(link, APR_TIMEUP, &result);
    }
}

apr_status_t ss_link_start(ss_link_t *link)
{
    link->way = first_way(link);
    link->is_small = link->options.tls && ss_tls_is_small(link->options.tls, link->options.host);
    return ss_resolve_start(&link->resolve, link->loop, link->host->name, link->port, on_resolved,
                            link);
}
