/* timer.h: timers in a heap, by monotonic time; ss_heap_remove(timers, &timer->node) cancels one.
 * Pure: whoever owns the heap decides what the time is (the event loop, or the simulator). One
 * thread at a time. */
#pragma once

#include "base/mono.h"
#include "base/heap.h"

typedef struct ss_timer_t { /* embed it; all zero = not set */
    ss_heap_node_t node;
    void (*fired)(struct ss_timer_t *timer, ss_mono_t now);
    void *self;
} ss_timer_t;

/* Sets a timer, or moves one that is set, to an absolute time. APR_ENOSPC at the bound, APR_ENOMEM:
 * the timer is not set. */
apr_status_t ss_timer_set(ss_heap_t *timers, ss_timer_t *timer, ss_mono_t when);
/* Whether a timer is set; *when is then the time of the first. */
int ss_timer_next(const ss_heap_t *timers, ss_mono_t *when);
/* Calls the timers that are due, in order of time. A timer that is set meanwhile waits for the next
 * call, even when it is set to a time that has passed. */
void ss_timer_fire(ss_heap_t *timers, ss_mono_t now);
