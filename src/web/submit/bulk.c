/* bulk.c: many messages to the daemon in few questions. */
#include "web/submit/bulk.h"

#include <apr_strings.h>
#include <http_log.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "config/module.h"
#include "web/shared/response.h"
#include "web/shared/rpc.h"

#define RETRY_AFTER 5

struct ss_bulk_t {
    request_rec *r;
    void (*answer)(void *self, const json_t *fields);
    void *self;
    ss_buf_t questions; /* texts, with commas between them */
    int asked;          /* how many they are */
    /* array: the answers that are known, null where the daemon's comes */
    json_t *ready;
    ss_buf_t content;
};

static apr_status_t release(void *data)
{
    ss_bulk_t *batch = data;

    json_decref(batch->ready);
    ss_buf_free(&batch->questions);
    ss_buf_free(&batch->content);
    return APR_SUCCESS;
}

ss_bulk_t *ss_bulk_create(request_rec *r, void (*answer)(void *self, const json_t *fields),
                          void *self)
{
    ss_bulk_t *batch = apr_pcalloc(r->pool, sizeof(*batch));

    *batch = (ss_bulk_t){ .r = r, .answer = answer, .self = self, .ready = json_array() };
    ss_buf_init(&batch->questions, SS_FRAME_HEADER_MAX);
    ss_buf_init(&batch->content, APR_SIZE_MAX / 2);
    apr_pool_cleanup_register(r->pool, batch, release, apr_pool_cleanup_null);
    return batch;
}

/* What all of count messages get when the daemon does not answer. */
static json_t *no_answer(const ss_bulk_t *batch, int count, const ss_result_t *result)
{
    request_rec *r = batch->r;
    const char *why =
        ss_result_is_set(result) ? result->text : "the delivery daemon's answer could not be read";

    ss_log(ss_module_log(r->server, r->pool), SS_LOG_WARN, 502,
           "%s: %d messages answered with 503: %s", r->uri, count, why);
    return json_pack("{s:i,s:i,s:o}", "status", 503, "retryAfter", RETRY_AFTER, "detail",
                     ss_response_string(r, why));
}

/* The answers of the daemon, an array; where there is none: the refusal that all get. The caller
 * drops the reference. pool is the question's own. */
static json_t *ask(ss_bulk_t *batch, json_t **refusal, apr_pool_t *pool)
{
    ss_peer_answer_t raw;
    ss_result_t result;
    const char *text = apr_pstrcat(pool, "{\"do\":\"submitMany\",\"messages\":[",
                                   ss_buf_text(&batch->questions), "]}", NULL);
    json_t *fields = NULL, *answers = NULL;

    ss_result_clear(&result);
    apr_status_t rv =
        ss_peer_call(ss_module_globals()->socket_path, ss_module_instance(), text, strlen(text),
                     batch->content.data, batch->content.len, SS_RPC_TIMEOUT, &raw, &result, pool);
    if (rv == APR_SUCCESS) fields = json_loadb(raw.header, raw.header_len, JSON_ALLOW_NUL, NULL);
    if (rv == APR_SUCCESS && raw.status == 200 && raw.content)
        answers = json_loadb(raw.content, raw.content_len, JSON_ALLOW_NUL, NULL);
    if (json_is_array(answers) && (int)json_array_size(answers) == batch->asked) {
        json_decref(fields);
        return answers;
    }
    json_decref(answers);
    if (json_is_object(fields) && raw.status >= 400) {
        *refusal = fields;
        return NULL;
    }
    json_decref(fields);
    *refusal = no_answer(batch, batch->asked, &result);
    return NULL;
}

/* A message that is too large to be copied: in a question of its own, behind what waits. */
static void ask_alone(ss_bulk_t *batch, const char *question, const ss_mail_message_t *m)
{
    ss_peer_answer_t raw;
    ss_result_t result;
    apr_pool_t *pool;
    json_t *fields = NULL;

    ss_bulk_flush(batch);
    apr_pool_create(&pool, batch->r->pool);
    ss_result_clear(&result);
    apr_status_t rv = ss_peer_call_file(
        ss_module_globals()->socket_path, ss_module_instance(), question, strlen(question),
        m->content, m->content_len, m->tail->fd, m->tail->len, SS_RPC_TIMEOUT, &raw, &result, pool);
    if (rv == APR_SUCCESS) fields = json_loadb(raw.header, raw.header_len, JSON_ALLOW_NUL, NULL);
    if (!json_is_object(fields)) {
        json_decref(fields);
        fields = no_answer(batch, 1, &result);
    }
    apr_pool_destroy(pool);
    batch->answer(batch->self, fields);
    json_decref(fields);
}

void ss_bulk_flush(ss_bulk_t *batch)
{
    json_t *answers = NULL, *refusal = NULL, *ready;
    apr_pool_t *pool;
    size_t i, next = 0;

    apr_pool_create(&pool, batch->r->pool);
    if (batch->asked) answers = ask(batch, &refusal, pool);
    apr_pool_destroy(pool);
    json_array_foreach(batch->ready, i, ready)
    {
        batch->answer(batch->self, !json_is_null(ready) ? ready
                                   : refusal            ? refusal
                                                        : json_array_get(answers, next++));
    }
    json_decref(answers);
    json_decref(refusal);
    batch->asked = 0;
    ss_buf_clear(&batch->questions);
    json_array_clear(batch->ready);
    ss_buf_free(&batch->content);
}

void ss_bulk_put(ss_bulk_t *batch, json_t *answer)
{
    json_array_append_new(batch->ready, answer);
    if (json_array_size(batch->ready) >= SS_BULK_MESSAGES) ss_bulk_flush(batch);
}

static apr_status_t add(ss_bulk_t *batch, const char *question, const ss_mail_message_t *m)
{
    apr_size_t before = batch->questions.len;
    apr_status_t rv = ss_buf_append(&batch->questions, ",", before ? 1 : 0);

    if (rv == APR_SUCCESS) rv = ss_buf_puts(&batch->questions, question);
    if (rv == APR_SUCCESS) rv = ss_buf_append(&batch->content, m->content, m->content_len);
    if (rv != APR_SUCCESS) batch->questions.len = before;
    return rv;
}

void ss_bulk_add(ss_bulk_t *batch, const char *question, const ss_mail_message_t *m)
{
    if (question && m->tail) {
        ask_alone(batch, question, m);
        return;
    }
    /* What is large of its own goes behind what waits. */
    if (question && batch->asked &&
        batch->questions.len + strlen(question) > SS_FRAME_HEADER_MAX / 2)
        ss_bulk_flush(batch);
    if (!question || add(batch, question, m) != APR_SUCCESS) {
        ss_bulk_put(batch, json_pack("{s:i,s:i,s:s}", "status", 503, "retryAfter", RETRY_AFTER,
                                     "detail", "not enough memory for the message"));
        return;
    }
    batch->asked++;
    json_array_append_new(batch->ready, json_null());
    if (json_array_size(batch->ready) >= SS_BULK_MESSAGES || batch->content.len >= SS_BULK_BYTES)
        ss_bulk_flush(batch);
}
