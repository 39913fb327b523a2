/* lookup.c: questions about messages: one, with ?wait until it is final, and the list by filter.
 * See verbs.h. */
#include "operator/verbs.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "operator/waiter.h"

#define LIST_LIMIT 100
#define LIST_MAX 1000
#define WAIT_MAX (120 * APR_USEC_PER_SEC)

typedef struct {
    ss_request_t *req;
    ss_daemon_t *daemon;
    apr_pool_t *pool;
    int is_full;     /* show: with history */
    ss_mono_t until; /* get with wait */
    /* a look-up is under way; something was committed since it was asked for */
    int is_asking, was_woken;
    ss_waiter_t waiter;
    char id[SS_IDENT_TEXT];
    ss_store_filter_t filter; /* of a list */
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
    ss_waiter_leave(work->daemon, &work->waiter);
    apr_pool_destroy(work->pool);
}

/* ---- one message ---- */

static void ask_lookup(work_t *work);

/* What the daemon has in memory is newer than the store. */
static void overlay(ss_daemon_t *d, ss_message_t *m)
{
    const ss_job_t *job = ss_job_find(d, m->id);

    if (!job || !job->message || job->is_gone) return;
    for (int i = 0; i < m->rcpt_count && i < job->message->rcpt_count; i++) {
        const ss_recipient_t *now = &job->message->rcpts[i];
        if (ss_state_is_final(m->rcpts[i].state)) continue;
        if (now->state == SS_STATE_SENDING ||
            (!m->rcpts[i].reply && now->reply && !ss_state_is_final(now->state))) {
            m->rcpts[i].state = now->state;
            m->rcpts[i].reply = now->reply;
            m->rcpts[i].host = now->host;
            m->rcpts[i].advice = now->advice;
        }
    }
}

static void look_again(ss_timer_t *timer, ss_mono_t now)
{
    work_t *work = timer->self;

    (void)now;
    work->was_woken = 1;
    if (!work->is_asking) ask_lookup(work);
}

static int may_see(const ss_request_t *req, const ss_message_t *m)
{
    return ss_request_is_trusted(req) || (m->attr.uid >= 0 && m->attr.uid == req->uid);
}

static void looked_up(ss_store_request_t *request)
{
    work_t *work = request->baton;
    ss_request_t *req = work->req;
    const ss_store_lookup_t *lookup = ss_store_request_as(request, SS_STORE_LOOKUP);
    ss_message_t *m = lookup->message;
    int any = 0;

    work->is_asking = 0;
    if (req->is_closing || APR_STATUS_IS_NOTFOUND(request->rv) ||
        (request->rv == APR_SUCCESS && !may_see(req, m))) {
        ss_request_refuse(req, 404, 0, NULL,
                          "no message %s is known (finished ones are kept for SMTPSendHistory)",
                          work->id);
    } else if (request->rv != APR_SUCCESS) {
        ss_operator_refuse_store(req, request);
    } else {
        ss_message_due(m, &any);
        if (any && ss_mono_before(ss_loop_now(work->daemon->loop), work->until) &&
            !work->daemon->is_leaving) {
            apr_pool_destroy(request->pool);
            if (work->was_woken) ask_lookup(work);
            return;
        }
        overlay(work->daemon, m);
        ss_request_document(
            req, 200, ss_document_message(work->daemon, m, work->is_full ? lookup->history : NULL));
    }
    apr_pool_destroy(request->pool);
    work_end(work);
}

static void ask_lookup(work_t *work)
{
    ss_store_lookup_t *lookup = ss_store_lookup_create(work->id, looked_up, work);

    /* Waiting begins before the question: what is committed between its answer and the next look is
     * not missed. */
    work->is_asking = 1;
    work->was_woken = 0;
    if (ss_mono_is_set(work->until))
        ss_waiter_wait(work->daemon, &work->waiter, work->id, work->until);
    ss_store_port_post(&work->daemon->queue, &lookup->head);
}

void ss_lookup_message(ss_request_t *req, const json_t *header, int is_full)
{
    work_t *work = work_create(req);
    const char *id = json_string_value(json_object_get(header, "id"));
    apr_interval_time_t wait = json_integer_value(json_object_get(header, "wait"));

    if (!id || !ss_ident_is_valid(id)) {
        work_end(work);
        ss_request_refuse(req, 404, 0, NULL, "that is not a message's id");
        return;
    }
    apr_cpystrn(work->id, id, sizeof(work->id));
    work->is_full = is_full;
    if (wait > 0)
        work->until =
            ss_mono_add(ss_loop_now(work->daemon->loop), wait < WAIT_MAX ? wait : WAIT_MAX);
    work->waiter.timer = (ss_timer_t){ .fired = look_again, .self = work };
    ask_lookup(work);
}

/* ---- the list ---- */

static void listed(ss_store_request_t *request)
{
    work_t *work = request->baton;
    const ss_store_list_t *list = ss_store_request_as(request, SS_STORE_LIST);
    json_t *document, *rows;

    if (request->rv != APR_SUCCESS) {
        ss_operator_refuse_store(work->req, request);
    } else {
        rows = json_array();
        const char *last = NULL;
        for (int i = 0; i < list->rows->nelts; i++) {
            ss_message_t *m = APR_ARRAY_IDX(list->rows, i, ss_message_t *);
            overlay(work->daemon, m);
            json_array_append_new(rows, ss_document_summary(work->daemon, m));
            last = m->id;
        }
        document = json_object();
        json_object_set_new(document, "messages", rows);
        json_object_set_new(document, "more", list->more && last ? json_string(last) : json_null());
        ss_request_document(work->req, 200, document);
    }
    apr_pool_destroy(request->pool);
    work_end(work);
}

void ss_lookup_list(ss_request_t *req, const json_t *header)
{
    work_t *work = work_create(req);
    json_int_t limit = json_integer_value(json_object_get(header, "limit"));

    if (!ss_operator_filter(req, header, &work->filter, work->pool)) {
        work_end(work);
        return;
    }
    ss_store_list_t *list = ss_store_list_create(
        &work->filter, limit > 0 && limit <= LIST_MAX ? (int)limit : LIST_LIMIT, listed, work);
    ss_store_port_post(&work->daemon->queue, &list->head);
}
