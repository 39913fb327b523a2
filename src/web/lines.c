/* lines.c: a JSON message a line (application/x-ndjson). The body is worked on while it comes; no more than a line and a batch are in memory.
 * The answers are sent when the body has ended: a client that writes all before it reads would else wait for us while we wait for it. */
#include "web/lines.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "web/batch.h"
#include "web/body.h"
#include "web/policy.h"
#include "web/problem.h"
#include "web/reply.h"
#include "web/spool.h"

#define LINE_OVERHEAD 3            /* a line may be this many times as large as the message it makes: base64, escapes */
#define TOO_LONG APR_EINVAL        /* no error that a file or memory may have */
#define ANSWERS_MAX (256 * 1024 * 1024)

typedef struct {
    ss_submission_t *s;
    ss_batch_t *batch;
    ss_buf_t line, answers;
    ss_lift_t *lift;               /* a long line, in place of line: its files are lifted out of it; or NULL */
    apr_size_t line_max, line_len;
    const char *key;               /* Idempotency-Key of the whole */
    ss_repeat_hash_t *hash;        /* of the line, where there is a key */
    apr_pool_t *pool;              /* of one line's message */
    apr_pool_t *lift_pool;         /* of one long line */
    int number;                    /* of the line, from 1 */
    int count;                     /* messages */
    apr_status_t skipped;          /* the line is too long, or could not be kept: up to its end */
    int is_full;                   /* SS_LINES_MAX reached */
    int is_broken;                 /* the answers do not fit into memory */
} lines_t;

static apr_status_t release(void *data)
{
    lines_t *lines = data;

    ss_buf_free(&lines->line);
    ss_buf_free(&lines->answers);
    if (lines->hash) ss_repeat_hash_end(lines->hash, &lines->s->repeat);
    return APR_SUCCESS;
}

/* One answer, in the order of the lines: what was taken as it is, a refusal as a problem document. */
static void answered(void *self, const json_t *fields)
{
    lines_t *lines = self;
    int status = (int)json_integer_value(json_object_get(fields, "status"));
    json_t *document = json_deep_copy(fields);

    if (status >= 400) {
        json_object_set_new(document, "type", json_string("about:blank"));
        json_object_set_new(document, "title", json_string(ss_problem_title(status)));
    } else if (lines->s->policy->redirect) {
        json_object_set_new(document, "redirectedTo", ss_reply_string(lines->s->r, lines->s->policy->redirect));
    }
    char *text = json_dumps(document, JSON_COMPACT);
    json_decref(document);
    if (!text || ss_buf_puts(&lines->answers, text) != APR_SUCCESS || ss_buf_append(&lines->answers, "\n", 1) != APR_SUCCESS) lines->is_broken = 1;
    free(text);
}

static json_t *refusal(const lines_t *lines, int status, const char *field, const char *detail)
{
    json_t *answer = json_pack("{s:i,s:i,s:o}", "status", status, "line", lines->number, "detail", ss_reply_string(lines->s->r, detail));

    if (field) json_object_set_new(answer, "field", ss_reply_string(lines->s->r, field));
    return answer;
}

static int is_blank(const char *bytes, apr_size_t len)
{
    for (apr_size_t i = 0; i < len; i++) {
        if (!strchr(" \t\r", bytes[i]) || !bytes[i]) return 0;
    }
    return 1;
}

static void take_line(lines_t *lines, const char *bytes, apr_size_t len)
{
    ss_submission_t *s = lines->s;

    lines->number++;
    if (is_blank(bytes, len)) return;
    if (lines->count >= SS_LINES_MAX) {
        if (!lines->is_full) ss_batch_put(lines->batch, refusal(lines, 413, NULL, "more than " APR_STRINGIFY(SS_LINES_MAX) " messages in one request: this line and what follows is not read"));
        lines->is_full = 1;
        return;
    }
    lines->count++;
    apr_pool_clear(lines->pool);
    s->pool = lines->pool;
    s->lift = lines->lift;
    if (lines->key) {
        s->repeat.key = apr_psprintf(lines->pool, "%s %d", lines->key, lines->count);
        ss_repeat_hash_end(lines->hash, &s->repeat);
        lines->hash = NULL;
    }
    if (ss_submission_compose(s, bytes, len)) {
        ss_batch_put(lines->batch, refusal(lines, s->problem.status ? s->problem.status : 400, s->problem.field, s->problem.detail));
    } else if (s->m->individually && s->m->rcpts->nelts > 1) {
        ss_batch_put(lines->batch, refusal(lines, 400, "individually", "individually: in a batch each copy is a line of its own"));
    } else {
        ss_batch_add(lines->batch, ss_submission_question(s), s->m);
    }
}

