/* deferred.h: calls at the end of a turn. However often a call is asked for during a turn, it is
 * made once: many events, one pass. One thread at a time. */
#pragma once

#include "base/mono.h"

typedef struct ss_deferred_t { /* embed it; all zero = not asked for */
    void (*call)(struct ss_deferred_t *d, ss_mono_t now);
    void *self;
    int is_pending;
    struct ss_deferred_t *next;
} ss_deferred_t;

typedef struct { /* all zero = empty */
    struct {
        ss_deferred_t *first, *last;
    } asked, running; /* for the turn's end; being called at it */
} ss_deferred_list_t;

/* Asks for the call at the end of this turn. */
void ss_deferred_add(ss_deferred_list_t *list, ss_deferred_t *deferred);
/* Withdraws the request; does nothing if there was no request. */
void ss_deferred_cancel(ss_deferred_list_t *list, ss_deferred_t *deferred);
int ss_deferred_any(const ss_deferred_list_t *list);
/* The turn's end: makes the calls, in the order in which they were asked for. What they ask for
 * themselves belongs to the next turn. */
void ss_deferred_run(ss_deferred_list_t *list, ss_mono_t now);
