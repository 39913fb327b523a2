/* batch.c: many messages to the daemon in few questions. See batch.h. */
#include "web/batch.h"

#include <apr_strings.h>
#include <http_log.h>

#include "base/buf.h"
#include "base/log.h"
#include "config/module.h"
#include "web/ask.h"
#include "web/reply.h"

#define RETRY_AFTER 5

struct ss_batch_t {
    request_rec *r;
    void (*answer)(void *self, const json_t *fields);
    void *self;
    json_t *questions;         /* array */
    json_t *ready;             /* array: the answers that are known, null where the daemon's comes */
    ss_buf_t content;
};

static apr_status_t release(void *data)
{
    ss_batch_t *batch = data;

    json_decref(batch->questions);
    json_decref(batch->ready);
    ss_buf_free(&batch->content);
    return APR_SUCCESS;
}

ss_batch_t *ss_batch_create(request_rec *r, void (*answer)(void *self, const json_t *fields), void *self)
{
    ss_batch_t *batch = apr_pcalloc(r->pool, sizeof(*batch));

    *batch = (ss_batch_t){ .r = r, .answer = answer, .self = self, .questions = json_array(), .ready = json_array() };
    ss_buf_init(&batch->content, APR_SIZE_MAX / 2);
    apr_pool_cleanup_register(r->pool, batch, release, apr_pool_cleanup_null);
    return batch;
}

/* The answers of the daemon, an array; where there is none: the refusal that all get. The caller drops the reference. pool is the question's own. */
static json_t *ask(ss_batch_t *batch, json_t **refusal, apr_pool_t *pool)
{
    request_rec *r = batch->r;
    ss_peer_answer_t raw;
    ss_result_t result;
    json_t *header = json_pack("{s:s,s:O}", "do", "submitMany", "messages", batch->questions), *fields = NULL, *answers = NULL;
    char *text = json_dumps(header, JSON_COMPACT);
    apr_status_t rv = APR_ENOMEM;

    ss_result_clear(&result);
    if (text) {
        rv = ss_peer_call(ss_module_globals()->socket_path, ss_module_instance(), text, strlen(text), batch->content.data, batch->content.len, SS_ASK_TIMEOUT, &raw, &result, pool);
    }
    free(text);
    json_decref(header);
    if (rv == APR_SUCCESS) fields = json_loadb(raw.header, raw.header_len, JSON_ALLOW_NUL, NULL);
    if (rv == APR_SUCCESS && raw.status == 200 && raw.content) answers = json_loadb(raw.content, raw.content_len, JSON_ALLOW_NUL, NULL);
    if (json_is_array(answers) && json_array_size(answers) == json_array_size(batch->questions)) {
        json_decref(fields);
        return answers;
    }
    json_decref(answers);
    if (json_is_object(fields) && raw.status >= 400) {
        *refusal = fields;
        return NULL;
    }
    json_decref(fields);
    const char *why = ss_result_is_set(&result) ? result.text : "the delivery daemon's answer could not be read";
    ss_log(ss_module_log(r->server, r->pool), SS_LOG_WARN, 502, "%s: %d messages answered with 503: %s", r->uri, (int)json_array_size(batch->questions), why);
    *refusal = json_pack("{s:i,s:i,s:o}", "status", 503, "retryAfter", RETRY_AFTER, "detail", ss_reply_string(r, why));
    return NULL;
}

void ss_batch_flush(ss_batch_t *batch)
{
    json_t *answers = NULL, *refusal = NULL, *ready;
    apr_pool_t *pool;
    size_t i, next = 0;

    apr_pool_create(&pool, batch->r->pool);
    if (json_array_size(batch->questions)) answers = ask(batch, &refusal, pool);
    apr_pool_destroy(pool);
    json_array_foreach(batch->ready, i, ready) {
        batch->answer(batch->self, !json_is_null(ready) ? ready : refusal ? refusal : json_array_get(answers, next++));
    }
    json_decref(answers);
    json_decref(refusal);
    json_array_clear(batch->questions);
    json_array_clear(batch->ready);
    ss_buf_free(&batch->content);
}

void ss_batch_put(ss_batch_t *batch, json_t *answer)
{
    json_array_append_new(batch->ready, answer);
    if (json_array_size(batch->ready) >= SS_BATCH_MESSAGES) ss_batch_flush(batch);
}

void ss_batch_add(ss_batch_t *batch, json_t *question, const char *content, apr_size_t len)
{
    json_object_set_new(question, "size", json_integer((json_int_t)len));
    if (ss_buf_append(&batch->content, content, len) != APR_SUCCESS) {
        json_decref(question);
        ss_batch_put(batch, json_pack("{s:i,s:i,s:s}", "status", 503, "retryAfter", RETRY_AFTER, "detail", "not enough memory for the message"));
        return;
    }
    json_array_append_new(batch->questions, question);
    json_array_append_new(batch->ready, json_null());
    if (json_array_size(batch->ready) >= SS_BATCH_MESSAGES || batch->content.len >= SS_BATCH_BYTES) ss_batch_flush(batch);
}
