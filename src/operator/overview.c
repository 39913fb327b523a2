#include "operator/overview.h"

#include <jansson.h>

#include "delivery/queue_counts.h"
#include "delivery/relay.h"
#include "operator/document.h"
#include "record/activity.h"
#include "record/exposition.h"

#define METRICS_MAX (16 << 20) /* octets of text */
/* the store is asked for the age of the oldest message at most so often; everything else is counted
 * in memory */
#define AGES_EVERY (2 * APR_USEC_PER_SEC)

typedef struct {
    ss_operator_t *context;
    ss_request_t *req;
    void (*answer)(ss_operator_t *o, ss_request_t *req);
} counting_t;

static void answer_status(ss_operator_t *o, ss_request_t *req)
{
    ss_request_document(req, 200, ss_document_status(o, ss_loop_wall(o->loop)));
}

static void answer_metrics(ss_operator_t *o, ss_request_t *req)
{
    ss_buf_t out;

    ss_buf_init(&out, METRICS_MAX);
    ss_exposition_print(o->record, &out, ss_loop_wall(o->loop));
    ss_request_answer(req, 200, NULL, out.data, out.len);
    ss_buf_free(&out);
}

static void ages_counted(ss_store_request_t *request)
{
    const counting_t c = *(const counting_t *)request->baton;

    ss_queue_counts_take_oldest(c.context->delivery, ss_store_request_as(request, SS_STORE_OLDEST));
    apr_pool_destroy(request->pool);
    c.context->counted = ss_loop_now(c.context->loop);
    c.answer(c.context, c.req);
}

static void with_ages(ss_operator_t *o, ss_request_t *req,
                      void (*answer)(ss_operator_t *o, ss_request_t *req))
{
    if (!o->queue->store || (ss_mono_is_set(o->counted) &&
                             ss_mono_since(ss_loop_now(o->loop), o->counted) < AGES_EVERY)) {
        answer(o, req);
        return;
    }
    ss_store_oldest_t *request = ss_store_oldest_create(ages_counted, NULL);
    counting_t *counting = apr_palloc(request->head.pool, sizeof(*counting));
    *counting = (counting_t){ o, req, answer };
    request->head.baton = counting;
    for (int i = 0; i < ss_relay_count(o->delivery); i++)
        ss_queue_counts_ask_oldest(ss_relay_at(o->delivery, i), request);
    ss_store_port_post(o->queue, &request->head);
}

void ss_overview_status(ss_operator_t *o, ss_request_t *req)
{
    with_ages(o, req, answer_status);
}

void ss_overview_metrics(ss_operator_t *o, ss_request_t *req)
{
    with_ages(o, req, answer_metrics);
}

void ss_overview_activity(ss_operator_t *o, ss_request_t *req)
{
    ss_request_document(req, 200, ss_activity_json(o->record, ss_loop_wall(o->loop)));
}
