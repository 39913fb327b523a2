/* submission_handler.c: the handler smtp-send. POST makes a message of the request, has the daemon
 * store it, and answers 202; a message id as the last segment of the path means that message.
 *
 * Checks are in the order of their cost: method, type, parameters and size before the body is read,
 * and the whole message before the daemon is contacted. */
#include "web/submit/submission.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "base/ident.h"
#include "base/suggest.h"
#include "base/random.h"
#include "config/module.h"
#include "mail/header.h"
#include "mail/words.h"
#include "web/shared/body.h"
#include "web/shared/html.h"
#include "web/shared/http.h"
#include "web/shared/key.h"
#include "web/shared/place.h"
#include "web/shared/problem.h"
#include "web/shared/rpc.h"
#include "web/shared/waiting.h"
#include "web/submit/bulk.h"
#include "web/submit/envelope.h"
#include "web/submit/limit.h"
#include "web/submit/lines.h"
#include "web/submit/spool.h"
#include "web/submit/submitter.h"

#define TYPES                                                                                      \
    "message/rfc822, application/json, application/x-ndjson, multipart/form-data, "                \
    "application/x-www-form-urlencoded"

/* JSON is UTF-8 (RFC 8259 8.1), whatever its type says. 1, or 0: 415 was sent. */
static int check_charset(ss_submission_t *s)
{
    const char *charset;

    if (s->kind != SS_SUBMISSION_JSON && s->kind != SS_SUBMISSION_LINES) return 1;
    charset = ss_words_parameter(s->r->pool, s->type, strlen(s->type), "charset");
    if (!charset || ss_text_word_index("utf-8 utf8 us-ascii", charset) >= 0) return 1;
    return ss_problem(s->r, SS_PROBLEM_ENCODING, "Content-Type",
                      "JSON in the character set \"%.60s\" is not supported: send UTF-8", charset);
}

/* The media type without parameters. 1, or 0: 415 was sent. */
static int read_type(ss_submission_t *s)
{
    static const struct {
        const char *name;
        ss_submission_kind_t kind;
    } types[] = { { "message/rfc822", SS_SUBMISSION_MESSAGE },
                  { "application/json", SS_SUBMISSION_JSON },
                  { "application/x-www-form-urlencoded", SS_SUBMISSION_FORM },
                  { "multipart/form-data", SS_SUBMISSION_MULTIPART },
                  { "application/x-ndjson", SS_SUBMISSION_LINES },
                  { "application/ndjson", SS_SUBMISSION_LINES } };
    apr_size_t len;

    s->type = apr_table_get(s->r->headers_in, "Content-Type");
    len = s->type ? strcspn(s->type, "; \t") : 0;
    for (apr_size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (ss_text_is(s->type, len, types[i].name)) {
            s->kind = types[i].kind;
            return check_charset(s);
        }
    }
    apr_table_setn(s->r->headers_out, "Accept", TYPES);
    return ss_problem(s->r, HTTP_UNSUPPORTED_MEDIA_TYPE, NULL, "%s%s%s: send one of " TYPES,
                      s->type ? "unsupported Content-Type \"" : "the request has no Content-Type",
                      s->type ? s->type : "", s->type ? "\"" : "");
}

/* The first unknown parameter, or NULL. A document contains everything but "wait" and "dryRun"
 * itself. */
static const char *unknown_parameter(const ss_submission_t *s)
{
    for (int i = 0; i < s->query.pairs->nelts; i++) {
        const char *name = APR_ARRAY_IDX(s->query.pairs, i, ss_params_pair_t).name;
        if (strcmp(name, "wait") && strcmp(name, "dryRun") &&
            (s->kind != SS_SUBMISSION_MESSAGE || !ss_envelope_is_parameter(name)))
            return name;
    }
    return NULL;
}

