#include "delivery/job.h"

#include <apr_strings.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/delivery_impl.h"
#include "delivery/retry.h"

/* a clock that is slewed is followed with the next attempt */
#define REBASE_LEAST APR_USEC_PER_SEC

static apr_uint32_t hash_of(const char *text)
{
    apr_ssize_t len = APR_HASH_KEY_STRING;

    return text ? apr_hashfunc_default(text, &len) : 0;
}

/* ---- making and finding ---- */

/* due: wall time by the job's clock; 0: at once. */
static void set_due(ss_job_t *job, apr_time_t due)
{
    job->entry.due.us = due > job->clock ? due - job->clock : 0;
}

/* The time of the next attempt. What was read may be of a clock that has been set back since. */
static apr_time_t next_of(const ss_job_t *job, apr_time_t next, int attempts)
{
    apr_time_t now = ss_delivery_mono(job->delivery).us + job->clock;

    return ss_retry_next(next, job->relay->settings->retry, attempts, now);
}

static void forget_met(ss_job_t *job)
{
    free(job->met);
    job->met = NULL;
}

/* The first of the waiting recipients' replies that charged nothing stands for all of them. */
static void keep_met(ss_job_t *job)
{
    for (int i = 0; i < job->message->rcpt_count; i++) {
        const ss_recipient_t *rcpt = &job->message->rcpts[i];
        if (!rcpt->is_uncharged || !rcpt->reply || rcpt->state >= SS_STATE_HELD) continue;
        if (!job->met) job->met = malloc(sizeof(*job->met));
        if (!job->met) return;
        apr_cpystrn(job->met->reply, rcpt->reply, sizeof(job->met->reply));
        apr_cpystrn(job->met->host, rcpt->host ? rcpt->host : "", sizeof(job->met->host));
        job->met->advice = rcpt->advice;
        return;
    }
    forget_met(job);
}

void ss_job_show_met(const ss_job_t *job, ss_recipient_t *rcpt, apr_pool_t *pool)
{
    if (!job->met || rcpt->state >= SS_STATE_HELD) return;
    rcpt->reply = apr_pstrdup(pool, job->met->reply);
    rcpt->host = *job->met->host ? apr_pstrdup(pool, job->met->host) : NULL;
    rcpt->advice = job->met->advice;
    rcpt->is_uncharged = 1;
}

void ss_job_set_message(ss_job_t *job, ss_message_t *message)
{
    assert(!job->message);
    for (int i = 0; i < message->rcpt_count; i++) {
        ss_recipient_t *rcpt = &message->rcpts[i];
        rcpt->next = next_of(job, rcpt->next, rcpt->attempts);
        if (job->is_hurried && rcpt->state == SS_STATE_DEFERRED) rcpt->next = 0;
        rcpt->suspected = job->suspected;
        if (ss_job_is_due(job, rcpt)) ss_job_show_met(job, rcpt, message->pool);
    }
    job->message = message;
    job->entry.created = message->created;
    job->entry.priority = message->attr.priority;
    job->memory = ss_message_resident(message) + sizeof(*job);
    job->delivery->memory += job->memory;
}

ss_job_t *ss_job_create(ss_delivery_t *d, ss_relay_t *relay, ss_message_t *message,
                        const ss_store_due_row_t *due)
{
    ss_job_t *job = calloc(1, sizeof(*job));

    if (!job) abort();
    job->delivery = d;
    job->relay = relay;
    job->clock = ss_delivery_clock(d);
    job->entry.owner = job;
    if (message) {
        apr_cpystrn(job->entry.id, message->id, sizeof(job->entry.id));
        job->entry.submitter = hash_of(message->attr.submitter);
        ss_job_set_message(job, message);
    } else {
        apr_cpystrn(job->entry.id, due->id, sizeof(job->entry.id));
        job->entry.created = due->created;
        job->entry.priority = due->priority;
        job->entry.is_retry = due->attempts > 0 && !due->queued;
        job->entry.submitter = hash_of(due->submitter);
        if (!due->attempts) job->at = due->due;
        set_due(job, next_of(job, due->due, due->attempts));
    }
    apr_hash_set(d->jobs, job->entry.id, APR_HASH_KEY_STRING, job);
    if (!d->expire_timer.node.place)
        ss_delivery_timer(d, &d->expire_timer,
                          ss_mono_add(ss_delivery_mono(d), SS_JOB_EXPIRE_EVERY));
    return job;
}

