#include "record/health.h"

#include <jansson.h>
#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "delivery/progress.h"
#include "delivery/relay.h"
#include "delivery/store_watch.h"

/* a relay that is down for so long is no short interruption any more */
#define SHORT (60 * APR_USEC_PER_SEC)

static void add(json_t *reasons, const char *relay, const char *reason, int is_bad,
                apr_pool_t *pool, const char *detail)
{
    json_array_append_new(reasons,
                          json_pack("{s:s,s:s,s:s,s:s*}", "reason", reason, "level",
                                    is_bad ? "bad" : "warning", "detail",
                                    ss_text_utf8(pool, detail, strlen(detail)), "relay",
                                    relay ? ss_text_utf8(pool, relay, strlen(relay)) : NULL));
}

int ss_health_is_stuck(apr_interval_time_t fruitless, apr_interval_time_t untried,
                       apr_interval_time_t alert_age)
{
    return alert_age && (fruitless > alert_age || untried > alert_age);
}

int ss_health_is_full(const ss_settings_globals_t *globals, apr_int64_t messages,
                      apr_uint64_t bytes)
{
    return (globals->queue_limit_messages && messages >= globals->queue_limit_messages) ||
           (globals->queue_limit_bytes && bytes >= (apr_uint64_t)globals->queue_limit_bytes);
}

static const char *duration(apr_interval_time_t time, apr_pool_t *pool)
{
    return ss_text_age(pool, apr_time_sec(time));
}

static void judge_off(json_t *reasons, const ss_relay_t *relay, apr_pool_t *pool)
{
    if (!relay->waiting_messages) return;
    add(reasons, relay->name, "off", 0, pool,
        apr_psprintf(pool, "SMTPSendEngine is Off, and %" APR_INT64_T_FMT " message%s",
                     relay->waiting_messages, relay->waiting_messages == 1 ? " waits" : "s wait"));
}

static void judge_pause(json_t *reasons, const ss_relay_t *relay, apr_pool_t *pool)
{
    const ss_relay_pause_t *pause = &relay->pause;
    const char *why = pause->stored && pause->reason && *pause->reason ? pause->reason : NULL;

    add(reasons, relay->name, "paused", 0, pool,
        apr_pstrcat(pool, pause->directive ? "SMTPSendPause On" : "paused by an operator",
                    why ? ": " : "", why ? why : "", NULL));
}

/* All of its hosts are down, or refuse us. */
static void judge_hosts(json_t *reasons, const ss_relay_t *relay, int is_blocked, const char *cause,
                        apr_time_t now, apr_pool_t *pool)
{
    apr_time_t since = relay->host_count ? relay->hosts[0].since : 0;
    apr_interval_time_t time = since && since < now ? now - since : 0;

    if (!cause) cause = is_blocked ? "the server refuses our mail" : "no host can be reached";
    add(reasons, relay->name, is_blocked ? "blocked" : "down",
        is_blocked || !since || time >= SHORT, pool,
        since ? apr_psprintf(pool, "for %s: %s", duration(time, pool), cause) : cause);
}

/* A rate that the administrator or the server chose makes mail wait although it gets on. */
static int is_slow_on_purpose(const ss_relay_t *relay, apr_time_t now)
{
    int is_limited = relay->throttle.gap || relay->slow_start.count ||
                     (relay->settings->rates && relay->settings->rates->nelts);

    return is_limited && relay->last_success &&
           now - relay->last_success <= relay->settings->alert_age;
}

static void judge_progress(json_t *reasons, const ss_relay_t *relay, const char *cause,
                           apr_time_t now, apr_pool_t *pool)
{
    apr_interval_time_t fruitless = ss_progress_fruitless(relay),
                        untried = is_slow_on_purpose(relay, now) ? 0 : ss_progress_untried(relay),
                        alert_age = relay->settings->alert_age;

    if (!ss_health_is_stuck(fruitless, untried, alert_age)) return;
    add(reasons, relay->name, "stuck", 1, pool,
        apr_psprintf(pool, "%s for %s, more than SMTPSendAlertAge %s%s%s",
                     fruitless > alert_age ? "mail is tried, and none of it got through"
                                           : "mail that is due was not tried",
                     duration(fruitless > alert_age ? fruitless : untried, pool),
                     ss_text_duration_print(pool, alert_age), cause ? ": " : "",
                     cause ? cause : ""));
}

static void judge_relay(json_t *reasons, const ss_relay_t *relay, apr_time_t now, apr_pool_t *pool)
{
    const char *cause = NULL, *advice = NULL, *state = ss_relay_state(relay, &cause, &advice);
    int is_blocked = !strcmp(state, "blocked");

    if (!strcmp(state, "off")) {
        judge_off(reasons, relay, pool);
    } else if (!strcmp(state, "paused")) {
        judge_pause(reasons, relay, pool);
    } else {
        if (is_blocked || !strcmp(state, "down"))
            judge_hosts(reasons, relay, is_blocked, cause, now, pool);
        judge_progress(reasons, relay, cause, now, pool);
    }
}

/* Mail may flow nevertheless. */
static void judge_damage(const ss_record_t *r, json_t *reasons, apr_pool_t *pool)
{
    ss_store_stats_t stats;

    if (!r->queue->store) return;
    ss_store_stats(r->queue->store, &stats);
    if (*stats.damage) {
        add(reasons, NULL, "queue", 1, pool,
            apr_pstrcat(pool, "new mail is refused: ", stats.damage, NULL));
    } else if (stats.unreadable) {
        add(reasons, NULL, "queue", 1, pool,
            apr_psprintf(pool,
                         "%d messages cannot be read from the queue and are on hold; the pages of "
                         "the held messages say why",
                         stats.unreadable));
    }
}

json_t *ss_health_reasons(ss_record_t *r, apr_time_t now)
{
    json_t *reasons = json_array();
    apr_int64_t messages;
    apr_uint64_t bytes;
    apr_pool_t *pool;

    apr_pool_create(&pool, r->pool);
    ss_delivery_waiting(r->delivery, &messages, &bytes);
    /* Asking also tries a write: an idle queue that can be written again is found healthy. */
    const char *fault = ss_store_watch_fault(r->delivery);
    if (fault && *fault)
        add(reasons, NULL, "queue", 1, pool,
            apr_pstrcat(
                pool,
                "nothing is sent, and new mail is refused, while the queue cannot be written: ",
                fault, NULL));
    else if (ss_delivery_start_problem(r->delivery))
        add(reasons, NULL, "queue", 1, pool,
            apr_pstrcat(pool,
                        "mail is neither accepted nor sent until what was paused is read from the "
                        "queue: ",
                        ss_delivery_start_problem(r->delivery), NULL));
    judge_damage(r, reasons, pool);
    if (ss_health_is_full(&r->config->globals, messages, bytes))
        add(reasons, NULL, "queue", 1, pool,
            "the queue is full (SMTPSendQueueLimit): new mail is refused");
    for (int i = 0; i < ss_relay_count(r->delivery); i++)
        judge_relay(reasons, ss_relay_at(r->delivery, i), now, pool);
    apr_pool_destroy(pool);
    return reasons;
}
