/* throttle.h: how fast mail is sent to a relay that asked for a lower rate. Pure: time comes in as
 * an argument. The rate falls to what the relay took when it refused, less a fifth, and grows again
 * until the next refusal. See docs/policies/rates.md. */
#pragma once

#include "base/mono.h"

#define SS_THROTTLE_SECONDS 60

typedef struct {
    apr_interval_time_t gap;    /* from one message to the next; 0: no bound */
    apr_interval_time_t unit;   /* of the relay's rate: a second or a minute */
    apr_interval_time_t first;  /* the gap after the last refusal */
    apr_interval_time_t before; /* ... and before it */
    ss_mono_t next;             /* when the next message may go */
    ss_mono_t changed;          /* what was sent before this says nothing of the gap */
    ss_mono_t grown;
    int taken[SS_THROTTLE_SECONDS]; /* messages that the relay took, by second */
    apr_int64_t second;             /* of the last of them */
} ss_throttle_t;

/* The relay took a message that was sent at that time. */
void ss_throttle_took(ss_throttle_t *t, ss_mono_t started, ss_mono_t now);
/* It refused a message that was sent at that time because of the rate. is_minute: it spoke of
 * minutes. Returns 1 when there was no bound before. */
int ss_throttle_refused(ss_throttle_t *t, ss_mono_t started, int is_minute, ss_mono_t now);
/* Continues with a bound of the process before, which grew last at that time. Returns 0 where it
 * would have ended since, or cannot be right. */
int ss_throttle_restore(ss_throttle_t *t, apr_interval_time_t gap, apr_interval_time_t unit,
                        apr_interval_time_t first, ss_mono_t grown, ss_mono_t now);
/* Lets the rate grow. Returns 1 when the bound ended. */
int ss_throttle_grow(ss_throttle_t *t, ss_mono_t now);
/* When the next message may be sent; not set: now. */
ss_mono_t ss_throttle_wait(const ss_throttle_t *t, ss_mono_t now);
/* A message is sent now. */
void ss_throttle_spend(ss_throttle_t *t, ss_mono_t now);
