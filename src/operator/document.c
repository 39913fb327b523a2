/* document.c: see document.h. */
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

/* ---- a message ---- */

static json_t *recipient(const ss_message_t *m, const ss_recipient_t *rcpt, apr_pool_t *pool)
{
    json_t *row = json_object();
    int waits = rcpt->state == SS_STATE_QUEUED || rcpt->state == SS_STATE_DEFERRED;
    const ss_advice_t *advice = rcpt->advice && *rcpt->advice ? ss_advice_find(rcpt->advice) : NULL;

    json_object_set_new(row, "address", text(rcpt->address, pool));
    json_object_set_new(row, "state", json_string(ss_state_name(rcpt->state)));
    json_object_set_new(row, "attempts", json_integer(rcpt->attempts));
    json_object_set_new(row, "reply", text(rcpt->reply, pool));
    json_object_set_new(row, "relay", text(rcpt->host, pool));
    json_object_set_new(row, "dsn", text(rcpt->dsn && *rcpt->dsn ? rcpt->dsn : NULL, pool));
    json_object_set_new(row, "nextAttempt",
                        waits ? when(rcpt->next ? rcpt->next : m->created, pool) : json_null());
    json_object_set_new(row, "deliveredAt", when(rcpt->delivered_at, pool));
    if (rcpt->is_uncertain) json_object_set_new(row, "uncertain", json_true());
    if (rcpt->state == SS_STATE_HELD)
        json_object_set_new(row, "heldBecause", text(rcpt->cause ? rcpt->cause : "person", pool));
    if (advice && rcpt->state != SS_STATE_SENT) {
        json_object_set_new(row, "advice",
                            json_pack("{s:s,s:s,s:s}", "code", advice->id, "title", advice->title,
                                      "text", advice->remedy));
    }
    return row;
}

json_t *ss_document_message(const ss_operator_t *o, const ss_message_t *m,
                            const apr_array_header_t *history)
{
    json_t *document = json_object();
    json_t *rcpts = json_array();
    apr_pool_t *pool;
    int is_uncertain = 0;
    const ss_relay_t *relay = ss_relay_find(o->delivery, m->relay);
    const char *cause = NULL, *advice = NULL,
               *state = relay ? ss_relay_state(relay, &cause, &advice) : NULL;

    apr_pool_create(&pool, o->pool);
    for (int i = 0; i < m->rcpt_count; i++) {
        json_array_append_new(rcpts, recipient(m, &m->rcpts[i], pool));
        is_uncertain |= m->rcpts[i].is_uncertain;
    }
    json_object_set_new(document, "id", json_string(m->id));
    json_object_set_new(document, "state", json_string(ss_message_state(m)));
    json_object_set_new(document, "from", text(m->from, pool));
    json_object_set_new(document, "recipients", rcpts);
    ss_attributes_json_show(document, &m->attr, history != NULL, pool);
    json_object_set_new(document, "size", json_integer((json_int_t)m->size));
    json_object_set_new(document, "createdAt", when(m->created, pool));
    json_object_set_new(document, "relayName", text(m->relay, pool));
    if (is_uncertain) json_object_set_new(document, "uncertain", json_true());
    if (relay && ss_relay_is_paused(relay)) json_object_set_new(document, "paused", json_true());
    /* Why it waits, if there was no attempt that says so. */
    int any = 0;
    ss_message_due(m, &any);
    if (any && cause)
        json_object_set_new(
            document, "waitsFor",
            json_pack("{s:s,s:o}", "relayState", state, "cause", text(cause, pool)));
    if (history) {
        json_t *rows = json_array();
        for (int i = 0; i < history->nelts; i++) {
            const ss_message_history_t *h = &APR_ARRAY_IDX(history, i, ss_message_history_t);
            json_t *row = json_object();
            json_object_set_new(row, "time", when(h->time, pool));
            if (h->recipient >= 0 && h->recipient < m->rcpt_count)
                json_object_set_new(row, "recipient", text(m->rcpts[h->recipient].address, pool));
            json_object_set_new(row, "what", text(h->what, pool));
            json_object_set_new(row, "text", text(h->text, pool));
            json_object_set_new(row, "relay", text(h->host, pool));
            json_array_append_new(rows, row);
        }
        json_object_set_new(document, "history", rows);
    }
    apr_pool_destroy(pool);
    return document;
}

