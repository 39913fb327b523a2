/* delivery_impl.h: the delivery as its files share it, and short names for its ports. Inside
 * src/delivery only. */
#pragma once

#include <apr_hash.h>

#include "base/log.h"
#include "config/config.h"
#include "config/settings.h"
#include "delivery/ports.h"

typedef struct ss_delivery_t ss_delivery_t;

/* What the relays' counts are worth (queue_counts.h). */
typedef struct {
    ss_timer_t timer; /* set: they are to be counted again */
    apr_interval_time_t wait;
    void (*done)(ss_delivery_t *d); /* waits for the first try; or NULL */
    int is_asked;                   /* the store counts */
    int is_exact;                   /* nothing has moved since it was asked */
    int is_known;                   /* it has counted */
    int is_right;                   /* exactly; kept up since */
    int tries;                      /* in a row that were not exact */
} ss_delivery_counting_t;

/* The jumps of the wall clock (jump.h). */
typedef struct {
    apr_interval_time_t ahead_of_mono; /* at the last look */
    apr_interval_time_t total, back;   /* all jumps over all starts; those back alone */
    apr_interval_time_t at_start;      /* set between the last process and this one */
    apr_interval_time_t ahead;         /* forward, less what was set back after it ... */
    ss_mono_t since;                   /* ... the last of them */
    ss_mono_t unsure_until;            /* until then it is not known whether it was set before */
    ss_deferred_t settle;
} ss_delivery_clock_t;

struct ss_delivery_t {
    const ss_config_t *config;
    const ss_log_t *log;
    ss_ports_t ports;
    apr_pool_t *pool;
    ss_ident_source_t *idents;

    apr_array_header_t *relays; /* of ss_relay_t *, [0] the main server's */
    apr_hash_t *adopted;        /* relay names that are no longer configured -> "" (logged) */
    apr_hash_t *jobs;           /* id -> ss_job_t */
    apr_size_t memory;          /* of contents in memory */
    struct ss_learned_t *learned;
    struct ss_node_t *node; /* a queue of several nodes (node.h); NULL: of this one alone */

    struct { /* store_watch.c's */
        ss_timer_t timer;
        /* between two looks at a queue that cannot be written; 0: it can */
        apr_interval_time_t wait;
        int is_probing; /* a write is under way that shows whether it can */
        int is_said;    /* in the log */
    } store;
    struct ss_requests_t refused; /* outcomes that the store refused, until the timer (outcome.c) */
    ss_timer_t refused_timer;
    int sent_again; /* recipients whose delivery could not be stored before the end */

    ss_timer_t expire_timer; /* looks through the jobs in memory, while there are any */
    ss_timer_t purge_timer;
    apr_uint64_t heartbeats; /* asked for so far, of a queue of several nodes (node.h) */
    ss_delivery_counting_t counting;
    ss_delivery_clock_t clock;
    ss_timer_t start_timer;         /* a step of the start failed: when it is tried again */
    apr_interval_time_t start_wait; /* the last wait */
    ss_result_t start_result;       /* why, until it succeeds */
    int is_started;                 /* the store is open */
    int is_ready;                   /* pauses are known: mail may be accepted and sent */
    int is_leaving;
};

static inline ss_mono_t ss_delivery_mono(const ss_delivery_t *d)
{
    return d->ports.mono_now(d->ports.self);
}

static inline apr_time_t ss_delivery_wall(const ss_delivery_t *d)
{
    return d->ports.wall_now(d->ports.self);
}

/* By how much the wall clock is ahead of the monotonic one: it changes when the clock is set. */
static inline apr_interval_time_t ss_delivery_clock(const ss_delivery_t *d)
{
    return ss_delivery_wall(d) - ss_delivery_mono(d).us;
}

static inline void ss_delivery_timer(const ss_delivery_t *d, ss_timer_t *timer, ss_mono_t when)
{
    d->ports.timer(d->ports.self, timer, when);
}

static inline void ss_delivery_untimer(const ss_delivery_t *d, ss_timer_t *timer)
{
    d->ports.untimer(d->ports.self, timer);
}

static inline apr_uint32_t ss_delivery_random(const ss_delivery_t *d)
{
    return d->ports.random(d->ports.self);
}

static inline void ss_delivery_post(const ss_delivery_t *d, ss_store_request_t *request)
{
    d->ports.post(d->ports.self, request);
}
