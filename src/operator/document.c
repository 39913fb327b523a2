#include "operator/document.h"

#include <apr_strings.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "delivery/jump.h"
#include "delivery/learned.h"
#include "delivery/node.h"
#include "delivery/pause.h"
#include "delivery/store_watch.h"
#include "mail/attributes_json.h"
#include "record/health.h"
#include "smtp/advice.h"

/* NULL: none. */
static json_t *advice_of(const char *id)
{
    const ss_advice_t *advice = id && *id ? ss_advice_find(id) : NULL;

    return advice ? json_pack("{s:s,s:s,s:s}", "code", advice->id, "title", advice->title, "text",
                              advice->remedy)
                  : NULL;
}

/* ---- a message ---- */

static json_t *advice_for(const ss_recipient_t *rcpt)
{
    return rcpt->state == SS_STATE_SENT ? NULL : advice_of(rcpt->advice);
}

static json_t *recipient(const ss_message_t *m, const ss_recipient_t *rcpt)
{
    int waits = rcpt->state == SS_STATE_QUEUED || rcpt->state == SS_STATE_DEFERRED;

    return json_pack(
        "{s:o,s:s,s:i,s:o,s:o,s:o,s:o,s:o,s:o*,s:o*,s:o*,s:o*}", "address",
        ss_json_string(rcpt->address), "state", ss_state_name(rcpt->state), "attempts",
        rcpt->attempts, "reply", ss_json_string(rcpt->reply), "relay", ss_json_string(rcpt->host),
        "dsn", ss_json_string(rcpt->dsn && *rcpt->dsn ? rcpt->dsn : NULL), "nextAttempt",
        ss_json_time(!waits       ? 0
                     : rcpt->next ? rcpt->next
                                  : m->created),
        "deliveredAt", ss_json_time(rcpt->delivered_at), "uncertain",
        rcpt->is_uncertain ? json_true() : NULL, "heldBecause",
        rcpt->state == SS_STATE_HELD ? ss_json_string(rcpt->cause ? rcpt->cause : "person") : NULL,
        "charged", rcpt->is_uncharged && waits ? json_false() : NULL, "advice", advice_for(rcpt));
}

/* All, or so many: first those that something is to be said about. */
static json_t *recipients(const ss_message_t *m, int most)
{
    int is_whole = !most || m->rcpt_count <= most;
    json_t *rows = json_array();

    for (int is_rest = 0; is_rest < 2; is_rest++) {
        for (int i = 0; i < m->rcpt_count; i++) {
            ss_state_t state = m->rcpts[i].state;
            int is_plain = state == SS_STATE_SENT || state == SS_STATE_QUEUED;
            if (!is_whole && (int)json_array_size(rows) >= most) return rows;
            if (is_whole ? !is_rest : is_plain == is_rest)
                json_array_append_new(rows, recipient(m, &m->rcpts[i]));
        }
    }
    return rows;
}

static void add_event(json_t *rows, const ss_message_t *m, const ss_message_history_t *h)
{
    int is_known = h->recipient >= 0 && h->recipient < m->rcpt_count;

    json_array_append_new(
        rows, json_pack("{s:o,s:o*,s:o,s:o,s:o}", "time", ss_json_time(h->time), "recipient",
                        is_known ? ss_json_string(m->rcpts[h->recipient].address) : NULL, "what",
                        ss_json_string(h->what), "text", ss_json_string(h->text), "relay",
                        ss_json_string(h->host)));
}

/* The oldest first, of the newest most (0: all) that history has, the newest first. Of one time,
 * what was done about the message (a report) follows the results of its recipients. */
static json_t *history_of(const ss_message_t *m, const apr_array_header_t *history, int most)
{
    const ss_message_history_t *h = (const ss_message_history_t *)history->elts;
    json_t *rows = json_array();
    int end = most && history->nelts > most ? most : history->nelts, first;

    for (; end > 0; end = first) {
        first = end - 1;
        while (first > 0 && h[first - 1].time == h[end - 1].time) first--;
        for (int is_about_all = 0; is_about_all < 2; is_about_all++)
            for (int i = first; i < end; i++)
                if ((h[i].recipient < 0) == is_about_all) add_event(rows, m, &h[i]);
    }
    return rows;
}

void ss_document_rows(json_t *document, const ss_message_t *m, const apr_array_header_t *history,
                      int most)
{
    json_object_set_new(document, "recipients", recipients(m, most));
    if (history) json_object_set_new(document, "history", history_of(m, history, most));
}

