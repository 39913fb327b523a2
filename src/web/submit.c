/* submit.c: POST to smtp-send: a request becomes a message, the daemon stores it, 202 goes out after that.
 *
 * The order of the checks is that of their cost: method, type, parameters and size are looked at before the body is read,
 * and everything that is wrong with a message is found here, before the socket is touched. */
#include "web/web.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/text.h"
#include "config/module.h"
#include "mail/form.h"
#include "mail/parse.h"
#include "web/ask.h"
#include "web/body.h"
#include "web/copy.h"
#include "web/envelope.h"
#include "web/policy.h"
#include "web/problem.h"
#include "web/query.h"
#include "web/reply.h"
#include "web/repeat.h"

#define JSON_OVERHEAD 3            /* a JSON document may be this many times as large as the message it makes: base64, escapes */
#define WAIT_MAX (120 * APR_USEC_PER_SEC)

typedef enum { BODY_MESSAGE, BODY_JSON } body_t;

typedef struct {
    request_rec *r;
    const ss_settings_t *relay;
    const ss_policy_t *policy;
    ss_query_t query;
    body_t kind;
    const char *bytes;             /* the request's body */
    apr_size_t len;
    ss_mail_message_t *m;
    ss_mail_problem_t problem;
    ss_repeat_t repeat;            /* Idempotency-Key */
    const char *submitter;
    apr_interval_time_t wait;
} submission_t;

/* The media type without parameters. 1, or 0: 415 was sent. */
static int read_type(submission_t *s)
{
    static const struct { const char *name; body_t kind; } types[] = { { "message/rfc822", BODY_MESSAGE }, { "application/json", BODY_JSON } };
    const char *type = apr_table_get(s->r->headers_in, "Content-Type");
    apr_size_t len = type ? strcspn(type, "; \t") : 0;

    for (apr_size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (len == strlen(types[i].name) && !strncasecmp(type, types[i].name, len)) {
            s->kind = types[i].kind;
            return 1;
        }
    }
    apr_table_setn(s->r->headers_out, "Accept", "message/rfc822, application/json");
    ss_problem(s->r, HTTP_UNSUPPORTED_MEDIA_TYPE, NULL, "%s%s%s: send message/rfc822 or application/json",
               type ? "mail cannot be read from Content-Type \"" : "the request has no Content-Type", type ? type : "", type ? "\"" : "");
    return 0;
}

/* 1, or 0: the refusal was sent. */
static int read_parameters(submission_t *s)
{
    static const char *const message_names[] = { "from", "to", "notify", "ret", "envid", "expire", "at", "relay", "priority", "wait", NULL };
    static const char *const json_names[] = { "wait", NULL };
    const char *why = NULL, *wait;

    if (ss_query_parse(&s->query, s->r->args, &why, s->r->pool)) {
        ss_problem(s->r, HTTP_BAD_REQUEST, NULL, "the query string is malformed: %s", why);
        return 0;
    }
    const char *unknown = ss_query_unknown(&s->query, s->kind == BODY_JSON ? json_names : message_names);
    if (unknown) {
        ss_problem(s->r, HTTP_BAD_REQUEST, unknown, s->kind == BODY_JSON ? "the parameter \"%s\" belongs into the JSON document" : "there is no parameter \"%s\"", unknown);
        return 0;
    }
    wait = ss_query_get(&s->query, "wait");
    if (wait && (ss_text_duration(wait, &s->wait) || s->wait > WAIT_MAX)) {
        ss_problem(s->r, HTTP_BAD_REQUEST, "wait", "\"%s\" is not a time of at most 2min, like 10s", wait);
        return 0;
    }
    return 1;
}

static ss_parse_options_t options_of(const submission_t *s)
{
    ss_parse_options_t options = { .adds_missing = s->kind == BODY_JSON, .host = s->relay->helo, .default_domain = s->relay->default_domain, .default_from = s->policy->default_from };

    /* An address literal is no right side of a Message-ID that people expect. */
    if (!options.host || *options.host == '[') options.host = s->relay->server_name;
    if (!options.host || !*options.host) options.host = "localhost";
    options.now = s->r->request_time;
    RAND_bytes((unsigned char *)&options.random, sizeof(options.random));
    options.max_size = (apr_size_t)ss_policy_size(s->policy, s->relay);
    return options;
}

