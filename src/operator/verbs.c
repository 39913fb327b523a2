/* verbs.c: what people and programs ask of the daemon besides submitting, by verb; the status,
 * the metrics, a message's content. See verbs.h. */
#include "operator/verbs.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "operator/transfer.h"

const char *ss_operator_text(const json_t *header, const char *name, apr_pool_t *pool)
{
    const char *value = json_string_value(json_object_get(header, name));

    return value && *value ? apr_pstrdup(pool, value) : NULL;
}

void ss_operator_refuse_store(ss_request_t *req, const ss_store_request_t *request)
{
    ss_request_refuse(req, 503, 5, NULL, "%s",
                      ss_result_is_set(&request->result) ? request->result.text
                                                         : "the queue cannot be read");
}

int ss_operator_filter(ss_request_t *req, const json_t *from, ss_store_filter_t *filter,
                       apr_pool_t *pool)
{
    const char *state = ss_operator_text(from, "state", pool);
    const char *after = ss_operator_text(from, "after", pool);

    *filter = (ss_store_filter_t){ .state = -1, .uid = ss_request_is_trusted(req) ? -1 : req->uid };
    if (state) {
        filter->state = ss_state_find(state);
        if (filter->state < 0) {
            ss_request_refuse(
                req, 400, 0, "state",
                "\"%s\" is no state: queued sending deferred held sent failed expired cancelled",
                state);
            return 0;
        }
    }
    if (after && !ss_ident_is_valid(after)) {
        ss_request_refuse(req, 400, 0, "after", "\"%s\" is no message's id", after);
        return 0;
    }
    if (after) apr_cpystrn(filter->after, after, sizeof(filter->after));
    filter->relay = ss_operator_text(from, "relay", pool);
    filter->from = ss_operator_text(from, "from", pool);
    filter->to = ss_operator_text(from, "to", pool);
    filter->text = ss_operator_text(from, "text", pool);
    filter->is_waiting = json_is_true(json_object_get(from, "waiting"));
    return 1;
}

/* ---- the status ---- */

#define METRICS_MAX (16 << 20)

typedef struct {
    ss_request_t *req;
    void (*answer)(ss_request_t *req);
} counting_t;

static void answer_status(ss_request_t *req)
{
    ss_request_document(req, 200, ss_document_status(req->daemon, ss_loop_wall(req->daemon->loop)));
}

static void answer_metrics(ss_request_t *req)
{
    ss_buf_t out;

    ss_buf_init(&out, METRICS_MAX);
    ss_exposition_print(req->daemon, &out, ss_loop_wall(req->daemon->loop));
    ss_request_answer(req, 200, NULL, out.data, out.len);
    ss_buf_free(&out);
}

static void ages_counted(ss_store_request_t *request)
{
    const counting_t *counting = request->baton;
    ss_request_t *req = counting->req;
    void (*answer)(ss_request_t *) = counting->answer;
    ss_daemon_t *d = req->daemon;

    ss_queue_counts_take_oldest(d, ss_store_request_as(request, SS_STORE_OLDEST));
    apr_pool_destroy(request->pool);
    d->counted = ss_loop_now(d->loop);
    answer(req);
}

/* The oldest message's age comes from the store, at most every two seconds; everything else the
 * daemon counts itself. */
static void with_ages(ss_request_t *req, void (*answer)(ss_request_t *req))
{
    ss_daemon_t *d = req->daemon;

    if (!d->queue.store ||
        (ss_mono_is_set(d->counted) &&
         ss_mono_since(ss_loop_now(d->loop), d->counted) < 2 * APR_USEC_PER_SEC)) {
        answer(req);
        return;
    }
    ss_store_oldest_t *request = ss_store_oldest_create(ages_counted, NULL);
    counting_t *counting = apr_palloc(request->head.pool, sizeof(*counting));
    *counting = (counting_t){ req, answer };
    request->head.baton = counting;
    for (int i = 0; i < d->relays->nelts; i++)
        ss_queue_counts_ask_oldest(APR_ARRAY_IDX(d->relays, i, ss_relay_t *), request);
    ss_store_port_post(&d->queue, &request->head);
}

static void do_status(ss_request_t *req, const json_t *header)
{
    (void)header;
    with_ages(req, answer_status);
}
static void do_metrics(ss_request_t *req, const json_t *header)
{
    (void)header;
    with_ages(req, answer_metrics);
}

