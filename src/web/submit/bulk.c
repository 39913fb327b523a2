#include "web/submit/bulk.h"

#include <apr_strings.h>
#include <string.h>

#include "config/module.h"
#include "web/shared/rpc.h"

#define RETRY_AFTER 5

struct ss_bulk_t {
    request_rec *r;
    void (*answer)(void *self, const json_t *fields);
    void *self;
    ss_buf_t headers; /* of the messages, separated by commas */
    int count;        /* of the headers */
    const char *hung; /* why the daemon is not asked again, or NULL */
    /* an array of known answers; null where the daemon's is to come */
    json_t *ready;
    ss_buf_t content;
};

static apr_status_t release(void *data)
{
    ss_bulk_t *bulk = data;

    json_decref(bulk->ready);
    ss_buf_free(&bulk->headers);
    ss_buf_free(&bulk->content);
    return APR_SUCCESS;
}

ss_bulk_t *ss_bulk_create(request_rec *r, void (*answer)(void *self, const json_t *fields),
                          void *self)
{
    ss_bulk_t *bulk = apr_palloc(r->pool, sizeof(*bulk));

    *bulk = (ss_bulk_t){ .r = r, .answer = answer, .self = self, .ready = json_array() };
    ss_buf_init(&bulk->headers, SS_FRAME_HEADER_MAX);
    ss_buf_init(&bulk->content, APR_SIZE_MAX / 2);
    apr_pool_cleanup_register(r->pool, bulk, release, apr_pool_cleanup_null);
    return bulk;
}

/* The answer for count messages when the daemon does not answer. */
static json_t *no_answer(const ss_bulk_t *bulk, int count, const char *why)
{
    request_rec *r = bulk->r;

    ss_log(ss_module_log(r->server, r->pool), SS_LOG_WARN, 502,
           "%s: %d messages answered with 503: %s", r->uri, count, why);
    return json_pack("{s:i,s:i,s:o}", "status", 503, "retryAfter", RETRY_AFTER, "detail",
                     ss_json_string(why));
}

/* Sends the request. Returns the daemon's answers, an array owned by pool; NULL: *refusal is the
 * answer for all messages, and the caller drops the reference. */
static json_t *send_all(ss_bulk_t *bulk, json_t **refusal, apr_pool_t *pool)
{
    const ss_peer_call_t request = { .header =
                                         apr_pstrcat(pool, "{\"do\":\"submitMany\",\"messages\":[",
                                                     ss_buf_text(&bulk->headers), "]}", NULL),
                                     .content = bulk->content.data,
                                     .content_len = bulk->content.len,
                                     .timeout = SS_RPC_TIMEOUT };
    ss_rpc_answer_t answer;

    if (bulk->hung) {
        *refusal = no_answer(bulk, bulk->count, bulk->hung);
        return NULL;
    }
    if (ss_rpc_exchange(request, &answer, pool)) {
        json_t *answers = answer.raw.status == 200 ? ss_rpc_document(pool, &answer) : NULL;
        if (json_is_array(answers) && (int)json_array_size(answers) == bulk->count) return answers;
        if (answer.raw.status >= 400) {
            *refusal = json_incref(answer.fields);
            return NULL;
        }
        answer.why = "the delivery daemon's answer could not be read";
    }
    *refusal = no_answer(bulk, bulk->count, answer.why);
    if (answer.is_hung) bulk->hung = apr_pstrdup(bulk->r->pool, answer.why);
    return NULL;
}

/* Sends a message that is too large to be copied, after the others. */
static void send_alone(ss_bulk_t *bulk, const char *header, const ss_mail_message_t *m)
{
    ss_rpc_answer_t answer;
    apr_pool_t *pool;

    ss_bulk_flush(bulk);
    apr_pool_create(&pool, bulk->r->pool);
    answer.why = bulk->hung;
    if (bulk->hung || !ss_rpc_exchange(ss_rpc_message(header, m), &answer, pool))
        answer.fields = ss_rpc_own(pool, no_answer(bulk, 1, answer.why));
    bulk->answer(bulk->self, answer.fields);
    apr_pool_destroy(pool);
}

void ss_bulk_flush(ss_bulk_t *bulk)
{
    json_t *answers = NULL, *refusal = NULL, *ready;
    apr_pool_t *pool;
    size_t i, next = 0;

    apr_pool_create(&pool, bulk->r->pool);
    if (bulk->count) answers = send_all(bulk, &refusal, pool);
    json_array_foreach(bulk->ready, i, ready)
    {
        bulk->answer(bulk->self, !json_is_null(ready) ? ready
                                 : refusal            ? refusal
                                                      : json_array_get(answers, next++));
    }
    json_decref(refusal);
    apr_pool_destroy(pool);
    bulk->count = 0;
    ss_buf_clear(&bulk->headers);
    json_array_clear(bulk->ready);
    ss_buf_free(&bulk->content);
}

void ss_bulk_put(ss_bulk_t *bulk, json_t *answer)
{
    json_array_append_new(bulk->ready, answer);
    if (json_array_size(bulk->ready) >= SS_BULK_MESSAGES) ss_bulk_flush(bulk);
}

static apr_status_t add(ss_bulk_t *bulk, const char *header, const ss_mail_message_t *m)
{
    apr_size_t before = bulk->headers.len;
    apr_status_t rv = ss_buf_append(&bulk->headers, ",", before ? 1 : 0);

    if (rv == APR_SUCCESS) rv = ss_buf_puts(&bulk->headers, header);
    if (rv == APR_SUCCESS) rv = ss_buf_append(&bulk->content, m->content, m->content_len);
    if (rv != APR_SUCCESS) bulk->headers.len = before;
    return rv;
}

void ss_bulk_add(ss_bulk_t *bulk, const char *header, const ss_mail_message_t *m)
{
    if (header && (m->tail || m->content_len >= SS_BULK_BYTES)) {
        send_alone(bulk, header, m);
        return;
    }
    /* Flush first, so that a large header is sent alone. */
    if (header && bulk->count && bulk->headers.len + strlen(header) > SS_FRAME_HEADER_MAX / 2)
        ss_bulk_flush(bulk);
    if (!header || add(bulk, header, m) != APR_SUCCESS) {
        ss_bulk_put(bulk, json_pack("{s:i,s:i,s:s}", "status", 503, "retryAfter", RETRY_AFTER,
                                    "detail", "not enough memory for the message"));
        return;
    }
    bulk->count++;
    json_array_append_new(bulk->ready, json_null());
    if (json_array_size(bulk->ready) >= SS_BULK_MESSAGES || bulk->content.len >= SS_BULK_BYTES)
        ss_bulk_flush(bulk);
}
