#include "delivery/kept.h"

#include <apr_strings.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"
#include "delivery/retry.h"

#define MINUTE (60 * APR_USEC_PER_SEC)
/* no quota is waited for longer (ss_retry_quota) */
#define QUOTA_MOST (24 * 3600 * APR_USEC_PER_SEC)

static const char *user_of(const ss_relay_t *relay)
{
    return relay->settings->username ? relay->settings->username : "";
}

static apr_time_t to_wall(const ss_relay_t *relay, ss_mono_t t)
{
    const ss_delivery_t *d = relay->delivery;

    return ss_mono_to_wall(t, ss_delivery_mono(d), ss_delivery_wall(d));
}

/* A time of the past; now where the clock was set back since. Not set: it is missing. */
static ss_mono_t past(const ss_relay_t *relay, const json_t *object, const char *name)
{
    const ss_delivery_t *d = relay->delivery;
    ss_mono_t now = ss_delivery_mono(d);
    ss_mono_t t = ss_mono_of_wall(ss_json_number(object, name), now, ss_delivery_wall(d));

    return ss_mono_before(now, t) ? now : t;
}

/* A time to come, no later than a quota lasts; not set: it is over. */
static ss_mono_t future(const ss_relay_t *relay, apr_time_t wall)
{
    const ss_delivery_t *d = relay->delivery;
    apr_interval_time_t wait = wall - ss_delivery_wall(d);

    if (wait <= 0) return (ss_mono_t){ 0 };
    return ss_mono_add(ss_delivery_mono(d), wait < QUOTA_MOST ? wait : QUOTA_MOST);
}

/* ---- writing ---- */

static void put_login(json_t *row, const ss_relay_t *relay, int host)
{
    const ss_relay_login_t *login = &relay->logins[host];

    if (!*login->mechanism) return;
    ss_json_put(row, "mechanism", login->mechanism);
    json_object_set_new(row, "learned", json_integer(to_wall(relay, login->learned)));
}

static void put_quotas(json_t *row, const ss_relay_t *relay, int host)
{
    const ss_suspicion_t *s = &relay->suspicions[host];
    ss_mono_t now = ss_delivery_mono(relay->delivery);
    json_t *list = json_array();

    for (int i = 0; i < s->quota_count && i < SS_SUSPICION_QUOTAS; i++) {
        const ss_suspicion_quota_t *quota = &s->quotas[i];
        if (ss_mono_before(now, quota->until))
            json_array_append_new(list, json_pack("[I,I,i]", (json_int_t)quota->sender,
                                                  (json_int_t)to_wall(relay, quota->until),
                                                  quota->is_own));
    }
    if (json_array_size(list)) json_object_set(row, "quotas", list);
    json_decref(list);
}

static void put_block(json_t *row, const ss_relay_t *relay, int host)
{
    const ss_breaker_t *state = &relay->hosts[host];
    const ss_suspicion_t *s = &relay->suspicions[host];

    if (state->condition != SS_HOST_BLOCKED || !ss_retry_is_quota(state->cause.advice)) return;
    json_object_set_new(row, "until", json_integer(to_wall(relay, state->next)));
    json_object_set_new(row, "since", json_integer(state->since));
    ss_json_put(row, "step", state->cause.step);
    ss_json_put(row, "code", state->cause.code);
    ss_json_put(row, "text", state->cause.text);
    if (s->seen_count)
        json_object_set_new(
            row, "last",
            json_pack("[I,I]", (json_int_t)s->seen[0].sender, (json_int_t)s->seen[0].domain));
}

static void put_hosts(json_t *document, const ss_relay_t *relay)
{
    json_t *hosts = json_object();
    apr_pool_t *pool;

    apr_pool_create(&pool, relay->pool);
    for (int i = 0; i < relay->host_count; i++) {
        json_t *row = json_object();
        put_login(row, relay, i);
        put_quotas(row, relay, i);
        put_block(row, relay, i);
        if (json_object_size(row)) json_object_set(hosts, ss_relay_host_name(relay, i, pool), row);
        json_decref(row);
    }
    apr_pool_destroy(pool);
    if (json_object_size(hosts)) json_object_set(document, "hosts", hosts);
    json_decref(hosts);
}

static void put_rate(json_t *document, const ss_relay_t *relay)
{
    const ss_throttle_t *t = &relay->throttle;

    if (!t->gap) return;
    json_object_set_new(document, "rate",
                        json_pack("{s:I,s:I,s:I,s:I,s:o}", "gap", (json_int_t)t->gap, "unit",
                                  (json_int_t)t->unit, "first", (json_int_t)t->first, "grown",
                                  (json_int_t)to_wall(relay, t->grown), "reply",
                                  ss_json_string(relay->slow_reply)));
}

