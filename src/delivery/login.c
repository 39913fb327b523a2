#include "delivery/login.h"

#include "base/descriptors.h"
#include "delivery/delivery_impl.h"

static void give_secret(ss_connection_t *connection)
{
    const ss_relay_t *relay = connection->relay;
    apr_size_t len = 0;
    const char *bytes =
        ss_secret_is_ready(relay->secret) ? ss_secret_bytes(relay->secret, &len) : NULL;

    connection->wants_secret = 0;
    relay->delivery->ports.transport->secret(connection->transport, bytes, len);
}

static void loaded(void *baton, apr_status_t rv, const ss_result_t *result)
{
    ss_relay_t *relay = baton;
    ss_connection_t *connection, *next;

    relay->is_secret_loading = 0;
    relay->secret_result = *result;
    if (rv != APR_SUCCESS && ss_descriptors_is_shortage(result)) {
        /* The connection fails, and its end is logged as a shortage. */
    } else if (rv != APR_SUCCESS) {
        ss_log(relay->delivery->log, SS_LOG_ERROR, 223,
               "relay \"%s\": SMTPSendPassword cannot be read: %s", relay->name, result->text);
    } else if (relay->is_secret_rejected) {
        /* Something new to try: at once, and once; a second rejection waits as the breaker says. */
        ss_breaker_reset(relay->hosts, relay->host_count);
    }
    APR_RING_FOREACH_SAFE(connection, next, &relay->connections, ss_connection_t, ring)
    {
        if (connection->wants_secret) give_secret(connection);
    }
    ss_relay_wake(relay);
}

/* Whether it is being read now. */
static int load(ss_relay_t *relay)
{
    const ss_ports_t *ports = &relay->delivery->ports;

    if (!relay->is_secret_loading)
        relay->is_secret_loading =
            ports->secret_load(ports->self, relay->secret, loaded, relay) == APR_SUCCESS;
    return relay->is_secret_loading;
}

void ss_login_want(ss_connection_t *connection)
{
    ss_relay_t *relay = connection->relay;

    connection->wants_secret = 1;
    if ((relay->is_secret_loading || ss_secret_can_reload(relay->secret, 0) ||
         !ss_secret_is_ready(relay->secret)) &&
        load(relay))
        return;
    give_secret(connection);
}

void ss_login_rejected(ss_relay_t *relay)
{
    if (relay->is_secret_rejected || !relay->secret || !ss_secret_can_reload(relay->secret, 1))
        return;
    relay->is_secret_rejected = 1;
    load(relay);
}

void ss_login_accepted(ss_relay_t *relay)
{
    relay->is_secret_rejected = 0;
}