/* Reads the parameter "wait" (0 without it). 1, or 0: the refusal was sent. */
static int read_wait(request_rec *r, const ss_params_t *query, apr_interval_time_t *wait)
{
    const char *text = ss_params_get(query, "wait");

    if (ss_limit_wait(text, wait)) return 1;
    return ss_problem(r, SS_PROBLEM_PARAMETER, "wait",
                      "\"%s\" is not a duration of at most 2min, such as 10s", text);
}

/* Reads the parameter "dryRun". A value that is not understood must not send mail. */
static int read_dry_run(ss_submission_t *s)
{
    const char *value = ss_params_get(&s->query, "dryRun");
    int is_no = value && ss_text_word_index("0 off false no", value) >= 0;

    s->is_dry_run = ss_params_flag(&s->query, "dryRun", 0);
    if (ss_params_count(&s->query, "dryRun") < 2 && (!value || is_no || s->is_dry_run)) return 1;
    return ss_problem(s->r, SS_PROBLEM_PARAMETER, "dryRun", "dryRun must be given once, as 1 or 0");
}

/* The name that an unknown parameter was meant to be, as the end of a sentence. */
static const char *suggestion(const ss_submission_t *s, const char *unknown)
{
    const char *names = "wait dryRun", *meant;

    if (s->kind == SS_SUBMISSION_MESSAGE)
        names =
            "wait dryRun from to notify ret envid expire at relay priority traceparent sender>from "
            "rcpt>to recipient>to";
    meant = ss_suggest(unknown, names, s->r->pool);
    return meant ? apr_pstrcat(s->r->pool, "; did you mean \"", meant, "\"?", NULL) : "";
}

/* 1, or 0: the refusal was sent. */
static int read_parameters(ss_submission_t *s)
{
    if (!ss_body_query(s->r, &s->query)) return 0;
    const char *unknown = unknown_parameter(s);
    if (unknown)
        return ss_problem(s->r, SS_PROBLEM_PARAMETER, unknown,
                          s->kind != SS_SUBMISSION_MESSAGE
                              ? "the parameter \"%s\" belongs in the body%s"
                              : "unknown parameter \"%s\"%s",
                          unknown, suggestion(s, unknown));
    if (!read_dry_run(s)) return 0;
    if (ss_params_get(&s->query, "wait") && s->kind == SS_SUBMISSION_LINES)
        return ss_problem(s->r, SS_PROBLEM_PARAMETER, "wait",
                          "\"wait\" is not supported with many messages: follow each by its id");
    return read_wait(s->r, &s->query, &s->wait);
}

/* ---- the answer ---- */

/* With ?wait, the answer has the state of the message after that time. */
static void wait_for(ss_submission_t *s, json_t *document, const char *id)
{
    ss_rpc_answer_t answer;

    if (ss_waiting_ask(s->r, ss_rpc_state_request(id), s->wait, &answer) &&
        answer.raw.status == 200)
        ss_json_put(document, "state", ss_json_text(ss_rpc_document(s->r->pool, &answer), "state"));
}

/* Adds what the client learns about each accepted message. id NULL: a dry run. */
static void put_accepted(ss_submission_t *s, json_t *document, const char *id)
{
    if (s->m->attr.is_redirected)
        ss_json_put(document, "redirectedTo",
                    APR_ARRAY_IDX(s->m->rcpts, 0, ss_mail_rcpt_t).address);
    if (!id) return;
    apr_table_setn(s->r->headers_out, "Location",
                   apr_pstrcat(s->r->pool, ss_http_path(s->r, 0), "/", id, NULL));
}

static int answer_accepted(ss_submission_t *s, const ss_rpc_answer_t *answer)
{
    const char *id = ss_json_text(answer->fields, "id");

    if (!id && !s->is_dry_run)
        return ss_problem(s->r, HTTP_INTERNAL_SERVER_ERROR, NULL,
                          "the delivery daemon accepted the message without an id");
    json_t *document = json_copy(answer->fields);
    json_object_del(document, "status");
    put_accepted(s, document, id);
    if (s->wait && id) wait_for(s, document, id);
    if (ss_submission_page_is_wanted(s))
        return ss_submission_page_accepted(s, answer->raw.status, ss_rpc_own(s->r->pool, document));
    return ss_http_json(s->r, answer->raw.status, "application/json", document);
}

