/* job.c: waiting messages in the daemon's memory: found by id, kept or forgotten, put back into the
 * order. */
#include "daemon/daemon.h"

#include <apr_strings.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define EXPIRE_EVERY (20 * APR_USEC_PER_SEC)

static apr_uint32_t hash_of(const char *text)
{
    apr_ssize_t len = APR_HASH_KEY_STRING;

    return text ? apr_hashfunc_default(text, &len) : 0;
}

static void charge(ss_job_t *job)
{
    job->memory = ss_message_resident(job->message) + sizeof(*job);
    job->daemon->memory += job->memory;
}

/* A message whose own time is over while its relay is down or its turn does not come ends all the
 * same. */
static void expire_jobs(ss_timer_t *timer, ss_mono_t now)
{
    ss_daemon_t *d = timer->self;
    apr_time_t wall = ss_loop_wall(d->loop);

    if (d->is_leaving) return;
    for (apr_hash_index_t *i = apr_hash_first(d->pool, d->jobs); i; i = apr_hash_next(i)) {
        ss_job_t *job = apr_hash_this_val(i);
        if (!job->is_scheduled || !job->message || ss_relay_is_paused(job->relay) ||
            !ss_outcome_expire(job, wall))
            continue;
        ss_job_hide(job);
        ss_job_settle(job, wall);
    }
    if (apr_hash_count(d->jobs))
        ss_loop_timer(d->loop, &d->expire_timer, ss_mono_add(now, EXPIRE_EVERY));
}

ss_job_t *ss_job_take(ss_daemon_t *d, ss_relay_t *relay, ss_message_t *message)
{
    ss_job_t *job = ss_job_find(d, message->id);

    if (!job) {
        job = ss_job_create(d, relay, message, NULL);
        job->is_loaded = 1;
        return job;
    }
    assert(!job->message && !job->is_sending && !job->is_loading);
    ss_job_hide(job);
    job->message = message;
    job->is_loaded = 1;
    charge(job);
    return job;
}

void ss_job_hide(ss_job_t *job)
{
    if (job->is_scheduled) ss_schedule_remove(job->relay->schedule, &job->entry);
    job->is_scheduled = 0;
}

/* due: wall time; 0: at once. */
static void set_due(ss_job_t *job, apr_time_t due)
{
    const ss_loop_t *loop = job->daemon->loop;

    job->due = due;
    job->entry.due = due <= job->ripe ? (ss_mono_t){ 0 }
                                      : ss_mono_of_wall(due, ss_loop_now(loop), ss_loop_wall(loop));
}

ss_job_t *ss_job_create(ss_daemon_t *d, ss_relay_t *relay, ss_message_t *message,
                        const ss_store_due_row_t *due)
{
    ss_job_t *job = calloc(1, sizeof(*job));

    if (!job) abort();
    job->daemon = d;
    job->relay = relay;
    job->entry.owner = job;
    if (message) {
        apr_cpystrn(job->entry.id, message->id, sizeof(job->entry.id));
        job->message = message;
        job->entry.created = message->created;
        job->entry.priority = message->attr.priority;
        job->entry.submitter = hash_of(message->attr.submitter);
        charge(job);
    } else {
        apr_cpystrn(job->entry.id, due->id, sizeof(job->entry.id));
        job->entry.created = due->created;
        set_due(job, due->due);
        job->entry.priority = due->priority;
        job->entry.is_retry = due->attempts > 0;
        job->entry.submitter = hash_of(due->submitter);
    }
    apr_hash_set(d->jobs, job->entry.id, APR_HASH_KEY_STRING, job);
    if (!d->expire_timer.node.place) {
        d->expire_timer = (ss_timer_t){ .fired = expire_jobs, .self = d };
        ss_loop_timer(d->loop, &d->expire_timer, ss_mono_add(ss_loop_now(d->loop), EXPIRE_EVERY));
    }
    return job;
}

