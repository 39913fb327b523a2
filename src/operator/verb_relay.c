#include "operator/verb.h"

#include <apr_strings.h>
#include <string.h>

#include "delivery/flush.h"
#include "delivery/pause.h"
#include "delivery/slow_start.h"
#include "record/activity.h"
#include "record/event_log.h"

/* "rate": [count, microseconds] of the request; NULL: none. */
static const ss_settings_rate_t *read_rate(const json_t *header, ss_settings_rate_t *rate)
{
    const json_t *pair = json_object_get(header, "rate");

    rate->count = json_integer_value(json_array_get(pair, 0));
    rate->per = json_integer_value(json_array_get(pair, 1));
    return rate->count > 0 && rate->per > 0 ? rate : NULL;
}

/* What else an operator must know; or NULL. */
static const char *resume(ss_relay_t *relay, const json_t *header, const char *who)
{
    ss_settings_rate_t rate;

    ss_slow_start_set(relay, read_rate(header, &rate));
    ss_pause_clear(relay, who);
    if (relay->pause.directive) return "still paused: the configuration says SMTPSendPause On";
    return relay->settings->engine ? NULL
                                   : "nothing is sent: the configuration says SMTPSendEngine Off";
}

static const char *flush(ss_operator_t *o, ss_relay_t *relay, const char *who)
{
    ss_log(o->log, SS_LOG_NOTICE, 271,
           "relay \"%s\": flushed by %s: all waiting mail is tried at once", relay->name, who);
    ss_flush_relay(relay, who);
    return ss_relay_is_paused(relay) ? "sending is paused: nothing goes out before it is resumed"
                                     : NULL;
}

/* The answer leaves when the pause is on stable storage: this request was posted after the rows
 * that say so. */
static void settled(ss_store_request_t *request)
{
    ss_request_t *req = request->baton;
    json_t *rows = req->work;

    if (request->rv != APR_SUCCESS) {
        json_decref(rows);
        ss_operator_refuse_store(req, request);
    } else {
        ss_request_document(req, 200, json_pack("{s:o}", "relays", rows));
    }
    apr_pool_destroy(request->pool);
}

void ss_verb_relay(ss_operator_t *o, ss_request_t *req)
{
    const json_t *header = req->header;
    const char *name = ss_json_text(header, "relay"), *reason = ss_json_text(header, "reason");
    apr_interval_time_t lasts = ss_json_number(header, "for");
    int is_pause = !strcmp(req->verb, "pause"), is_resume = !strcmp(req->verb, "resume");
    apr_time_t now = ss_loop_wall(o->loop);
    ss_store_set_t *request = ss_store_set_create("last/regulated", req->verb, now, settled, req);
    apr_pool_t *pool = request->head.pool;
    const char *who = ss_operator_who(req, header, pool);

    if (name && !*name) name = NULL;
    if (name && !ss_relay_find(o->delivery, name)) {
        ss_request_refuse(req, 404, 0, "relay", "no relay is called \"%s\"", name);
        apr_pool_destroy(pool);
        return;
    }
    json_t *rows = json_array();
    for (int i = 0; i < ss_relay_count(o->delivery); i++) {
        ss_relay_t *relay = ss_relay_at(o->delivery, i);
        const char *note = NULL;
        if (name && strcmp(relay->name, name)) continue;
        if (is_pause)
            ss_pause_set(relay, reason, who, lasts > 0 ? now + lasts : 0);
        else
            note = is_resume ? resume(relay, header, who) : flush(o, relay, who);
        json_array_append_new(
            rows, json_pack("{s:s,s:b,s:s?}", "name", relay->name, "paused",
                            is_resume ? relay->pause.directive : ss_relay_is_paused(relay), "note",
                            note));
    }
    ss_activity_note(o->record, who,
                     apr_pstrcat(pool, req->verb, " of ", name ? "relay " : "all relays",
                                 name ? name : "", reason && *reason ? ": " : "",
                                 reason ? reason : "", NULL),
                     now);
    ss_event_log_action(
        o->record, &(ss_event_line_action_t){ .action = req->verb,
                                              .who = who,
                                              .reason = reason && *reason ? reason : NULL,
                                              .relay = name,
                                              .count = -1,
                                              .until = is_pause && lasts > 0 ? now + lasts : 0 });
    req->work = rows;
    ss_store_port_post(o->queue, &request->head);
}
