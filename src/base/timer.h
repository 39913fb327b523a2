/* timer.h: a set of timers by monotonic time. Pure: whoever owns the set decides what the time is
 * (the event loop, or the simulator). One thread at a time. */
#ifndef SS_BASE_TIMER_H
#define SS_BASE_TIMER_H

#include "base/mono.h"
#include "base/heap.h"

typedef struct ss_timer_t { /* embed it; all zero = not set */
    ss_heap_node_t node;
    void (*fired)(struct ss_timer_t *timer, ss_mono_t now);
    void *self;
} ss_timer_t;

typedef struct {
    ss_heap_t heap;
} ss_timer_list_t;

/* max: how many timers may be set at once. */
void ss_timer_init(ss_timer_list_t *timers, apr_size_t max);
/* Frees the set's memory; no timer fires any more. The timers are the caller's. */
void ss_timer_free(ss_timer_list_t *timers);
/* Sets a timer, or moves one that is set, to an absolute time. APR_ENOSPC at the bound, APR_ENOMEM:
 * the timer is not set. */
apr_status_t ss_timer_set(ss_timer_list_t *timers, ss_timer_t *timer, ss_mono_t when);
/* Nothing happens when it is not set. */
void ss_timer_cancel(ss_timer_list_t *timers, ss_timer_t *timer);
/* Whether a timer is set; *when is then the time of the first. */
int ss_timer_next(const ss_timer_list_t *timers, ss_mono_t *when);
/* Calls the timers that are due, in order of time. A timer that is set meanwhile waits for the next
 * call, even when it is set to a time that has passed. */
void ss_timer_fire(ss_timer_list_t *timers, ss_mono_t now);

#endif