ss_job_t *ss_job_find(const ss_delivery_t *d, const char *id)
{
    return apr_hash_get(d->jobs, id, APR_HASH_KEY_STRING);
}

ss_job_t *ss_job_take(ss_delivery_t *d, ss_relay_t *relay, ss_message_t *message)
{
    ss_job_t *job = ss_job_find(d, message->id);

    if (!job) return ss_job_create(d, relay, message, NULL);
    assert(!job->is_sending && !job->is_loading);
    ss_job_hide(job);
    ss_job_set_message(job, message);
    return job;
}

void ss_job_forget(ss_job_t *job)
{
    assert(!job->is_sending);
    if (!job->message) return;
    keep_met(job);
    /* At the end of the process a thread may still read it. */
    if (ss_conversion_drop(job->conversion)) apr_pool_destroy(job->message->pool);
    job->conversion = NULL;
    job->message = NULL;
    job->delivery->memory -= job->memory;
    job->memory = 0;
}

void ss_job_free(ss_job_t *job)
{
    ss_delivery_t *d = job->delivery;

    ss_job_hide(job);
    if (ss_job_find(d, job->entry.id) == job)
        apr_hash_set(d->jobs, job->entry.id, APR_HASH_KEY_STRING, NULL);
    /* Nothing waits: nothing to look at, and an idle process sleeps. */
    if (!apr_hash_count(d->jobs)) ss_delivery_untimer(d, &d->expire_timer);
    ss_job_forget(job);
    forget_met(job);
    free(job);
}

/* ---- questions ---- */

int ss_job_is_soon(const ss_job_t *job)
{
    return ss_mono_since(job->entry.due, ss_delivery_mono(job->delivery)) <= APR_USEC_PER_SEC;
}

int ss_job_is_due(const ss_job_t *job, const ss_recipient_t *rcpt)
{
    return (rcpt->state == SS_STATE_QUEUED || rcpt->state == SS_STATE_DEFERRED) &&
           rcpt->next - job->clock <= ss_delivery_mono(job->delivery).us;
}

void ss_job_postpone(ss_job_t *job, ss_mono_t until)
{
    ss_job_hide(job);
    ss_job_forget(job);
    job->entry.due = until;
}

/* ---- clocks ---- */

int ss_job_rebase(ss_job_t *job)
{
    apr_interval_time_t by = ss_delivery_clock(job->delivery) - job->clock;
    apr_time_t now = ss_delivery_mono(job->delivery).us + job->clock;

    for (int i = 0; i < job->message->rcpt_count; i++) {
        ss_recipient_t *rcpt = &job->message->rcpts[i];
        if (rcpt->next && (rcpt->attempts || rcpt->next <= now)) rcpt->next += by;
    }
    job->clock += by;
    return by > REBASE_LEAST || by < -REBASE_LEAST;
}

/* ---- its place in the order ---- */