/* The body becomes a message. 0, or -1 with the problem. */
static int compose(submission_t *s)
{
    ss_parse_options_t options = options_of(s);
    apr_array_header_t *headers;
    int rv;

    if (ss_policy_headers(s->r, s->policy, &headers, &s->problem)) return -1;
    options.add_headers = headers;
    if (s->kind == BODY_JSON) {
        rv = ss_form_json(s->m, s->bytes, s->len, &options, &s->problem);
    } else {
        rv = ss_envelope_read(s->m, &s->query, s->relay->default_domain, &s->problem);
        options.takes_rcpts = !s->m->rcpts->nelts;
        if (!rv) rv = ss_parse_message(s->m, s->bytes, s->len, &options, &s->problem);
    }
    if (rv) return -1;
    if (!s->m->from) s->m->from = s->policy->default_from;
    if (!s->m->from) {
        ss_mail_problem(&s->problem, HTTP_BAD_REQUEST, "from", "the message names no sender, and this location has no SMTPSendDefaultFrom");
    } else if (!s->m->rcpts->nelts) {
        ss_mail_problem(&s->problem, HTTP_BAD_REQUEST, "to", "the message has no recipient");
    } else if (!ss_policy_check(s->policy, s->m, &s->problem)) {
        const ss_settings_t *carrier = s->m->relay ? ss_config_relay(ss_module_config(), s->m->relay) : NULL;
        return ss_policy_rewrite(s->policy, carrier ? carrier : s->relay, s->m, &s->problem);
    }
    return -1;
}

/* ---- the answer ---- */

/* With ?wait the answer's state is the one that the message has after it. */
static void wait_for(submission_t *s, json_t *document, const char *id)
{
    ss_answer_t answer;
    const char *why = NULL;
    json_t *header = json_pack("{s:s,s:s,s:I}", "do", "get", "id", id, "wait", (json_int_t)s->wait);

    if (!ss_ask_quietly(s->r, header, NULL, 0, s->wait + SS_ASK_TIMEOUT, &answer, &why) || answer.raw.status != 200) return;
    json_t *state = json_object_get(ss_ask_document(s->r, &answer), "state");
    if (state) json_object_set(document, "state", state);
}

static int answer_accepted(submission_t *s, const ss_answer_t *answer)
{
    request_rec *r = s->r;
    const char *id = json_string_value(json_object_get(answer->fields, "id"));
    json_t *document = json_object();

    if (!id) return ss_problem(r, HTTP_INTERNAL_SERVER_ERROR, NULL, "the delivery daemon accepted the message and named no id");
    json_object_update(document, answer->fields);
    json_object_del(document, "status");
    if (s->policy->redirect) json_object_set_new(document, "redirectedTo", ss_reply_string(r, s->policy->redirect));
    apr_table_setn(r->headers_out, "Location", apr_pstrcat(r->pool, ss_reply_path(r, 0), "/", id, NULL));
    if (s->wait) wait_for(s, document, id);
    return ss_reply_json(r, answer->raw.status, "application/json", document);
}

static json_t *question(const submission_t *s)
{
    json_t *header = ss_envelope_json(s->r, s->m);

    json_object_set_new(header, "do", json_string("submit"));
    json_object_set_new(header, "door", json_string("http"));
    json_object_set_new(header, "submitter", ss_reply_string(s->r, s->submitter));
    json_object_set_new(header, "server", ss_reply_string(s->r, s->relay->relay_name));
    if (s->repeat.key) {
        json_object_set_new(header, "idempotencyKey", ss_reply_string(s->r, s->repeat.key));
        json_object_set_new(header, "contentHash", json_string(s->repeat.hash));
    }
    return header;
}

