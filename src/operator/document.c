#include "operator/document.h"

#include <jansson.h>
#include <apr_strings.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "delivery/learned.h"
#include "delivery/pause.h"
#include "delivery/relay.h"
#include "mail/attributes_json.h"
#include "delivery/connection.h"
#include "delivery/node.h"
#include "record/health.h"
#include "smtp/advice.h"

static json_t *text(const char *value, apr_pool_t *pool)
{
    return value ? json_string(ss_text_utf8(pool, value, strlen(value))) : json_null();
}

static json_t *when(apr_time_t time, apr_pool_t *pool)
{
    return time > 0 ? json_string(ss_text_time(pool, time)) : json_null();
}

static json_t *advice_of(const ss_advice_t *advice)
{
    return json_pack("{s:s,s:s,s:s}", "code", advice->id, "title", advice->title, "text",
                     advice->remedy);
}

/* ---- a message ---- */

static const ss_advice_t *advice_for(const ss_recipient_t *rcpt)
{
    return rcpt->state != SS_STATE_SENT && rcpt->advice && *rcpt->advice
               ? ss_advice_find(rcpt->advice)
               : NULL;
}

static json_t *recipient(const ss_message_t *m, const ss_recipient_t *rcpt, apr_pool_t *pool)
{
    int waits = rcpt->state == SS_STATE_QUEUED || rcpt->state == SS_STATE_DEFERRED;
    const ss_advice_t *advice = advice_for(rcpt);

    return json_pack(
        "{s:o,s:s,s:i,s:o,s:o,s:o,s:o,s:o,s:o*,s:o*,s:o*}", "address", text(rcpt->address, pool),
        "state", ss_state_name(rcpt->state), "attempts", rcpt->attempts, "reply",
        text(rcpt->reply, pool), "relay", text(rcpt->host, pool), "dsn",
        text(rcpt->dsn && *rcpt->dsn ? rcpt->dsn : NULL, pool), "nextAttempt",
        waits ? when(rcpt->next ? rcpt->next : m->created, pool) : json_null(), "deliveredAt",
        when(rcpt->delivered_at, pool), "uncertain", rcpt->is_uncertain ? json_true() : NULL,
        "heldBecause",
        rcpt->state == SS_STATE_HELD ? text(rcpt->cause ? rcpt->cause : "person", pool) : NULL,
        "advice", advice ? advice_of(advice) : NULL);
}

static json_t *history_of(const ss_message_t *m, const apr_array_header_t *history,
                          apr_pool_t *pool)
{
    json_t *rows = json_array();

    for (int i = 0; i < history->nelts; i++) {
        const ss_message_history_t *h = &APR_ARRAY_IDX(history, i, ss_message_history_t);
        int is_known = h->recipient >= 0 && h->recipient < m->rcpt_count;
        json_array_append_new(
            rows, json_pack("{s:o,s:o*,s:o,s:o,s:o}", "time", when(h->time, pool), "recipient",
                            is_known ? text(m->rcpts[h->recipient].address, pool) : NULL, "what",
                            text(h->what, pool), "text", text(h->text, pool), "relay",
                            text(h->host, pool)));
    }
    return rows;
}

json_t *ss_document_message(const ss_operator_t *o, const ss_message_t *m,
                            const apr_array_header_t *history)
{
    json_t *rcpts = json_array();
    apr_pool_t *pool;
    int is_uncertain = 0, any = 0;
    const ss_relay_t *relay = ss_relay_find(o->delivery, m->relay);
    const char *cause = NULL, *advice = NULL,
               *state = relay ? ss_relay_state(relay, &cause, &advice) : NULL;

    apr_pool_create(&pool, o->pool);
    for (int i = 0; i < m->rcpt_count; i++) {
        json_array_append_new(rcpts, recipient(m, &m->rcpts[i], pool));
        is_uncertain |= m->rcpts[i].is_uncertain;
    }
    json_t *document = json_pack("{s:s,s:s,s:o,s:o}", "id", m->id, "state", ss_message_state(m),
                                 "from", text(m->from, pool), "recipients", rcpts);
    ss_attributes_json_show(document, &m->attr, history != NULL, pool);
    json_object_set_new(document, "size", json_integer((json_int_t)m->size));
    json_object_set_new(document, "createdAt", when(m->created, pool));
    json_object_set_new(document, "relayName", text(m->relay, pool));
    if (is_uncertain) json_object_set_new(document, "uncertain", json_true());
    if (relay && ss_relay_is_paused(relay)) json_object_set_new(document, "paused", json_true());
    /* Why it waits, if there was no attempt that says so. */
    ss_message_due(m, &any);
    if (any && cause)
        json_object_set_new(
            document, "waitsFor",
            json_pack("{s:s,s:o}", "relayState", state, "cause", text(cause, pool)));
    if (history) json_object_set_new(document, "history", history_of(m, history, pool));
    apr_pool_destroy(pool);
    return document;
}

