#include "delivery/relay.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/delivery_impl.h"

/* ---- making and finding ---- */

static void wake(ss_timer_t *timer, ss_mono_t now)
{
    (void)now;
    ss_relay_wake(timer->self);
}

ss_relay_t *ss_relay_create(ss_delivery_t *d, const ss_settings_t *settings,
                            void (*pump)(ss_deferred_t *deferred, ss_mono_t now))
{
    ss_relay_t *relay;
    apr_pool_t *pool;

    apr_pool_create(&pool, d->pool);
    relay = apr_pcalloc(pool, sizeof(*relay));
    relay->pool = pool;
    relay->delivery = d;
    relay->settings = settings;
    relay->name = settings->relay_name;
    relay->host_count = settings->hosts ? settings->hosts->nelts : 0;
    relay->hosts = apr_pcalloc(pool, sizeof(*relay->hosts) * (apr_size_t)(relay->host_count + 1));
    relay->logins = apr_pcalloc(pool, sizeof(*relay->logins) * (apr_size_t)(relay->host_count + 1));
    relay->suspicions =
        apr_pcalloc(pool, sizeof(*relay->suspicions) * (apr_size_t)(relay->host_count + 1));
    relay->connection_limit = settings->connections;
    relay->schedule = ss_schedule_create();
    relay->counters.replies = apr_pcalloc(pool, sizeof(*relay->counters.replies));
    relay->secret = d->ports.secret_of(d->ports.self, settings);
    relay->pause.directive = settings->pause;
    relay->names = apr_array_make(pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(relay->names, const char *) = relay->name;
    relay->timer = (ss_timer_t){ .fired = wake, .self = relay };
    relay->pump = (ss_deferred_t){ .call = pump, .self = relay };
    relay->may_send = ss_delivery_mono(d);
    ss_schedule_rates(relay->schedule, settings->rates, ss_delivery_mono(d));
    if (d->ports.transport->prepare(d->ports.transport_self, settings, &relay->unusable) !=
        APR_SUCCESS) {
        ss_log(d->log, SS_LOG_ERROR, 233,
               "relay \"%s\": its TLS settings cannot be used: %s; its mail is kept in the queue",
               relay->name, relay->unusable.text);
    }
    return relay;
}

void ss_relay_destroy(ss_relay_t *relay)
{
    ss_schedule_destroy(relay->schedule);
    free((void *)relay->pause.reason);
    free((void *)relay->pause.who);
}

int ss_relay_count(const ss_delivery_t *d)
{
    return d->relays->nelts;
}

ss_relay_t *ss_relay_at(const ss_delivery_t *d, int index)
{
    return APR_ARRAY_IDX(d->relays, index, ss_relay_t *);
}

ss_relay_t *ss_relay_find(const ss_delivery_t *d, const char *name)
{
    for (int i = 0; i < ss_relay_count(d); i++) {
        if (!strcmp(ss_relay_at(d, i)->name, name)) return ss_relay_at(d, i);
    }
    return NULL;
}

ss_relay_t *ss_relay_for(ss_delivery_t *d, const char *name)
{
    ss_relay_t *relay = ss_relay_find(d, name), *main_relay = ss_relay_at(d, 0);

    if (relay) return relay;
    if (!apr_hash_get(d->adopted, name, APR_HASH_KEY_STRING)) {
        ss_log(d->log, SS_LOG_WARN, 232,
               "mail is queued for relay \"%s\", which is no longer configured: relay \"%s\" "
               "sends it",
               name, main_relay->name);
        name = apr_pstrdup(d->pool, name);
        apr_hash_set(d->adopted, name, APR_HASH_KEY_STRING, "");
        APR_ARRAY_PUSH(main_relay->names, const char *) = name;
    }
    return main_relay;
}

const char *ss_relay_host_name(const ss_relay_t *relay, int host, apr_pool_t *pool)
{
    const char *name = APR_ARRAY_IDX(relay->settings->hosts, host, ss_settings_host_t).name;
    int port = ss_settings_port(relay->settings, host);

    return apr_psprintf(pool, strchr(name, ':') ? "[%s]:%d" : "%s:%d", name, port);
}

void ss_relay_wake(ss_relay_t *relay)
{
    const ss_ports_t *ports = &relay->delivery->ports;

    ports->defer(ports->self, &relay->pump);
}

/* ---- counts ---- */

/* Not below 0, where not all was counted. */
static apr_int64_t sum(apr_int64_t count, apr_int64_t by)
{
    return count + by > 0 ? count + by : 0;
}

void ss_relay_count_more(ss_relay_t *relay, ss_state_t state, apr_int64_t recipients,
                         apr_int64_t messages, apr_int64_t bytes)
{
    relay->delivery->counting.is_exact = 0;
    relay->counts[state] = sum(relay->counts[state], recipients);
    relay->waiting_messages = sum(relay->waiting_messages, messages);
    relay->waiting_bytes = (apr_uint64_t)sum((apr_int64_t)relay->waiting_bytes, bytes);
    relay->moved.counts[state] += recipients;
    relay->moved.messages += messages;
    relay->moved.bytes += bytes;
    if (!relay->waiting_messages) relay->oldest = 0;
}

void ss_relay_move(ss_relay_t *relay, ss_state_t from, ss_state_t to)
{
    ss_relay_count_more(relay, from, -1, 0, 0);
    ss_relay_count_more(relay, to, 1, 0, 0);
}

void ss_relay_add_message(ss_relay_t *relay, const ss_message_t *m)
{
    for (int i = 0; i < m->rcpt_count; i++) ss_relay_count_more(relay, m->rcpts[i].state, 1, 0, 0);
    ss_relay_count_more(relay, SS_STATE_QUEUED, 0, 1, (apr_int64_t)m->size);
    if (!relay->oldest) relay->oldest = m->created;
}

void ss_relay_drop_message(ss_relay_t *relay, apr_uint64_t size)
{
    ss_relay_count_more(relay, SS_STATE_QUEUED, 0, -1, -(apr_int64_t)size);
}

/* ---- state ---- */

int ss_relay_is_paused(const ss_relay_t *relay)
{
    return relay->pause.directive || relay->pause.stored || !relay->settings->engine;
}

const char *ss_relay_state(const ss_relay_t *relay, const char **cause, const char **advice)
{
    *cause = NULL;
    *advice = NULL;
    if (!relay->settings->engine) {
        *cause = "SMTPSendEngine is Off";
        *advice = "config-engine-off";
        return "off";
    }
    if (!relay->host_count) {
        *cause = "no SMTPSendHost is configured";
        *advice = "config-no-host";
        return "down";
    }
    if (relay->pause.directive || relay->pause.stored) {
        *cause = relay->pause.stored && relay->pause.reason ? relay->pause.reason
                 : relay->pause.directive                   ? "SMTPSendPause On"
                                                            : "paused";
        return "paused";
    }
    const char *fault = relay->delivery->ports.store_fault(relay->delivery->ports.self);
    if (fault && *fault) {
        *cause = fault;
        *advice = "queue-unwritable";
        return "stopped";
    }
    if (ss_result_is_set(&relay->unusable)) {
        *cause = relay->unusable.text;
        *advice = relay->unusable.advice;
        return "down";
    }
    for (int i = 0; i < relay->host_count; i++) {
        if (relay->hosts[i].condition != SS_HOST_UP) continue;
        if (ss_result_is_set(&relay->shortage)) {
            *cause = relay->shortage.text;
            *advice = relay->shortage.advice;
        } else if (relay->throttle.gap) {
            *cause = relay->slow;
            *advice = "rate-limited";
            return "slow";
        }
        return "up";
    }
    *cause = relay->hosts[0].cause.text;
    *advice = relay->hosts[0].cause.advice;
    return relay->hosts[0].condition == SS_HOST_BLOCKED ? "blocked" : "down";
}

const char *ss_relay_secret_state(const ss_relay_t *relay)
{
    static const char *const kinds[] = { [SS_SECRET_NONE] = "empty",
                                         [SS_SECRET_TEXT] = "set (text)",
                                         [SS_SECRET_FILE] = "set (file)",
                                         [SS_SECRET_ENV] = "set (env)",
                                         [SS_SECRET_EXEC] = "set (exec)" };

    if (!relay->settings->password || relay->settings->password->kind == SS_SECRET_NONE)
        return "empty";
    if (relay->settings->password->kind != SS_SECRET_EXEC && !ss_secret_is_ready(relay->secret))
        return "unreadable";
    if (ss_result_is_set(&relay->secret_result) && !ss_secret_is_ready(relay->secret))
        return "unreadable";
    return kinds[relay->settings->password->kind];
}
