/* local_deadline.h: how long a client of the local socket may take over a request that has begun to
 * come. Without a bound, 1,024 stalled clients would keep everybody else out. Pure. */
#pragma once

#include "base/mono.h"

/* without another octet */
#define SS_LOCAL_DEADLINE_STALLED (120 * APR_USEC_PER_SEC)
/* for the whole request, however steadily it comes; the store keeps staged parts for longer */
#define SS_LOCAL_DEADLINE_WHOLE (1800 * APR_USEC_PER_SEC)
/* for reading some of an answer */
#define SS_LOCAL_DEADLINE_UNREAD (60 * APR_USEC_PER_SEC)

typedef struct {
    ss_mono_t begun;    /* when the request began; not set: none has */
    ss_mono_t deadline; /* not set: not running */
} ss_local_deadline_t;

/* No request is under way. */
void ss_local_deadline_clear(ss_local_deadline_t *d);
/* Octets came, or the client has to wait for us: the next ss_local_deadline_run begins a new
 * period. */
void ss_local_deadline_renew(ss_local_deadline_t *d);
/* The rest of the request is waited for. */
void ss_local_deadline_run(ss_local_deadline_t *d, ss_mono_t now);
/* Whether the client has lost its place. */
int ss_local_deadline_is_over(const ss_local_deadline_t *d, ss_mono_t now);