json_t *ss_document_summary(const ss_operator_t *o, const ss_message_t *m)
{
    json_t *row = json_object();
    json_t *to = json_array();
    apr_pool_t *pool;
    const char *reply = NULL;
    const ss_advice_t *advice = NULL;
    apr_time_t next = 0;
    int attempts = 0, any = 0;

    apr_pool_create(&pool, o->pool);
    for (int i = 0; i < m->rcpt_count; i++) {
        const ss_recipient_t *rcpt = &m->rcpts[i];
        if (rcpt->address && i < 20) json_array_append_new(to, text(rcpt->address, pool));
        if (rcpt->attempts > attempts) attempts = rcpt->attempts;
        if (rcpt->reply && (!reply || rcpt->state != SS_STATE_SENT)) reply = rcpt->reply;
        if (!advice && rcpt->state != SS_STATE_SENT && rcpt->advice && *rcpt->advice)
            advice = ss_advice_find(rcpt->advice);
    }
    next = ss_message_due(m, &any);
    json_object_set_new(row, "id", json_string(m->id));
    json_object_set_new(row, "state", json_string(ss_message_state(m)));
    json_object_set_new(row, "relay", text(m->relay, pool));
    json_object_set_new(row, "from", text(m->from, pool));
    json_object_set_new(row, "to", to);
    json_object_set_new(row, "recipients",
                        json_integer(m->rcpt_total ? m->rcpt_total : m->rcpt_count));
    json_object_set_new(row, "subject", text(m->attr.subject, pool));
    json_object_set_new(row, "size", json_integer((json_int_t)m->size));
    json_object_set_new(row, "createdAt", when(m->created, pool));
    json_object_set_new(row, "attempts", json_integer(attempts));
    json_object_set_new(row, "nextAttempt",
                        any ? when(next ? next : m->created, pool) : json_null());
    json_object_set_new(row, "reply", text(reply, pool));
    if (advice)
        json_object_set_new(row, "advice",
                            json_pack("{s:s,s:s,s:s}", "code", advice->id, "title", advice->title,
                                      "text", advice->remedy));
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
    json_t *row = json_object();
    json_t *learned = json_array();
    int waits = relay->waiting_messages > 0;
    apr_int64_t counts[SS_STATES], messages = relay->waiting_messages;
    apr_uint64_t bytes = relay->waiting_bytes;

    memcpy(counts, relay->counts, sizeof(counts));
    json_object_set_new(row, "name", text(relay->name, pool));
    json_object_set_new(row, "engine", json_boolean(relay->settings->engine));
    json_object_set_new(row, "state", json_string(state));
    json_object_set_new(row, "cause", text(cause, pool));
    json_object_set_new(row, "advice",
                        entry ? json_pack("{s:s,s:s,s:s}", "code", entry->id, "title", entry->title,
                                          "text", entry->remedy)
                              : json_null());
    json_object_set_new(row, "since",
                        relay->host_count ? when(relay->hosts[0].since, pool) : json_null());
    json_object_set_new(row, "paused", json_boolean(relay->pause.directive || relay->pause.stored));
    json_object_set_new(row, "pause", ss_pause_json(relay));
    json_object_set_new(row, "pausedSeconds",
                        json_integer(apr_time_sec(ss_pause_total(relay, now))));
    json_object_set_new(row, "host",
                        relay->host_count ? text(ss_relay_host_name(relay, 0, pool), pool)
                                          : json_null());
    json_object_set_new(row, "hosts", hosts_of(relay, pool));
    json_object_set_new(row, "connections", json_integer(relay->connection_count));
    json_object_set_new(row, "inFlight", json_integer(relay->in_flight));
    ss_node_add(o->delivery, relay->name, counts, &messages, &bytes);
    json_object_set_new(row, "counts", counts_of(counts));
    json_object_set_new(row, "messages", json_integer(messages));
    json_object_set_new(row, "bytes", json_integer((json_int_t)bytes));
    json_object_set_new(row, "oldestSeconds",
                        json_integer(waits && relay->oldest && now > relay->oldest
                                         ? apr_time_sec(now - relay->oldest)
                                         : 0));
    json_object_set_new(row, "lastSuccess", when(relay->last_success, pool));
    json_object_set_new(row, "sent", json_integer((json_int_t)relay->sent));
    json_object_set_new(row, "failed", json_integer((json_int_t)relay->failed));
    json_object_set_new(row, "uncertain", json_integer((json_int_t)relay->uncertain));
    json_object_set_new(row, "alertAgeSeconds",
                        json_integer(apr_time_sec(relay->settings->alert_age)));
    for (int i = 0; i < relay->host_count; i++) {
        json_t *list = ss_learned_json(o->delivery, ss_relay_host_name(relay, i, pool));
        json_array_extend(learned, list);
        json_decref(list);
    }
    json_object_set_new(row, "learned", learned);
    return row;
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
    json_t *document = json_object();
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
    json_object_set_new(document, "version", json_string(SMTP_SEND_VERSION));
    json_object_set_new(document, "instance", json_string(instance));
    json_object_set_new(document, "pid", json_integer(getpid()));
    json_object_set_new(document, "generation", json_integer(o->generation));
    json_object_set_new(document, "restarts", json_integer(o->restarts));
    json_object_set_new(document, "startedAt", when(o->started, pool));
    json_object_set_new(document, "engine", json_boolean(is_on));
    json_object_set_new(document, "paused", json_boolean(is_paused));
    json_object_set_new(document, "queue", queue_of(o, oldest, pool));
    json_t *nodes = ss_node_json(o->delivery);
    if (nodes) json_object_set_new(document, "nodes", nodes);
    json_object_set_new(document, "counts", counts_of(counts));
    json_object_set_new(document, "relays", relays);
    json_t *reasons = ss_health_reasons(o->record, now);
    json_object_set_new(document, "healthy", json_boolean(!json_array_size(reasons)));
    json_object_set_new(document, "reasons", reasons);
    apr_pool_destroy(pool);
    return document;
}
