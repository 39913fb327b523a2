/* bounce_request.c: the action "bounce": messages are given up, and their senders are told, by a
 * person's wish. Each is read, since its report carries its header; then it is an outcome like any
 * other. */
#include "base/clock.h"
#include "daemon/daemon.h"

#include <apr_strings.h>
#include <string.h>

#define PAGE 100
#define IDS_MAX 1000
/* a message that is just being read for its delivery is looked at again after */
#define BUSY_AGAIN (20 * 1000)

typedef struct {
    ss_request_t *req;
    ss_daemon_t *daemon;
    apr_pool_t *pool;
    const char *who;
    ss_store_filter_t filter;
    int is_filtered, is_last_page;
    apr_int64_t matched, done, confirm;
    apr_array_header_t *ids; /* of const char *: those named, or of the page */
    int next;
    const char *state; /* of the last one that could not be given up */
    ss_timer_t again;
} work_t;

static void go_on(work_t *work);

static void work_end(work_t *work)
{
    ss_loop_untimer(work->daemon->loop, &work->again);
    apr_pool_destroy(work->pool);
}

static void fail(work_t *work, int status, int retry_after, const char *detail)
{
    if (work->req) ss_request_refuse(work->req, status, retry_after, NULL, "%s", detail);
    work_end(work);
}

static void finish(work_t *work)
{
    json_t *document;

    if (!work->req) {
        work_end(work);
        return;
    }
    int is_one = !work->is_filtered && work->ids->nelts == 1;

    if (is_one && !work->done) {
        const char *id = APR_ARRAY_IDX(work->ids, 0, const char *);
        if (!work->state) {
            fail(work, 404, 0, apr_psprintf(work->pool, "no message %s is known", id));
            return;
        }
        document = json_object();
        json_object_set_new(document, "state", json_string(work->state));
        json_object_set_new(
            document, "detail",
            json_string(apr_psprintf(work->pool, "message %s is %s: bounce is not possible", id,
                                     work->state)));
        ss_request_answer(work->req, 409, document, NULL, 0);
        work_end(work);
        return;
    }
    if (work->done)
        ss_activity_note(
            work->daemon, work->who,
            apr_psprintf(work->pool, "bounce of %" APR_INT64_T_FMT " messages", work->done),
            ss_loop_wall(work->daemon->loop));
    document = json_pack("{s:I,s:I}", "matched",
                         (json_int_t)(work->is_filtered ? work->matched : work->ids->nelts), "done",
                         (json_int_t)work->done);
    if (is_one)
        json_object_set_new(document, "id", json_string(APR_ARRAY_IDX(work->ids, 0, const char *)));
    ss_request_document(work->req, 200, document);
    work_end(work);
}

/* ---- one message ---- */

/* Whether the req may do this to it: root, httpd's user, its submitter, or another node. */
static int may(const work_t *work, const ss_message_t *m)
{
    return !work->req || ss_request_is_trusted(work->req) ||
           (m->attr.uid >= 0 && m->attr.uid == work->req->uid);
}

static void give_up(work_t *work, ss_job_t *job)
{
    apr_time_t now = ss_loop_wall(work->daemon->loop);

    ss_job_hide(job);
    work->state = ss_message_state(job->message);
    if (ss_outcome_give_up(job, work->who, now)) {
        work->done++;
        ss_log(work->daemon->log, SS_LOG_NOTICE, 274, "%s: bounced by %s", job->entry.id,
               work->who);
    }
    ss_job_settle(job, now);
}

/* Its content is gone: it is finished, or unknown. */
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

    if (request->rv == APR_SUCCESS) work->done += control->messages;
    apr_pool_destroy(request->pool);
    go_on(work);
}

/* Another node delivers it: it gives the message up itself, within moments. */
static void hand_over(work_t *work, const char *id)
{
    /* A message that changed hands meanwhile is given up by whom it came to; two nodes cannot pass
     * it back and forth. */
    ss_store_control_t *request = ss_store_control_create(
        SS_ACTION_BOUNCE, work->who, ss_loop_wall(work->daemon->loop), handed, work);

    apr_cpystrn(request->id, id, sizeof(request->id));
    ss_store_port_post(&work->daemon->queue, &request->head);
}

static void loaded(ss_store_request_t *request)
{
    work_t *work = request->baton;
    const ss_store_load_t *load = ss_store_request_as(request, SS_STORE_LOAD);
    ss_message_t *m = request->rv == APR_SUCCESS ? load->message : NULL;
    ss_job_t *job;

    if (!m && !APR_STATUS_IS_NOTFOUND(request->rv)) {
        fail(work, 503, 5,
             ss_result_is_set(&request->result) ? apr_pstrdup(work->pool, request->result.text)
                                                : "the queue cannot be read");
        apr_pool_destroy(request->pool);
        return;
    }
    if (!m) {
        ss_store_lookup_t *lookup = ss_store_lookup_create(load->id, looked_up, work);
        apr_pool_destroy(request->pool);
        ss_store_port_post(&work->daemon->queue, &lookup->head);
        return;
    }
    apr_pool_destroy(request->pool);
    int is_own = may(work, m);
    if (is_own && m->is_foreign) {
        hand_over(work, m->id);
        apr_pool_destroy(m->pool);
        return;
    }
    job = ss_job_find(work->daemon, m->id);
    if (is_own && !(job && (job->message || job->is_sending || job->is_loading || job->outcomes))) {
        give_up(work, ss_job_take(work->daemon, ss_relay_for(work->daemon, m->relay), m));
    } else {
        apr_pool_destroy(m->pool);
        /* It was read for its delivery meanwhile: asked for once more. */
        if (is_own) work->next--;
    }
    go_on(work);
}

