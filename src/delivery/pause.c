/* pause.c: see pause.h. The row "pause/<relay>" of the setting table holds all of it. */
#include "delivery/pause.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"
#include "delivery/queue_counts.h"

#define LOG_EVERY (600 * APR_USEC_PER_SEC) /* a paused relay is not forgotten */

static void set_timer(ss_relay_t *relay)
{
    const ss_delivery_t *d = relay->delivery;
    const ss_relay_pause_t *p = &relay->pause;
    ss_mono_t now = ss_delivery_mono(d), when = ss_mono_add(p->said, LOG_EVERY);

    if (!ss_relay_is_paused(relay)) {
        ss_delivery_untimer(d, &relay->pause_timer);
        return;
    }
    if (p->stored && p->until)
        when = ss_mono_min(when, ss_mono_of_wall(p->until, now, ss_delivery_wall(d)));
    ss_delivery_timer(d, &relay->pause_timer, ss_mono_max(when, now));
}

static void persist(ss_relay_t *relay)
{
    const ss_relay_pause_t *p = &relay->pause;
    json_t *row = json_pack("{s:I,s:I}", "total", (json_int_t)p->total, "effectiveSince",
                            (json_int_t)p->effective_since);

    relay->pause.number = relay->delivery->heartbeats;
    if (p->stored) {
        json_object_set_new(row, "stored",
                            json_pack("{s:s,s:s,s:I,s:I}", "reason", p->reason ? p->reason : "",
                                      "who", p->who ? p->who : "", "since", (json_int_t)p->since,
                                      "until", (json_int_t)p->until));
    }
    ss_delivery_remember_json(relay->delivery, "pause/", relay->name, row);
}

static void say(ss_relay_t *relay)
{
    const ss_relay_pause_t *p = &relay->pause;
    apr_pool_t *pool;

    if (!relay->settings->engine) return;
    apr_pool_create(&pool, relay->pool);
    relay->pause.said = ss_delivery_mono(relay->delivery);
    ss_log(relay->delivery->log, SS_LOG_WARN, 260,
           "relay \"%s\": sending is paused (%s%s%s%s%s%s) since %s%s%s: %" APR_INT64_T_FMT
           " messages wait%s%s",
           relay->name, p->directive ? "SMTPSendPause On" : "",
           p->directive && p->stored ? ", and " : "", p->stored ? "by " : "",
           p->stored ? (p->who && *p->who ? p->who : "unknown") : "",
           p->stored && p->reason && *p->reason ? ": " : "",
           p->stored && p->reason ? p->reason : "", ss_text_time(pool, p->effective_since),
           p->stored && p->until ? ", until " : "",
           p->stored && p->until ? ss_text_time(pool, p->until) : "", relay->waiting_messages,
           relay->waiting_messages && relay->oldest ? ", the oldest since " : "",
           relay->waiting_messages && relay->oldest ? ss_text_time(pool, relay->oldest) : "");
    apr_pool_destroy(pool);
}

static void take_effect(ss_relay_t *relay)
{
    ss_relay_pause_t *p = &relay->pause;
    apr_time_t now = ss_delivery_wall(relay->delivery);

    if (ss_relay_is_paused(relay)) {
        if (!p->effective_since) p->effective_since = now;
        say(relay);
    } else if (p->effective_since) {
        p->total = ss_pause_total(relay, now);
        p->effective_since = 0;
        relay->may_send = ss_delivery_mono(relay->delivery);
        ss_log(relay->delivery->log, SS_LOG_NOTICE, 261,
               "relay \"%s\": sending is resumed; %" APR_INT64_T_FMT " messages wait", relay->name,
               relay->waiting_messages);
        ss_relay_wake(relay);
    }
    set_timer(relay);
}

static void replace(const char **text, const char *by)
{
    free((void *)*text);
    *text = by ? strdup(by) : NULL;
}

/* ---- the log's line ---- */

static void oldest_known(ss_store_request_t *request)
{
    ss_relay_t *relay = request->baton;

    ss_queue_counts_take_oldest(relay->delivery, ss_store_request_as(request, SS_STORE_OLDEST));
    apr_pool_destroy(request->pool);
    if (ss_relay_is_paused(relay)) say(relay);
}

static void timer_fired(ss_timer_t *timer, ss_mono_t now)
{
    ss_relay_t *relay = timer->self;
    ss_delivery_t *d = relay->delivery;
    const ss_relay_pause_t *p = &relay->pause;

    if (p->stored && p->until && p->until <= ss_delivery_wall(d)) {
        ss_log(d->log, SS_LOG_NOTICE, 262, "relay \"%s\": the pause set by %s has expired",
               relay->name, p->who ? p->who : "unknown");
        ss_pause_clear(relay, NULL);
        return;
    }
    /* The line names the age of the oldest message, which the store knows. */
    ss_store_oldest_t *request = ss_store_oldest_create(oldest_known, relay);
    ss_queue_counts_ask_oldest(relay, request);
    relay->pause.said = now;
    set_timer(relay);
    ss_delivery_post(d, &request->head);
}

