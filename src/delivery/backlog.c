#include "delivery/backlog.h"

#include <apr_strings.h>

#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"

/* places in the order that one request brings */
#define STEP 2000
#define READ_AGAIN APR_USEC_PER_SEC /* a failed reading of the order is tried again */
/* a message that could not be read is tried again, doubling */
#define LOAD_FIRST APR_USEC_PER_SEC
#define LOAD_MOST (30 * APR_USEC_PER_SEC)

/* ---- the order ---- */

static void add_due(ss_relay_t *relay, const apr_array_header_t *rows)
{
    ss_delivery_t *d = relay->delivery;

    for (int i = 0; i < rows->nelts; i++) {
        const ss_store_due_row_t *due = &APR_ARRAY_IDX(rows, i, ss_store_due_row_t);
        relay->fill_time = due->due;
        apr_cpystrn(relay->fill_id, due->id, sizeof(relay->fill_id));
        if (!ss_job_find(d, due->id)) ss_job_settle(ss_job_create(d, relay, NULL, due));
    }
}

static void begin_name(ss_relay_t *relay, int name)
{
    relay->fill_name = name;
    relay->fill_time = 0;
    relay->fill_id[0] = '\0';
}

static void read_step(ss_relay_t *relay);

static void read_again(ss_timer_t *timer, ss_mono_t now)
{
    (void)now;
    ss_backlog_read(timer->self);
}

static void failed(ss_relay_t *relay, const ss_result_t *result)
{
    const ss_delivery_t *d = relay->delivery;

    if (ss_delivery_may_log(d, "waiting mail of relay %s could not be read", relay->name)) {
        ss_log(d->log, SS_LOG_ERROR, 230,
               "relay \"%s\": waiting mail could not be read from the queue: %s", relay->name,
               result->text);
    }
    ss_schedule_set_more(relay->schedule, 1);
    relay->fill_timer.fired = read_again;
    relay->fill_timer.self = relay;
    ss_delivery_timer(d, &relay->fill_timer, ss_mono_add(ss_delivery_mono(d), READ_AGAIN));
}

static void step_read(ss_store_request_t *request)
{
    ss_relay_t *relay = request->baton;
    const ss_store_due_t *due = ss_store_request_as(request, SS_STORE_DUE);
    int more = 1;

    relay->is_filling = 0;
    if (request->rv != APR_SUCCESS) {
        failed(relay, &request->result);
        apr_pool_destroy(request->pool);
        return;
    }
    add_due(relay, due->rows);
    if (due->rows->nelts < due->limit) {
        more = relay->fill_name + 1 < relay->names->nelts;
        if (more)
            begin_name(relay, relay->fill_name + 1);
        else
            relay->was_filled = 1;
    }
    apr_pool_destroy(request->pool);
    if (relay->delivery->is_leaving) return;
    /* The first time all of it is looked at: a backlog of one submitter hides nobody else's mail
     * behind it. The schedule keeps a fair part. */
    if (more && (!relay->was_filled || ss_schedule_count(relay->schedule) < SS_SCHEDULE_MAX / 2))
        read_step(relay);
    else if (more)
        ss_schedule_set_more(relay->schedule, 1);
    ss_relay_wake(relay);
}

static void read_step(ss_relay_t *relay)
{
    ss_store_due_t *due =
        ss_store_due_create(APR_ARRAY_IDX(relay->names, relay->fill_name, const char *),
                            relay->fill_time, relay->fill_id, STEP, step_read, relay);

    relay->is_filling = 1;
    ss_delivery_post(relay->delivery, &due->head);
}

void ss_backlog_read(ss_relay_t *relay)
{
    if (relay->is_filling || !relay->delivery->is_started) return;
    ss_schedule_set_more(relay->schedule, 0);
    begin_name(relay, 0);
    read_step(relay);
}

void ss_backlog_read_again(ss_relay_t *relay)
{
    if (relay->is_filling)
        ss_schedule_set_more(relay->schedule, 1);
    else
        ss_backlog_read(relay);
}

void ss_backlog_refill(ss_relay_t *relay)
{
    if (ss_schedule_has_more(relay->schedule) && !relay->fill_timer.node.place &&
        ss_schedule_count(relay->schedule) < SS_SCHEDULE_MAX / 4)
        ss_backlog_read(relay);
}