json_t *ss_document_message(const ss_operator_t *o, const ss_message_t *m, int is_full, int most)
{
    apr_pool_t *pool;
    int is_uncertain = 0, any = 0;
    const ss_relay_t *relay = ss_relay_find(o->delivery, m->relay);
    const char *cause = NULL, *advice = NULL,
               *state = relay ? ss_relay_state(relay, &cause, &advice) : NULL;

    for (int i = 0; i < m->rcpt_count; i++) is_uncertain |= m->rcpts[i].is_uncertain;
    json_t *document = json_pack("{s:s,s:s,s:o,s:o,s:I,s:o,s:o}", "id", m->id, "state",
                                 ss_message_state(m), "from", ss_json_string(m->from), "recipients",
                                 json_null(), "size", (json_int_t)m->size, "createdAt",
                                 ss_json_time(m->created), "relayName", ss_json_string(m->relay));
    apr_pool_create(&pool, o->pool);
    ss_attributes_json_show(document, &m->attr, is_full, pool);
    apr_pool_destroy(pool);
    if (most && m->rcpt_count > most)
        json_object_set_new(document, "recipientCount", json_integer(m->rcpt_count));
    if (is_uncertain) json_object_set_new(document, "uncertain", json_true());
    if (relay && ss_relay_is_paused(relay)) json_object_set_new(document, "paused", json_true());
    /* Why it waits, if there was no attempt that says so. */
    ss_message_due(m, &any);
    if (any && cause)
        json_object_set_new(
            document, "waitsFor",
            json_pack("{s:s,s:o}", "relayState", state, "cause", ss_json_string(cause)));
    return document;
}

json_t *ss_document_summary(const ss_message_t *m)
{
    json_t *to = json_array(), *advice = NULL;
    const char *reply = NULL;
    apr_time_t next;
    int attempts = 0, any = 0;

    for (int i = 0; i < m->rcpt_count; i++) {
        const ss_recipient_t *rcpt = &m->rcpts[i];
        if (rcpt->address && i < 20) json_array_append_new(to, ss_json_string(rcpt->address));
        if (rcpt->attempts > attempts) attempts = rcpt->attempts;
        if (rcpt->reply && (!reply || rcpt->state != SS_STATE_SENT)) reply = rcpt->reply;
        if (!advice) advice = advice_for(rcpt);
    }
    next = ss_message_due(m, &any);
    return json_pack("{s:s,s:s,s:o,s:o,s:o,s:i,s:o,s:I,s:o,s:i,s:o,s:o,s:o*}", "id", m->id, "state",
                     ss_message_state(m), "relay", ss_json_string(m->relay), "from",
                     ss_json_string(m->from), "to", to, "recipients",
                     m->rcpt_total ? m->rcpt_total : m->rcpt_count, "subject",
                     ss_json_string(m->attr.subject), "size", (json_int_t)m->size, "createdAt",
                     ss_json_time(m->created), "attempts", attempts, "nextAttempt",
                     ss_json_time(!any   ? 0
                                  : next ? next
                                         : m->created),
                     "reply", ss_json_string(reply), "advice", advice);
}

/* ---- the status ---- */

static json_t *counts_of(const apr_int64_t counts[SS_STATES])
{
    json_t *object = json_object();

    for (int i = 0; i < SS_STATES; i++)
        json_object_set_new(object, ss_state_name((ss_state_t)i), json_integer(counts[i]));
    return object;
}

static json_t *hosts_of(ss_relay_t *relay, apr_pool_t *pool)
{
    static const char *const names[] = {
        [SS_HOST_UP] = "up", [SS_HOST_DOWN] = "down", [SS_HOST_BLOCKED] = "blocked"
    };
    json_t *list = json_array();

    for (int i = 0; i < relay->host_count; i++) {
        const ss_breaker_t *host = &relay->hosts[i];
        int is_up = host->condition == SS_HOST_UP;
        apr_time_t next = is_up ? 0 : ss_mono_to_wall(host->next, ss_mono_now(), ss_wall_now());
        json_array_append_new(
            list, json_pack("{s:s,s:s,s:o,s:o,s:o}", "name", ss_relay_host_name(relay, i, pool),
                            "state", names[host->condition], "cause",
                            ss_json_string(is_up ? NULL : host->cause.text), "step",
                            ss_json_string(is_up ? NULL : host->cause.step), "nextProbe",
                            ss_json_time(next)));
    }
    return list;
}

