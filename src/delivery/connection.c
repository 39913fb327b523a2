#include "delivery/connection.h"

#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"
#include "delivery/learned.h"
#include "delivery/suspects.h"

/* One connection failed while others carried mail: the next one is tried after so much time; so
 * many in a row, and no more than those are made. */
#define CROWDED_AGAIN APR_USEC_PER_SEC
#define CROWDED_MAX 2
/* one that is ready may carry mail soon */
#define HOPEFUL_FOR (10 * APR_USEC_PER_SEC)

static const ss_transport_ops_t *ops_of(const ss_connection_t *connection)
{
    return connection->relay->delivery->ports.transport;
}

void ss_connection_init(ss_relay_t *relay)
{
    APR_RING_INIT(&relay->connections, ss_connection_t, ring);
}

/* ---- how many ---- */

int ss_connection_fewer(int count)
{
    int half = count / 2;

    return half > 1 ? half : 1;
}

void ss_connection_limit(ss_relay_t *relay, const char *words)
{
    const ss_delivery_t *d = relay->delivery;

    relay->connection_limit = ss_connection_fewer(relay->connection_count);
    relay->connection_limit_until = ss_mono_add(ss_delivery_mono(d), SS_CONNECTION_FEWER_FOR);
    ss_log(d->log, SS_LOG_WARN, 222,
           "relay \"%s\": the server says too many connections (%s): at most %d for 10 minutes; "
           "SMTPSendConnections %d makes it permanent",
           relay->name, words, relay->connection_limit, relay->connection_limit);
}

/* Those of that host: that have carried something; that were opened since the last strike and have
 * not. */
static void count(const ss_relay_t *relay, int host, int *useful, int *fresh)
{
    const ss_connection_t *connection;

    *useful = *fresh = 0;
    APR_RING_FOREACH(connection, &relay->connections, ss_connection_t, ring)
    {
        if (connection->host != host || connection->is_quitting) continue;
        *useful += connection->is_useful;
        *fresh += !connection->is_useful && connection->round == relay->hosts[host].strikes.round;
    }
}

int ss_connection_is_served(const ss_relay_t *relay, int host, int is_hopeful)
{
    ss_mono_t now = ss_delivery_mono(relay->delivery);
    const ss_connection_t *connection;

    APR_RING_FOREACH(connection, &relay->connections, ss_connection_t, ring)
    {
        if (connection->host != host || connection->is_quitting || !connection->is_ready) continue;
        if (connection->is_useful ||
            (is_hopeful && ss_mono_since(now, connection->ready) < HOPEFUL_FOR))
            return 1;
    }
    return 0;
}

int ss_connection_took(const ss_relay_t *relay, int host)
{
    const ss_connection_t *connection;

    APR_RING_FOREACH(connection, &relay->connections, ss_connection_t, ring)
    {
        if (connection->host == host && !connection->is_quitting &&
            ss_mono_is_set(connection->took))
            return 1;
    }
    return 0;
}

void ss_connection_crowded(ss_relay_t *relay, int host, const char *words)
{
    const ss_delivery_t *d = relay->delivery;
    int useful, fresh;

    relay->crowded_until = ss_mono_add(ss_delivery_mono(d), CROWDED_AGAIN);
    if (++relay->crowded < CROWDED_MAX) return;
    count(relay, host, &useful, &fresh);
    relay->crowded = 0;
    if (useful >= relay->connection_limit) return;
    relay->connection_limit = useful > 1 ? useful : 1;
    relay->connection_limit_until = ss_mono_add(ss_delivery_mono(d), SS_CONNECTION_FEWER_FOR);
    ss_log(d->log, SS_LOG_WARN, 225,
           "relay \"%s\": the server closes more than %d connections (%s) although it does not say "
           "that they are too many: at most %d for 10 minutes; SMTPSendConnections %d makes it "
           "permanent",
           relay->name, relay->connection_limit, words, relay->connection_limit,
           relay->connection_limit);
}

void ss_connection_served(ss_connection_t *connection)
{
    ss_relay_t *relay = connection->relay;

    relay->served++;
    /* One more is possible after all. */
    if (!connection->is_useful && relay->crowded &&
        ss_mono_since(relay->crowded_until, connection->opened) <= CROWDED_AGAIN)
        relay->crowded = 0;
    connection->is_useful = 1;
}

void ss_connection_is_full(ss_connection_t *connection, int messages, const char *words)
{
    ss_relay_t *relay = connection->relay;
    ss_connection_t *other;

    if (relay->settings->one_message != SS_ONE_AUTO) return;
    ss_learned_suspect(relay->delivery, connection->name, messages, words);
    APR_RING_FOREACH(other, &relay->connections, ss_connection_t, ring)
    {
        if (other->host == connection->host) other->most = messages;
    }
}

int ss_connection_may_open(ss_relay_t *relay)
{
    if (ss_mono_is_set(relay->connection_limit_until) &&
        ss_mono_reached(relay->connection_limit_until, ss_delivery_mono(relay->delivery))) {
        relay->connection_limit = relay->settings->connections;
        relay->connection_limit_until = (ss_mono_t){ 0 };
    }
    return relay->connection_count < relay->connection_limit && !relay->connecting;
}

