/* mono.c: jitter. See mono.h. */
#include "base/mono.h"

apr_interval_time_t ss_mono_jitter(apr_interval_time_t wait, int percent, apr_uint32_t random)
{
    if (wait <= 0) return wait;
    double part = ((double)random / 4294967295.0) * 2.0 - 1.0;
    apr_interval_time_t out = wait + (apr_interval_time_t)((double)wait * percent / 100.0 * part);
    return out < 1000 ? 1000 : out;
}
