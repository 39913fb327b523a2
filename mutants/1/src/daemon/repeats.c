#include "daemon/repeats.h"

static void say(ss_daemon_t *d, ss_mono_t now)
{
    const char *key;
    apr_int64_t more;

    while ((key = ss_log_throttle_next(&d->repeats, now, &more)) != NULL)
        ss_log(d->log, SS_LOG_WARN, 299, "%s: %" APR_INT64_T_FMT " more within a minute", key,
               more);
}

static void set_timer(ss_daemon_t *d)
{
    ss_mono_t due = ss_log_throttle_due(&d->repeats);

    if (ss_mono_is_set(due)) ss_loop_timer(d->loop, &d->repeats_timer, due);
}

static void minute_over(ss_timer_t *timer, ss_mono_t now)
{
    say(timer->self, now);
    set_timer(timer->self);
}

void ss_repeats_start(ss_daemon_t *d)
{
    d->repeats_timer = (ss_timer_t){ .fired = minute_over, .self = d };
}

int ss_repeats_may_log(ss_daemon_t *d, const char *key)
{
    int is_new = ss_log_throttle_allows(&d->repeats, key, ss_loop_now(d->loop));

    if (!is_new) set_timer(d);
    return is_new;
}

void ss_repeats_end(ss_daemon_t *d)
{
    say(d, (ss_mono_t){ 0 });
}
