#include "intake/local_deadline.h"

void ss_local_deadline_clear(ss_local_deadline_t *d)
{
    d->begun = d->deadline = (ss_mono_t){ 0 };
}

void ss_local_deadline_renew(ss_local_deadline_t *d)
{
    d->deadline = (ss_mono_t){ 0 };
}

void ss_local_deadline_run(ss_local_deadline_t *d, ss_mono_t now)
{
    if (!ss_mono_is_set(d->begun)) d->begun = now;
    if (ss_mono_is_set(d->deadline)) return;
    d->deadline = ss_mono_min(ss_mono_add(now, SS_LOCAL_DEADLINE_STALLED),
                              ss_mono_add(d->begun, SS_LOCAL_DEADLINE_WHOLE));
}

int ss_local_deadline_is_over(const ss_local_deadline_t *d, ss_mono_t now)
{
    return ss_mono_is_set(d->deadline) && ss_mono_reached(d->deadline, now);
}
