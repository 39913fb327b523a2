/* submit.c: a submission on the local socket: its header becomes a message; accept.c does the rest. */
#include "daemon/accept.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "mail/address.h"
#include "mail/message.h"

#define TEXT_MAX 4096              /* of one text in the header */

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

/* The refusals of accept.c as this socket says them. */
static const struct { int status, retry_after; const char *field; } refusals[] = {
    [SS_REFUSED_LEAVING] = { 503, 5, NULL }, [SS_REFUSED_STORE] = { 503, 5, NULL }, [SS_REFUSED_OFF] = { 503, 60, NULL },
    [SS_REFUSED_HOST] = { 503, 60, NULL }, [SS_REFUSED_FULL] = { 503, 60, NULL }, [SS_REFUSED_SIZE] = { 413, 0, NULL },
    [SS_REFUSED_EMPTY] = { 400, 0, NULL }, [SS_REFUSED_KEY] = { 422, 0, "Idempotency-Key" }
};

static void refuse(ss_asker_t *asker, const ss_accepted_t *answer)
{
    ss_asker_refuse(asker, refusals[answer->refused].status, refusals[answer->refused].retry_after, refusals[answer->refused].field, "%s", answer->detail);
}

static ss_relay_t *relay_of(ss_asker_t *asker, const json_t *header)
{
    ss_daemon_t *d = asker->daemon;
    const char *asked = json_string_value(json_object_get(header, "relay"));
    const char *server = json_string_value(json_object_get(header, "server"));
    const char *from = json_string_value(json_object_get(header, "from"));
    const char *name = asked ? asked : server;
    ss_relay_t *relay = name ? ss_relay_find(d, name) : APR_ARRAY_IDX(d->relays, 0, ss_relay_t *);

    if (!relay) ss_asker_refuse(asker, asked ? 422 : 503, asked ? 0 : refusals[SS_REFUSED_LEAVING].retry_after, "relay", "no relay is called \"%s\"", name);
    return relay && !asked ? ss_accept_relay(d, from ? from : "", relay) : relay;
}

ss_message_t *ss_submit_begin(ss_asker_t *asker, const json_t *header)
{
    ss_relay_t *relay = relay_of(asker, header);
    ss_accepted_t answer;

    if (!relay) return NULL;
    if (!ss_accept_may(relay, &answer)) {
        refuse(asker, &answer);
        return NULL;
    }
    ss_message_t *m = ss_accept_begin(relay);
    if (!read_rcpts(asker, header, m) || !read_header(asker, header, m)) {
        apr_pool_destroy(m->pool);
        return NULL;
    }
    return m;
}

int ss_submit_part(ss_asker_t *asker, const char *content, apr_size_t len)
{
    ss_message_t *m = asker->submitting;
    ss_accepted_t answer;

    if (!ss_accept_part(ss_relay_find(asker->daemon, m->relay), m, content, len, &answer)) {
        asker->submitting = NULL;
        apr_pool_destroy(m->pool);
        refuse(asker, &answer);
        return 0;
    }
    asker->charged += len;
    asker->daemon->intake_bytes += len;
    return 1;
}

static void answered(void *self, const ss_accepted_t *answer)
{
    ss_asker_t *asker = self;

    if (answer->refused) {
        refuse(asker, answer);
        return;
    }
    json_t *fields = json_object();
    json_object_set_new(fields, "id", json_string(answer->id));
    json_object_set_new(fields, "state", json_string("queued"));
    json_object_set_new(fields, "recipients", json_integer(answer->rcpt_count));
    if (answer->is_paused) json_object_set_new(fields, "paused", json_true());
    ss_asker_answer(asker, answer->is_repeated ? 200 : 202, fields, NULL, 0);
}

void ss_submit(ss_asker_t *asker, const json_t *header, ss_message_t *m)
{
    (void)header;
    asker->is_busy = 1;
    ss_accept(ss_relay_find(asker->daemon, m->relay), m, answered, asker);
}