static void do_chronicle(ss_request_t *req, const json_t *header)
{
    (void)header;
    ss_request_document(req, 200, ss_activity_json(req->daemon, ss_loop_wall(req->daemon->loop)));
}

/* ---- a message's content ---- */

static void part_read(ss_store_request_t *request)
{
    ss_request_t *req = request->baton;
    const ss_store_part_t *part = ss_store_request_as(request, SS_STORE_PART);

    if (APR_STATUS_IS_NOTFOUND(request->rv) ||
        (request->rv == APR_SUCCESS && (!part->len || !part->size))) {
        ss_request_refuse(req, 404, 0, NULL,
                          "the queue has no such content: it goes when a message is finished");
    } else if (request->rv != APR_SUCCESS) {
        ss_operator_refuse_store(req, request);
    } else {
        ss_request_answer(req, 200, json_pack("{s:I}", "size", (json_int_t)part->size), part->bytes,
                          part->len);
    }
    apr_pool_destroy(request->pool);
}

/* One part: whoever wants the whole asks for one after the other, until there is none. */
static void do_content(ss_request_t *req, const json_t *header)
{
    const char *id = json_string_value(json_object_get(header, "id"));

    if (!ss_request_is_trusted(req)) {
        ss_request_refuse(req, 403, 0, NULL, "only root and httpd's user may read contents");
        return;
    }
    if (!id || !ss_ident_is_valid(id)) {
        ss_request_refuse(req, 404, 0, "id", "that is not a message's id");
        return;
    }
    ss_store_part_t *part = ss_store_part_create(
        id, (int)json_integer_value(json_object_get(header, "part")), part_read, req);
    ss_store_port_post(&req->daemon->queue, &part->head);
}

/* ---- by verb ---- */

static void get_short(ss_request_t *req, const json_t *header)
{
    ss_lookup_message(req, header, 0);
}
static void get_full(ss_request_t *req, const json_t *header)
{
    ss_lookup_message(req, header, 1);
}
static void do_retry(ss_request_t *req, const json_t *header)
{
    ss_action_run(req, header, "retry", SS_ACTION_RETRY);
}
static void do_hold(ss_request_t *req, const json_t *header)
{
    ss_action_run(req, header, "hold", SS_ACTION_HOLD);
}
static void do_release(ss_request_t *req, const json_t *header)
{
    ss_action_run(req, header, "release", SS_ACTION_RELEASE);
}
static void do_cancel(ss_request_t *req, const json_t *header)
{
    ss_action_run(req, header, "cancel", SS_ACTION_CANCEL);
}
static void do_pause(ss_request_t *req, const json_t *header)
{
    ss_relay_action_run(req, header, "pause");
}
static void do_resume(ss_request_t *req, const json_t *header)
{
    ss_relay_action_run(req, header, "resume");
}
static void do_flush(ss_request_t *req, const json_t *header)
{
    ss_relay_action_run(req, header, "flush");
}

static const struct {
    const char *name;
    void (*call)(ss_request_t *, const json_t *);
    int needs_store;
} verbs[] = { { "get", get_short, 1 },
              { "show", get_full, 1 },
              { "queue", ss_lookup_list, 1 },
              { "retry", do_retry, 1 },
              { "hold", do_hold, 1 },
              { "release", do_release, 1 },
              { "cancel", do_cancel, 1 },
              { "bounce", ss_bounce_request_begin, 1 },
              { "export", ss_transfer_export, 1 },
              { "pause", do_pause, 1 },
              { "resume", do_resume, 1 },
              { "flush", do_flush, 1 },
              { "status", do_status, 0 },
              { "metrics", do_metrics, 0 },
              { "chronicle", do_chronicle, 0 },
              { "content", do_content, 1 },
              { "test", ss_connection_test_run, 0 },
              { "testmail", ss_connection_test_message, 1 } };

void ss_verbs_dispatch(ss_request_t *req, const char *verb, const json_t *header)
{
    for (apr_size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].name, verb)) continue;
        if (verbs[i].needs_store && !req->daemon->queue.store) {
            ss_request_refuse(req, 503, 5, NULL, "%s", req->daemon->queue.result.text);
            return;
        }
        verbs[i].call(req, header);
        return;
    }
    ss_request_refuse(req, 501, 0, NULL, "the running daemon does not know \"%s\"", verb);
}
