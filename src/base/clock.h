/* clock.h: the time as an argument's source, real or virtual (tests, simulator). apr_time_t is
 * microseconds. */
#ifndef SS_BASE_CLOCK_H
#define SS_BASE_CLOCK_H

#include <apr_time.h>

typedef struct {
    apr_time_t (*now)(void *self);
    void *self;
} ss_clock_t;

/* The machine's wall clock (apr_time_now). */
extern const ss_clock_t ss_clock_real;
/* Now, by this clock. */
apr_time_t ss_clock_now(const ss_clock_t *clock);
/* A wait with jitter: wait plus or minus at most percent of it, chosen by the 32 random bits given;
 * never below 1 ms for a wait above 0. */
apr_interval_time_t ss_clock_jitter(apr_interval_time_t wait, int percent, apr_uint32_t random);

#endif
