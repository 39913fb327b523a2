/* clock.h: the machine's clocks. These two functions are the only ones that ask for the time; pure
 * code takes it as an argument (mono.h). */
#pragma once

#include <time.h>

#include "base/mono.h"

static inline ss_mono_t ss_mono_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (ss_mono_t){ (apr_int64_t)t.tv_sec * APR_USEC_PER_SEC + t.tv_nsec / 1000 };
}

static inline apr_time_t ss_wall_now(void)
{
    return apr_time_now();
}
