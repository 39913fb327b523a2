#include "record/event_line.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define REPLY_MAX 2000 /* octets of a reply; more is cut */
#define DIGITS 6       /* of times in seconds */

typedef struct {
    const ss_event_privacy_t *privacy;
    const char *const *known; /* addresses of the message */
    apr_pool_t *pool;
    json_t *json;
} line_t;

/* ---- members ---- */

static line_t begin(const ss_event_privacy_t *p, const char *event, apr_time_t now,
                    const char *const *known, apr_pool_t *pool)
{
    line_t line = { .privacy = p, .known = known, .pool = pool, .json = json_object() };

    json_object_set_new(line.json, "time", ss_json_time(now));
    ss_json_put(line.json, "event", event);
    return line;
}

static const char *finish(const line_t *line)
{
    char *text = json_dumps(line->json, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
    const char *copy = text ? apr_pstrcat(line->pool, text, "\n", NULL) : NULL;

    free(text);
    json_decref(line->json);
    return copy;
}

/* A text of others; NULL: left out. */
static void put_text(const line_t *line, const char *name, const char *text)
{
    if (!text) return;
    if (strlen(text) > REPLY_MAX) text = apr_pstrmemdup(line->pool, text, REPLY_MAX);
    ss_json_put(line->json, name,
                ss_event_privacy_text(line->privacy, text, line->known, line->pool));
}

static void put_address(const line_t *line, const char *name, const char *address)
{
    ss_json_put(line->json, name, ss_event_privacy_address(line->privacy, address, line->pool));
}

static void put_seconds(json_t *json, const char *name, apr_interval_time_t time)
{
    json_object_set_new(json, name, json_real(time > 0 ? (double)(time / 1000) / 1e3 : 0.0));
}

/* A flat object, whose values are the application's. */
static void put_metadata(const line_t *line, const char *text)
{
    json_t *metadata = text ? json_loads(text, 0, NULL) : NULL, *own, *value;
    const char *key;

    if (!metadata) return;
    own = json_object();
    json_object_foreach(metadata, key, value)
    {
        const char *word = json_string_value(value);
        json_t *copy = word ? ss_json_string(ss_event_privacy_text(line->privacy, word, line->known,
                                                                   line->pool))
                            : json_incref(value);
        json_object_set_new(own, ss_event_privacy_text(line->privacy, key, line->known, line->pool),
                            copy);
    }
    json_decref(metadata);
    json_object_set_new(line->json, "metadata", own);
}

/* What is known of a message in each of its lines. */
static void put_message(const line_t *line, const ss_message_t *m)
{
    ss_json_put(line->json, "id", m->id);
    ss_json_put(line->json, "relay", m->relay);
    put_address(line, "from", m->from);
}

static void put_attributes(const line_t *line, const ss_message_t *m)
{
    put_text(line, "messageId", m->attr.message_id);
    json_object_set_new(line->json, "size", json_integer((json_int_t)m->size));
    put_text(line, "submitter", m->attr.submitter);
    ss_json_put(line->json, "createdBy", m->attr.created_by);
    ss_json_put(line->json, "traceparent", m->attr.traceparent);
    put_metadata(line, m->attr.metadata);
}

/* "550 5.1.1 ..." */
static int code_of(const char *reply)
{
    int is_code = reply && apr_isdigit(reply[0]) && apr_isdigit(reply[1]) &&
                  apr_isdigit(reply[2]) && (!reply[3] || strchr(" -", reply[3]));

    return is_code ? (reply[0] - '0') * 100 + (reply[1] - '0') * 10 + (reply[2] - '0') : 0;
}

static void put_result(const line_t *line, const ss_message_t *m, const ss_recipient_t *rcpt,
                       apr_time_t now)
{
    int code = code_of(rcpt->reply);

    put_address(line, "to", rcpt->address);
    ss_json_put(line->json, "state", ss_state_name(rcpt->state));
    if (rcpt->is_uncertain) json_object_set_new(line->json, "uncertain", json_true());
    if (code) json_object_set_new(line->json, "code", json_integer(code));
    if (rcpt->dsn && *rcpt->dsn) ss_json_put(line->json, "dsn", rcpt->dsn);
    put_text(line, "reply", rcpt->reply);
    ss_json_put(line->json, "host", rcpt->host);
    json_object_set_new(line->json, "attempts", json_integer(rcpt->attempts));
    put_seconds(line->json, "delay", now - m->created);
}

/* ---- lines ---- */

const char *ss_event_line_accepted(const ss_event_privacy_t *p, const ss_message_t *m,
                                   apr_time_t now, apr_pool_t *pool)
{
    const char *const known[] = { m->from, m->rcpt_count ? m->rcpts[0].address : NULL, NULL };
    line_t line = begin(p, "accepted", now, known, pool);
    json_t *to = json_array();

    put_message(&line, m);
    for (int i = 0; i < m->rcpt_count && i < SS_EVENT_LINE_ADDRESSES; i++)
        json_array_append_new(
            to, ss_json_string(ss_event_privacy_address(p, m->rcpts[i].address, pool)));
    json_object_set_new(line.json, "to", to);
    json_object_set_new(line.json, "recipients", json_integer(m->rcpt_count));
    ss_json_put(line.json, "door", m->attr.via);
    put_attributes(&line, m);
    return finish(&line);
}

const char *ss_event_line_attempt(const ss_event_privacy_t *p, const ss_message_t *m,
                                  const ss_recipient_t *rcpt, const ss_ports_attempt_t *attempt,
                                  apr_time_t now, apr_pool_t *pool)
{
    const char *const known[] = { rcpt->address, m->from, NULL };
    line_t line = begin(p, "attempt", now, known, pool);
    json_t *delays = json_object();

    put_message(&line, m);
    put_result(&line, m, rcpt, now);
    put_seconds(delays, "store", attempt->stored);
    put_seconds(delays, "queue", attempt->queued);
    put_seconds(delays, "connect", attempt->connected);
    put_seconds(delays, "transfer", attempt->transferred);
    json_object_set_new(line.json, "delays", delays);
    if (!ss_state_is_final(rcpt->state) && rcpt->next)
        json_object_set_new(line.json, "nextAttempt", ss_json_time(rcpt->next));
    put_attributes(&line, m);
    return finish(&line);
}

const char *ss_event_line_final(const ss_event_privacy_t *p, const ss_message_t *m,
                                const ss_recipient_t *rcpt, apr_time_t now, apr_pool_t *pool)
{
    const char *const known[] = { rcpt->address, m->from, NULL };
    line_t line = begin(p, "final", now, known, pool);

    put_message(&line, m);
    put_result(&line, m, rcpt, now);
    put_attributes(&line, m);
    return finish(&line);
}

/* Patterns and parts of addresses tell as much as addresses do. */
static json_t *filter_of(const line_t *line, const json_t *filter)
{
    static const char *const plain[] = { "state", "relay" }, *const secret[] = { "from", "to",
                                                                                 "text" };
    json_t *own = json_object();

    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        ss_json_put(own, plain[i], ss_json_text(filter, plain[i]));
    for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
        ss_json_put(
            own, secret[i],
            ss_event_privacy_address(line->privacy, ss_json_text(filter, secret[i]), line->pool));
    return own;
}

const char *ss_event_line_action(const ss_event_privacy_t *p, const ss_event_line_action_t *a,
                                 apr_time_t now, apr_pool_t *pool)
{
    line_t line = begin(p, "action", now, NULL, pool);

    ss_json_put(line.json, "action", a->action);
    put_text(&line, "who", a->who);
    put_text(&line, "reason", a->reason);
    ss_json_put(line.json, "id", a->id);
    ss_json_put(line.json, "relay", a->relay);
    if (a->filter) json_object_set_new(line.json, "filter", filter_of(&line, a->filter));
    if (a->count >= 0) json_object_set_new(line.json, "count", json_integer(a->count));
    if (a->until) json_object_set_new(line.json, "until", ss_json_time(a->until));
    return finish(&line);
}
