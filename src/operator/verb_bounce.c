/* Each message is read, since its bounce carries its
 * header; then it is an outcome like any other. */
#include "operator/verb.h"

#include <apr_strings.h>

#include "base/clock.h"
#include "delivery/backlog.h"
#include "delivery/outcome.h"
#include "operator/selection.h"

#define PAGE 100
/* a message that is just being read for its delivery is looked at again after */
#define BUSY_AGAIN (20 * 1000)

typedef struct {
    ss_selection_t selection; /* its ids: those named, or of the page */
    int is_last_page;
    int next;
    const char *state; /* of the last one that could not be given up */
    ss_timer_t again;
} work_t;

static void go_on(work_t *work);

static void post(work_t *work, ss_store_request_t *request)
{
    ss_store_port_post(work->selection.context->queue, request);
}

/* The timer goes before the memory does; it is not set when the work ends. */
static void finish(work_t *work)
{
    ss_selection_t *s = &work->selection;

    if (!ss_selection_is_one(s) || s->done) {
        ss_selection_finish(s, NULL);
        return;
    }
    if (work->state)
        ss_selection_conflict(s, work->state, NULL);
    else
        ss_selection_unknown(s);
}

/* ---- one message ---- */

/* Another node that handed it over has looked at this already. */
static int may(const work_t *work, const ss_message_t *m)
{
    return !work->selection.req || ss_operator_may(work->selection.req, m);
}

static void give_up(work_t *work, ss_job_t *job)
{
    ss_job_hide(job);
    work->state = ss_message_state(job->message);
    if (ss_outcome_give_up(job, work->selection.who)) {
        work->selection.done++;
        ss_log(work->selection.context->log, SS_LOG_NOTICE, 274, "%s: bounced by %s", job->entry.id,
               work->selection.who);
        ss_selection_took(work->selection.context, job->entry.id, "bounce", work->selection.who);
    }
    ss_job_settle(job);
}

/* The message has no content any more: it is finished, or unknown. */
static void looked_up(ss_store_request_t *request)
{
    work_t *work = request->baton;
    const ss_store_lookup_t *lookup = ss_store_request_as(request, SS_STORE_LOOKUP);
    const ss_message_t *m = request->rv == APR_SUCCESS ? lookup->message : NULL;

    if (m && may(work, m)) work->state = ss_message_state(m);
    apr_pool_destroy(request->pool);
    go_on(work);
}

static void handed(ss_store_request_t *request)
{
    work_t *work = request->baton;
    const ss_store_control_t *control = ss_store_request_as(request, SS_STORE_CONTROL);

    if (request->rv == APR_SUCCESS) work->selection.done += control->messages;
    apr_pool_destroy(request->pool);
    go_on(work);
}

/* Another node delivers the message, and gives it up itself within seconds. */
static void hand_over(work_t *work, const char *id)
{
    /* A message that has changed nodes meanwhile is given up by its new one: two nodes cannot pass
     * it back and forth. */
    ss_store_control_t *request =
        ss_store_control_create(SS_ACTION_BOUNCE, work->selection.who,
                                ss_loop_wall(work->selection.context->loop), handed, work);

    request->limit = 1;
    apr_cpystrn(request->id, id, sizeof(request->id));
    post(work, &request->head);
}

/* Delivery may have read it meanwhile: then it is looked at once more. */
static void take_loaded(work_t *work, ss_message_t *m)
{
    ss_delivery_t *delivery = work->selection.context->delivery;
    const ss_job_t *job = ss_job_find(delivery, m->id);

    if (!may(work, m)) {
        apr_pool_destroy(m->pool);
    } else if (m->is_foreign) {
        hand_over(work, m->id);
        apr_pool_destroy(m->pool);
        return;
    } else if (job && (job->message || job->is_sending || job->is_loading || job->outcomes)) {
        apr_pool_destroy(m->pool);
        work->next--;
    } else {
        give_up(work, ss_job_take(delivery, ss_relay_for(delivery, m->relay), m));
    }
    go_on(work);
}

