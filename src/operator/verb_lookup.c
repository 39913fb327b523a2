#include "operator/verb.h"

#include <apr_strings.h>
#include <string.h>

#include "base/clock.h"
#include "delivery/job.h"
#include "operator/document.h"

#define LIST_LIMIT 100 /* rows of the list, unless the request says */
#define LIST_MAX 1000
#define WAIT_MAX (120 * APR_USEC_PER_SEC)

typedef struct work_t {
    ss_operator_t *context;
    ss_request_t *req;
    apr_pool_t *pool;
    int is_full;     /* show: with history */
    int most;        /* recipients in the document; 0: all */
    ss_mono_t until; /* get with wait; else not set */
    /* a look-up is under way; a change was committed since it was posted */
    int is_asking, was_woken;
    int is_waiting;      /* in context->waiters */
    struct work_t *next; /* that waits for the same message */
    ss_timer_t timer;
    char id[SS_IDENT_TEXT];
} work_t;

/* ---- until a message is final ---- */

/* Waits for a commit that concerns the message, or until the time is over. */
static void wait_for_change(work_t *work)
{
    apr_hash_t *waiters = work->context->waiters;

    if (!work->is_waiting) {
        work->is_waiting = 1;
        work->next = apr_hash_get(waiters, work->id, APR_HASH_KEY_STRING);
        /* The key is the text of the first one: the entry is replaced, because the other may be
         * freed first. */
        apr_hash_set(waiters, work->id, APR_HASH_KEY_STRING, NULL);
        apr_hash_set(waiters, work->id, APR_HASH_KEY_STRING, work);
    }
    ss_loop_timer(work->context->loop, &work->timer, work->until);
}

static void work_end(work_t *work)
{
    apr_hash_t *waiters = work->context->waiters;
    work_t *first = apr_hash_get(waiters, work->id, APR_HASH_KEY_STRING), *before = NULL;

    ss_loop_untimer(work->context->loop, &work->timer);
    for (work_t *w = first; w && w != work; w = w->next) before = w;
    if (work->is_waiting && before) {
        before->next = work->next;
    } else if (work->is_waiting) {
        apr_hash_set(waiters, work->id, APR_HASH_KEY_STRING, NULL);
        if (work->next) apr_hash_set(waiters, work->next->id, APR_HASH_KEY_STRING, work->next);
    }
    apr_pool_destroy(work->pool);
}

void ss_verb_lookup_wake(ss_operator_t *o, const char *id)
{
    for (work_t *w = apr_hash_get(o->waiters, id, APR_HASH_KEY_STRING); w; w = w->next)
        ss_loop_timer(o->loop, &w->timer, ss_loop_now(o->loop));
}

/* ---- one message ---- */

static void ask_lookup(work_t *work);

static const char *copy_of(const char *text, apr_pool_t *pool)
{
    return text ? apr_pstrdup(pool, text) : NULL;
}

/* What delivery has in memory is newer than the store. Copied: the document may be written while
 * delivery goes on. */
static void overlay(const ss_operator_t *o, ss_message_t *m, apr_pool_t *pool)
{
    const ss_job_t *job = ss_job_find(o->delivery, m->id);

    if (!job || job->is_gone) return;
    for (int i = 0; !job->message && i < m->rcpt_count; i++)
        if (ss_job_is_due(job, &m->rcpts[i])) ss_job_show_met(job, &m->rcpts[i], pool);
    for (int i = 0; job->message && i < m->rcpt_count && i < job->message->rcpt_count; i++) {
        const ss_recipient_t *now = &job->message->rcpts[i];
        if (ss_state_is_final(m->rcpts[i].state)) continue;
        int is_newer = now->reply && (now->is_uncharged || !m->rcpts[i].reply);
        if (now->state == SS_STATE_SENDING || (is_newer && !ss_state_is_final(now->state))) {
            m->rcpts[i].state = now->state;
            m->rcpts[i].is_uncharged = now->is_uncharged;
            m->rcpts[i].reply = copy_of(now->reply, pool);
            m->rcpts[i].host = copy_of(now->host, pool);
            m->rcpts[i].advice = copy_of(now->advice, pool);
        }
    }
    for (int i = 0; i < m->rcpt_count; i++)
        if (m->rcpts[i].is_uncharged && ss_mono_before(ss_mono_now(), job->not_before))
            m->rcpts[i].next = ss_mono_to_wall(job->not_before, ss_mono_now(), ss_wall_now());
}

static void look_again(ss_timer_t *timer, ss_mono_t now)
{
    work_t *work = timer->self;

    (void)now;
    work->was_woken = 1;
    if (!work->is_asking) ask_lookup(work);
}

/* It does not keep its place among the clients until the time is over. */
static void left(ss_request_t *req)
{
    work_t *work = req->work;

    ss_loop_timer(work->context->loop, &work->timer, ss_loop_now(work->context->loop));
}

static void add_rows(json_t *document, ss_store_request_t *request)
{
    const work_t *work = request->baton;
    const ss_store_lookup_t *lookup = ss_store_request_as(request, SS_STORE_LOOKUP);

    ss_document_rows(document, lookup->message, work->is_full ? lookup->history : NULL, work->most);
}

static void answered(void *self)
{
    work_end(self);
}

