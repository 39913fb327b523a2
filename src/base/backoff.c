#include "base/backoff.h"

#define DOUBLINGS_MAX 20 /* a first wait of seconds is days by then */

apr_interval_time_t ss_backoff_wait(unsigned failures, apr_interval_time_t first,
                                    apr_interval_time_t most)
{
    if (!failures) return 0;
    apr_interval_time_t wait = first
                               << (failures - 1 < DOUBLINGS_MAX ? failures - 1 : DOUBLINGS_MAX);

    return wait < most ? wait : most;
}

int ss_backoff_failed(ss_backoff_t *backoff, apr_interval_time_t first, apr_interval_time_t most,
                      ss_mono_t now)
{
    backoff->failures++;
    backoff->next = ss_mono_add(now, ss_backoff_wait(backoff->failures, first, most));
    return backoff->failures == 1;
}

int ss_backoff_worked(ss_backoff_t *backoff)
{
    int had_failed = backoff->failures != 0;

    *backoff = (ss_backoff_t){ 0 };
    return had_failed;
}

int ss_backoff_allows(const ss_backoff_t *backoff, ss_mono_t now)
{
    return ss_mono_reached(backoff->next, now);
}