int ss_connection_may_open_to(ss_relay_t *relay, int host)
{
    const ss_delivery_t *d = relay->delivery;
    const ss_strikes_t *strikes = &relay->hosts[host].strikes;
    ss_mono_t now = ss_delivery_mono(d);
    int useful, fresh;

    count(relay, host, &useful, &fresh);
    ss_mono_t next = ss_mono_max(ss_strikes_next(strikes, fresh, now), relay->crowded_until);
    if (ss_mono_before(now, next)) ss_delivery_timer(d, &relay->timer, next);
    return !ss_mono_before(now, next) && ss_strikes_has_room(strikes, fresh, useful);
}

/* ---- which ---- */

int ss_connection_is_too_old(const ss_settings_t *settings, ss_mono_t ready, ss_mono_t now)
{
    return settings->max_connection_age && ss_mono_since(now, ready) > settings->max_connection_age;
}

/* A probe carries one message; other connections to a host that refuses us carry none. */
static int may_carry(const ss_connection_t *connection, const ss_job_t *job)
{
    ss_mono_t when;

    if (ss_suspects_is(connection->relay, connection->host))
        return ss_suspects_may_try(connection->relay, connection->host, job, &when);
    return connection->relay->hosts[connection->host].condition == SS_HOST_UP ||
           (connection->is_probe && !connection->in_flight);
}

ss_connection_t *ss_connection_pick(ss_relay_t *relay, const ss_job_t *job)
{
    ss_mono_t now = ss_delivery_mono(relay->delivery);
    ss_connection_t *best = NULL, *connection, *next;

    APR_RING_FOREACH_SAFE(connection, next, &relay->connections, ss_connection_t, ring)
    {
        if (!connection->is_ready || connection->is_quitting) continue;
        if (ss_connection_is_too_old(relay->settings, connection->ready, now) ||
            (connection->most && connection->messages >= connection->most)) {
            ss_connection_quit(connection);
            continue;
        }
        if (!may_carry(connection, job) ||
            !ss_client_can_send(ops_of(connection)->client(connection->transport)))
            continue;
        if (!best || connection->host < best->host) best = connection;
    }
    return best;
}

int ss_connection_is_open(const ss_relay_t *relay, int host)
{
    const ss_connection_t *connection;

    APR_RING_FOREACH(connection, &relay->connections, ss_connection_t, ring)
    {
        if (connection->host == host && !connection->is_quitting &&
            (!connection->is_ready ||
             ss_client_can_send(ops_of(connection)->client(connection->transport))))
            return 1;
    }
    return 0;
}

/* ---- the end ---- */

static void idle_over(ss_timer_t *timer, ss_mono_t now)
{
    ss_connection_t *connection = timer->self;

    (void)now;
    if (!connection->in_flight) ss_connection_quit(connection);
}

void ss_connection_watch_idle(ss_connection_t *connection)
{
    const ss_delivery_t *d = connection->relay->delivery;

    if (connection->is_quitting) return;
    connection->idle.fired = idle_over;
    connection->idle.self = connection;
    ss_delivery_timer(d, &connection->idle,
                      ss_mono_add(ss_delivery_mono(d), connection->relay->settings->idle_timeout));
}

void ss_connection_quit(ss_connection_t *connection)
{
    if (connection->is_quitting) return;
    connection->is_quitting = 1;
    ss_delivery_untimer(connection->relay->delivery, &connection->idle);
    ops_of(connection)->quit(connection->transport);
}

void ss_connection_quit_all(ss_relay_t *relay)
{
    ss_connection_t *connection, *next;

    APR_RING_FOREACH_SAFE(connection, next, &relay->connections, ss_connection_t, ring)
    ss_connection_quit(connection);
}

void ss_connection_quit_others(const ss_connection_t *connection)
{
    ss_connection_t *other, *next;

    APR_RING_FOREACH_SAFE(other, next, &connection->relay->connections, ss_connection_t, ring)
    {
        if (other != connection && other->host == connection->host && other->is_ready)
            ss_connection_quit(other);
    }
}

void ss_connection_quit_barren(ss_relay_t *relay, int host)
{
    ss_connection_t *connection, *next;

    APR_RING_FOREACH_SAFE(connection, next, &relay->connections, ss_connection_t, ring)
    {
        if (connection->host == host && connection->is_ready && !ss_mono_is_set(connection->took))
            ss_connection_quit(connection);
    }
}

void ss_connection_abort_all(ss_relay_t *relay)
{
    while (!APR_RING_EMPTY(&relay->connections, ss_connection_t, ring)) {
        ss_connection_t *connection = APR_RING_FIRST(&relay->connections);
        connection->is_quitting = 1;
        ops_of(connection)->abort(connection->transport, "the delivery daemon ends");
        /* CLOSED has removed it; a transport that does not say so would never end this loop. */
        if (!APR_RING_EMPTY(&relay->connections, ss_connection_t, ring) &&
            APR_RING_FIRST(&relay->connections) == connection)
            APR_RING_REMOVE(connection, ring);
    }
}
