/* job.h: a waiting message in memory: whole, or only its place in the order of its relay. */
#pragma once

#include "base/backoff.h"
#include "delivery/conversion.h"
#include "delivery/relay.h"

/* contents in memory for delivery; past it they are read from the store again when it is their
 * turn */
#define SS_JOB_MEMORY_MAX (64 * 1024 * 1024)
/* how often the jobs in memory are looked through for those whose time is over */
#define SS_JOB_EXPIRE_EVERY (20 * APR_USEC_PER_SEC)

/* The last reply to a message that is not in memory, where it charged no attempt: the store does
 * not have it. */
typedef struct {
    char reply[300], host[120];
    const char *advice;
} ss_job_met_t;

typedef struct ss_job_t {
    ss_schedule_entry_t entry; /* in the relay's schedule while it waits */
    ss_delivery_t *delivery;
    ss_relay_t *relay;
    ss_conversion_t *conversion; /* of its content, for a relay that takes 7 bits; or NULL */
    ss_message_t *message;       /* NULL: only its place is known; it is loaded before it is sent */
    apr_size_t memory;           /* counted against SS_JOB_MEMORY_MAX */
    int is_scheduled, is_loading, is_sending; /* loading: or its content is being converted */
    int outcomes;                             /* posted and not committed yet */
    int refused;          /* ... that wait to be posted again: no other attempt meanwhile */
    ss_backoff_t unread;  /* of loads that failed */
    int uncharged;        /* sessions that ended at it in a row (retry.h) */
    apr_uint64_t served;  /* the relay's before the first of them */
    unsigned suspected;   /* as its recipients' while they are not in memory (suspects.h) */
    int was_suspected;    /* ... and the host took another message since */
    int was_elsewhere;    /* refused on a connection that the host took nothing on, unlike others */
    int is_faulted;       /* deferred for a fault of the host (suspects_judge.c) */
    int is_hurried;       /* its deferred recipients are due, whatever the store says */
    int is_aside;         /* it waits in order for what others show (suspects.h) */
    ss_job_met_t *met;    /* malloc'ed, or NULL */
    ss_mono_t not_before; /* the server asked to wait, and charged nothing; not set: it did not */
    int is_stale;         /* the stored message was changed meanwhile: to be read again */
    int wants_whole;      /* the relay takes no 8-bit content: all of it is loaded, however large */
    int is_gone;          /* final by somebody else's doing: freed as soon as nothing uses it */
    /* By how much the wall clock was ahead of the monotonic one when the times of its recipients
     * were set: they count by that clock, however it is set later. */
    apr_interval_time_t clock;
    apr_time_t at; /* it waits for this time, which a person chose: the clock on the wall; or 0 */
    ss_mono_t received, stored; /* when it came in, when it was committed; not set: before the
                                   start */
} ss_job_t;

/* A job for a message that was just committed or loaded (takes the message and its pool over), or
 * for a place in the order (message NULL). It is not in the order yet: ss_job_settle. */
ss_job_t *ss_job_create(ss_delivery_t *d, ss_relay_t *relay, ss_message_t *message,
                        const ss_store_due_row_t *due);
ss_job_t *ss_job_find(const ss_delivery_t *d, const char *id);
/* The job of a message that was loaded, which it takes over: the one that is there (it must have no
 * content, and nothing may use it) or a new one. It is not in the order. */
ss_job_t *ss_job_take(ss_delivery_t *d, ss_relay_t *relay, ss_message_t *message);
/* Gives a job that has none its content, which it takes over. */
void ss_job_set_message(ss_job_t *job, ss_message_t *message);
/* Takes it out of its relay's order. */
void ss_job_hide(ss_job_t *job);
/* Frees the content, keeps the place. */
void ss_job_forget(ss_job_t *job);
/* Puts the job into its relay's order as its recipients say; frees it when none of them waits and
 * no outcome is open. */
void ss_job_settle(ss_job_t *job);
/* Not before then: it could not be read. */
void ss_job_postpone(ss_job_t *job, ss_mono_t until);
/* Back into the order, though not before then, whatever its recipients say: hosts may refuse us. It
 * was taken out. */
void ss_job_put_aside(ss_job_t *job, ss_mono_t until);
/* Ends that. */
void ss_job_take_back(ss_job_t *job);
/* The host whose fault deferred it works again: it is due, if it waits. */
void ss_job_hurry(ss_job_t *job);
/* Whether it is due within a second: its content is worth keeping. */
int ss_job_is_soon(const ss_job_t *job);
/* Whether a recipient may be sent to now: it waits, and its time has come. */
int ss_job_is_due(const ss_job_t *job, const ss_recipient_t *rcpt);
/* Gives a waiting recipient of a message that is not in memory that reply (met), copied. */
void ss_job_show_met(const ss_job_t *job, ss_recipient_t *rcpt, apr_pool_t *pool);
void ss_job_free(ss_job_t *job);
/* A time of one of its recipients is about to be set: those of the others count by the clock as it
 * is now from here on. It has content. Whether they changed: they are to be written. */
int ss_job_rebase(ss_job_t *job);
/* The clock was set: a message that waits for a time that a person chose gets its place by it. */
void ss_job_retime(ss_job_t *job);
/* Somebody changed the stored message (retry, hold, cancel ...): what memory knows of it is dropped
 * and read again. */
void ss_job_refresh(ss_delivery_t *d, const char *id, ss_relay_t *relay);