/* ---- what the store holds of it ---- */

/* The pause in the row, if there is one that has not expired. */
static void read_stored(const json_t *row, ss_relay_pause_t *p, apr_time_t now)
{
    const json_t *stored = json_object_get(row, "stored");

    p->since = ss_json_number(stored, "since");
    p->until = ss_json_number(stored, "until");
    p->stored = stored && (!p->until || p->until > now);
    replace(&p->reason, ss_json_text(stored, "reason"));
    replace(&p->who, ss_json_text(stored, "who"));
}

/* The end of a pause that other nodes share stays: they go by their own clocks. */
static void shift(ss_relay_t *relay, apr_interval_time_t by)
{
    ss_relay_pause_t *p = &relay->pause;

    if (p->effective_since) p->effective_since += by;
    if (relay->delivery->node) return;
    if (p->since) p->since += by;
    if (p->until) p->until += by;
}

void ss_pause_restore(ss_relay_t *relay, const char *json)
{
    json_t *row = json_loads(json, 0, NULL);

    relay->pause.total = ss_json_number(row, "total");
    relay->pause.effective_since = ss_json_number(row, "effectiveSince");
    /* By the clock as it was then. */
    apr_interval_time_t by = relay->delivery->clock.at_start;
    read_stored(row, &relay->pause, ss_delivery_wall(relay->delivery) - by);
    shift(relay, by);
    json_decref(row);
}

void ss_pause_shift(ss_relay_t *relay, apr_interval_time_t by)
{
    if (!relay->pause.effective_since) return;
    shift(relay, by);
    persist(relay);
    set_timer(relay);
}

void ss_pause_begin(ss_relay_t *relay)
{
    apr_time_t since = relay->pause.effective_since;

    relay->pause_timer = (ss_timer_t){ .fired = timer_fired, .self = relay };
    take_effect(relay);
    if (since != relay->pause.effective_since || relay->delivery->clock.at_start) persist(relay);
}

void ss_pause_share(ss_relay_t *relay, const char *json, apr_uint64_t number)
{
    ss_relay_pause_t *p = &relay->pause, other = { 0 };
    json_t *row = number > p->number ? json_loads(json, 0, NULL) : NULL;

    if (!row) return;
    read_stored(row, &other, ss_delivery_wall(relay->delivery));
    json_decref(row);
    if (other.stored != p->stored ||
        (other.stored && (other.since != p->since || other.until != p->until))) {
        if (!other.stored) {
            ss_log(relay->delivery->log, SS_LOG_NOTICE, 264,
                   "relay \"%s\": the pause set by %s was ended at another node", relay->name,
                   p->who ? p->who : "unknown");
        }
        p->stored = other.stored;
        p->since = other.since;
        p->until = other.until;
        replace(&p->reason, other.reason);
        replace(&p->who, other.who);
        take_effect(relay);
    }
    replace(&other.reason, NULL);
    replace(&other.who, NULL);
}

/* ---- what operators do ---- */

void ss_pause_set(ss_relay_t *relay, const char *reason, const char *who, apr_time_t until)
{
    ss_relay_pause_t *p = &relay->pause;

    p->stored = 1;
    p->since = ss_delivery_wall(relay->delivery);
    p->until = until;
    replace(&p->reason, reason);
    replace(&p->who, who);
    take_effect(relay);
    persist(relay);
}

void ss_pause_clear(ss_relay_t *relay, const char *who)
{
    ss_relay_pause_t *p = &relay->pause;

    if (who && p->stored) {
        ss_log(relay->delivery->log, SS_LOG_NOTICE, 263,
               "relay \"%s\": the pause by %s is ended by %s", relay->name,
               p->who ? p->who : "unknown", who);
    }
    p->stored = 0;
    take_effect(relay);
    persist(relay);
}

/* ---- for people ---- */

apr_interval_time_t ss_pause_total(const ss_relay_t *relay, apr_time_t now)
{
    const ss_relay_pause_t *p = &relay->pause;

    return p->total +
           (p->effective_since && now > p->effective_since ? now - p->effective_since : 0);
}

json_t *ss_pause_json(const ss_relay_t *relay)
{
    const ss_relay_pause_t *p = &relay->pause;

    if (!p->directive && !p->stored) return json_null();
    return json_pack("{s:b,s:b,s:o,s:o,s:o,s:o}", "directive", p->directive, "stored", p->stored,
                     "since", ss_json_time(p->effective_since), "until",
                     ss_json_time(p->stored ? p->until : 0), "reason",
                     ss_json_string(p->stored ? p->reason : NULL), "who",
                     ss_json_string(p->stored ? p->who : NULL));
}