json_t *ss_document_summary(const ss_operator_t *o, const ss_message_t *m)
{
    json_t *to = json_array();
    apr_pool_t *pool;
    const char *reply = NULL;
    const ss_advice_t *advice = NULL;
    apr_time_t next;
    int attempts = 0, any = 0;

    apr_pool_create(&pool, o->pool);
    for (int i = 0; i < m->rcpt_count; i++) {
        const ss_recipient_t *rcpt = &m->rcpts[i];
        if (rcpt->address && i < 20) json_array_append_new(to, text(rcpt->address, pool));
        if (rcpt->attempts > attempts) attempts = rcpt->attempts;
        if (rcpt->reply && (!reply || rcpt->state != SS_STATE_SENT)) reply = rcpt->reply;
        if (!advice) advice = advice_for(rcpt);
    }
    next = ss_message_due(m, &any);
    json_t *row =
        json_pack("{s:s,s:s,s:o,s:o,s:o,s:i,s:o,s:I,s:o,s:i,s:o,s:o,s:o*}", "id", m->id, "state",
                  ss_message_state(m), "relay", text(m->relay, pool), "from", text(m->from, pool),
                  "to", to, "recipients", m->rcpt_total ? m->rcpt_total : m->rcpt_count, "subject",
                  text(m->attr.subject, pool), "size", (json_int_t)m->size, "createdAt",
                  when(m->created, pool), "attempts", attempts, "nextAttempt",
                  any ? when(next ? next : m->created, pool) : json_null(), "reply",
                  text(reply, pool), "advice", advice ? advice_of(advice) : NULL);
    apr_pool_destroy(pool);
    return row;
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
        json_array_append_new(
            list,
            json_pack(
                "{s:s,s:s,s:o,s:o,s:o}", "name", ss_relay_host_name(relay, i, pool), "state",
                names[host->condition], "cause", is_up ? json_null() : text(host->cause.text, pool),
                "step", is_up ? json_null() : text(host->cause.step, pool), "nextProbe",
                is_up ? json_null()
                      : when(ss_mono_to_wall(host->next, ss_mono_now(), ss_wall_now()), pool)));
    }
    return list;
}

static json_t *relay_of(const ss_operator_t *o, ss_relay_t *relay, apr_time_t now, apr_pool_t *pool)
{
    const char *cause, *advice;
    const char *state = ss_relay_state(relay, &cause, &advice);
    const ss_advice_t *entry = advice ? ss_advice_find(advice) : NULL;
    json_t *learned = json_array();
    int waits = relay->waiting_messages > 0 && relay->oldest && now > relay->oldest;
    apr_time_t oldest = waits ? apr_time_sec(now - relay->oldest) : 0;
    apr_int64_t counts[SS_STATES], messages = relay->waiting_messages;
    apr_uint64_t bytes = relay->waiting_bytes;

    memcpy(counts, relay->counts, sizeof(counts));
    ss_node_add(o->delivery, relay->name, counts, &messages, &bytes);
    for (int i = 0; i < relay->host_count; i++) {
        json_t *list = ss_learned_json(o->delivery, ss_relay_host_name(relay, i, pool));
        json_array_extend(learned, list);
        json_decref(list);
    }
    return json_pack(
        "{s:o,s:b,s:s,s:o,s:o,s:o,s:b,s:o,s:I,s:o,s:o,s:i,s:i,s:o,s:I,s:I,s:I,s:o,s:I,s:I,s:I,s:I,"
        "s:o}",
        "name", text(relay->name, pool), "engine", relay->settings->engine, "state", state, "cause",
        text(cause, pool), "advice", entry ? advice_of(entry) : json_null(), "since",
        relay->host_count ? when(relay->hosts[0].since, pool) : json_null(), "paused",
        relay->pause.directive || relay->pause.stored, "pause", ss_pause_json(relay),
        "pausedSeconds", (json_int_t)apr_time_sec(ss_pause_total(relay, now)), "host",
        relay->host_count ? text(ss_relay_host_name(relay, 0, pool), pool) : json_null(), "hosts",
        hosts_of(relay, pool), "connections", relay->connection_count, "inFlight", relay->in_flight,
        "counts", counts_of(counts), "messages", (json_int_t)messages, "bytes", (json_int_t)bytes,
        "oldestSeconds", (json_int_t)oldest, "lastSuccess", when(relay->last_success, pool), "sent",
        (json_int_t)relay->sent, "failed", (json_int_t)relay->failed, "uncertain",
        (json_int_t)relay->uncertain, "alertAgeSeconds",
        (json_int_t)apr_time_sec(relay->settings->alert_age), "learned", learned);
}

static json_t *queue_of(const ss_operator_t *o, apr_int64_t oldest, apr_pool_t *pool)
{
    const ss_settings_globals_t *g = &o->config->globals;
    apr_int64_t messages;
    apr_uint64_t bytes;

    ss_delivery_waiting(o->delivery, &messages, &bytes);
    return json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:o}", "driver", g->queue_driver, "messages",
                     (json_int_t)messages, "bytes", (json_int_t)bytes, "limitMessages",
                     (json_int_t)g->queue_limit_messages, "limitBytes",
                     (json_int_t)g->queue_limit_bytes, "oldestSeconds", (json_int_t)oldest, "error",
                     o->queue->store ? json_null() : text(o->queue->result.text, pool));
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
        apr_int64_t own = json_integer_value(json_object_get(row, "oldestSeconds"));
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
        "restarts", (json_int_t)o->restarts, "startedAt", when(o->started, pool), "engine", is_on,
        "paused", is_paused, "queue", queue_of(o, oldest, pool), "nodes", ss_node_json(o->delivery),
        "counts", counts_of(counts), "relays", relays, "healthy", !json_array_size(reasons),
        "reasons", reasons);
    apr_pool_destroy(pool);
    return document;
}