/* ---- "individually": a message for each recipient ---- */

/* A Message-ID of its own for a copy: mail servers treat messages with the same id as duplicates.
 */
static const char *own_id(const ss_mail_message_t *whole, apr_pool_t *pool)
{
    const char *at = whole->attr.message_id ? strrchr(whole->attr.message_id, '@') : NULL;
    unsigned char random[6];

    if (!at || !ss_random_bytes(random, sizeof(random))) return whole->attr.message_id;
    return apr_psprintf(pool, "%.*s.%s%s", (int)(at - whole->attr.message_id),
                        whole->attr.message_id, apr_pescape_hex(pool, random, sizeof(random), 0),
                        at);
}

/* Makes copy the message for rcpt alone: To contains only its address, Cc is removed, the
 * Message-ID is new. New memory is from pool; the rest is shared with whole. */
static void make_copy(ss_mail_message_t *copy, const ss_mail_message_t *whole,
                      const ss_mail_rcpt_t *rcpt, apr_pool_t *pool)
{
    const char *end = whole->content + ss_header_len(whole->content, whole->content_len),
               *p = whole->content, *id = own_id(whole, pool);
    apr_size_t extra =
        strlen(rcpt->address) + (id ? strlen(id) : 0) + sizeof("To: <>\r\nMessage-ID: \r\n");
    char *content = apr_palloc(pool, whole->content_len + extra), *out = content;
    ss_header_field_t field;

    *copy = *whole;
    copy->pool = pool;
    out += apr_snprintf(out, extra, "To: <%s>\r\n", rcpt->address);
    while (ss_header_next(&p, end, &field) > 0) {
        if (ss_header_is(&field, "To") || ss_header_is(&field, "Cc") || ss_header_is(&field, "Bcc"))
            continue;
        if (id && ss_header_is(&field, "Message-ID")) {
            out += apr_snprintf(out, extra, "Message-ID: %s\r\n", id);
            continue;
        }
        memcpy(out, field.start, field.len);
        out += field.len;
    }
    memcpy(out, p, whole->content_len - (apr_size_t)(p - whole->content));
    out += whole->content_len - (apr_size_t)(p - whole->content);
    copy->content = content;
    copy->content_len = (apr_size_t)(out - content);
    copy->attr.message_id = id;
    copy->rcpts = apr_array_make(pool, 1, sizeof(ss_mail_rcpt_t));
    APR_ARRAY_PUSH(copy->rcpts, ss_mail_rcpt_t) = *rcpt;
}

typedef struct {
    json_t *document, *ids, *refusal; /* refusal: the first */
    int failed;
} copies_t;

static void copy_answered(void *self, const json_t *fields)
{
    copies_t *copies = self;
    json_t *id = json_object_get(fields, "id");
    int is_accepted = id && ss_json_number(fields, "status") < 300;

    json_array_append(copies->ids, is_accepted ? id : json_null());
    if (ss_json_is(fields, "paused")) json_object_set_new(copies->document, "paused", json_true());
    if (is_accepted) return;
    copies->failed++;
    if (!copies->refusal) copies->refusal = json_deep_copy(fields);
}

/* Copies cannot be accepted atomically: report how many were refused. With an Idempotency-Key the
 * client can safely repeat the request. */
static int refuse_copies(ss_submission_t *s, const copies_t *copies)
{
    const char *detail =
        apr_psprintf(s->r->pool, "%d of %d copies were not accepted: %s", copies->failed,
                     (int)json_array_size(copies->ids), ss_html_member(copies->refusal, "detail"));

    ss_json_put(copies->refusal, "detail", detail);
    return ss_rpc_refuse(s->r, copies->refusal);
}

