/* slow_start.h: a relay that is resumed slowly. */
#ifndef SS_DELIVERY_SLOW_START_H
#define SS_DELIVERY_SLOW_START_H

#include "config/settings.h"
#include "base/mono.h"

typedef struct ss_relay_t ss_relay_t;

/* A relay that is resumed sends no faster than rate, doubled each minute until nothing waits or the
 * bound does not bind any more (ramp.c). rate NULL: without a bound. */
void ss_slow_start_set(ss_relay_t *relay, const ss_rate_t *rate, ss_mono_t now);
/* The bound that a daemon before wrote down. */
void ss_slow_start_restore(ss_relay_t *relay, const char *value, ss_mono_t now);

#endif
