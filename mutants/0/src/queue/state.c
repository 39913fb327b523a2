#include "queue/state.h"

#include <string.h>

_Static_assert(SS_STATE_QUEUED < SS_STATE_HELD && SS_STATE_SENDING < SS_STATE_HELD &&
                   SS_STATE_DEFERRED < SS_STATE_HELD && SS_STATE_HELD < SS_STATE_SENT &&
                   SS_STATE_SENT < SS_STATE_FAILED && SS_STATE_SENT < SS_STATE_EXPIRED &&
                   SS_STATE_SENT < SS_STATE_CANCELLED,
               "SQL compares states by this order");

#define BIT(state) (1u << (state))
#define WAITING (BIT(SS_STATE_QUEUED) | BIT(SS_STATE_DEFERRED) | BIT(SS_STATE_HELD))
#define GIVEN_UP (BIT(SS_STATE_FAILED) | BIT(SS_STATE_EXPIRED) | BIT(SS_STATE_CANCELLED))

static const char *const names[SS_STATES] = {
    [SS_STATE_QUEUED] = "queued",     [SS_STATE_SENDING] = "sending",
    [SS_STATE_DEFERRED] = "deferred", [SS_STATE_HELD] = "held",
    [SS_STATE_SENT] = "sent",         [SS_STATE_FAILED] = "failed",
    [SS_STATE_EXPIRED] = "expired",   [SS_STATE_CANCELLED] = "cancelled",
};

/* Retry, hold and release change waiting states into each other. Only a recipient that is being
 * sent can become sent. Any waiting one can fail (an address may need an extension that the relay
 * lacks). Final states never change. */
static const unsigned may_go[SS_STATES] = {
    [SS_STATE_QUEUED] = WAITING | GIVEN_UP | BIT(SS_STATE_SENDING),
    [SS_STATE_DEFERRED] = WAITING | GIVEN_UP | BIT(SS_STATE_SENDING),
    [SS_STATE_HELD] = WAITING | GIVEN_UP,
    [SS_STATE_SENDING] = WAITING | GIVEN_UP | BIT(SS_STATE_SENT),
};

const char *ss_state_name(ss_state_t state)
{
    return (unsigned)state < SS_STATES ? names[state] : "unknown";
}

int ss_state_find(const char *name)
{
    for (int i = 0; i < SS_STATES; i++) {
        if (!strcmp(name, names[i])) return i;
    }
    return -1;
}

int ss_state_is_final(ss_state_t state)
{
    return state >= SS_STATE_SENT;
}

int ss_state_may_go(ss_state_t from, ss_state_t to)
{
    if ((unsigned)from >= SS_STATES || (unsigned)to >= SS_STATES) return 0;
    return (may_go[from] & BIT(to)) != 0;
}