/* "individually": a message for each recipient. All or what was done is told: the client's Idempotency-Key makes asking again harmless. */
static int hand_over_copies(submission_t *s)
{
    apr_array_header_t *all = s->m->rcpts;
    const ss_mail_message_t whole = *s->m;
    const char *key = s->repeat.key;
    json_t *ids = json_array(), *document = json_pack("{s:n,s:s,s:i,s:o}", "id", "state", "queued", "recipients", all->nelts, "ids", ids);

    apr_pool_t *pool;

    ss_ask_own(s->r, document);
    if (all->nelts > SS_COPIES_MAX) return ss_problem(s->r, HTTP_UNPROCESSABLE_ENTITY, "individually", "more than %d recipients with \"individually\"", SS_COPIES_MAX);
    apr_pool_create(&pool, s->r->pool);
    for (int i = 0; i < all->nelts; i++) {
        ss_answer_t answer;
        const ss_mail_rcpt_t *rcpt = &APR_ARRAY_IDX(all, i, ss_mail_rcpt_t);
        apr_pool_clear(pool);
        ss_copy_make(s->m, &whole, rcpt, pool);
        if (key) s->repeat.key = apr_psprintf(s->r->pool, "%s %d", key, i);
        if (!ss_ask(s->r, question(s), s->m->content, s->m->content_len, SS_ASK_TIMEOUT, &answer)) return OK;
        const json_t *id = json_object_get(answer.fields, "id");
        if ((answer.raw.status != 202 && answer.raw.status != 200) || !id) return ss_ask_refused(s->r, &answer);
        json_array_append(ids, (json_t *)id);
        if (json_is_true(json_object_get(answer.fields, "paused"))) json_object_set_new(document, "paused", json_true());
    }
    json_object_set(document, "id", json_array_get(ids, 0));
    apr_table_setn(s->r->headers_out, "Location", apr_pstrcat(s->r->pool, ss_reply_path(s->r, 0), "/", json_string_value(json_array_get(ids, 0)), NULL));
    return ss_reply_json(s->r, HTTP_ACCEPTED, "application/json", json_incref(document));
}

static int hand_over(submission_t *s)
{
    ss_answer_t answer;
    int status;

    if (s->m->individually && s->m->rcpts->nelts > 1) return hand_over_copies(s);
    if (!ss_ask(s->r, question(s), s->m->content, s->m->content_len, SS_ASK_TIMEOUT, &answer)) return OK;
    status = answer.raw.status;
    return status == 202 || status == 200 ? answer_accepted(s, &answer) : ss_ask_refused(s->r, &answer);
}

/* Who the mail is from in the eyes of fairness, limits and history: the user, or the door it came through. */
static const char *submitter_of(const request_rec *r)
{
    const char *path = ss_reply_path(r, 0);

    return r->user && *r->user ? r->user : *path ? path : "/";
}

int ss_web_submit(request_rec *r)
{
    submission_t s = { .r = r, .relay = ss_module_relay(r->server), .policy = ss_module_policy(r) };

    if (r->method_number != M_POST) return ss_reply_not_allowed(r, "POST");
    if (!s.relay->engine) {
        ss_problem_t off = { .status = 503, .retry_after = 60, .detail = "SMTPSendEngine is Off here: mail is not accepted" };
        return ss_problem_send(r, &off);
    }
    if (!read_type(&s) || !read_parameters(&s)) return OK;
    s.submitter = submitter_of(r);
    if (!ss_repeat_read(r, s.submitter, &s.repeat)) return OK;
    apr_int64_t max = ss_policy_size(s.policy, s.relay);
    if (!ss_body_read(r, s.kind == BODY_JSON ? max * JSON_OVERHEAD : max, "SMTPSendMaxMessageSize", &s.bytes, &s.len)) return OK;
    if (!s.len) return ss_problem(r, HTTP_BAD_REQUEST, NULL, "the request's body is empty");
    if (s.repeat.key) ss_repeat_hash(r, s.bytes, s.len, &s.repeat);
    s.m = ss_mail_create(r->pool);
    if (compose(&s)) return ss_problem_mail(r, &s.problem);
    return hand_over(&s);
}
