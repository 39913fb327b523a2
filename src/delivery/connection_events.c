#include "delivery/connection_events.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/descriptors.h"
#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"
#include "delivery/handover.h"
#include "delivery/learned.h"
#include "delivery/login.h"
#include "delivery/relay_host.h"
#include "delivery/shortage.h"
#include "smtp/advice.h"

/* of an answer while another host may do better */
#define HASTE (5 * APR_USEC_PER_SEC)

/* ---- what the server says ---- */

static void say_refused(const ss_connection_t *connection, const ss_client_event_t *event)
{
    const ss_relay_t *relay = connection->relay;
    const ss_delivery_t *d = relay->delivery;
    const ss_advice_t *advice = ss_advice_find(event->verdict.advice);
    const char *host = d->ports.transport->name(connection->transport);
    char words[512];

    if (!ss_delivery_may_log(d, "The SMTP host refused the %s command [relay \"%s\", %s]",
                             ss_cmd_name(event->cmd), relay->name, host))
        return;
    apr_cpystrn(words, event->text, sizeof(words));
    for (char *p = words; *p; p++)
        if (*p == '\n' || *p == '\r') *p = ' ';
    ss_log(
        d->log, SS_LOG_WARN, 0,
        "The SMTP host's reply code to the %s command was %d (\"%s\"): %s%s%s [relay \"%s\", %s]",
        ss_cmd_name(event->cmd), event->code, words, advice ? advice->title : "",
        advice ? ". " : "", advice ? advice->remedy : "", relay->name, host);
}

static void say_small_hello(const ss_connection_t *connection, const ss_client_event_t *event)
{
    const ss_delivery_t *d = connection->relay->delivery;

    if (!event->is_ok || !event->result.advice || strcmp(event->result.advice, "tls-large-hello"))
        return;
    ss_log(d->log, SS_LOG_WARN, 249,
           "%s answers only a small TLS handshake: a smaller one is used from now on; "
           "SMTPSendTLSGroups X25519:P-256 makes it permanent",
           d->ports.transport->name(connection->transport));
}

static void learn(ss_connection_t *connection, const ss_client_event_t *event)
{
    ss_delivery_t *d = connection->relay->delivery;

    if (event->learn == SS_LEARN_FEWER_CONNECTIONS) {
        ss_connection_limit(connection->relay, event->text);
        return;
    }
    if (event->learn == SS_LEARN_MAX_MESSAGES) {
        ss_connection_is_full(connection, event->number, event->text);
        connection->has_taught = 1;
        return;
    }
    unsigned before = ss_learned_bits(d, connection->name, NULL);
    ss_learned_add(d, connection->name, event->learn, event->number, event->text);
    if (ss_learned_bits(d, connection->name, NULL) == before) return;
    connection->has_taught = 1;
    /* The others of this host would find it out once more, each with a message. */
    if (event->learn & (SS_LEARN_NO_PIPELINING | SS_LEARN_NO_CHUNKING | SS_LEARN_NO_STREAMING))
        ss_connection_quit_others(connection);
}

/* ---- its life ---- */

static void became_ready(ss_connection_t *connection)
{
    ss_relay_t *relay = connection->relay;

    connection->is_ready = 1;
    connection->ready = ss_delivery_mono(relay->delivery);
    relay->connecting--;
    relay->counters.connected++;
    ss_shortage_end(relay);
    ss_login_accepted(relay);
    ss_relay_host_is_ready(relay, connection->host);
    ss_connection_watch_idle(connection);
    ss_relay_wake(relay);
}

static void done(ss_connection_t *connection, ss_client_message_t *message)
{
    if (ss_handover_end(message)) ss_connection_quit(connection);
    if (!connection->in_flight) ss_connection_watch_idle(connection);
    ss_relay_wake(connection->relay);
}

/* It never was ready. */
static void could_not_connect(const ss_connection_t *connection, const ss_client_event_t *event)
{
    ss_relay_t *relay = connection->relay;
    int is_blocked = event->verdict.fate == SS_FATE_BLOCKED;

    relay->connecting--;
    /* A login without its secret fails, for whatever reason that could not be read. */
    const ss_result_t *cause = event->cmd == SS_CMD_AUTH && !ss_secret_is_ready(relay->secret)
                                   ? &relay->secret_result
                                   : &event->result;
    if (ss_descriptors_is_shortage(cause)) {
        ss_shortage_begin(relay, cause);
        return;
    }
    ss_login_lost(connection, event);
    if (event->cmd == SS_CMD_AUTH && is_blocked) ss_login_rejected(relay);
    if (connection->is_quitting) return;
    ss_strikes_pay(&relay->hosts[connection->host].strikes, ss_delivery_mono(relay->delivery));
    *(is_blocked ? &relay->counters.refused : &relay->counters.unreached) += 1;
    if (event->cmd != SS_CMD_AUTH && relay->hosts[connection->host].condition == SS_HOST_UP &&
        ss_connection_is_served(relay, connection->host, 1)) {
        ss_connection_crowded(relay, connection->host, event->result.text);
        return;
    }
    ss_relay_host_failed(relay, connection->host, is_blocked ? SS_HOST_BLOCKED : SS_HOST_DOWN,
                         &event->result);
}

