#include "operator/verb.h"

#include <string.h>

#include "delivery/queue_counts.h"
#include "operator/document.h"
#include "record/activity.h"
#include "record/exposition.h"

#define METRICS_MAX (16 << 20) /* octets of text */
/* the store is asked for the age of the oldest message at most so often; everything else is counted
 * in memory */
#define AGES_EVERY (2 * APR_USEC_PER_SEC)

static void answer(ss_operator_t *o, ss_request_t *req)
{
    ss_buf_t out;

    if (!strcmp(req->verb, "status")) {
        ss_request_document(req, 200, ss_document_status(o, ss_loop_wall(o->loop)));
        return;
    }
    ss_buf_init(&out, METRICS_MAX);
    ss_exposition_print(o->record, &out, ss_loop_wall(o->loop));
    ss_request_answer(req, 200, NULL, out.data, out.len);
    ss_buf_free(&out);
}

static void ages_counted(ss_store_request_t *request)
{
    ss_request_t *req = request->baton;
    ss_operator_t *o = req->work;

    ss_queue_counts_take_oldest(o->delivery, ss_store_request_as(request, SS_STORE_OLDEST));
    apr_pool_destroy(request->pool);
    o->counted = ss_loop_now(o->loop);
    answer(o, req);
}

void ss_verb_overview(ss_operator_t *o, ss_request_t *req)
{
    /* A store that cannot write may not answer either; that is what is asked for then. */
    const char *fault = ss_store_port_fault(o->queue);
    if ((fault && *fault) || (ss_mono_is_set(o->counted) &&
                              ss_mono_since(ss_loop_now(o->loop), o->counted) < AGES_EVERY)) {
        answer(o, req);
        return;
    }
    ss_store_oldest_t *request = ss_store_oldest_create(ages_counted, req);
    req->work = o;
    for (int i = 0; i < ss_relay_count(o->delivery); i++)
        ss_queue_counts_ask_oldest(ss_relay_at(o->delivery, i), request);
    ss_store_port_post(o->queue, &request->head);
}

void ss_verb_overview_activity(ss_operator_t *o, ss_request_t *req)
{
    ss_request_document(req, 200, ss_activity_json(o->record, ss_loop_wall(o->loop)));
}
