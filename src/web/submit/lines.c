/* lines.c: one JSON message per line (application/x-ndjson). The body is processed as it arrives;
 * only a line and a batch are in memory. The answers are sent after the end of the body: a client
 * that does not read before it has written everything would deadlock otherwise. */
#include "web/submit/lines.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/text.h"
#include "mail/ndjson.h"
#include "web/shared/body.h"
#include "web/shared/problem.h"
#include "web/shared/http.h"
#include "web/submit/bulk.h"
#include "web/submit/limit.h"
#include "web/submit/spool.h"

#define ANSWERS_MAX (512 * 1024) /* bytes in memory; what is more is in a file */
#define PIECE 65536              /* bytes of that file read at once */
#define TYPE "application/x-ndjson"

typedef struct {
    ss_submission_t *s;
    ss_ndjson_t body;
    ss_bulk_t *bulk;
    ss_buf_t answers;
    ss_scratch_t spilled; /* all answers, once they do not fit into the buffer */
    const char *key;      /* Idempotency-Key of the request */
    GChecksum *hash;      /* of the line, if there is a key */
    apr_pool_t *pool;     /* for the message of one line */
    int number;           /* of the current line, from 1 */
    int is_array;         /* lines are the elements of an array */
    int answer_count;
    int count;       /* messages */
    apr_status_t rv; /* why answers could not be kept */
} lines_t;

static apr_status_t release(void *data)
{
    lines_t *lines = data;

    ss_buf_free(&lines->answers);
    ss_scratch_close(&lines->spilled);
    ss_idempotency_hash_free(lines->hash);
    return APR_SUCCESS;
}

/* Keeps an answer: in memory, or in a file if there are many. */
static void keep(lines_t *lines, const char *text)
{
    if (lines->spilled.fd < 0 && lines->rv == APR_SUCCESS) {
        lines->rv = ss_buf_puts(&lines->answers, text);
        if (lines->rv != APR_ENOSPC) return;
        lines->rv = ss_scratch_open(&lines->spilled, lines->s->r->pool);
        if (lines->rv == APR_SUCCESS)
            ss_scratch_put(&lines->spilled, lines->answers.data, lines->answers.len);
        ss_buf_free(&lines->answers);
    }
    if (lines->rv == APR_SUCCESS) ss_scratch_put(&lines->spilled, text, strlen(text));
}

static void keep_answer(lines_t *lines, const char *text)
{
    if (lines->is_array) keep(lines, lines->answer_count ? "," : "[");
    keep(lines, text);
    if (!lines->is_array) keep(lines, "\n");
    lines->answer_count++;
}

/* Adds one answer: an accepted message as it is, a refusal as a problem document. */
static void answered(void *self, const json_t *fields)
{
    lines_t *lines = self;
    int status = (int)ss_json_number(fields, "status");
    json_t *document = json_deep_copy(fields);

    if (status >= 400) {
        ss_problem_describe(document, ss_problem_kind_find(ss_json_text(fields, "code"), status));
    } else {
        ss_json_put(document, "redirectedTo", lines->s->policy->redirect);
    }
    char *text = json_dumps(document, JSON_COMPACT);
    json_decref(document);
    if (!text) lines->rv = APR_ENOMEM;
    if (text) keep_answer(lines, ss_text_visible(lines->pool, text, strlen(text), SS_TEXT_JSON));
    free(text);
}

static json_t *refusal(const lines_t *lines, int kind, const char *field, const char *detail)
{
    json_t *document = json_pack("{s:i,s:o}", lines->is_array ? "index" : "line",
                                 lines->number - lines->is_array, "detail", ss_json_string(detail));

    ss_problem_describe(document, kind);
    ss_json_put(document, "field", field);
    return document;
}

