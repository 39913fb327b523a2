#include "delivery/login.h"

#include <apr_strings.h>
#include <string.h>

#include "base/descriptors.h"
#include "delivery/delivery_impl.h"
#include "delivery/kept.h"

/* after the last refused mechanism: then others are tried again */
#define TRY_AGAIN (60 * 60 * APR_USEC_PER_SEC)
/* how long the mechanism that worked goes first */
#define REMEMBER (24 * 60 * 60 * APR_USEC_PER_SEC)

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

void ss_login_options(ss_relay_t *relay, int host, ss_transport_options_t *options)
{
    ss_relay_login_t *m = &relay->logins[host];
    ss_mono_t now = ss_delivery_mono(relay->delivery);

    if (m->tries && ss_mono_since(now, m->tried) >= TRY_AGAIN) m->tries = m->lost[0] = 0;
    if (*m->mechanism && ss_mono_since(now, m->learned) >= REMEMBER) *m->mechanism = '\0';
    options->mechanism = *m->mechanism ? m->mechanism : NULL;
    options->mechanism_lost = *m->lost ? m->lost : NULL;
    /* One connection looks for a mechanism; those beside it would add to the refused logins. */
    options->logins = relay->connecting > 1 || m->tries >= SS_CLIENT_LOGINS_MAX
                          ? 1
                          : SS_CLIENT_LOGINS_MAX - m->tries;
}

static void worked(ss_connection_t *connection, ss_relay_login_t *m, const char *mechanism)
{
    const ss_delivery_t *d = connection->relay->delivery;

    if (m->tries && *m->refused && strcmp(m->refused, mechanism) &&
        strcmp(m->mechanism, mechanism)) {
        apr_cpystrn(m->mechanism, mechanism, sizeof(m->mechanism));
        m->learned = ss_delivery_mono(d);
        ss_log(d->log, SS_LOG_WARN, 219,
               "relay \"%s\": %s refuses the login mechanism %s and takes %s, which is tried first "
               "from now on; SMTPSendAuth %s makes it permanent",
               connection->relay->name, d->ports.transport->name(connection->transport), m->refused,
               mechanism, mechanism);
        ss_kept_save(connection->relay);
    }
    m->tries = 0;
}

static void refused(const ss_connection_t *connection, ss_relay_login_t *m, const char *mechanism)
{
    /* The hour runs from the last of the three: later ones are probes with one mechanism each. */
    if (m->tries < SS_CLIENT_LOGINS_MAX) {
        m->tries++;
        m->tried = ss_delivery_mono(connection->relay->delivery);
    }
    apr_cpystrn(m->refused, mechanism, sizeof(m->refused));
}

void ss_login_step(ss_connection_t *connection, const ss_client_event_t *event)
{
    ss_relay_login_t *m = &connection->relay->logins[connection->host];

    if (event->cmd != SS_CMD_AUTH || !event->mechanism) return;
    if (event->is_ok && !event->result.advice)
        worked(connection, m, event->mechanism);
    else if (event->code)
        refused(connection, m, event->mechanism);
}

void ss_login_lost(const ss_connection_t *connection, const ss_client_event_t *event)
{
    ss_relay_login_t *m = &connection->relay->logins[connection->host];

    if (event->cmd != SS_CMD_AUTH || event->code || !connection->mechanism ||
        connection->is_quitting || event->verdict.fate == SS_FATE_BLOCKED ||
        m->tries >= SS_CLIENT_LOGINS_MAX)
        return;
    refused(connection, m, connection->mechanism);
    apr_cpystrn(m->lost, connection->mechanism, sizeof(m->lost));
}
