/* local_submit.c: submissions on the local socket: a header becomes a message; accept.c does the
 * rest. One message, or many in one request. */
#include "intake/composing.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

#include "base/object.h"
#include "base/text.h"
#include "operator/transfer.h"
#include "intake/quota.h"
#include "intake/staging.h"
#include "mail/address.h"
#include "mail/attributes_json.h"
#include "mail/submitted.h"

#define ANSWER_MAX 512 /* bytes of an answer's header */
#define MANY_MAX 10000 /* messages of one request */

typedef struct { /* a refusal as this socket says it */
    int status, retry_after;
    const char *field;
    char detail[1024];
} refusal_t;

static int __attribute__((format(printf, 5, 6)))
refused(refusal_t *why, int status, int retry_after, const char *field, const char *format, ...)
{
    va_list args;

    why->status = status;
    why->retry_after = retry_after;
    why->field = field;
    va_start(args, format);
    apr_vsnprintf(why->detail, sizeof(why->detail), format, args);
    va_end(args);
    return 0;
}

static void answer_refusal(ss_request_t *req, const refusal_t *why)
{
    ss_request_refuse(req, why->status, why->retry_after, why->field, "%s", why->detail);
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

/* 1, or 0 with the refusal; so do the others below. */
static int read_rcpts(const json_t *header, ss_message_t *m, refusal_t *no)
{
    const json_t *to = json_object_get(header, "to");
    const json_t *notifies = json_object_get(header, "notifies");
    const json_t *orcpts = json_object_get(header, "orcpts");
    unsigned notify = (unsigned)number_of(header, "notify");
    apr_size_t count = json_array_size(to);

    if (!count) return refused(no, 400, 0, "to", "a message needs a recipient");
    if (count > SS_MAIL_RECIPIENTS_MAX)
        return refused(no, 422, 0, "to", "more than %d recipients in one message",
                       SS_MAIL_RECIPIENTS_MAX);
    m->rcpts = apr_pcalloc(m->pool, count * sizeof(*m->rcpts));
    m->rcpt_count = (int)count;
    for (apr_size_t i = 0; i < count; i++) {
        ss_recipient_t *rcpt = &m->rcpts[i];
        const char *address = json_string_value(json_array_get(to, i));
        const char *orcpt = json_string_value(json_array_get(orcpts, i));
        const json_t *own = json_array_get(notifies, i);
        const char *why = NULL;
        /* The doors check already; a client of the socket may be anybody, and an address becomes a
         * command. */
        if (!address || has_bad_bytes(address) || !ss_address_is_valid(address, 0, &why)) {
            return refused(no, 400, 0, "to", "recipient %d is not an address: %s", (int)i + 1,
                           why ? why : "control bytes");
        }
        rcpt->number = (int)i;
        rcpt->address = apr_pstrdup(m->pool, address);
        rcpt->orcpt = orcpt && !has_bad_bytes(orcpt) ? apr_pstrdup(m->pool, orcpt) : NULL;
        rcpt->notify = own ? (unsigned)json_integer_value(own) : notify;
        rcpt->state = SS_STATE_QUEUED;
    }
    return 1;
}

static int read_from(const json_t *value, ss_message_t *m, refusal_t *no)
{
    const char *from = json_string_value(value), *why = NULL;

    if (!value || json_is_null(value) || (from && !*from)) return 1;
    if (!from || has_bad_bytes(from) || !ss_address_is_valid(from, 0, &why)) {
        return refused(no, 400, 0, "from", "the sender is not an address: %s",
                       why ? why : "control bytes");
    }
    m->from = apr_pstrdup(m->pool, from);
    return 1;
}

static int read_header(const ss_request_t *req, const json_t *header, ss_message_t *m,
                       refusal_t *no)
{
    unsigned set_by = SS_SET_SOCKET | (ss_request_is_trusted(req) ? SS_SET_TRUSTED : 0);
    const char *wrong = ss_attributes_json_read(&m->attr, header, set_by, m->pool);

    if (wrong)
        return refused(no, 400, 0, wrong,
                       "%s has the wrong type, is out of its range, is longer than %d bytes, or "
                       "contains a zero byte",
                       wrong, SS_ATTRIBUTES_TEXT_MAX);
    m->attr.uid = req->uid;
    if (!m->attr.submitter) m->attr.submitter = apr_psprintf(m->pool, "uid:%d", req->uid);
    return ss_composing_is_wanted(header) || read_from(json_object_get(header, "from"), m, no);
}

/* SMTPSendSubmitterRate of the location, which only our own web processes may name. */
static int has_quota(const ss_request_t *req, const json_t *header, const ss_message_t *m,
                     refusal_t *no)
{
    const json_t *list = ss_request_is_trusted(req) ? json_object_get(header, "rates") : NULL;
    ss_rate_t rates[SS_QUOTA_RATES_MAX];
    int count = 0;

    /* Pairs: how many, in how many microseconds. */
    for (apr_size_t i = 0; i + 1 < json_array_size(list) && count < SS_QUOTA_RATES_MAX; i += 2) {
        rates[count].count = json_integer_value(json_array_get(list, i));
        rates[count].per = json_integer_value(json_array_get(list, i + 1));
        if (rates[count].count > 0 && rates[count].per > 0) count++;
    }
    int wait = count ? ss_quota_take(req->daemon->quota, m->attr.submitter, rates, count,
                                     ss_loop_now(req->daemon->loop))
                     : 0;
    return wait ? refused(no, 429, wait, NULL,
                          "%s has handed in more messages than SMTPSendSubmitterRate allows",
                          m->attr.submitter)
                : 1;
}

/* The refusals of accept.c as this socket says them. */
static const struct {
    int status, retry_after;
    const char *field;
} refusals[] = { [SS_REFUSED_LEAVING] = { 503, 5, NULL },
                 [SS_REFUSED_STORE] = { 503, 5, NULL },
                 [SS_REFUSED_OFF] = { 503, 60, NULL },
                 [SS_REFUSED_HOST] = { 503, 60, NULL },
                 [SS_REFUSED_FULL] = { 503, 60, NULL },
                 [SS_REFUSED_SIZE] = { 413, 0, NULL },
                 [SS_REFUSED_EMPTY] = { 400, 0, NULL },
                 [SS_REFUSED_KEY] = { 422, 0, "Idempotency-Key" },
                 [SS_REFUSED_BUSY] = { 409, 1, "Idempotency-Key" } };

static int not_accepted(refusal_t *no, const ss_accepted_t *answer)
{
    return refused(no, refusals[answer->refused].status, refusals[answer->refused].retry_after,
                   refusals[answer->refused].field, "%s", answer->detail);
}

static ss_relay_t *relay_of(ss_daemon_t *d, const json_t *header, refusal_t *no)
{
    const char *asked = json_string_value(json_object_get(header, "relay"));
    const char *server = json_string_value(json_object_get(header, "server"));
    const char *from = json_string_value(json_object_get(header, "from"));
    const char *name = asked ? asked : server;
    ss_relay_t *relay = name ? ss_relay_find(d, name) : APR_ARRAY_IDX(d->relays, 0, ss_relay_t *);

    if (!relay)
        refused(no, asked ? 422 : 503, asked ? 0 : refusals[SS_REFUSED_LEAVING].retry_after,
                "relay", "no relay is called \"%s\"", name);
    return relay && !asked ? ss_accept_relay(d, from ? from : "", relay) : relay;
}

static int restore(const ss_request_t *req, const json_t *header, ss_message_t *m, refusal_t *no)
{
    const json_t *state = json_object_get(header, "restore");
    const char *why = state ? ss_transfer_restore(req, state, m) : NULL;

    return why ? refused(no, 400, 0, "restore", "%s", why) : 1;
}

/* The message of a header, without content; NULL with the refusal. */
static ss_message_t *make(ss_request_t *req, const json_t *header, refusal_t *no)
{
    ss_relay_t *relay = relay_of(req->daemon, header, no);
    ss_accepted_t answer;

    if (!relay) return NULL;
    if (!ss_accept_may(relay, &answer)) {
        not_accepted(no, &answer);
        return NULL;
    }
    ss_message_t *m = ss_accept_begin(relay);
    if ((ss_composing_is_wanted(header) || read_rcpts(header, m, no)) &&
        read_header(req, header, m, no) && has_quota(req, header, m, no) &&
        restore(req, header, m, no))
        return m;
    apr_pool_destroy(m->pool);
    return NULL;
}

static int add_part(ss_daemon_t *d, ss_message_t *m, const char *content, apr_size_t len,
                    refusal_t *no)
{
    ss_accepted_t answer;

    return ss_accept_part(ss_relay_find(d, m->relay), m, content, len, &answer) ||
           not_accepted(no, &answer);
}

/* What of content that is on its way counts against the daemon's bound. */
static void charge(ss_request_t *req, apr_size_t len)
{
    req->charged += len;
    req->daemon->intake_bytes += len;
}

static json_t *taken(const ss_accepted_t *answer)
{
    json_t *fields = json_object();

    json_object_set_new(fields, "id", json_string(answer->id));
    json_object_set_new(fields, "state", json_string("queued"));
    json_object_set_new(fields, "recipients", json_integer(answer->rcpt_count));
    if (answer->is_paused) json_object_set_new(fields, "paused", json_true());
    return fields;
}

/* ---- one message ---- */

/* The problem may live in the message's pool. */
static void refuse_mail(ss_request_t *req, ss_message_t *m, const ss_mail_problem_t *problem)
{
    ss_daemon_t *d = req->daemon;
    int status = problem->status ? problem->status : 400;

    req->submitting = NULL;
    req->composing = NULL;
    ss_request_refuse(req, status, status == 503 ? refusals[SS_REFUSED_STORE].retry_after : 0,
                      problem->field, "%s", problem->detail);
    ss_staging_drop(d, m);
}

ss_message_t *ss_local_submit_begin(ss_request_t *req, const json_t *header)
{
    ss_mail_problem_t problem = { .status = 0 };
    refusal_t no;
    ss_message_t *m = make(req, header, &no);

    req->composing = NULL;
    if (!m) {
        answer_refusal(req, &no);
    } else if (ss_composing_is_wanted(header)) {
        req->composing = ss_composing_begin(ss_relay_find(req->daemon, m->relay), m, header,
                                            &req->charged, &problem);
        if (!req->composing) {
            refuse_mail(req, m, &problem);
            return NULL;
        }
    }
    return m;
}

int ss_local_submit_part(ss_request_t *req, const char *content, apr_size_t len)
{
    ss_message_t *m = req->submitting;
    refusal_t no;

    if (req->composing) {
        if (!ss_incoming_add(req->composing, content, len)) return 1;
        refuse_mail(req, m, &req->composing->problem);
        return 0;
    }
    if (!add_part(req->daemon, m, content, len, &no)) {
        req->submitting = NULL;
        ss_staging_drop(req->daemon, m);
        answer_refusal(req, &no);
        return 0;
    }
    charge(req, len);
    return 1;
}

static void staged(void *self, const ss_result_t *failed)
{
    ss_request_t *req = self;
    ss_message_t *m = req->submitting;

    if (!req->is_closing && !failed) {
        ss_local_submit_go_on(req);
        return;
    }
    req->submitting = NULL;
    req->composing = NULL;
    ss_staging_drop(req->daemon, m);
    ss_request_refuse(req, 503, refusals[SS_REFUSED_STORE].retry_after, NULL, "%s",
                      failed ? failed->text : "the client left");
}

int ss_local_submit_stages(ss_request_t *req)
{
    /* The last part of what is composed here may not be all of the message: its end sees to it
     * (ss_incoming_end). */
    if (req->composing ? req->is_last || !ss_incoming_is_due(req->composing)
                       : !ss_staging_is_due(req->submitting))
        return 0;
    ss_staging_begin(req->daemon, req->submitting, &req->charged, staged, req);
    return 1;
}

static void answered(void *self, const ss_accepted_t *answer)
{
    ss_request_t *req = self;
    refusal_t no;

    if (answer->refused) {
        not_accepted(&no, answer);
        answer_refusal(req, &no);
        return;
    }
    ss_object_t fields;
    ss_buf_t out;
    ss_buf_init(&out, ANSWER_MAX);
    ss_object_begin(&fields, &out);
    ss_object_number(&fields, "status", answer->is_repeated ? 200 : 202);
    ss_object_text(&fields, "id", answer->id);
    ss_object_text(&fields, "state", "queued");
    ss_object_number(&fields, "recipients", answer->rcpt_count);
    ss_object_flag(&fields, "paused", answer->is_paused);
    ss_request_answer_text(req, ss_object_end(&fields) == APR_SUCCESS ? ss_buf_text(&out) : NULL,
                           NULL, 0);
    ss_buf_free(&out);
}

static void composed(void *self, const ss_mail_problem_t *problem)
{
    ss_request_t *req = self;
    ss_message_t *m = req->composing->message;

    if (problem) {
        refuse_mail(req, m, problem);
        return;
    }
    ss_incoming_clear(req->composing);
    req->composing = NULL;
    ss_accept_message(ss_relay_find(req->daemon, m->relay), m, answered, req);
}

void ss_local_submit(ss_request_t *req, ss_message_t *m)
{
    req->is_busy = 1;
    if (req->composing)
        ss_incoming_end(req->composing, composed, req);
    else
        ss_accept_message(ss_relay_find(req->daemon, m->relay), m, answered, req);
}

/* ---- many messages in one request: each has its own answer, the store commits them together ----
 */

typedef struct {
    struct ss_many_t *many;
    ss_message_t *message;  /* NULL: refused already, or given to the queue */
    apr_uint64_t size, got; /* octets of content announced, and come so far */
    json_t *answer;
} one_t;

struct ss_many_t {
    ss_request_t *req;
    apr_pool_t *pool;
    one_t *ones;
    /* current: whose content comes now; open: answers that are not there yet */
    int count, current, open;
};

static void answer_one(one_t *one, int status, json_t *fields)
{
    json_object_set_new(fields, "status", json_integer(status));
    one->answer = fields;
    one->many->open--;
}

static void refuse_one(one_t *one, const refusal_t *no)
{
    json_t *fields = json_object();

    json_object_set_new(fields, "detail",
                        json_string(ss_text_utf8(one->many->pool, no->detail, strlen(no->detail))));
    if (no->field) json_object_set_new(fields, "field", json_string(no->field));
    if (no->retry_after) json_object_set_new(fields, "retryAfter", json_integer(no->retry_after));
    answer_one(one, no->status, fields);
}

void ss_local_submit_many_free(ss_many_t *many)
{
    for (int i = 0; i < many->count; i++) {
        if (many->ones[i].message) apr_pool_destroy(many->ones[i].message->pool);
        json_decref(many->ones[i].answer);
    }
    apr_pool_destroy(many->pool);
}

static void finish_many(ss_many_t *many)
{
    json_t *answers = json_array();
    ss_request_t *req = many->req;

    for (int i = 0; i < many->count; i++) json_array_append(answers, many->ones[i].answer);
    ss_local_submit_many_free(many);
    ss_request_document(req, 200, answers);
}

static void answered_one(void *self, const ss_accepted_t *answer)
{
    one_t *one = self;
    refusal_t no;

    if (answer->refused) {
        not_accepted(&no, answer);
        refuse_one(one, &no);
    } else {
        answer_one(one, answer->is_repeated ? 200 : 202, taken(answer));
    }
    if (!one->many->open) finish_many(one->many);
}

ss_many_t *ss_local_submit_many_begin(ss_request_t *req, const json_t *header)
{
    json_t *list = json_object_get(header, "messages");
    apr_size_t count = json_array_size(list);
    apr_pool_t *pool;

    if (!count || count > MANY_MAX) {
        ss_request_refuse(req, 400, 0, "messages", "from 1 to %d messages in one request",
                          MANY_MAX);
        return NULL;
    }
    apr_pool_create(&pool, NULL);
    ss_many_t *many = apr_pcalloc(pool, sizeof(*many));
    *many = (ss_many_t){ .req = req, .pool = pool, .count = (int)count, .open = (int)count };
    many->ones = apr_pcalloc(pool, count * sizeof(*many->ones));
    for (apr_size_t i = 0; i < count; i++) {
        one_t *one = &many->ones[i];
        json_t *item = json_array_get(list, i);
        refusal_t no;
        one->many = many;
        one->size = (apr_uint64_t)number_of(item, "size");
        one->message = make(req, item, &no);
        if (!one->message) refuse_one(one, &no);
    }
    return many;
}

int ss_local_submit_many_part(ss_many_t *many, const char *content, apr_size_t len)
{
    charge(many->req, len);
    while (len) {
        refusal_t no;
        while (many->current < many->count &&
               many->ones[many->current].got == many->ones[many->current].size)
            many->current++;
        if (many->current == many->count) return 0;
        one_t *one = &many->ones[many->current];
        apr_size_t piece = one->size - one->got < len ? (apr_size_t)(one->size - one->got) : len;
        if (one->message && !add_part(many->req->daemon, one->message, content, piece, &no)) {
            apr_pool_destroy(one->message->pool);
            one->message = NULL;
            refuse_one(one, &no);
        }
        one->got += piece;
        content += piece;
        len -= piece;
    }
    return 1;
}

void ss_local_submit_many_end(ss_many_t *many)
{
    many->req->is_busy = 1;
    /* A refusal comes within the call: one more is open until all were given to the queue, so that
     * the first refusal does not end the request. */
    many->open++;
    for (int i = 0; i < many->count; i++) {
        ss_message_t *m = many->ones[i].message;
        many->ones[i].message = NULL;
        if (m)
            ss_accept_message(ss_relay_find(many->req->daemon, m->relay), m, answered_one,
                              &many->ones[i]);
    }
    if (!--many->open) finish_many(many);
}
