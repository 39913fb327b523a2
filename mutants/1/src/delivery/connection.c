#include "delivery/connection.h"

#include "delivery/delivery_impl.h"

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

int ss_connection_may_open(ss_relay_t *relay)
{
    if (ss_mono_is_set(relay->connection_limit_until) &&
        ss_mono_reached(relay->connection_limit_until, ss_delivery_mono(relay->delivery))) {
        relay->connection_limit = relay->settings->connections;
        relay->connection_limit_until = (ss_mono_t){ 0 };
    }
    return relay->connection_count < relay->connection_limit && !relay->connecting;
}

/* ---- which ---- */

int ss_connection_is_too_old(const ss_settings_t *settings, ss_mono_t ready, ss_mono_t now)
{
    return settings->max_connection_age && ss_mono_since(now, ready) > settings->max_connection_age;
}

/* A probe carries one message; other connections to a host that refuses us carry none. */
static int may_carry(const ss_connection_t *connection)
{
    return connection->relay->hosts[connection->host].condition == SS_HOST_UP ||
           (connection->is_probe && !connection->in_flight);
}

ss_connection_t *ss_connection_pick(ss_relay_t *relay)
{
    ss_mono_t now = ss_delivery_mono(relay->delivery);
    ss_connection_t *best = NULL, *connection, *next;

    APR_RING_FOREACH_SAFE(connection, next, &relay->connections, ss_connection_t, ring)
    {
        if (!connection->is_ready || connection->is_quitting) continue;
        if (ss_connection_is_too_old(relay->settings, connection->ready, now)) {
            ss_connection_quit(connection);
            continue;
        }
        if (!may_carry(connection) ||
            !ss_client_can_send(ops_of(connection)->client(connection->transport)))
            continue;
        if (!best || connection->host < best->host) best = connection;
    }
    return best;
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
