#include "record/health.h"

#include <jansson.h>
#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "delivery/jump.h"
#include "delivery/relay.h"
#include "delivery/store_watch.h"

static void add(json_t *reasons, const char *relay, const char *reason, apr_pool_t *pool,
                const char *detail)
{
    json_array_append_new(reasons,
                          json_pack("{s:s,s:s,s:s*}", "reason", reason, "detail",
                                    ss_text_utf8(pool, detail, strlen(detail)), "relay",
                                    relay ? ss_text_utf8(pool, relay, strlen(relay)) : NULL));
}

int ss_health_is_stuck(apr_time_t oldest, apr_interval_time_t alert_age, apr_time_t now)
{
    return alert_age && oldest && now - oldest > alert_age;
}

int ss_health_is_full(const ss_settings_globals_t *globals, apr_int64_t messages,
                      apr_uint64_t bytes)
{
    return (globals->queue_limit_messages && messages >= globals->queue_limit_messages) ||
           (globals->queue_limit_bytes && bytes >= (apr_uint64_t)globals->queue_limit_bytes);
}

static void judge_relay(json_t *reasons, const ss_relay_t *relay, apr_time_t now, apr_pool_t *pool)
{
    const ss_relay_pause_t *pause = &relay->pause;
    const char *cause = NULL, *advice = NULL, *state = ss_relay_state(relay, &cause, &advice);
    apr_time_t oldest = now - ss_jump_oldest_age(relay);

    if (!relay->settings->engine) return;
    if (pause->directive || pause->stored) {
        const char *why = pause->stored && pause->reason && *pause->reason ? pause->reason : NULL;
        add(reasons, relay->name, "paused", pool,
            apr_pstrcat(pool, pause->directive ? "SMTPSendPause On" : "paused by an operator",
                        why ? ": " : "", why ? why : "", NULL));
    } else if (!strcmp(state, "blocked")) {
        add(reasons, relay->name, "blocked", pool, cause ? cause : "the server refuses our mail");
    }
    if (ss_health_is_stuck(oldest, relay->settings->alert_age, now)) {
        add(reasons, relay->name, "stuck", pool,
            apr_psprintf(
                pool, "the oldest message has waited for %s, more than SMTPSendAlertAge %s%s%s",
                ss_text_duration_print(pool, apr_time_from_sec(apr_time_sec(now - oldest))),
                ss_text_duration_print(pool, relay->settings->alert_age), cause ? ": " : "",
                cause ? cause : ""));
    }
}

/* Mail may flow nevertheless. */
static void judge_damage(const ss_record_t *r, json_t *reasons, apr_pool_t *pool)
{
    ss_store_stats_t stats;

    if (!r->queue->store) return;
    ss_store_stats(r->queue->store, &stats);
    if (*stats.damage) {
        add(reasons, NULL, "queue", pool,
            apr_pstrcat(pool, "new mail is refused: ", stats.damage, NULL));
    } else if (stats.unreadable) {
        add(reasons, NULL, "queue", pool,
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
        add(reasons, NULL, "queue", pool,
            apr_pstrcat(
                pool,
                "nothing is sent, and new mail is refused, while the queue cannot be written: ",
                fault, NULL));
    else if (ss_delivery_start_problem(r->delivery))
        add(reasons, NULL, "queue", pool,
            apr_pstrcat(pool,
                        "mail is neither accepted nor sent until what was paused is read from the "
                        "queue: ",
                        ss_delivery_start_problem(r->delivery), NULL));
    judge_damage(r, reasons, pool);
    if (ss_health_is_full(&r->config->globals, messages, bytes))
        add(reasons, NULL, "queue", pool,
            "the queue is full (SMTPSendQueueLimit): new mail is refused");
    for (int i = 0; i < ss_relay_count(r->delivery); i++)
        judge_relay(reasons, ss_relay_at(r->delivery, i), now, pool);
    apr_pool_destroy(pool);
    return reasons;
}