/* Octets of a line. Errors: it is too long, or cannot be kept. */
static apr_status_t add_to_line(lines_t *lines, const char *bytes, apr_size_t len)
{
    ss_submission_t *s = lines->s;

    lines->line_len += len;
    if (lines->line_len > lines->line_max) return TOO_LONG;
    if (lines->key && !lines->hash) lines->hash = ss_repeat_hash_begin(s->type, s->r->args);
    if (lines->hash) ss_repeat_hash_add(lines->hash, bytes, len);
    if (!lines->lift && lines->line_len > SS_SPOOL_FROM) {
        lines->lift = ss_spool_lift(s, lines->line_max, lines->lift_pool);
        if (lines->lift) ss_lift_add(lines->lift, lines->line.data, lines->line.len);
        if (lines->lift) ss_buf_free(&lines->line);
    }
    if (!lines->lift) return ss_buf_append(&lines->line, bytes, len);
    ss_lift_add(lines->lift, bytes, len);
    return lines->lift->failed;
}

/* Lets go of what was kept of it. */
static void drop_line(lines_t *lines)
{
    ss_buf_clear(&lines->line);
    if (lines->lift) apr_pool_clear(lines->lift_pool);
    lines->lift = NULL;
    lines->line_len = 0;
    if (lines->hash) ss_repeat_hash_end(lines->hash, &lines->s->repeat);
    lines->hash = NULL;
}

/* Why a line was not kept, as its answer. */
static json_t *why_skipped(const lines_t *lines)
{
    char text[120];

    if (lines->skipped == TOO_LONG) return refusal(lines, 413, NULL, "the line is longer than a message may become (SMTPSendMaxMessageSize)");
    return refusal(lines, 503, NULL, apr_psprintf(lines->pool, "a large message waits in the folder for temporary files (TMPDIR), which does not take it: %s",
                                                  apr_strerror(lines->skipped, text, sizeof(text))));
}

static void end_line(lines_t *lines)
{
    ss_buf_t *line = lines->lift ? &lines->lift->doc : &lines->line;

    if (lines->lift && lines->skipped == APR_SUCCESS) {
        ss_lift_end(lines->lift);
        lines->skipped = lines->lift->failed;
    }
    if (lines->skipped == APR_SUCCESS) {
        take_line(lines, line->len ? line->data : "", line->len);
    } else {
        lines->number++;
        lines->count++;
        ss_batch_put(lines->batch, why_skipped(lines));
    }
    lines->skipped = APR_SUCCESS;
    drop_line(lines);
}

static apr_status_t take(void *self, const char *bytes, apr_size_t len)
{
    lines_t *lines = self;

    while (len && !lines->is_full) {
        const char *end = memchr(bytes, '\n', len);
        apr_size_t piece = end ? (apr_size_t)(end - bytes) : len;
        if (lines->skipped == APR_SUCCESS) {
            lines->skipped = add_to_line(lines, bytes, piece);
            if (lines->skipped != APR_SUCCESS) drop_line(lines);
        }
        if (end) end_line(lines);
        piece += end != NULL;
        bytes += piece;
        len -= piece;
    }
    return lines->is_broken ? APR_ENOMEM : APR_SUCCESS;
}

int ss_lines_submit(ss_submission_t *s)
{
    request_rec *r = s->r;
    lines_t *lines = apr_pcalloc(r->pool, sizeof(*lines));

    lines->s = s;
    lines->key = s->repeat.key;
    lines->line_max = (apr_size_t)ss_policy_size(s->policy, s->relay) * LINE_OVERHEAD;
    lines->batch = ss_batch_create(r, answered, lines);
    apr_pool_create(&lines->pool, r->pool);
    apr_pool_create(&lines->lift_pool, r->pool);
    ss_buf_init(&lines->line, lines->line_max);
    ss_buf_init(&lines->answers, ANSWERS_MAX);
    apr_pool_cleanup_register(r->pool, lines, release, apr_pool_cleanup_null);
    if (!ss_body_each(r, APR_INT64_MAX, "", take, lines)) return OK;
    if (!take(lines, "\n", lines->line_len || lines->skipped != APR_SUCCESS)) ss_batch_flush(lines->batch);
    if (lines->is_broken) return ss_problem(r, HTTP_SERVICE_UNAVAILABLE, NULL, "not enough memory for the answers");
    if (!lines->answers.len) return ss_problem(r, HTTP_BAD_REQUEST, NULL, "the request's body has no message");
    return ss_reply_text(r, HTTP_OK, "application/x-ndjson", lines->answers.data, lines->answers.len);
}
