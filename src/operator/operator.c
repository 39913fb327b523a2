#include "operator/operator.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/idn.h"

void ss_operator_init(ss_operator_t *o)
{
    o->waiters = apr_hash_make(o->pool);
}

/* A non-empty text of the request, in the pool; or NULL. */
static const char *text_of(const json_t *header, const char *name, apr_pool_t *pool)
{
    const char *value = ss_json_text(header, name);

    return value && *value ? apr_pstrdup(pool, value) : NULL;
}

const char *ss_operator_who(const ss_request_t *req, const json_t *header, apr_pool_t *pool)
{
    const char *who = req->is_trusted ? text_of(header, "who", pool) : NULL;

    return who ? who : apr_psprintf(pool, "uid %d", req->uid);
}

const apr_array_header_t *ss_operator_submitters(const json_t *header, apr_pool_t *pool)
{
    const json_t *list = json_object_get(header, "submitters");
    apr_array_header_t *names = list ? apr_array_make(pool, 2, sizeof(const char *)) : NULL;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (name) APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(pool, name);
    }
    return names;
}

/* The same for an address, or a part of one, as the queue has it. */
static const char *address_of(const json_t *header, const char *name, apr_pool_t *pool)
{
    const char *text = text_of(header, name, pool);

    return text ? ss_idn_address(text, pool) : NULL;
}

int ss_operator_may(const ss_request_t *req, const ss_message_t *m)
{
    if (!req->is_trusted) return m->attr.uid >= 0 && m->attr.uid == req->uid;
    return ss_message_is_of(m, ss_operator_submitters(req->header, m->pool));
}

int ss_operator_filter_uid(const ss_request_t *req)
{
    return req->is_trusted ? -1 : req->uid;
}

int ss_operator_filter(ss_request_t *req, const json_t *from, ss_store_filter_t *filter,
                       apr_pool_t *pool)
{
    const char *state = text_of(from, "state", pool);
    const char *after = text_of(from, "after", pool);

    *filter = (ss_store_filter_t){ .state = -1, .uid = ss_operator_filter_uid(req) };
    if (state) filter->state = ss_state_find(state);
    if (state && filter->state < 0) {
        ss_request_refuse(
            req, 400, 0, "state",
            "\"%s\" is not a state: queued sending deferred held sent failed expired cancelled",
            state);
        return 0;
    }
    if (after && !ss_ident_is_valid(after)) {
        ss_request_refuse(req, 400, 0, "after", "\"%s\" is not a message's id", after);
        return 0;
    }
    if (after) apr_cpystrn(filter->after, after, sizeof(filter->after));
    filter->relay = text_of(from, "relay", pool);
    filter->from = address_of(from, "from", pool);
    filter->to = address_of(from, "to", pool);
    filter->text = text_of(from, "text", pool);
    filter->is_waiting = ss_json_is(from, "waiting");
    return 1;
}

void ss_operator_refuse_store(ss_request_t *req, const ss_store_request_t *request)
{
    ss_request_refuse(req, 503, 5, NULL, "%s",
                      ss_result_is_set(&request->result) ? request->result.text
                                                         : "the queue cannot be read");
}

/* ---- documents ---- */

typedef struct {
    ss_request_t *req;
    ss_store_request_t *request;
    json_t *document;
    void (*fill)(json_t *document, ss_store_request_t *request);
    void (*then)(void *self);
    void *self;
    char *text;
} answering_t;

static void write_text(void *baton)
{
    answering_t *a = baton;

    a->fill(a->document, a->request);
    a->text = json_dumps(a->document, JSON_COMPACT);
    json_decref(a->document);
}

static void answer(void *baton)
{
    answering_t a = *(answering_t *)baton;

    free(baton);
    ss_request_answer(a.req, a.text ? 200 : 500, NULL, a.text, a.text ? strlen(a.text) : 0);
    free(a.text);
    apr_pool_destroy(a.request->pool);
    if (a.then) a.then(a.self);
}

void ss_operator_answer(ss_operator_t *o, ss_request_t *req, ss_store_request_t *request, int rows,
                        json_t *document,
                        void (*fill)(json_t *document, ss_store_request_t *request),
                        void (*then)(void *self), void *self)
{
    answering_t *a = malloc(sizeof(*a));

    if (!a) abort();
    *a = (answering_t){ .req = req,
                        .request = request,
                        .document = document,
                        .fill = fill,
                        .then = then,
                        .self = self };
    if (rows > SS_OPERATOR_ROWS_AT_ONCE &&
        ss_loop_compute(o->loop, write_text, answer, a) == APR_SUCCESS)
        return;
    write_text(a);
    answer(a);
}