static void load(work_t *work, const char *id)
{
    ss_store_load_t *request = ss_store_load_create(id, SS_DAEMON_WHOLE_MAX, loaded, work);

    ss_store_port_post(&work->daemon->queue, &request->head);
}

/* 1: done with; 0: go_on is called later. */
static int look_at(work_t *work, const char *id)
{
    ss_job_t *job = ss_job_find(work->daemon, id);

    if (job && job->is_sending) {
        work->state = "sending";
        return 1;
    }
    if (job && (job->is_loading || job->outcomes || job->is_stale)) {
        work->next--;
        ss_loop_timer(work->daemon->loop, &work->again, ss_mono_add(ss_mono_now(), BUSY_AGAIN));
        return 0;
    }
    if (job && job->message && may(work, job->message)) {
        give_up(work, job);
        return 1;
    }
    if (job && job->message) return 1;
    load(work, id);
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

    if (request->rv != APR_SUCCESS) {
        fail(work, 503, 5,
             ss_result_is_set(&request->result) ? apr_pstrdup(work->pool, request->result.text)
                                                : "the queue cannot be read");
        apr_pool_destroy(request->pool);
        return;
    }
    apr_array_clear(work->ids);
    work->next = 0;
    for (int i = 0; i < list->rows->nelts; i++) {
        const ss_message_t *m = APR_ARRAY_IDX(list->rows, i, ss_message_t *);
        APR_ARRAY_PUSH(work->ids, const char *) = apr_pstrdup(work->pool, m->id);
        apr_cpystrn(work->filter.after, m->id, sizeof(work->filter.after));
    }
    work->is_last_page = !list->more || !list->rows->nelts;
    apr_pool_destroy(request->pool);
    go_on(work);
}

static void ask_page(work_t *work)
{
    ss_store_list_t *request = ss_store_list_create(&work->filter, PAGE, paged, work);

    request->filter.is_waiting = 1;
    ss_store_port_post(&work->daemon->queue, &request->head);
}

static void go_on(work_t *work)
{
    while (work->next < work->ids->nelts) {
        if (!look_at(work, APR_ARRAY_IDX(work->ids, work->next++, const char *))) return;
    }
    if (work->is_filtered && !work->is_last_page)
        ask_page(work);
    else
        finish(work);
}

static void counted(ss_store_request_t *request)
{
    work_t *work = request->baton;
    const ss_store_matches_t *matches = ss_store_request_as(request, SS_STORE_MATCHES);

    if (request->rv != APR_SUCCESS) {
        fail(work, 503, 5, "the queue cannot be read");
        apr_pool_destroy(request->pool);
        return;
    }
    work->matched = matches->messages;
    apr_pool_destroy(request->pool);
    if (work->confirm == work->matched && work->matched)
        ask_page(work);
    else
        finish(work);
}

static int read_ids(work_t *work, const json_t *ids)
{
    apr_size_t count = json_is_array(ids) ? json_array_size(ids) : ids ? 1 : 0;

    for (apr_size_t i = 0; i < count && i < IDS_MAX; i++) {
        const char *id = json_string_value(json_is_array(ids) ? json_array_get(ids, i) : ids);
        if (!id || !ss_ident_is_valid(id)) return -1;
        APR_ARRAY_PUSH(work->ids, const char *) = apr_pstrdup(work->pool, id);
    }
    return count > 0;
}

static work_t *work_create(ss_daemon_t *d)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, d->pool);
    work_t *work = apr_pcalloc(pool, sizeof(*work));
    work->daemon = d;
    work->pool = pool;
    work->ids = apr_array_make(pool, PAGE, sizeof(const char *));
    work->again = (ss_timer_t){ .fired = again, .self = work };
    return work;
}

void ss_bounce_request_handed(ss_daemon_t *d, const char *id, const char *who)
{
    work_t *work = work_create(d);

    work->who = apr_pstrdup(work->pool, who);
    APR_ARRAY_PUSH(work->ids, const char *) = apr_pstrdup(work->pool, id);
    go_on(work);
}

void ss_bounce_request_begin(ss_request_t *req, const json_t *header)
{
    const json_t *filter = json_object_get(header, "filter");
    const char *who = json_string_value(json_object_get(header, "who"));
    work_t *work = work_create(req->daemon);
    apr_pool_t *pool = work->pool;

    work->req = req;
    work->who = who && *who && ss_request_is_trusted(req) ? apr_pstrdup(pool, who)
                                                          : apr_psprintf(pool, "uid %d", req->uid);
    int named = read_ids(work, json_object_get(header, "id"));
    if (named < 0 || (!named && !json_is_object(filter))) {
        fail(work, named < 0 ? 404 : 400, 0,
             named < 0 ? "that is not a message's id"
                       : "name a message by id, or a filter: state, relay, from, to");
        return;
    }
    if (named) {
        go_on(work);
        return;
    }
    work->is_filtered = 1;
    work->confirm = json_integer_value(json_object_get(header, "confirm"));
    if (!ss_operator_filter(req, filter, &work->filter, pool)) {
        work_end(work);
        return;
    }
    ss_store_matches_t *matches = ss_store_matches_create(
        SS_ACTION_CANCEL, &work->filter, ss_loop_wall(work->daemon->loop), counted, work);
    ss_store_port_post(&work->daemon->queue, &matches->head);
}
