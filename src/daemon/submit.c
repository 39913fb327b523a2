/* submit.c: a submission on the local socket becomes a stored message; the answer leaves after the commit. */
#include "daemon/daemon.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "mail/address.h"
#include "mail/message.h"

#define TEXT_MAX 4096              /* of one text in the header */
#define RETRY_AFTER 5

/* A text of the request in the message's pool; NULL where there is none. *bad is set when it is no text or too long. */
static const char *text_of(const json_t *header, const char *name, apr_pool_t *pool, int *bad)
{
    const json_t *value = json_object_get(header, name);

    if (!value || json_is_null(value)) return NULL;
    if (!json_is_string(value) || json_string_length(value) > TEXT_MAX || strlen(json_string_value(value)) != json_string_length(value)) {
        *bad = 1;
        return NULL;
    }
    return apr_pstrmemdup(pool, json_string_value(value), json_string_length(value));
}

static apr_int64_t number_of(const json_t *header, const char *name)
{
    return json_integer_value(json_object_get(header, name));
}

static int has_bad_bytes(const char *address)
{
    for (const char *p = address; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) return 1;
    }
    return 0;
}

static int read_rcpts(ss_asker_t *asker, const json_t *header, ss_message_t *m)
{
    const json_t *to = json_object_get(header, "to");
    const json_t *notifies = json_object_get(header, "notifies");
    const json_t *orcpts = json_object_get(header, "orcpts");
    unsigned notify = (unsigned)number_of(header, "notify");
    apr_size_t count = json_array_size(to);

    if (!count || count > SS_MAIL_RECIPIENTS_MAX) {
        ss_asker_refuse(asker, count ? 422 : 400, 0, "to", count ? "more than %d recipients in one message" : "a message needs a recipient", SS_MAIL_RECIPIENTS_MAX);
        return 0;
    }
    m->rcpts = apr_pcalloc(m->pool, count * sizeof(*m->rcpts));
    m->rcpt_count = (int)count;
    for (apr_size_t i = 0; i < count; i++) {
        ss_recipient_t *rcpt = &m->rcpts[i];
        const char *address = json_string_value(json_array_get(to, i));
        const char *orcpt = json_string_value(json_array_get(orcpts, i));
        const json_t *own = json_array_get(notifies, i);
        const char *why = NULL;
        /* The doors check already; a client of the socket may be anybody, and an address becomes a command. */
        if (!address || has_bad_bytes(address) || !ss_address_is_valid(address, 0, &why)) {
            ss_asker_refuse(asker, 400, 0, "to", "recipient %d is not an address: %s", (int)i + 1, why ? why : "control bytes");
            return 0;
        }
        rcpt->number = (int)i;
        rcpt->address = apr_pstrdup(m->pool, address);
        rcpt->orcpt = orcpt && !has_bad_bytes(orcpt) ? apr_pstrdup(m->pool, orcpt) : NULL;
        rcpt->notify = own ? (unsigned)json_integer_value(own) : notify;
        rcpt->state = SS_STATE_QUEUED;
    }
    return 1;
}

static int read_header(ss_asker_t *asker, const json_t *header, ss_message_t *m)
{
    int bad = 0;
    const char *from = text_of(header, "from", m->pool, &bad);
    const char *why = NULL;

    m->subject = text_of(header, "subject", m->pool, &bad);
    m->message_id = text_of(header, "messageId", m->pool, &bad);
    m->header_from = text_of(header, "headerFrom", m->pool, &bad);
    m->door = text_of(header, "door", m->pool, &bad);
    m->envid = text_of(header, "envid", m->pool, &bad);
    m->metadata = text_of(header, "metadata", m->pool, &bad);
    m->webhook = text_of(header, "webhook", m->pool, &bad);
    m->idempotency_key = text_of(header, "idempotencyKey", m->pool, &bad);
    m->content_hash = text_of(header, "contentHash", m->pool, &bad);
    m->submitter = ss_asker_is_trusted(asker) ? text_of(header, "submitter", m->pool, &bad) : NULL;
    if (!m->submitter) m->submitter = apr_psprintf(m->pool, "uid:%d", asker->uid);
    m->uid = asker->uid;
    m->from = from ? from : "";
    m->at = number_of(header, "at");
    m->expire = number_of(header, "expire");
    m->ret = (int)number_of(header, "ret");
    m->priority = json_object_get(header, "priority") ? (int)number_of(header, "priority") : SS_PRIORITY_NORMAL;
    m->is_8bit = json_is_true(json_object_get(header, "is8bit"));
    m->is_utf8 = json_is_true(json_object_get(header, "isUtf8"));
    m->requires_tls = json_is_true(json_object_get(header, "requiresTls"));
    m->is_auto = json_is_true(json_object_get(header, "isAuto"));
    if (bad) {
        ss_asker_refuse(asker, 400, 0, NULL, "a text of the request is longer than %d bytes or holds a zero byte", TEXT_MAX);
        return 0;
    }
    if (*m->from && (has_bad_bytes(m->from) || !ss_address_is_valid(m->from, 0, &why))) {
        ss_asker_refuse(asker, 400, 0, "from", "the sender is not an address: %s", why ? why : "control bytes");
        return 0;
    }
    if (m->priority < SS_PRIORITY_HIGH || m->priority > SS_PRIORITY_BULK || m->at < 0 || m->expire < 0 || m->ret < 0 || m->ret > 2) {
        ss_asker_refuse(asker, 400, 0, NULL, "priority, at, expire or ret is out of its range");
        return 0;
    }
    return 1;
}