static int is_blank(const char *bytes, apr_size_t len)
{
    apr_size_t i = 0;

    while (i < len && (bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\r')) i++;
    return i == len;
}

static void hash_piece(void *self, const char *bytes, apr_size_t len)
{
    lines_t *lines = self;

    if (!lines->hash) lines->hash = ss_idempotency_hash_begin(lines->s->type, lines->s->r->args);
    if (lines->hash) ss_idempotency_hash_add(lines->hash, bytes, len);
}

static void submit_line(lines_t *lines, const char *bytes, apr_size_t len, ss_lift_t *lift)
{
    ss_submission_t *s = lines->s;

    apr_pool_clear(lines->pool);
    s->pool = lines->pool;
    s->lift = lift;
    s->lines_before = lines->body.lines_before;
    if (lines->key)
        s->idempotency.key = apr_psprintf(lines->pool, "%s %d", lines->key, lines->count);
    if (ss_submission_compose(s, bytes, len)) {
        ss_bulk_put(lines->bulk, refusal(lines, ss_mail_problem_kind(&s->problem), s->problem.field,
                                         s->problem.detail));
    } else if (s->m->individually && s->m->rcpts->nelts > 1) {
        ss_bulk_put(
            lines->bulk,
            refusal(lines, SS_PROBLEM_MEMBER, "individually",
                    "individually: not supported with many messages; send one message per copy"));
    } else {
        ss_bulk_add(lines->bulk, ss_submission_request(s), s->m);
    }
}

/* The answer for a line that could not be kept. */
static json_t *why_lost(const lines_t *lines, apr_status_t failed)
{
    if (failed == SS_NDJSON_TOO_LONG)
        return refusal(lines, 413, NULL, "the message is too long for SMTPSendMaxMessageSize");
    return refusal(lines, SS_PROBLEM_NO_ROOM, NULL, ss_scratch_why(failed, lines->pool));
}

static int take_line(void *self, const char *bytes, apr_size_t len, ss_lift_t *lift,
                     apr_status_t failed)
{
    lines_t *lines = self;

    lines->number++;
    if (lines->hash) ss_idempotency_hash_end(lines->hash, &lines->s->idempotency);
    lines->hash = NULL;
    if (failed == APR_SUCCESS && is_blank(bytes, len)) return 1;
    if (lines->count >= SS_LINES_MAX) {
        ss_bulk_put(lines->bulk, refusal(lines, SS_PROBLEM_TOO_MANY, NULL,
                                         "more than " APR_STRINGIFY(
                                             SS_LINES_MAX) " messages in one request: this "
                                                           "one and what follows is not read"));
        return 0;
    }
    lines->count++;
    if (failed == APR_SUCCESS)
        submit_line(lines, bytes, len, lift);
    else
        ss_bulk_put(lines->bulk, why_lost(lines, failed));
    return 1;
}

static apr_status_t take(void *self, const char *bytes, apr_size_t len)
{
    lines_t *lines = self;

    ss_ndjson_add(&lines->body, bytes, len);
    return lines->rv;
}

static int send_answers(lines_t *lines)
{
    request_rec *r = lines->s->r;
    const char *type = lines->is_array ? "application/json" : TYPE;
    apr_uint64_t at = 0, len = lines->spilled.len;
    char *piece;

    if (lines->spilled.fd < 0)
        return ss_http_text(r, HTTP_OK, type, lines->answers.data, lines->answers.len);
    ap_set_content_type(r, type);
    ap_set_content_length(r, (apr_off_t)len);
    piece = apr_palloc(r->pool, PIECE);
    while (at < len) {
        apr_size_t n = len - at < PIECE ? (apr_size_t)(len - at) : PIECE;
        if (ss_scratch_read(&lines->spilled, at, piece, n) != APR_SUCCESS) break;
        if (ap_rwrite(piece, (int)n, r) < 0) break;
        at += n;
    }
    /* A broken answer must not look like a whole one. */
    if (at < len) r->connection->aborted = 1;
    return OK;
}

/* NULL: the refusal was sent. */
static lines_t *begin(ss_submission_t *s)
{
    request_rec *r = s->r;
    lines_t *lines = apr_pcalloc(r->pool, sizeof(*lines));
    unsigned char token[SS_LIFT_TOKEN];

    if (!ss_random_bytes(token, sizeof(token))) {
        ss_problem(r, HTTP_SERVICE_UNAVAILABLE, NULL, "no random numbers are available");
        return NULL;
    }
    lines->s = s;
    lines->key = s->idempotency.key;
    lines->bulk = ss_bulk_create(r, answered, lines);
    apr_pool_create(&lines->pool, r->pool);
    ss_ndjson_begin(&lines->body,
                    (apr_size_t)ss_limit_document(ss_limit_message(s->policy, s->relay)),
                    SS_SPOOL_FROM, token, r->pool);
    lines->body.self = lines;
    lines->body.line = take_line;
    if (lines->key) lines->body.piece = hash_piece;
    ss_buf_init(&lines->answers, ANSWERS_MAX);
    ss_scratch_init(&lines->spilled);
    apr_pool_cleanup_register(r->pool, lines, release, apr_pool_cleanup_null);
    return lines;
}

/* All lines were taken. */
static int finish(lines_t *lines)
{
    request_rec *r = lines->s->r;

    ss_ndjson_end(&lines->body);
    ss_bulk_flush(lines->bulk);
    if (lines->is_array && lines->answer_count) keep(lines, "]\n");
    if (lines->rv == APR_SUCCESS && lines->spilled.fd >= 0)
        lines->rv = ss_scratch_flush(&lines->spilled);
    if (lines->rv != APR_SUCCESS)
        return ss_problem(r, SS_PROBLEM_NO_ROOM, NULL, "the answers could not be kept: %s",
                          ss_scratch_why(lines->rv, r->pool));
    if (!lines->answers.len && lines->spilled.fd < 0)
        return ss_problem(r, SS_PROBLEM_BODY, NULL, "the request's body contains no message");
    return send_answers(lines);
}

int ss_lines_submit(ss_submission_t *s)
{
    lines_t *lines = begin(s);

    return lines && ss_body_each(s->r, APR_INT64_MAX, "", take, lines) ? finish(lines) : OK;
}

/* ---- an array ---- */

static apr_status_t check(void *self, const char *bytes, apr_size_t len)
{
    const char *piece;
    apr_size_t piece_len;
    int ends;

    while (len) {
        apr_size_t used = ss_json_array_read(self, bytes, len, &piece, &piece_len, &ends);
        bytes += used;
        len -= used;
    }
    return APR_SUCCESS;
}

int ss_lines_submit_array(ss_submission_t *s, const ss_spool_t *spool)
{
    request_rec *r = s->r;
    ss_json_array_t *array = apr_pcalloc(r->pool, sizeof(*array));

    if (s->wait)
        return ss_problem(r, SS_PROBLEM_PARAMETER, "wait",
                          "\"wait\" is not supported with many messages: follow each by its id");
    apr_status_t rv = ss_spool_each(spool, check, array, r->pool);
    if (rv != APR_SUCCESS)
        return ss_problem(r, SS_PROBLEM_NO_ROOM, NULL, "%s", ss_scratch_why(rv, r->pool));
    if (!ss_json_array_is_whole(array))
        return ss_problem(r, SS_PROBLEM_BODY, NULL,
                          "the JSON array is not complete, or something follows it: no message was "
                          "accepted");
    lines_t *lines = begin(s);
    if (!lines) return OK;
    *array = (ss_json_array_t){ .depth = 0 };
    lines->body.array = array;
    lines->is_array = 1;
    rv = ss_spool_each(spool, take, lines, r->pool);
    if (rv != APR_SUCCESS && lines->rv == APR_SUCCESS) lines->rv = rv;
    return finish(lines);
}