void ss_kept_save(ss_relay_t *relay)
{
    json_t *document = json_object();

    put_hosts(document, relay);
    put_rate(document, relay);
    if (json_object_size(document)) {
        ss_json_put(document, "user", user_of(relay));
        ss_delivery_remember_json(relay->delivery, "kept/", relay->name, json_incref(document));
        relay->is_kept = 1;
    } else if (relay->is_kept) {
        ss_delivery_remember(relay->delivery, "kept/", relay->name, NULL);
        relay->is_kept = 0;
    }
    json_decref(document);
}

/* ---- reading ---- */

static void take_login(ss_relay_t *relay, int host, const json_t *row)
{
    ss_relay_login_t *login = &relay->logins[host];
    const char *mechanism = ss_json_text(row, "mechanism");

    if (!mechanism) return;
    apr_cpystrn(login->mechanism, mechanism, sizeof(login->mechanism));
    login->learned = past(relay, row, "learned");
}

static void take_quotas(ss_relay_t *relay, int host, const json_t *row)
{
    ss_suspicion_t *s = &relay->suspicions[host];
    json_t *list = json_object_get(row, "quotas");

    for (size_t i = 0; i < json_array_size(list) && s->quota_count < SS_SUSPICION_QUOTAS; i++) {
        const json_t *quota = json_array_get(list, i);
        ss_mono_t until = future(relay, json_integer_value(json_array_get(quota, 1)));
        if (!ss_mono_is_set(until)) continue;
        s->quotas[s->quota_count++] =
            (ss_suspicion_quota_t){ .sender =
                                        (apr_uint32_t)json_integer_value(json_array_get(quota, 0)),
                                    .until = until,
                                    .is_own = json_integer_value(json_array_get(quota, 2)) != 0 };
    }
}

/* Mail of senders for whom it was not asked may still show that it takes some (suspicion.h). */
static void take_block(ss_relay_t *relay, int host, const json_t *row)
{
    ss_breaker_t *state = &relay->hosts[host];
    ss_suspicion_t *s = &relay->suspicions[host];
    ss_mono_t now = ss_delivery_mono(relay->delivery);
    const char *step = ss_json_text(row, "step"), *text = ss_json_text(row, "text");
    const json_t *last = json_object_get(row, "last");
    ss_mono_t until = future(relay, ss_json_number(row, "until"));
    apr_pool_t *pool;

    if (!step || !text || !ss_mono_is_set(until)) return;
    state->condition = SS_HOST_BLOCKED;
    state->is_of_messages = 1;
    state->next = until;
    state->since = ss_json_number(row, "since");
    ss_result_set(&state->cause, apr_pstrdup(relay->pool, step), ss_json_text(row, "code"), "quota",
                  "%s", text);
    s->cause = state->cause;
    s->since = s->tried = now;
    s->is_active = s->quota_count > 0;
    ss_suspicion_see(s, (apr_uint32_t)json_integer_value(json_array_get(last, 0)),
                     (apr_uint32_t)json_integer_value(json_array_get(last, 1)));
    apr_pool_create(&pool, relay->pool);
    const char *wait =
        ss_text_duration_print(pool, (ss_mono_since(until, now) / MINUTE + 1) * MINUTE);
    ss_log(relay->delivery->log, SS_LOG_NOTICE, 235,
           "relay \"%s\": %s is left alone for %s, as before this start, because a quota is used "
           "up: %s; smtp-send flush tries it at once",
           relay->name, ss_relay_host_name(relay, host, pool), wait, text);
    apr_pool_destroy(pool);
}

static void take_rate(ss_relay_t *relay, const json_t *rate)
{
    const char *reply = ss_json_text(rate, "reply");

    if (!ss_throttle_restore(&relay->throttle, ss_json_number(rate, "gap"),
                             ss_json_number(rate, "unit"), ss_json_number(rate, "first"),
                             past(relay, rate, "grown"), ss_delivery_mono(relay->delivery)))
        return;
    apr_cpystrn(relay->slow_reply, reply ? reply : "", sizeof(relay->slow_reply));
}

void ss_kept_restore(ss_relay_t *relay, const char *text)
{
    json_t *document = json_loads(text, 0, NULL);
    const char *user = ss_json_text(document, "user");
    const json_t *hosts = json_object_get(document, "hosts");
    apr_pool_t *pool;

    relay->is_kept = 1;
    if (user && !strcmp(user, user_of(relay))) {
        apr_pool_create(&pool, relay->pool);
        for (int i = 0; i < relay->host_count; i++) {
            const json_t *row = json_object_get(hosts, ss_relay_host_name(relay, i, pool));
            take_login(relay, i, row);
            take_quotas(relay, i, row);
            take_block(relay, i, row);
        }
        apr_pool_destroy(pool);
        take_rate(relay, json_object_get(document, "rate"));
    }
    json_decref(document);
}