void ss_job_hide(ss_job_t *job)
{
    if (job->is_scheduled) ss_schedule_remove(job->relay->schedule, &job->entry);
    job->is_scheduled = job->is_aside = 0;
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

void ss_job_put_aside(ss_job_t *job, ss_mono_t until)
{
    for (int i = 0; job->message && i < job->message->rcpt_count; i++)
        if (ss_job_is_due(job, &job->message->rcpts[i]))
            job->suspected |= job->message->rcpts[i].suspected;
    job->is_aside = 1;
    job->entry.due = until;
    if (!job->outcomes && job->delivery->memory > SS_JOB_MEMORY_MAX / 2) ss_job_forget(job);
    schedule(job);
}

void ss_job_take_back(ss_job_t *job)
{
    if (!job->is_aside || !job->is_scheduled) return;
    ss_job_hide(job);
    if (!job->message) set_due(job, 0);
    ss_job_settle(job);
}

void ss_job_hurry(ss_job_t *job)
{
    if (!job->is_faulted || !job->is_scheduled) return;
    ss_job_hide(job);
    job->is_faulted = 0;
    job->is_hurried = !job->message;
    for (int i = 0; job->message && i < job->message->rcpt_count; i++)
        if (job->message->rcpts[i].state == SS_STATE_DEFERRED) job->message->rcpts[i].next = 0;
    if (!job->message) set_due(job, 0);
    ss_job_settle(job);
}

/* What memory knows is old: the content is dropped, and read when its turn comes, now. What is
 * held, cancelled or not due yet is found out then. */
static void read_anew(ss_job_t *job)
{
    ss_job_forget(job);
    forget_met(job);
    job->clock = ss_delivery_clock(job->delivery);
    job->at = 0;
    job->suspected = 0;
    set_due(job, 0);
}

static int is_untried(const ss_message_t *m)
{
    for (int i = 0; i < m->rcpt_count; i++) {
        if (m->rcpts[i].attempts) return 0;
    }
    return 1;
}

/* Some of a large message's recipients wait for a transaction of their own: a first attempt. */
static int has_untried(const ss_message_t *m)
{
    for (int i = 0; i < m->rcpt_count; i++) {
        if (m->rcpts[i].state < SS_STATE_HELD && !m->rcpts[i].attempts) return 1;
    }
    return 0;
}

void ss_job_retime(ss_job_t *job)
{
    ss_mono_t now = ss_delivery_mono(job->delivery);

    if (!job->at || !job->is_scheduled || ss_mono_reached(job->entry.due, now)) return;
    ss_job_hide(job);
    job->clock = ss_delivery_clock(job->delivery);
    set_due(job, job->at);
    schedule(job);
}

void ss_job_settle(ss_job_t *job)
{
    int any = 0;

    if (job->is_sending || job->is_loading || job->is_scheduled || job->refused) return;
    if (job->is_stale) {
        /* The store was changed meanwhile: what still waits is read again, after this job's own
         * outcomes are in it. */
        if (job->outcomes) return;
        job->is_stale = 0;
        read_anew(job);
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
        /* Freed only after the commit: until then a crash would send it again from the store, and a
         * query finds its state here. */
        if (!job->outcomes) ss_job_free(job);
        return;
    }
    job->at = is_untried(job->message) ? due : 0;
    set_due(job, due);
    job->entry.due = ss_mono_max(job->entry.due, job->not_before);
    job->entry.is_retry = !has_untried(job->message);
    if (!job->outcomes && (!ss_job_is_soon(job) || job->delivery->memory > SS_JOB_MEMORY_MAX))
        ss_job_forget(job);
    schedule(job);
}

void ss_job_refresh(ss_delivery_t *d, const char *id, ss_relay_t *relay)
{
    ss_job_t *job = ss_job_find(d, id);

    if (job) {
        if (job->is_sending || job->is_loading) {
            job->is_stale = 1;
            return;
        }
        ss_job_hide(job);
        if (job->outcomes) {
            /* The store would read an older state than memory has: the commit settles it. */
            job->is_stale = 1;
            return;
        }
    } else {
        ss_store_due_row_t due = { .relay = relay->name,
                                   .created = ss_delivery_wall(d),
                                   .priority = SS_PRIORITY_NORMAL };
        apr_cpystrn(due.id, id, sizeof(due.id));
        job = ss_job_create(d, relay, NULL, &due);
    }
    read_anew(job);
    ss_job_settle(job);
}