static json_t *relay_of(const ss_operator_t *o, ss_relay_t *relay, apr_time_t now, apr_pool_t *pool)
{
    const char *cause, *advice;
    const char *state = ss_relay_state(relay, &cause, &advice);
    json_t *entry = advice_of(advice), *learned = json_array();
    apr_time_t oldest = apr_time_sec(ss_jump_oldest_age(relay));
    apr_int64_t counts[SS_STATES], messages = relay->waiting_messages;
    apr_uint64_t bytes = relay->waiting_bytes;

    memcpy(counts, relay->counts, sizeof(counts));
    ss_node_add(o->delivery, relay->name, counts, &messages, &bytes);
    for (int i = 0; i < relay->host_count; i++) {
        json_t *list = ss_learned_json(o->delivery, ss_relay_host_name(relay, i, pool));
        json_array_extend(learned, list);
        json_decref(list);
    }
    return json_pack("{s:o,s:b,s:s,s:b,s:o,s:o,s:o,s:b,s:o,s:I,s:o,s:o,s:i,s:i,s:o,s:I,s:I,s:I,s:o,"
                     "s:I,s:I,s:I,s:I,"
                     "s:o}",
                     "name", ss_json_string(relay->name), "engine", relay->settings->engine,
                     "state", state, "used", relay->counters.connected || relay->last_success,
                     "cause", ss_json_string(cause), "advice", entry ? entry : json_null(), "since",
                     ss_json_time(relay->host_count ? relay->hosts[0].since : 0), "paused",
                     relay->pause.directive || relay->pause.stored, "pause", ss_pause_json(relay),
                     "pausedSeconds", (json_int_t)apr_time_sec(ss_pause_total(relay, now)), "host",
                     ss_json_string(relay->host_count ? ss_relay_host_name(relay, 0, pool) : NULL),
                     "hosts", hosts_of(relay, pool), "connections", relay->connection_count,
                     "inFlight", relay->in_flight, "counts", counts_of(counts), "messages",
                     (json_int_t)messages, "bytes", (json_int_t)bytes, "oldestSeconds",
                     (json_int_t)oldest, "lastSuccess", ss_json_time(relay->last_success), "sent",
                     (json_int_t)relay->sent, "failed", (json_int_t)relay->failed, "uncertain",
                     (json_int_t)relay->uncertain, "alertAgeSeconds",
                     (json_int_t)apr_time_sec(relay->settings->alert_age), "learned", learned);
}

static json_t *queue_of(const ss_operator_t *o, apr_int64_t oldest)
{
    const ss_settings_globals_t *g = &o->config->globals;
    apr_int64_t messages;
    apr_uint64_t bytes;

    const char *fault = ss_store_watch_fault(o->delivery);
    ss_delivery_waiting(o->delivery, &messages, &bytes);
    return json_pack(
        "{s:s,s:b,s:I,s:I,s:I,s:I,s:I,s:o}", "driver", g->queue_driver, "counted",
        ss_delivery_is_counted(o->delivery), "messages", (json_int_t)messages, "bytes",
        (json_int_t)bytes, "limitMessages", (json_int_t)g->queue_limit_messages, "limitBytes",
        (json_int_t)g->queue_limit_bytes, "oldestSeconds", (json_int_t)oldest, "error",
        ss_json_string(fault && *fault ? fault : ss_delivery_start_problem(o->delivery)));
}

json_t *ss_document_status(const ss_operator_t *o, apr_time_t now)
{
    json_t *relays = json_array();
    apr_int64_t counts[SS_STATES] = { 0 }, oldest = 0, unused = 0;
    apr_uint64_t unused_bytes = 0;
    int is_paused = 0, is_on = 0;
    apr_pool_t *pool;
    char instance[24];

    apr_pool_create(&pool, o->pool);
    for (int i = 0; i < ss_relay_count(o->delivery); i++) {
        ss_relay_t *relay = ss_relay_at(o->delivery, i);
        json_t *row = relay_of(o, relay, now, pool);
        apr_int64_t own = ss_json_number(row, "oldestSeconds");
        for (int k = 0; k < SS_STATES; k++) counts[k] += relay->counts[k];
        if (own > oldest) oldest = own;
        is_paused |= relay->pause.directive || relay->pause.stored;
        is_on |= relay->settings->engine;
        json_array_append_new(relays, row);
    }
    ss_node_add(o->delivery, NULL, counts, &unused, &unused_bytes);
    apr_snprintf(instance, sizeof(instance), "%016" APR_UINT64_T_HEX_FMT, o->instance);
    json_t *reasons = ss_health_reasons(o->record, now);
    json_t *document = json_pack(
        "{s:s,s:s,s:i,s:I,s:I,s:o,s:b,s:b,s:o,s:o*,s:o,s:o,s:b,s:o}", "version", SMTP_SEND_VERSION,
        "instance", instance, "pid", (int)getpid(), "generation", (json_int_t)o->generation,
        "restarts", (json_int_t)o->restarts, "startedAt", ss_json_time(o->started), "engine", is_on,
        "paused", is_paused, "queue", queue_of(o, oldest), "nodes", ss_node_json(o->delivery),
        "counts", counts_of(counts), "relays", relays, "healthy", !json_array_size(reasons),
        "reasons", reasons);
    apr_pool_destroy(pool);
    return document;
}
