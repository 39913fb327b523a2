/* loop.h: one thread's event loop: descriptors, timers, wake-up from other threads, work for helper
 * threads. To be called on the loop's thread, except where it says otherwise. */
#pragma once

#include <apr_pools.h>

#include "base/deferred.h"
#include "base/log.h"
#include "base/timer.h"

/* above it ss_loop_watch fails: submissions get 503, relays open fewer connections */
#define SS_LOOP_DESCRIPTORS_MAX 4096

typedef struct ss_loop_t ss_loop_t;

typedef struct ss_loop_watch_t { /* embed it; the descriptor stays the owner's */
    int fd;
    int events; /* SS_LOOP_... wanted now */
    /* errors and hang-ups are reported as READ|WRITE */
    void (*ready)(struct ss_loop_watch_t *watch, int events, ss_mono_t now);
    void *self;
    int is_registered;
} ss_loop_watch_t;

/* GONE: the other end has left, or sends nothing more; for one from whom nothing is read now. LOST:
 * only hang-ups and errors, for one of whom it is known that it sends nothing more. */
enum { SS_LOOP_READ = 1, SS_LOOP_WRITE = 2, SS_LOOP_GONE = 4, SS_LOOP_LOST = 8 };

apr_status_t ss_loop_create(ss_loop_t **loop, const ss_log_t *log, apr_pool_t *pool);
void ss_loop_destroy(ss_loop_t *loop);
/* Runs until ss_loop_stop. */
apr_status_t ss_loop_run(ss_loop_t *loop);
/* Runs one turn: waits at most `most` (-1: until something happens). For tests and the command
 * line. */
apr_status_t ss_loop_turn(ss_loop_t *loop, apr_interval_time_t most);
void ss_loop_stop(ss_loop_t *loop);
/* From now on each turn writes when it began to *beat; NULL: no longer. */
void ss_loop_beat(ss_loop_t *loop, volatile apr_int64_t *beat);
/* Both clocks, as read at the start of this turn. */
ss_mono_t ss_loop_now(const ss_loop_t *loop);
apr_time_t ss_loop_wall(const ss_loop_t *loop);

/* Starts watching, or changes what is watched (events 0: registered, but not reported).
 * APR_ENOSPC above SS_LOOP_DESCRIPTORS_MAX; else errno of epoll. */
apr_status_t ss_loop_watch(ss_loop_t *loop, ss_loop_watch_t *watch, int events);
/* Stops watching; ready is not called again, not even for what this turn already found. */
void ss_loop_unwatch(ss_loop_t *loop, ss_loop_watch_t *watch);
/* Sets or moves a timer to an absolute time. Without memory the timer is not set; the log says so.
 */
void ss_loop_timer(ss_loop_t *loop, ss_timer_t *timer, ss_mono_t when);
void ss_loop_untimer(ss_loop_t *loop, ss_timer_t *timer);
/* Asks for a call at the end of this turn. */
void ss_loop_defer(ss_loop_t *loop, ss_deferred_t *deferred);
void ss_loop_undefer(ss_loop_t *loop, ss_deferred_t *deferred);

/* Any thread: `posted` runs on the loop thread soon. One wake-up for many posts. APR_ENOMEM. */
apr_status_t ss_loop_post(ss_loop_t *loop, void (*posted)(void *baton), void *baton);
/* Runs `work` on a helper thread, then `done` on the loop's. baton belongs to work until done. */
apr_status_t ss_loop_help(ss_loop_t *loop, void (*work)(void *baton), void (*done)(void *baton),
                          void *baton);
/* The same for work that depends on what others do, and takes seconds: it has threads of its own,
 * so that it never holds up what a delivery waits for. */
apr_status_t ss_loop_help_long(ss_loop_t *loop, void (*work)(void *baton),
                               void (*done)(void *baton), void *baton);
/* The same for work that takes the processor for longer than the loop's other business may wait
 * (some milliseconds): what clients send or ask for in sizes that only few need. */
apr_status_t ss_loop_compute(ss_loop_t *loop, void (*work)(void *baton), void (*done)(void *baton),
                             void *baton);
