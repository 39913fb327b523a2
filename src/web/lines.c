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

#define LINE_OVERHEAD 3            /* a line may be this many times as large as the message it makes: base64, escapes */
#define ANSWERS_MAX (256 * 1024 * 1024)

typedef struct {
    ss_submission_t *s;
    ss_batch_t *batch;
    ss_buf_t line, answers;
    apr_size_t line_max;
    const char *key;               /* Idempotency-Key of the whole */
    apr_pool_t *pool;              /* of one line */
    int number;                    /* of the line, from 1 */
    int count;                     /* messages */
    int is_skipping;               /* the line is too long: up to its end */
    int is_full;                   /* SS_LINES_MAX reached */
    int is_broken;                 /* the answers do not fit into memory */
} lines_t;

static apr_status_t release(void *data)
{
    lines_t *lines = data;

    ss_buf_free(&lines->line);
    ss_buf_free(&lines->answers);
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
    if (lines->key) {
        s->repeat.key = apr_psprintf(lines->pool, "%s %d", lines->key, lines->count);
        ss_repeat_hash(s->type, s->r->args, bytes, len, &s->repeat);
    }
    if (ss_submission_compose(s, bytes, len)) {
        ss_batch_put(lines->batch, refusal(lines, s->problem.status ? s->problem.status : 400, s->problem.field, s->problem.detail));
    } else if (s->m->individually && s->m->rcpts->nelts > 1) {
        ss_batch_put(lines->batch, refusal(lines, 400, "individually", "individually: in a batch each copy is a line of its own"));
    } else {
        ss_batch_add(lines->batch, ss_submission_question(s), s->m->content, s->m->content_len);
    }
}

static apr_status_t take(void *self, const char *bytes, apr_size_t len)
{
    lines_t *lines = self;

    while (len && !lines->is_full) {
        const char *end = memchr(bytes, '\n', len);
        apr_size_t piece = end ? (apr_size_t)(end - bytes) : len;
        if (!lines->is_skipping && ss_buf_append(&lines->line, bytes, piece) != APR_SUCCESS) {
            lines->is_skipping = 1;
            ss_buf_free(&lines->line);
        }
        if (end && lines->is_skipping) {
            lines->number++;
            lines->count++;
            lines->is_skipping = 0;
            ss_batch_put(lines->batch, refusal(lines, 413, NULL, "the line is longer than a message may become (SMTPSendMaxMessageSize)"));
        } else if (end) {
            take_line(lines, lines->line.len ? lines->line.data : "", lines->line.len);
            ss_buf_clear(&lines->line);
        }
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
    ss_buf_init(&lines->line, lines->line_max);
    ss_buf_init(&lines->answers, ANSWERS_MAX);
    apr_pool_cleanup_register(r->pool, lines, release, apr_pool_cleanup_null);
    if (!ss_body_each(r, APR_INT64_MAX, "", take, lines)) return OK;
    if (!take(lines, "\n", lines->line.len || lines->is_skipping)) ss_batch_flush(lines->batch);
    if (lines->is_broken) return ss_problem(r, HTTP_SERVICE_UNAVAILABLE, NULL, "not enough memory for the answers");
    if (!lines->answers.len) return ss_problem(r, HTTP_BAD_REQUEST, NULL, "the request's body has no message");
    return ss_reply_text(r, HTTP_OK, "application/x-ndjson", lines->answers.data, lines->answers.len);
}
