/* waiter.h: requests that wait until a message is final (GET ...?wait=): found by the message's id
 * when a change of it is committed. Loop thread. */
#ifndef SS_OPERATOR_WAITER_H
#define SS_OPERATOR_WAITER_H

#include "operator/operator.h"

typedef struct ss_waiter_t { /* embed it; all zero = not waiting */
    /* fired is called when the message may be final, and when the time is over */
    ss_timer_t timer;
    const char *id; /* of the message; the owner's memory */
    struct ss_waiter_t *next;
    int is_waiting;
} ss_waiter_t;

/* Waits for a commit that concerns the message, until a time. */
void ss_waiter_wait(ss_operator_t *o, ss_waiter_t *waiter, const char *id, ss_mono_t until);
/* Stops waiting; to be called before the waiter is freed. Nothing happens when it is not waiting.
 */
void ss_waiter_leave(ss_operator_t *o, ss_waiter_t *waiter);
/* A change of the message was committed: the timers of all that wait for it fire. */
void ss_waiter_wake(ss_operator_t *o, const char *id);

#endif
