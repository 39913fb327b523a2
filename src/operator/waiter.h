/* waiter.h: questions that wait for a message's end (GET ...?wait=): found by the message's id when
 * something of it was committed. Loop thread. */
#ifndef SS_OPERATOR_WAITER_H
#define SS_OPERATOR_WAITER_H

#include "operator/operator.h"

typedef struct ss_waiter_t { /* embed it; all zero = not waiting */
    /* its fired is called when the message may have ended, and when the time is up */
    ss_timer_t timer;
    const char *id; /* of the message; the owner's memory */
    struct ss_waiter_t *next;
    int is_waiting;
} ss_waiter_t;

/* Waits for a commit that concerns the message, until a time. */
void ss_waiter_wait(ss_operator_t *o, ss_waiter_t *waiter, const char *id, ss_mono_t until);
/* Waits no more; to be called before the waiter's memory goes. Nothing happens when it does not
 * wait. */
void ss_waiter_leave(ss_operator_t *o, ss_waiter_t *waiter);
/* Something of the message was committed: all that wait for it look again. */
void ss_waiter_wake(ss_operator_t *o, const char *id);

#endif