/* Engine off, store closed, queue full: nothing is taken. 1: go on. */
static int may_accept(ss_asker_t *asker, const ss_relay_t *relay)
{
    ss_daemon_t *d = asker->daemon;
    const ss_globals_t *g = &d->config->globals;
    apr_int64_t messages;
    apr_uint64_t bytes;

    if (d->is_leaving || !d->store) {
        ss_asker_refuse(asker, 503, RETRY_AFTER, NULL, "%s", d->store ? "the delivery daemon is restarting" : d->store_result.text);
        return 0;
    }
    if (!relay->settings->engine) {
        ss_asker_refuse(asker, 503, 60, NULL, "SMTPSendEngine is Off for relay \"%s\": mail is not accepted", relay->name);
        return 0;
    }
    if (!relay->host_count) {
        ss_asker_refuse(asker, 503, 60, NULL, "no SMTPSendHost is configured for relay \"%s\"", relay->name);
        return 0;
    }
    ss_daemon_waiting(d, &messages, &bytes);
    if (messages >= g->queue_limit_messages || bytes >= (apr_uint64_t)g->queue_limit_bytes) {
        ss_asker_refuse(asker, 503, 60, NULL, "the queue is full: %" APR_INT64_T_FMT " messages wait (SMTPSendQueueLimit)", messages);
        return 0;
    }
    return 1;
}

static ss_relay_t *relay_of(ss_asker_t *asker, const json_t *header)
{
    const char *asked = json_string_value(json_object_get(header, "relay"));
    const char *server = json_string_value(json_object_get(header, "server"));
    const char *name = asked ? asked : server;

    if (!name) return APR_ARRAY_IDX(asker->daemon->relays, 0, ss_relay_t *);
    ss_relay_t *relay = ss_relay_find(asker->daemon, name);
    if (!relay) ss_asker_refuse(asker, asked ? 422 : 503, asked ? 0 : RETRY_AFTER, "relay", "no relay is called \"%s\"", name);
    return relay;
}

ss_message_t *ss_submit_begin(ss_asker_t *asker, const json_t *header)
{
    ss_relay_t *relay = relay_of(asker, header);
    apr_pool_t *pool = NULL;

    if (!relay || !may_accept(asker, relay)) return NULL;
    pool = ss_job_pool();
    ss_message_t *m = apr_pcalloc(pool, sizeof(*m));
    m->pool = pool;
    m->relay = apr_pstrdup(pool, relay->name);
    m->created = ss_loop_now(asker->daemon->loop);
    if (!read_rcpts(asker, header, m) || !read_header(asker, header, m)) {
        apr_pool_destroy(pool);
        return NULL;
    }
    return m;
}