static void loaded(ss_store_request_t *request)
{
    work_t *work = request->baton;
    const ss_store_load_t *load = ss_store_request_as(request, SS_STORE_LOAD);

    if (request->rv == APR_SUCCESS && load->message)
        take_loaded(work, load->message);
    else if (request->rv == APR_SUCCESS || APR_STATUS_IS_NOTFOUND(request->rv))
        post(work, &ss_store_lookup_create(load->id, looked_up, work)->head);
    else
        ss_selection_fail(&work->selection, request);
    apr_pool_destroy(request->pool);
}

/* 1: done with; 0: go_on is called later. */
static int look_at(work_t *work, const char *id)
{
    ss_job_t *job = ss_job_find(work->selection.context->delivery, id);

    if (job && job->is_sending) {
        work->state = "sending";
        return 1;
    }
    if (job && (job->is_loading || job->outcomes || job->is_stale)) {
        work->next--;
        ss_loop_timer(work->selection.context->loop, &work->again,
                      ss_mono_add(ss_mono_now(), BUSY_AGAIN));
        return 0;
    }
    if (job && job->message) {
        if (may(work, job->message)) give_up(work, job);
        return 1;
    }
    post(work, &ss_store_load_create(id, SS_BACKLOG_WHOLE_MAX, loaded, work)->head);
    return 0;
}

static void again(ss_timer_t *timer, ss_mono_t now)
{
    (void)now;
    go_on(timer->self);
}

/* ---- many ---- */

static void paged(ss_store_request_t *request)
{
    work_t *work = request->baton;
    const ss_store_list_t *list = ss_store_request_as(request, SS_STORE_LIST);
    ss_selection_t *s = &work->selection;

    if (request->rv != APR_SUCCESS) {
        ss_selection_fail(s, request);
        apr_pool_destroy(request->pool);
        return;
    }
    apr_array_clear(s->ids);
    work->next = 0;
    for (int i = 0; i < list->rows->nelts; i++) {
        const ss_message_t *m = APR_ARRAY_IDX(list->rows, i, ss_message_t *);
        APR_ARRAY_PUSH(s->ids, const char *) = apr_pstrdup(s->pool, m->id);
        apr_cpystrn(s->filter.after, m->id, sizeof(s->filter.after));
    }
    work->is_last_page = !list->more || !list->rows->nelts;
    apr_pool_destroy(request->pool);
    go_on(work);
}

static void ask_page(ss_selection_t *s)
{
    ss_store_list_t *request = ss_store_list_create(&s->filter, PAGE, paged, s);

    request->filter.is_waiting = 1;
    ss_store_port_post(s->context->queue, &request->head);
}

static void go_on(work_t *work)
{
    ss_selection_t *s = &work->selection;

    while (work->next < s->ids->nelts) {
        if (!look_at(work, APR_ARRAY_IDX(s->ids, work->next++, const char *))) return;
    }
    if (s->is_filtered && !work->is_last_page)
        ask_page(s);
    else
        finish(work);
}

static work_t *work_create(ss_operator_t *o, ss_request_t *req)
{
    work_t *work = ss_selection_create(o, req, "bounce", sizeof(*work));

    work->again = (ss_timer_t){ .fired = again, .self = work };
    return work;
}

void ss_verb_bounce_handed(ss_operator_t *o, const char *id, const char *who)
{
    work_t *work = work_create(o, NULL);
    ss_selection_t *s = &work->selection;

    s->who = apr_pstrdup(s->pool, who);
    APR_ARRAY_PUSH(s->ids, const char *) = apr_pstrdup(s->pool, id);
    go_on(work);
}

void ss_verb_bounce(ss_operator_t *o, ss_request_t *req)
{
    work_t *work = work_create(o, req);
    ss_selection_t *s = &work->selection;

    if (!ss_selection_read(s, req->header)) return;
    if (s->is_filtered)
        ss_selection_confirm(s, SS_ACTION_CANCEL, ask_page);
    else
        go_on(work);
}