/* It was ready, and carried nothing. */
static void was_useless(const ss_connection_t *connection, const ss_client_event_t *event)
{
    ss_relay_t *relay = connection->relay;
    int host = connection->host;

    if (connection->messages || !event->is_ok)
        ss_strikes_pay(&relay->hosts[host].strikes, ss_delivery_mono(relay->delivery));
    if (connection->is_quitting || connection->has_taught || event->is_ok ||
        relay->hosts[host].condition == SS_HOST_BLOCKED || relay->hosts[host].is_of_messages)
        return;
    if (relay->hosts[host].condition == SS_HOST_UP && ss_connection_is_served(relay, host, 0))
        ss_connection_crowded(relay, host, event->result.text);
    else
        ss_relay_host_struck(
            relay, host, connection->round,
            connection->is_hasty && !strcmp(event->result.code, "ETIMEDOUT") ? SS_STRIKES_DOWN : 1,
            &event->result);
}

/* Whether a probe of that host is being connected: an older one that ends is not the last. */
static int is_probed(const ss_relay_t *relay, int host)
{
    const ss_connection_t *connection;

    APR_RING_FOREACH(connection, &relay->connections, ss_connection_t, ring)
    {
        if (connection->host == host && connection->is_probe && !connection->is_ready) return 1;
    }
    return 0;
}

static void closed(ss_connection_t *connection, const ss_client_event_t *event)
{
    ss_relay_t *relay = connection->relay;
    const ss_delivery_t *d = relay->delivery;

    APR_RING_REMOVE(connection, ring);
    if (!connection->is_ready)
        could_not_connect(connection, event);
    else if (!connection->is_useful)
        was_useless(connection, event);
    if (connection->is_probe)
        relay->hosts[connection->host].is_probing = is_probed(relay, connection->host);
    relay->connection_count--;
    ss_delivery_untimer(d, &connection->idle);
    d->ports.transport->close(connection->transport);
    free(connection);
    ss_relay_wake(relay);
    if (d->is_leaving) d->ports.went_idle(d->ports.self);
}

static void on_event(void *owner, const ss_client_event_t *event)
{
    ss_connection_t *connection = owner;

    switch (event->kind) {
    case SS_EVENT_READY: became_ready(connection); break;
    case SS_EVENT_WANT_SECRET:
        connection->mechanism = event->mechanism;
        ss_login_want(connection);
        break;
    case SS_EVENT_REFUSED: say_refused(connection, event); break;
    case SS_EVENT_LEARNED: learn(connection, event); break;
    case SS_EVENT_DONE: done(connection, event->message); break;
    case SS_EVENT_CLOSED: closed(connection, event); break;
    case SS_EVENT_STEP:
        say_small_hello(connection, event);
        ss_login_step(connection, event);
        break;
    case SS_EVENT_START_TLS:
    case SS_EVENT_TRIED: break;
    }
}

/* Whether another host may do better than this one, which has shown nothing yet. */
static int is_hasty(const ss_relay_t *relay, int host)
{
    for (int i = 0; i < relay->host_count && !relay->hosts[host].proof.shown; i++) {
        if (i != host && relay->hosts[i].condition == SS_HOST_UP) return 1;
    }
    return 0;
}

void ss_connection_open(ss_relay_t *relay, int host)
{
    ss_delivery_t *d = relay->delivery;
    const ss_ports_t *ports = &d->ports;
    ss_connection_t *connection = calloc(1, sizeof(*connection));
    apr_pool_t *pool;

    if (!connection) return;
    apr_pool_create(&pool, relay->pool);
    connection->relay = relay;
    connection->host = host;
    connection->opened = ss_delivery_mono(d);
    connection->is_probe = relay->hosts[host].condition != SS_HOST_UP;
    connection->is_hasty = is_hasty(relay, host);
    connection->round = relay->hosts[host].strikes.round;
    apr_cpystrn(connection->name, ss_relay_host_name(relay, host, pool), sizeof(connection->name));
    apr_pool_destroy(pool);
    if (relay->settings->one_message == SS_ONE_AUTO)
        connection->most = ss_learned_messages(d, connection->name);
    ss_transport_options_t options = { .settings = relay->settings,
                                       .host = host,
                                       .name = connection->name,
                                       .learned = ss_learned_bits(d, connection->name, NULL),
                                       .max_messages = connection->most,
                                       .haste = connection->is_hasty ? HASTE : 0,
                                       .proof = &relay->hosts[host].proof,
                                       .counts = relay->counters.replies,
                                       .event = on_event,
                                       .owner = connection };
    ss_login_options(relay, host, &options);
    apr_status_t rv =
        ports->transport->open(ports->transport_self, &connection->transport, &options);
    if (rv != APR_SUCCESS) {
        ss_result_t cause;
        char why[120];
        ss_result_clear(&cause);
        free(connection);
        if (ss_descriptors_are_short(rv)) {
            ss_descriptors_explain(&cause, "connect", "no connection can be opened", rv);
            ss_shortage_begin(relay, &cause);
        } else {
            ss_result_set(&cause, "connect", "", NULL, "no connection can be opened: %s",
                          apr_strerror(rv, why, sizeof(why)));
            ss_relay_host_failed(relay, host, SS_HOST_DOWN, &cause);
        }
        return;
    }
    relay->hosts[host].is_probing = connection->is_probe;
    APR_RING_INSERT_TAIL(&relay->connections, connection, ss_connection_t, ring);
    relay->connection_count++;
    relay->connecting++;
}