static int hand_over_one(ss_submission_t *s)
{
    ss_rpc_answer_t answer;

    return ss_rpc_submit(s->r, ss_rpc_message(ss_submission_request(s), s->m), &answer)
               ? answer_accepted(s, &answer)
               : OK;
}

static int hand_over_copies(ss_submission_t *s)
{
    apr_array_header_t *all = s->m->rcpts;
    const ss_mail_message_t whole = *s->m;
    const char *key = s->idempotency.key;
    copies_t copies = { .ids = json_array() };
    ss_bulk_t *bulk = ss_bulk_create(s->r, copy_answered, &copies);
    apr_pool_t *pool;

    copies.document = json_pack("{s:n,s:s,s:i,s:o}", "id", "state", "queued", "recipients",
                                all->nelts, "ids", copies.ids);
    ss_rpc_own(s->r->pool, copies.document);
    if (s->is_dry_run && all->nelts <= SS_LIMIT_COPIES_MAX) return hand_over_one(s);
    if (all->nelts > SS_LIMIT_COPIES_MAX)
        return ss_problem(s->r, SS_PROBLEM_TOO_MANY, "individually",
                          "more than %d recipients with \"individually\"", SS_LIMIT_COPIES_MAX);
    apr_pool_create(&pool, s->r->pool);
    for (int i = 0; i < all->nelts; i++) {
        apr_pool_clear(pool);
        make_copy(s->m, &whole, &APR_ARRAY_IDX(all, i, ss_mail_rcpt_t), pool);
        if (key) s->idempotency.key = apr_psprintf(pool, "%s %d", key, i);
        ss_bulk_add(bulk, ss_submission_request(s), s->m);
    }
    ss_bulk_flush(bulk);
    ss_rpc_own(s->r->pool, copies.refusal);
    if (copies.failed) return refuse_copies(s, &copies);
    json_object_set(copies.document, "id", json_array_get(copies.ids, 0));
    put_accepted(s, copies.document, json_string_value(json_array_get(copies.ids, 0)));
    return ss_http_json(s->r, HTTP_ACCEPTED, "application/json", json_incref(copies.document));
}

/* The limit of the body, in bytes. */
static apr_int64_t body_max(const ss_submission_t *s)
{
    apr_int64_t max = ss_limit_message(s->policy, s->relay);

    return s->kind == SS_SUBMISSION_MESSAGE     ? max
           : s->kind == SS_SUBMISSION_MULTIPART ? ss_limit_multipart(max)
                                                : ss_limit_document(max);
}

/* Adds the spooled body to the message that was made from the header. 1, or 0: the refusal was
 * sent. */
static int add_body(ss_submission_t *s, ss_spool_t *spool, apr_int64_t max)
{
    ss_mail_message_t *m = s->m;

    m->attr.is_8bit |= spool->canonical.has_8bit;
    m->tail = &spool->body;
    if (m->content_len + spool->body.len <= (apr_uint64_t)max) return 1;
    return ss_problem(s->r, HTTP_REQUEST_ENTITY_TOO_LARGE, NULL,
                      "the message has %" APR_UINT64_T_FMT " octets, more than %" APR_INT64_T_FMT
                      " (SMTPSendMaxMessageSize)",
                      m->content_len + spool->body.len, max);
}

