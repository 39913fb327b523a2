#include "operator/verb.h"

#include <apr_strings.h>
#include <string.h>

#include "delivery/job.h"
#include "operator/selection.h"
#include "record/webhook.h"

#define STEP 500 /* messages that are changed in one commit */

static const struct {
    const char *verb;
    ss_state_t state; /* of a recipient afterwards */
} actions[] = { [SS_ACTION_RETRY] = { "retry", SS_STATE_QUEUED },
                [SS_ACTION_HOLD] = { "hold", SS_STATE_HELD },
                [SS_ACTION_RELEASE] = { "release", SS_STATE_QUEUED },
                [SS_ACTION_CANCEL] = { "cancel", SS_STATE_CANCELLED } };

typedef struct {
    ss_selection_t selection;
    ss_store_action_t control;
    int next; /* of selection.ids */
    char id[SS_IDENT_TEXT];
} work_t;

void ss_verb_action_took(ss_operator_t *o, const ss_store_changed_t *t, ss_store_action_t control,
                         const char *who)
{
    ss_state_t state = actions[control].state;

    ss_verb_lookup_wake(o, t->id);
    ss_log(o->log, SS_LOG_NOTICE, 270, "%s: %s by %s", t->id, actions[control].verb, who);
    if (t->is_foreign) return;
    ss_selection_took(o, t->id, actions[control].verb, who);
    if (control == SS_ACTION_CANCEL) o->record->metrics.cancelled += (apr_uint64_t)t->recipients;
    if (control == SS_ACTION_CANCEL || control == SS_ACTION_HOLD)
        ss_webhook_notify_stored(o->record, t->id, state);
    ss_delivery_changed(o->delivery, t, control);
}

static void step(ss_selection_t *s);

/* Returns whether the work is over. */
static int take_result(work_t *work, ss_store_request_t *request)
{
    const ss_store_control_t *control = ss_store_request_as(request, SS_STORE_CONTROL);
    ss_selection_t *s = &work->selection;

    int is_unknown = APR_STATUS_IS_NOTFOUND(request->rv);

    /* One of several may be gone: it is not among the changed ones. */
    if (is_unknown && ss_selection_is_one(s)) {
        ss_selection_unknown(s);
        return 1;
    }
    if (request->rv != APR_SUCCESS && !is_unknown) {
        ss_selection_fail(s, request);
        return 1;
    }
    s->done += control->messages;
    for (int i = 0; i < control->rows->nelts; i++)
        ss_verb_action_took(s->context, &APR_ARRAY_IDX(control->rows, i, ss_store_changed_t),
                            work->control, s->who);
    if (ss_selection_is_one(s) && !control->messages) {
        ss_selection_conflict(s, control->state ? control->state : "unknown", NULL);
        return 1;
    }
    apr_cpystrn(s->filter.after, control->next, sizeof(s->filter.after));
    if (s->is_filtered ? control->more : work->next < s->ids->nelts) return 0;
    ss_selection_finish(s, work->control == SS_ACTION_CANCEL ? "cancelled" : NULL);
    return 1;
}

static void acted(ss_store_request_t *request)
{
    work_t *work = request->baton;
    int is_over = take_result(work, request);

    apr_pool_destroy(request->pool);
    if (!is_over) step(&work->selection);
}

/* What is being sent cannot be called back; to retry it is harmless. A client that may not see the
 * message gets no answer about its state. */
static int is_in_flight(const work_t *work)
{
    const ss_job_t *job = ss_job_find(work->selection.context->delivery, work->id);
    const ss_store_filter_t *may = &work->selection.filter;

    if (job && job->message &&
        ((may->uid >= 0 && job->message->attr.uid != may->uid) ||
         !ss_message_is_of(job->message, may->submitters)))
        return 0;
    return job && job->is_sending && work->control != SS_ACTION_RETRY &&
           ss_selection_is_one(&work->selection);
}

static void step(ss_selection_t *s)
{
    work_t *work = (work_t *)s;

    if (!s->is_filtered) {
        apr_cpystrn(work->id, APR_ARRAY_IDX(s->ids, work->next++, const char *), sizeof(work->id));
        if (is_in_flight(work)) {
            ss_selection_conflict(s, "sending",
                                  "the message is being sent: that cannot be called back");
            return;
        }
    }
    ss_store_control_t *request =
        ss_store_control_create(work->control, s->who, ss_loop_wall(s->context->loop), acted, work);
    apr_cpystrn(request->id, work->id, sizeof(request->id));
    request->limit = STEP;
    request->keep_history =
        s->context->config->globals.history > 0 || ss_webhook_reads_stored(s->context->record);
    request->filter = s->filter;
    ss_store_port_post(s->context->queue, &request->head);
}

void ss_verb_action(ss_operator_t *o, ss_request_t *req)
{
    work_t *work = ss_selection_create(o, req, req->verb, sizeof(*work));
    ss_selection_t *s = &work->selection;

    while (strcmp(actions[work->control].verb, req->verb)) work->control++;
    if (!ss_selection_read(s, req->header)) return;
    if (s->is_filtered)
        ss_selection_confirm(s, work->control, step);
    else
        step(s);
}
