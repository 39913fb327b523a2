/* job.h: a waiting message in memory, whole or only its place in the order. */
#ifndef SS_DELIVERY_JOB_H
#define SS_DELIVERY_JOB_H

#include "base/mono.h"
#include "queue/message.h"
#include "queue/schedule.h"
#include "queue/store.h"

typedef struct ss_daemon_t ss_daemon_t;
typedef struct ss_relay_t ss_relay_t;

typedef struct ss_job_t {
    ss_schedule_entry_t entry; /* in relay's schedule while it waits */
    ss_daemon_t *daemon;
    ss_relay_t *relay;
    /* NULL: only its place in the order is known; loaded before it is sent */
    ss_message_t *message;
    apr_size_t memory; /* bytes counted against SS_DAEMON_MEMORY_MAX */
    int is_scheduled, is_loading, is_sending;
    int is_loaded; /* came from the store, not from its submission */
    int outcomes;  /* posted, not yet committed */
    int agains;    /* uncharged attempts in a row */
    int is_stale;  /* the stored message was changed meanwhile: read again */
    /* the relay takes no 8-bit content: all of it is loaded, however large */
    int wants_whole;
    /* cancelled or otherwise final by somebody else: freed as soon as nothing uses it */
    int is_gone;
    /* wall times; 0: none. due: of the entry; ripe: the last one that came: a clock that is set
     * back then does not delay the message again */
    apr_time_t due, ripe;
    ss_mono_t received, stored; /* for delays= */
} ss_job_t;

/* A job for a message that was just committed or loaded (takes the message's pool over), or for a
 * place in the order (message NULL). Found by id afterwards. */
ss_job_t *ss_job_create(ss_daemon_t *d, ss_relay_t *relay, ss_message_t *message,
                        const ss_store_due_row_t *due);
ss_job_t *ss_job_find(ss_daemon_t *d, const char *id);
/* The job of a message that was loaded: the one that is there (it has no content, and nothing uses
 * it) or a new one. It is not in the order. */
ss_job_t *ss_job_take(ss_daemon_t *d, ss_relay_t *relay, ss_message_t *message);
/* Takes it out of its relay's order. */
void ss_job_hide(ss_job_t *job);
/* Lets go of the content, keeps the place. */
void ss_job_forget(ss_job_t *job);
/* Puts the job into its relay's schedule as its recipients say; frees it when nobody waits any more
 * and no outcome is open. */
void ss_job_settle(ss_job_t *job, apr_time_t now);
/* Whether it is due within a second. */
int ss_job_is_soon(const ss_job_t *job);
void ss_job_free(ss_job_t *job);
/* Somebody changed the stored message (retry, hold, cancel ...): what memory knows of it is dropped
 * and read again. */
void ss_job_refresh(ss_daemon_t *d, const char *id, ss_relay_t *relay, apr_time_t now);

#endif