/* ---- a message ---- */

static void try_later(ss_job_t *job, const char *text)
{
    const ss_delivery_t *d = job->delivery;

    if (ss_backoff_failed(&job->unread, LOAD_FIRST, LOAD_MOST, ss_delivery_mono(d)) &&
        ss_delivery_may_log(d, "messages that could not be read from the queue"))
        ss_log(d->log, SS_LOG_ERROR, 231, "%s: could not be read from the queue: %s", job->entry.id,
               text);
    ss_job_postpone(job, job->unread.next);
}

static void is_aside(ss_store_request_t *request)
{
    ss_job_t *job = request->baton;
    ss_relay_t *relay = job->relay;
    const ss_delivery_t *d = job->delivery;
    const ss_store_control_t *control = ss_store_request_as(request, SS_STORE_CONTROL);

    relay->loads--;
    job->is_loading = 0;
    if (request->rv != APR_SUCCESS && !APR_STATUS_IS_NOTFOUND(request->rv)) {
        try_later(job, control->reason);
    } else {
        for (int i = 0; control->rows && i < control->rows->nelts; i++) {
            const ss_store_changed_t *row = &APR_ARRAY_IDX(control->rows, i, ss_store_changed_t);
            for (int n = 0; n < row->recipients; n++)
                ss_relay_move(relay, row->from_state, SS_STATE_HELD);
            ss_log(d->log, SS_LOG_ERROR, 234,
                   "%s: cannot be read from the queue and is on hold: %s", job->entry.id,
                   control->reason);
        }
        job->is_gone = 1;
    }
    apr_pool_destroy(request->pool);
    d->ports.message_written(d->ports.self, job->entry.id);
    ss_job_settle(job);
    ss_relay_wake(relay);
}

void ss_backlog_set_aside(ss_job_t *job, const char *reason)
{
    ss_delivery_t *d = job->delivery;
    ss_store_control_t *request = ss_store_control_create(SS_ACTION_HOLD, "the delivery daemon",
                                                          ss_delivery_wall(d), is_aside, job);

    apr_cpystrn(request->id, job->entry.id, sizeof(request->id));
    request->filter.uid = -1;
    request->keep_history = 1;
    request->reason = apr_pstrdup(request->head.pool, reason);
    ss_job_hide(job);
    ss_job_forget(job);
    job->is_loading = 1;
    job->relay->loads++;
    ss_delivery_post(d, &request->head);
}

/* The message is not in the queue any more, cannot be read, or is another node's. */
static void not_loaded(ss_job_t *job, const ss_store_request_t *request)
{
    if (request->rv == SS_STORE_UNREADABLE)
        ss_backlog_set_aside(job, request->result.text);
    else if (request->rv == APR_SUCCESS || APR_STATUS_IS_NOTFOUND(request->rv))
        job->is_gone = 1;
    else
        try_later(job, request->result.text);
}

static void loaded(ss_store_request_t *request)
{
    ss_job_t *job = request->baton;
    ss_relay_t *relay = job->relay;
    const ss_store_load_t *load = ss_store_request_as(request, SS_STORE_LOAD);
    ss_message_t *m = request->rv == APR_SUCCESS ? load->message : NULL;

    relay->loads--;
    job->is_loading = 0;
    if (m && m->is_foreign) {
        /* Taken over by another node, or handed to the one whose it is by an action here. */
        apr_pool_destroy(m->pool);
        m = NULL;
    }
    if (m) {
        /* Where only its id was known, the relay was a guess (ss_delivery_found). */
        job->relay = ss_relay_for(job->delivery, m->relay);
        ss_backoff_worked(&job->unread);
        ss_job_set_message(job, m);
    } else {
        not_loaded(job, request);
    }
    apr_pool_destroy(request->pool);
    ss_job_settle(job);
    ss_relay_wake(relay);
}

void ss_backlog_load(ss_job_t *job)
{
    ss_store_load_t *request = ss_store_load_create(
        job->entry.id, job->wants_whole ? APR_UINT64_MAX : SS_BACKLOG_WHOLE_MAX, loaded, job);

    job->is_loading = 1;
    job->relay->loads++;
    ss_delivery_post(job->delivery, &request->head);
}
