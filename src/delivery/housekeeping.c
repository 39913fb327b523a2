#include "delivery/housekeeping.h"

#include <apr_strings.h>

#include "delivery/backlog.h"
#include "delivery/jump.h"
#include "delivery/delivery_impl.h"
#include "delivery/outcome.h"
#include "delivery/queue_counts.h"
#include "delivery/store_watch.h"

#define PURGE_FIRST (60 * APR_USEC_PER_SEC)
#define PURGE_EVERY (600 * APR_USEC_PER_SEC)
#define PURGE_STEP 1000
/* there is more to purge: ten thousand messages a second */
#define PURGE_AGAIN (100 * 1000)
#define SWEEP_STEP 500 /* messages of a relay that one look at the store brings */

/* ---- what is in memory ---- */

static void expire(ss_job_t *job)
{
    if (!job->message || job->is_sending || ss_relay_is_paused(job->relay) ||
        ss_store_watch_fault(job->delivery) || !ss_outcome_expire(job))
        return;
    ss_job_hide(job);
    ss_job_settle(job);
}

/* A message whose own time is over while its relay is down, or its turn does not come, ends too. */
static void expire_jobs(ss_timer_t *timer, ss_mono_t now)
{
    ss_delivery_t *d = timer->self;

    if (d->is_leaving) return;
    ss_jump_look(d);
    for (apr_hash_index_t *i = apr_hash_first(NULL, d->jobs); i; i = apr_hash_next(i)) {
        ss_job_t *job = apr_hash_this_val(i);
        if (job->is_scheduled) expire(job);
    }
    if (apr_hash_count(d->jobs)) ss_delivery_timer(d, timer, ss_mono_add(now, SS_JOB_EXPIRE_EVERY));
}

/* ---- what is in the store alone ---- */

/* It is loaded, and given up when it is handed over (pump.h). */
static void load(ss_relay_t *relay, ss_job_t *job, const ss_message_t *m)
{
    if (!job) {
        ss_store_due_row_t due = { .due = ss_delivery_wall(relay->delivery),
                                   .created = m->created,
                                   .submitter = m->attr.submitter,
                                   .priority = m->attr.priority };
        apr_cpystrn(due.id, m->id, sizeof(due.id));
        job = ss_job_create(relay->delivery, relay, NULL, &due);
    } else {
        ss_job_hide(job);
    }
    ss_backlog_load(job);
}

static void swept(ss_store_request_t *request)
{
    ss_relay_t *relay = request->baton;
    const ss_store_list_t *list = ss_store_request_as(request, SS_STORE_LIST);

    for (int i = 0; request->rv == APR_SUCCESS && i < list->rows->nelts; i++) {
        const ss_message_t *m = APR_ARRAY_IDX(list->rows, i, ss_message_t *);
        ss_job_t *job = ss_job_find(relay->delivery, m->id);
        if (m->is_foreign || (job && (job->is_sending || job->is_loading))) continue;
        if (job && job->message)
            expire(job);
        else
            load(relay, job, m);
    }
    apr_pool_destroy(request->pool);
}

static void sweep(ss_relay_t *relay)
{
    apr_time_t born = ss_jump_birth(relay);

    if (ss_relay_is_paused(relay) || !relay->waiting_messages) return;
    for (int i = 0; i < relay->names->nelts; i++) {
        ss_store_filter_t filter = { .state = -1,
                                     .relay = APR_ARRAY_IDX(relay->names, i, const char *),
                                     .uid = -1,
                                     .created_before = born - relay->settings->expire,
                                     .overdue_at = born,
                                     .is_waiting = 1 };
        ss_delivery_post(relay->delivery,
                         &ss_store_list_create(&filter, SWEEP_STEP, swept, relay)->head);
    }
}

/* ---- what is finished ---- */

apr_time_t ss_housekeeping_horizon(apr_interval_time_t history, apr_time_t now)
{
    return now - history;
}

static void set_timer(ss_delivery_t *d, apr_interval_time_t wait)
{
    ss_delivery_timer(d, &d->purge_timer, ss_mono_add(ss_delivery_mono(d), wait));
}

static void purged(ss_store_request_t *request)
{
    ss_delivery_t *d = request->baton;
    const ss_store_purge_t *purged = ss_store_request_as(request, SS_STORE_PURGE);
    int more = purged->more;

    if (request->rv == APR_SUCCESS) ss_queue_counts_purged(d, purged->rows);
    apr_pool_destroy(request->pool);
    set_timer(d, more ? PURGE_AGAIN : PURGE_EVERY);
}

static void purge(ss_timer_t *timer, ss_mono_t unused)
{
    ss_delivery_t *d = timer->self;
    apr_time_t now = ss_delivery_wall(d);
    apr_interval_time_t history = d->config->globals.history;

    (void)unused;
    if (d->is_leaving) return;
    for (int i = 0; i < ss_relay_count(d); i++) sweep(ss_relay_at(d, i));
    ss_store_purge_t *request =
        ss_store_purge_create(ss_housekeeping_horizon(history, now - ss_jump_ahead(d, history)),
                              PURGE_STEP, now, purged, d);
    if (apr_hash_count(d->jobs)) ss_jump_save(d);
    ss_delivery_post(d, &request->head);
}

/* ---- for delivery.c ---- */

void ss_housekeeping_create(ss_delivery_t *d)
{
    d->expire_timer = (ss_timer_t){ .fired = expire_jobs, .self = d };
    d->purge_timer = (ss_timer_t){ .fired = purge, .self = d };
}

void ss_housekeeping_start(ss_delivery_t *d)
{
    set_timer(d, PURGE_FIRST);
}
