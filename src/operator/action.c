/* action.c: retry, hold, release and cancel: on messages by id, or on all that a filter matches,
 * step by step. See verbs.h. */
#include "operator/verbs.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "operator/waiter.h"
#include "record/webhook.h"

/* messages an action touches in one commit */
#define CONTROL_STEP 500
#define IDS_MAX 1000

typedef struct {
    ss_request_t *req;
    ss_daemon_t *daemon;
    apr_pool_t *pool;
    char id[SS_IDENT_TEXT];
    ss_store_action_t control;
    const char *verb, *who;
    ss_store_filter_t filter;
    apr_array_header_t *ids;
    int next_id;
    apr_int64_t matched, done, confirm;
    int is_filtered;
} work_t;

static work_t *work_create(ss_request_t *req)
{
    apr_pool_t *pool;
    work_t *work;

    apr_pool_create(&pool, req->daemon->pool);
    work = apr_pcalloc(pool, sizeof(*work));
    work->req = req;
    work->daemon = req->daemon;
    work->pool = pool;
    return work;
}

static void work_end(work_t *work)
{
    apr_pool_destroy(work->pool);
}

/* ---- actions on messages ---- */

static void next_action(work_t *work);

void ss_action_took(ss_daemon_t *d, const ss_store_changed_t *t, ss_store_action_t control,
                    const char *who)
{
    static const char *const verbs[] = { [SS_ACTION_RETRY] = "retry",
                                         [SS_ACTION_HOLD] = "hold",
                                         [SS_ACTION_RELEASE] = "release",
                                         [SS_ACTION_CANCEL] = "cancel" };
    static const ss_state_t states[] = { [SS_ACTION_RETRY] = SS_STATE_QUEUED,
                                         [SS_ACTION_HOLD] = SS_STATE_HELD,
                                         [SS_ACTION_RELEASE] = SS_STATE_QUEUED,
                                         [SS_ACTION_CANCEL] = SS_STATE_CANCELLED };
    ss_relay_t *relay = ss_relay_for(d, t->relay);

    ss_waiter_wake(d, t->id);
    ss_log(d->log, SS_LOG_NOTICE, 270, "%s: %s by %s", t->id, verbs[control], who);
    if (t->is_foreign) return;
    for (int k = 0; k < t->recipients; k++) ss_relay_counted(relay, t->from_state, states[control]);
    if (control == SS_ACTION_CANCEL) {
        relay->metrics.results[SS_STATE_CANCELLED] += (apr_uint64_t)t->recipients;
        d->metrics.cancelled += (apr_uint64_t)t->recipients;
        if (t->is_finished)
            ss_relay_stored(relay, &(ss_message_t){ .rcpt_count = t->recipients, .size = t->size },
                            -1);
    }
    if (control == SS_ACTION_CANCEL || control == SS_ACTION_HOLD)
        ss_webhook_notify_stored(d, t->id, states[control]);
    if (control == SS_ACTION_RETRY || control == SS_ACTION_RELEASE || ss_job_find(d, t->id))
        ss_job_refresh(d, t->id, relay, ss_loop_wall(d->loop));
}

static void acted(ss_store_request_t *request)
{
    work_t *work = request->baton;
    ss_request_t *req = work->req;
    const ss_store_control_t *control = ss_store_request_as(request, SS_STORE_CONTROL);

    if (request->rv != APR_SUCCESS) {
        if (APR_STATUS_IS_NOTFOUND(request->rv))
            ss_request_refuse(req, 404, 0, NULL, "no message %s is known", work->id);
        else
            ss_operator_refuse_store(req, request);
        apr_pool_destroy(request->pool);
        work_end(work);
        return;
    }
    work->done += control->messages;
    for (int i = 0; i < control->rows->nelts; i++)
        ss_action_took(work->daemon, &APR_ARRAY_IDX(control->rows, i, ss_store_changed_t),
                       work->control, work->who);
    if (work->ids && !control->messages && work->ids->nelts == 1) {
        /* One message was named and nothing of it can be changed: its state says why. */
        json_t *fields = json_object();
        json_object_set_new(fields, "state",
                            json_string(control->state ? control->state : "unknown"));
        json_object_set_new(
            fields, "detail",
            json_string(apr_psprintf(work->pool, "message %s is %s: %s is not possible", work->id,
                                     control->state ? control->state : "unknown", work->verb)));
        ss_request_answer(req, 409, fields, NULL, 0);
        apr_pool_destroy(request->pool);
        work_end(work);
        return;
    }
    int more = work->is_filtered ? control->more && control->messages : 0;
    apr_pool_destroy(request->pool);
    if (more || (work->ids && work->next_id < work->ids->nelts)) {
        next_action(work);
        return;
    }
    if (work->done) {
        ss_activity_note(work->daemon, work->who,
                         work->ids && work->ids->nelts == 1
                             ? apr_psprintf(work->pool, "%s of message %s", work->verb, work->id)
                             : apr_psprintf(work->pool, "%s of %" APR_INT64_T_FMT " messages",
                                            work->verb, work->done),
                         ss_loop_wall(work->daemon->loop));
    }
    json_t *document = json_object();
    if (work->is_filtered)
        json_object_set_new(document, "matched", json_integer(work->matched));
    else
        json_object_set_new(document, "matched", json_integer(work->ids->nelts));
    json_object_set_new(document, "done", json_integer(work->done));
    if (!work->is_filtered && work->ids->nelts == 1) {
        json_object_set_new(document, "id", json_string(work->id));
        if (work->control == SS_ACTION_CANCEL)
            json_object_set_new(document, "state", json_string("cancelled"));
    }
    ss_request_document(req, 200, document);
    work_end(work);
}