ss_job_t *ss_job_find(ss_daemon_t *d, const char *id)
{
    return apr_hash_get(d->jobs, id, APR_HASH_KEY_STRING);
}

void ss_job_forget(ss_job_t *job)
{
    assert(!job->is_sending);
    if (!job->message) return;
    apr_pool_destroy(job->message->pool);
    job->message = NULL;
    job->daemon->memory -= job->memory;
    job->memory = 0;
}

void ss_job_free(ss_job_t *job)
{
    if (job->is_scheduled) ss_schedule_remove(job->relay->schedule, &job->entry);
    if (ss_job_find(job->daemon, job->entry.id) == job)
        apr_hash_set(job->daemon->jobs, job->entry.id, APR_HASH_KEY_STRING, NULL);
    /* Nothing waits: nothing to look at, and an idle daemon sleeps. */
    if (!apr_hash_count(job->daemon->jobs) && job->daemon->expire_timer.node.place)
        ss_loop_untimer(job->daemon->loop, &job->daemon->expire_timer);
    ss_job_forget(job);
    free(job);
}

int ss_job_is_soon(const ss_job_t *job)
{
    return ss_mono_since(job->entry.due, ss_loop_now(job->daemon->loop)) <= APR_USEC_PER_SEC;
}

static void schedule(ss_job_t *job)
{
    ss_relay_t *relay = job->relay;
    ss_schedule_entry_t *dropped = NULL;

    job->is_scheduled = 1;
    ss_schedule_add(relay->schedule, &job->entry, &dropped);
    if (dropped) {
        ss_job_t *other = dropped->owner;
        other->is_scheduled = 0;
        /* While the store cannot write, it still has the message as it was before: a refill would
         * bring it again as unsent. It stays known until its outcomes are committed, which settles
         * it. */
        if (!other->outcomes) ss_job_free(other);
    }
    ss_relay_wake(relay);
}

void ss_job_settle(ss_job_t *job, apr_time_t now)
{
    int any = 0;

    if (job->is_sending || job->is_loading || job->is_scheduled) return;
    if (job->is_stale) {
        /* The store was changed meanwhile: what still waits is read again, after this job's own
         * outcomes are in it. */
        if (job->outcomes) return;
        job->is_stale = 0;
        ss_job_forget(job);
        set_due(job, now);
    }
    if (job->is_gone) {
        if (!job->outcomes) ss_job_free(job);
        return;
    }
    if (!job->message) {
        schedule(job);
        return;
    }
    apr_time_t due = ss_message_due(job->message, &any);
    if (!any) {
        /* Forgotten only after the commit: until then a crash would send it again from the store,
         * and a question finds it here. */
        if (!job->outcomes) ss_job_free(job);
        return;
    }
    set_due(job, due);
    job->entry.is_retry = job->message->rcpts[0].attempts > 0;
    int is_soon = ss_job_is_soon(job);
    if ((!is_soon && !job->outcomes) ||
        (job->daemon->memory > SS_DAEMON_MEMORY_MAX && !job->outcomes))
        ss_job_forget(job);
    schedule(job);
}

void ss_job_refresh(ss_daemon_t *d, const char *id, ss_relay_t *relay, apr_time_t now)
{
    ss_job_t *job = ss_job_find(d, id);

    if (job) {
        if (job->is_sending || job->is_loading) {
            job->is_stale = 1;
            return;
        }
        ss_job_hide(job);
        if (job->outcomes) {
            /* What the store would read now is older than what became of it: committed() settles
             * it. */
            job->is_stale = 1;
            return;
        }
        ss_job_forget(job);
    } else {
        ss_store_due_row_t due = {
            .relay = relay->name, .due = now, .created = now, .priority = SS_PRIORITY_NORMAL
        };
        apr_cpystrn(due.id, id, sizeof(due.id));
        job = ss_job_create(d, relay, NULL, &due);
    }
    /* Read again; what is held, cancelled or not due yet is found out then. */
    set_due(job, now);
    ss_job_settle(job, now);
}
