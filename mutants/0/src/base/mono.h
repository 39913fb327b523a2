/* mono.h: monotonic time. Wall time (apr_time_t, microseconds since 1970) is what the queue stores
 * and people read; an administrator or NTP may set it, forwards and back. Every timer, deadline,
 * back-off and rate uses monotonic time instead, and the compiler refuses to mix the two. No clock
 * is read here: see clock.h. */
#pragma once

#include <apr_time.h>

/* Microseconds of CLOCK_BOOTTIME. { 0 }: not set. */
typedef struct {
    apr_int64_t us;
} ss_mono_t;

static inline int ss_mono_is_set(ss_mono_t t)
{
    return t.us != 0;
}

static inline ss_mono_t ss_mono_add(ss_mono_t t, apr_interval_time_t wait)
{
    return (ss_mono_t){ t.us + wait };
}

/* later - earlier */
static inline apr_interval_time_t ss_mono_since(ss_mono_t later, ss_mono_t earlier)
{
    return later.us - earlier.us;
}

static inline int ss_mono_before(ss_mono_t a, ss_mono_t b)
{
    return a.us < b.us;
}

/* Whether `when` has come. */
static inline int ss_mono_reached(ss_mono_t when, ss_mono_t now)
{
    return when.us <= now.us;
}

static inline ss_mono_t ss_mono_max(ss_mono_t a, ss_mono_t b)
{
    return a.us > b.us ? a : b;
}

/* The earlier of the two. One that is not set does not count. */
static inline ss_mono_t ss_mono_min(ss_mono_t a, ss_mono_t b)
{
    if (!a.us || !b.us) return a.us ? a : b;
    return a.us < b.us ? a : b;
}

/* The monotonic time at which the wall clock shows `wall` unless it is set until then; mono and now
 * are both clocks' readings of one moment. 0 (not set) stays not set. */
static inline ss_mono_t ss_mono_of_wall(apr_time_t wall, ss_mono_t mono, apr_time_t now)
{
    return wall ? ss_mono_add(mono, wall - now) : (ss_mono_t){ 0 };
}

/* The other way round, for people to see. */
static inline apr_time_t ss_mono_to_wall(ss_mono_t t, ss_mono_t mono, apr_time_t now)
{
    return ss_mono_is_set(t) ? now + ss_mono_since(t, mono) : 0;
}

/* A wait with jitter: wait plus or minus at most percent of it, chosen by the 32 random bits given;
 * never below 1 ms for a wait above 0. */
static inline apr_interval_time_t ss_mono_jitter(apr_interval_time_t wait, int percent,
                                                 apr_uint32_t random)
{
    if (wait <= 0) return wait;
    double part = ((double)random / 4294967295.0) * 2.0 - 1.0;
    apr_interval_time_t out = wait + (apr_interval_time_t)((double)wait * percent / 100.0 * part);
    return out < 1000 ? 1000 : out;
}