static int is_in_flight(ss_daemon_t *d, const char *id)
{
    const ss_job_t *job = ss_job_find(d, id);

    return job && job->is_sending;
}

static void next_action(work_t *work)
{
    ss_store_control_t *request = ss_store_control_create(
        work->control, work->who, ss_loop_wall(work->daemon->loop), acted, work);

    request->limit = CONTROL_STEP;
    request->keep_history = work->daemon->config->globals.history > 0;
    request->filter = work->filter;
    if (!work->is_filtered) {
        apr_cpystrn(work->id, APR_ARRAY_IDX(work->ids, work->next_id, const char *),
                    sizeof(work->id));
        work->next_id++;
        apr_cpystrn(request->id, work->id, sizeof(request->id));
        /* What is being sent cannot be called back. */
        if (is_in_flight(work->daemon, work->id) && work->control != SS_ACTION_RETRY &&
            work->ids->nelts == 1) {
            apr_pool_destroy(request->head.pool);
            json_t *fields = json_object();
            json_object_set_new(fields, "state", json_string("sending"));
            json_object_set_new(
                fields, "detail",
                json_string("the message is being sent: that cannot be called back"));
            ss_request_answer(work->req, 409, fields, NULL, 0);
            work_end(work);
            return;
        }
    }
    ss_store_port_post(&work->daemon->queue, &request->head);
}

static void counted(ss_store_request_t *request)
{
    work_t *work = request->baton;
    const ss_store_matches_t *matches = ss_store_request_as(request, SS_STORE_MATCHES);

    if (request->rv != APR_SUCCESS) {
        ss_operator_refuse_store(work->req, request);
        apr_pool_destroy(request->pool);
        work_end(work);
        return;
    }
    work->matched = matches->messages;
    apr_pool_destroy(request->pool);
    if (work->confirm != work->matched || !work->matched) {
        ss_request_document(
            work->req, 200,
            json_pack("{s:I,s:i}", "matched", (json_int_t)work->matched, "done", 0));
        work_end(work);
        return;
    }
    next_action(work);
}

static int read_ids(work_t *work, const json_t *header)
{
    const json_t *ids = json_object_get(header, "id");
    apr_size_t count = json_is_array(ids) ? json_array_size(ids) : ids ? 1 : 0;

    if (!count) return 0;
    work->ids = apr_array_make(work->pool, (int)count, sizeof(const char *));
    for (apr_size_t i = 0; i < count && i < IDS_MAX; i++) {
        const char *id = json_string_value(json_is_array(ids) ? json_array_get(ids, i) : ids);
        if (!id || !ss_ident_is_valid(id)) return -1;
        APR_ARRAY_PUSH(work->ids, const char *) = apr_pstrdup(work->pool, id);
    }
    return 1;
}

void ss_action_run(ss_request_t *req, const json_t *header, const char *verb,
                   ss_store_action_t control)
{
    work_t *work = work_create(req);
    const json_t *filter = json_object_get(header, "filter");
    int named = read_ids(work, header);

    work->control = control;
    work->verb = apr_pstrdup(work->pool, verb);
    work->who = ss_operator_text(header, "who", work->pool);
    if (!work->who || !ss_request_is_trusted(req))
        work->who = apr_psprintf(work->pool, "uid %d", req->uid);
    work->filter =
        (ss_store_filter_t){ .state = -1, .uid = ss_request_is_trusted(req) ? -1 : req->uid };
    if (named < 0 || (!named && !json_is_object(filter))) {
        work_end(work);
        ss_request_refuse(req, named < 0 ? 404 : 400, 0, "id",
                          named < 0 ? "that is not a message's id"
                                    : "name a message by id, or a filter: state, relay, from, to");
        return;
    }
    if (named) {
        next_action(work);
        return;
    }
    work->is_filtered = 1;
    work->confirm = json_integer_value(json_object_get(header, "confirm"));
    if (!ss_operator_filter(req, filter, &work->filter, work->pool)) {
        work_end(work);
        return;
    }
    /* The same filter for the count and for each step: an action takes what it touched out of what
     * it matches. */
    ss_store_matches_t *matches = ss_store_matches_create(
        control, &work->filter, ss_loop_wall(work->daemon->loop), counted, work);
    ss_store_port_post(&work->daemon->queue, &matches->head);
}
