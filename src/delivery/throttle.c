/* throttle.c: how fast mail is sent to a relay that asked for a lower rate. See throttle.h. */
#include "delivery/throttle.h"

#include <string.h>

#define SECOND APR_USEC_PER_SEC
#define MINUTE (60 * SECOND)
#define GAP_MOST (2 * MINUTE)
#define LESS_A_FIFTH(gap) ((gap)*5 / 4)
#define GROWS 50 /* a unit makes the gap shorter by so much of it */
/* the bound ends when the rate has grown to so many times that of the last refusal */
#define OVER_AT 8
/* so late a message may be without that the next ones are: a timer is not exact */
#define CATCH_UP (SECOND / 50)

/* Empties the slots of the seconds since the last call. */
static void turn(ss_throttle_t *t, ss_mono_t now)
{
    apr_int64_t second = now.us / SECOND;

    if (second - t->second >= SS_THROTTLE_SECONDS) memset(t->taken, 0, sizeof(t->taken));
    for (apr_int64_t i = t->second + 1; i <= second && i < t->second + SS_THROTTLE_SECONDS; i++)
        t->taken[i % SS_THROTTLE_SECONDS] = 0;
    t->second = second;
}

/* The most that was taken in one of the last seconds; in the last minute. */
static void count(const ss_throttle_t *t, int *in_second, int *in_minute)
{
    *in_second = *in_minute = 0;
    for (apr_int64_t i = 0; i < SS_THROTTLE_SECONDS; i++) {
        int taken = t->taken[(t->second + SS_THROTTLE_SECONDS - i) % SS_THROTTLE_SECONDS];
        *in_minute += taken;
        if (i < 3 && taken > *in_second) *in_second = taken;
    }
}

/* From what it took by now. What it took in a minute says little where little was sent: unless it
 * speaks of minutes, the rate is halved until it is that. */
static void measure(ss_throttle_t *t, int is_minute)
{
    apr_interval_time_t half = t->before ? 2 * t->before : SECOND, in_minutes;
    int in_second, in_minute;

    count(t, &in_second, &in_minute);
    in_minutes = in_minute ? LESS_A_FIFTH(MINUTE / in_minute) : half;
    t->unit = SECOND;
    if (!is_minute && in_second) {
        t->gap = LESS_A_FIFTH(SECOND / in_second);
    } else if (is_minute || in_minutes <= half) {
        t->gap = in_minutes;
        if (in_minute) t->unit = MINUTE;
    } else {
        t->gap = half;
    }
    if (t->gap < t->before) t->gap = t->before; /* a refusal makes nothing faster */
    if (t->gap > GAP_MOST) t->gap = GAP_MOST;
    t->first = t->gap;
}

void ss_throttle_took(ss_throttle_t *t, ss_mono_t started, ss_mono_t now)
{
    turn(t, now);
    t->taken[t->second % SS_THROTTLE_SECONDS]++;
    /* It was on its way when others were refused, and belongs to the same rate. */
    if (t->gap && !ss_mono_before(t->changed, started) && ss_mono_since(now, t->changed) < SECOND)
        measure(t, t->unit == MINUTE);
}

int ss_throttle_refused(ss_throttle_t *t, ss_mono_t started, int is_minute, ss_mono_t now)
{
    int is_new = !t->gap;

    /* Those that were on their way when the rate was lowered. */
    if (!is_new && !ss_mono_before(t->changed, started)) return 0;
    turn(t, now);
    t->before = t->gap;
    t->changed = t->grown = now;
    measure(t, is_minute);
    t->next = ss_mono_add(now, t->gap > SECOND ? t->gap : SECOND);
    return is_new;
}

int ss_throttle_restore(ss_throttle_t *t, apr_interval_time_t gap, apr_interval_time_t unit,
                        apr_interval_time_t first, ss_mono_t grown, ss_mono_t now)
{
    if (gap <= 0 || first < gap || first > GAP_MOST || (unit != SECOND && unit != MINUTE)) return 0;
    *t = (ss_throttle_t){ .gap = gap, .unit = unit, .first = first, .grown = grown };
    t->changed = ss_mono_add(now, -SECOND); /* nothing is on its way */
    return !ss_throttle_grow(t, now);
}

int ss_throttle_grow(ss_throttle_t *t, ss_mono_t now)
{
    if (!t->gap) return 0;
    while (ss_mono_since(now, t->grown) >= t->unit && t->gap > t->first / OVER_AT) {
        t->grown = ss_mono_add(t->grown, t->unit);
        t->gap -= t->gap / GROWS + 1;
    }
    if (t->gap > t->first / OVER_AT) return 0;
    t->gap = 0;
    t->next = (ss_mono_t){ 0 };
    return 1;
}

ss_mono_t ss_throttle_wait(const ss_throttle_t *t, ss_mono_t now)
{
    return !t->gap || ss_mono_reached(t->next, now) ? (ss_mono_t){ 0 } : t->next;
}

void ss_throttle_spend(ss_throttle_t *t, ss_mono_t now)
{
    if (!t->gap) return;
    ss_mono_t from = ss_mono_max(t->next, (ss_mono_t){ now.us - CATCH_UP });
    t->next = ss_mono_add(from, t->gap);
}