static void answer_with(work_t *work, ss_store_request_t *request, ss_message_t *m)
{
    const ss_store_lookup_t *lookup = ss_store_request_as(request, SS_STORE_LOOKUP);
    int rows = m->rcpt_count + (work->is_full && lookup->history ? lookup->history->nelts : 0);

    /* Nothing else is asked meanwhile. */
    work->is_asking = 1;
    overlay(work->context, m, request->pool);
    ss_operator_answer(work->context, work->req, request, rows,
                       ss_document_message(work->context, m, work->is_full, work->most), add_rows,
                       answered, work);
}

static void looked_up(ss_store_request_t *request)
{
    work_t *work = request->baton;
    const ss_store_lookup_t *lookup = ss_store_request_as(request, SS_STORE_LOOKUP);
    ss_request_t *req = work->req;
    ss_message_t *m = lookup->message;
    int any = 0;

    work->is_asking = 0;
    if (req->has_left || APR_STATUS_IS_NOTFOUND(request->rv) ||
        (request->rv == APR_SUCCESS && !ss_operator_may(req, m))) {
        ss_request_refuse(req, 404, 0, NULL,
                          "no message %s is known (finished ones are kept for SMTPSendHistory)",
                          work->id);
    } else if (request->rv != APR_SUCCESS) {
        ss_operator_refuse_store(req, request);
    } else {
        ss_message_due(m, &any);
        if (any && ss_mono_before(ss_loop_now(work->context->loop), work->until) &&
            !work->context->is_leaving) {
            apr_pool_destroy(request->pool);
            if (work->was_woken) ask_lookup(work);
            return;
        }
        answer_with(work, request, m);
        return;
    }
    apr_pool_destroy(request->pool);
    work_end(work);
}

static void ask_lookup(work_t *work)
{
    ss_store_lookup_t *request = ss_store_lookup_create(work->id, looked_up, work);

    /* Waiting begins before the look-up, so that no commit after it is missed. */
    work->is_asking = 1;
    work->was_woken = 0;
    if (ss_mono_is_set(work->until)) wait_for_change(work);
    ss_store_port_post(work->context->queue, &request->head);
}

ss_mono_t ss_verb_lookup_until(apr_interval_time_t wait, ss_mono_t now)
{
    return wait > 0 ? ss_mono_add(now, wait < WAIT_MAX ? wait : WAIT_MAX) : (ss_mono_t){ 0 };
}

void ss_verb_lookup(ss_operator_t *o, ss_request_t *req)
{
    const char *id = ss_json_text(req->header, "id");
    apr_pool_t *pool;

    if (!id || !ss_ident_is_valid(id)) {
        ss_request_refuse(req, 404, 0, NULL, "that is not a message's id");
        return;
    }
    apr_pool_create(&pool, o->pool);
    work_t *work = apr_pcalloc(pool, sizeof(*work));
    work->context = o;
    work->req = req;
    work->pool = pool;
    work->is_full = !strcmp(req->verb, "show");
    json_int_t most = ss_json_number(req->header, "most");
    work->most = most > 0 && most <= LIST_MAX ? (int)most : 0;
    work->until = ss_verb_lookup_until(ss_json_number(req->header, "wait"), ss_loop_now(o->loop));
    work->timer = (ss_timer_t){ .fired = look_again, .self = work };
    apr_cpystrn(work->id, id, sizeof(work->id));
    req->work = work;
    req->left = left;
    ask_lookup(work);
}

/* ---- the list ---- */

static void add_messages(json_t *document, ss_store_request_t *request)
{
    const ss_store_list_t *list = ss_store_request_as(request, SS_STORE_LIST);
    json_t *rows = json_array();
    const char *last = NULL;

    for (int i = 0; i < list->rows->nelts; i++) {
        const ss_message_t *m = APR_ARRAY_IDX(list->rows, i, ss_message_t *);
        json_array_append_new(rows, ss_document_summary(m));
        last = m->id;
    }
    json_object_set_new(document, "messages", rows);
    json_object_set_new(document, "more", ss_json_string(list->more ? last : NULL));
}

static void listed(ss_store_request_t *request)
{
    ss_request_t *req = request->baton;
    ss_operator_t *o = req->work;
    const ss_store_list_t *list = ss_store_request_as(request, SS_STORE_LIST);

    if (request->rv != APR_SUCCESS) {
        ss_operator_refuse_store(req, request);
        apr_pool_destroy(request->pool);
        return;
    }
    for (int i = 0; i < list->rows->nelts; i++)
        overlay(o, APR_ARRAY_IDX(list->rows, i, ss_message_t *), request->pool);
    ss_operator_answer(o, req, request, list->rows->nelts, json_object(), add_messages, NULL, NULL);
}

int ss_verb_lookup_limit(json_int_t limit)
{
    return limit > 0 && limit <= LIST_MAX ? (int)limit : LIST_LIMIT;
}

void ss_verb_lookup_list(ss_operator_t *o, ss_request_t *req)
{
    const char *ident = ss_json_text(req->header, "id");
    const ss_store_filter_t none = { .state = -1 };
    ss_store_list_t *request = ss_store_list_create(
        &none, ss_verb_lookup_limit(ss_json_number(req->header, "limit")), listed, req);

    if (!ss_operator_filter(req, req->header, &request->filter, request->head.pool)) {
        apr_pool_destroy(request->head.pool);
        return;
    }
    if (ident && !ss_ident_is_part(ident)) {
        ss_request_refuse(req, 400, 0, "id", "that is not the beginning or end of a message's id");
        apr_pool_destroy(request->head.pool);
        return;
    }
    if (ident) request->filter.ident = apr_pstrdup(request->head.pool, ident);
    req->work = o;
    ss_store_port_post(o->queue, &request->head);
}