int ss_submit_part(ss_asker_t *asker, const char *content, apr_size_t len)
{
    ss_message_t *m = asker->submitting;
    const ss_settings_t *settings = ss_relay_find(asker->daemon, m->relay)->settings;

    if (m->size + len > (apr_uint64_t)settings->max_message_size) {
        asker->submitting = NULL;
        apr_pool_destroy(m->pool);
        ss_asker_refuse(asker, 413, 0, NULL, "the message is larger than SMTPSendMaxMessageSize, %" APR_INT64_T_FMT " bytes", settings->max_message_size);
        return 0;
    }
    if (!len) return 1;
    /* The array doubles: parts are few. */
    if (!(m->part_count & (m->part_count - 1))) {
        ss_part_t *parts = apr_palloc(m->pool, sizeof(*parts) * (apr_size_t)(m->part_count ? m->part_count * 2 : 1));
        if (m->part_count) memcpy(parts, m->parts, sizeof(*parts) * (apr_size_t)m->part_count);
        m->parts = parts;
    }
    m->parts[m->part_count].bytes = apr_pmemdup(m->pool, content, len);
    m->parts[m->part_count].len = len;
    m->part_count++;
    m->size += len;
    asker->charged += len;
    asker->daemon->intake_bytes += len;
    return 1;
}

/* ---- the answer ---- */

typedef struct { ss_asker_t *asker; ss_message_t *message; ss_relay_t *relay; apr_time_t received; } accepting_t;

static void answer_accepted(ss_asker_t *asker, int status, const char *id, const char *state, int rcpts, int is_paused)
{
    json_t *fields = json_object();

    json_object_set_new(fields, "id", json_string(id));
    json_object_set_new(fields, "state", json_string(state));
    json_object_set_new(fields, "recipients", json_integer(rcpts));
    if (is_paused) json_object_set_new(fields, "paused", json_true());
    ss_asker_answer(asker, status, fields, NULL, 0);
}

static void answer_repeated(accepting_t *a, const ss_store_request_t *request)
{
    ss_daemon_t *d = a->asker->daemon;

    if (!request->existing_same) {
        d->metrics.refused++;
        ss_asker_refuse(a->asker, 422, 0, "Idempotency-Key", "this Idempotency-Key was used with other content, for message %s", request->existing_id);
        return;
    }
    d->metrics.repeated++;
    answer_accepted(a->asker, 200, request->existing_id, "queued", a->message->rcpt_count, ss_relay_is_paused(a->relay));
}

static void accepted(ss_store_request_t *request)
{
    accepting_t *a = request->baton;
    ss_daemon_t *d = a->asker->daemon;
    ss_message_t *m = a->message;

    if (request->rv != APR_SUCCESS) {
        d->metrics.refused++;
        ss_asker_refuse(a->asker, 503, RETRY_AFTER, NULL, "%s", ss_result_is_set(&request->result) ? request->result.text : "the queue could not store the message");
        apr_pool_destroy(m->pool);
    } else if (*request->existing_id) {
        answer_repeated(a, request);
        apr_pool_destroy(m->pool);
    } else {
        d->metrics.accepted++;
        ss_relay_stored(a->relay, m, +1);
        answer_accepted(a->asker, 202, m->id, "queued", m->rcpt_count, ss_relay_is_paused(a->relay));
        ss_job_t *job = ss_job_create(d, a->relay, m, NULL);
        job->received = a->received;
        job->stored = apr_time_now();
        ss_job_settle(job, job->stored);
    }
    apr_pool_destroy(request->pool);
}

void ss_submit(ss_asker_t *asker, const json_t *header, ss_message_t *m)
{
    ss_daemon_t *d = asker->daemon;
    ss_relay_t *relay = ss_relay_find(d, m->relay);
    unsigned char random[8];
    apr_uint32_t words[2] = { ss_daemon_random(), ss_daemon_random() };

    (void)header;
    if (!m->size) {
        apr_pool_destroy(m->pool);
        ss_asker_refuse(asker, 400, 0, NULL, "the message is empty");
        return;
    }
    memcpy(random, words, sizeof(random));
    ss_ident_make(&d->idents, ss_loop_now(d->loop), random, m->id);
    m->paused_base = ss_relay_paused_total(relay, ss_loop_now(d->loop));
    for (int i = 0; i < m->rcpt_count; i++) m->rcpts[i].next = m->at;

    ss_store_request_t *request = ss_store_request(SS_STORE_ACCEPT, accepted, NULL);
    accepting_t *a = apr_pcalloc(request->pool, sizeof(*a));
    *a = (accepting_t){ .asker = asker, .message = m, .relay = relay, .received = ss_loop_now(d->loop) };
    request->baton = a;
    request->message = m;
    request->now = ss_loop_now(d->loop);
    asker->is_busy = 1;
    ss_daemon_post(d, request);
}
