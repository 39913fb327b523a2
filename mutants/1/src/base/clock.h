/* clock.h: the machine's clocks. These two functions are the only ones that ask for the time; pure
 * code takes it as an argument (mono.h). */
#pragma once

#include <time.h>

#include "base/mono.h"

/* Also counts the time in which the machine sleeps: a node that was suspended must know that the
 * others have taken its mail over (queue/lease.h). */
static inline ss_mono_t ss_mono_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (ss_mono_t){ (apr_int64_t)t.tv_sec * APR_USEC_PER_SEC + t.tv_nsec / 1000 };
}

static inline apr_time_t ss_wall_now(void)
{
    return apr_time_now();
}