/* A request with one message. A large message is never held in memory as a whole. */
static int submit_one(ss_submission_t *s)
{
    request_rec *r = s->r;
    ss_spool_t *spool = apr_palloc(r->pool, sizeof(*spool));
    apr_int64_t max = body_max(s);
    GChecksum *hash = s->idempotency.key ? ss_idempotency_hash_begin(s->type, r->args) : NULL;
    int is_read = ss_spool_read(s, max, "SMTPSendMaxMessageSize", hash, spool);

    if (hash) ss_idempotency_hash_end(hash, &s->idempotency);
    if (!is_read) return OK;
    if (spool->is_array) return ss_lines_submit_array(s, spool);
    if (spool->body.fd >= 0 && spool->canonical.must_encode &&
        ss_spool_take_back(spool) != APR_SUCCESS)
        return ss_problem(r, SS_PROBLEM_NO_ROOM, NULL,
                          "the message could not be read back from the temporary folder");
    ss_buf_t *bytes = spool->lift ? &spool->lift->doc : &spool->head;
    if (!bytes->len) return ss_problem(r, SS_PROBLEM_BODY, NULL, "the request's body is empty");
    s->lift = spool->lift;
    if (ss_submission_compose(s, ss_buf_text(bytes), bytes->len))
        return ss_problem_mail(r, &s->problem);
    if (spool->body.fd >= 0 && !add_body(s, spool, max)) return OK;
    return s->m->individually && s->m->rcpts->nelts > 1 ? hand_over_copies(s) : hand_over_one(s);
}

static int submit(request_rec *r)
{
    ss_submission_t s = { .r = r,
                          .relay = ss_module_relay(r->server),
                          .policy = ss_key_policy(r),
                          .via = "http",
                          .pool = r->pool };

    if (!s.relay->engine) {
        ss_problem_t off = { .kind = SS_PROBLEM_ENGINE_OFF,
                             .retry_after = 60,
                             .detail = "SMTPSendEngine is Off here: mail is not accepted" };
        return ss_problem_send(r, &off);
    }
    if (!read_type(&s) || !read_parameters(&s)) return OK;
    s.submitter = ss_submitter_of(r, "web");
    if (!ss_idempotency_read(r, &s.idempotency)) return OK;
    return s.kind == SS_SUBMISSION_LINES ? ss_lines_submit(&s) : submit_one(&s);
}

/* ---- one message: GET (state) and DELETE (cancel) ---- */

static int show_state(request_rec *r, const char *id)
{
    static const char *const known[] = { "wait", NULL };
    ss_params_t query;
    ss_rpc_answer_t answer;
    apr_interval_time_t wait;

    if (!ss_body_query(r, &query) || !ss_body_known(r, &query, known) ||
        !read_wait(r, &query, &wait))
        return OK;
    int has_answer =
        ss_waiting_ask(r, ss_submitter_limit(r, ss_rpc_state_request(id)), wait, &answer);
    return ss_rpc_settle(r, has_answer, &answer) ? ss_rpc_pass(r, &answer) : OK;
}

static int cancel(request_rec *r, const char *id)
{
    ss_rpc_answer_t answer;
    json_t *header = json_pack("{s:s,s:s,s:o}", "do", "cancel", "id", id, "who",
                               ss_json_string(ss_http_user(r)));

    if (!ss_rpc_call(r, ss_submitter_limit(r, header), SS_RPC_TIMEOUT, &answer)) return OK;
    const char *state = ss_html_member(ss_rpc_document(r->pool, &answer), "state");
    return ss_http_json(r, HTTP_OK, "application/json",
                        json_pack("{s:s,s:s}", "id", id, "state", *state ? state : "cancelled"));
}

/* A path below the handler that is no message. */
static int is_below(request_rec *r)
{
    const char *below = ss_place_below(r);

    return below ? *below != '\0' : r->path_info && strlen(r->path_info) > 1;
}

int ss_submission_handler(request_rec *r)
{
    const char *leaf = ss_http_leaf(r);
    int method = r->method_number, is_id = ss_ident_is_valid(leaf);

    if (is_id && method == M_GET) return show_state(r, leaf);
    if (is_id && method == M_DELETE) return cancel(r, leaf);
    if (is_id) return ss_problem_not_allowed(r, "GET, HEAD, DELETE");
    if (method == M_POST) return submit(r);
    if (is_below(r))
        return ss_problem(r, HTTP_NOT_FOUND, NULL, "\"%s\" is not a message id; POST returns one",
                          leaf);
    if (method == M_GET) return ss_submission_page(r);
    return ss_problem_not_allowed(r, "GET, HEAD, POST");
}
