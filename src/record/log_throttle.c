/* log_throttle.c: how often a sentence came within a minute. See echo.h. */
#include "record/log_throttle.h"

#include <apr_strings.h>
#include <string.h>

static int is_over(ss_mono_t since, ss_mono_t now)
{
    return ss_mono_is_set(since) &&
           (!ss_mono_is_set(now) || ss_mono_since(now, since) >= SS_ECHO_SPAN);
}

int ss_echo_is_new(ss_echo_t *echo, const char *key, ss_mono_t now)
{
    int place = -1;

    for (int i = 0; i < SS_ECHO_KEYS; i++) {
        ss_mono_t since = echo->slots[i].since;
        if (ss_mono_is_set(since) && !strncmp(echo->slots[i].key, key, SS_ECHO_KEY_MAX - 1)) {
            if (!is_over(since, now)) {
                echo->slots[i].more++;
                return 0;
            }
            /* Its minute is over, but nobody asked yet how often it came: that is said with the
             * next minute's. */
            echo->slots[i].since = now;
            return 1;
        }
        if (place < 0 && (!ss_mono_is_set(since) || (is_over(since, now) && !echo->slots[i].more)))
            place = i;
    }
    if (place < 0) return 1;
    apr_cpystrn(echo->slots[place].key, key, SS_ECHO_KEY_MAX);
    echo->slots[place].since = now;
    echo->slots[place].more = 0;
    return 1;
}

const char *ss_echo_next(ss_echo_t *echo, ss_mono_t now, apr_int64_t *more)
{
    for (int i = 0; i < SS_ECHO_KEYS; i++) {
        if (!is_over(echo->slots[i].since, now)) continue;
        echo->slots[i].since = (ss_mono_t){ 0 };
        *more = echo->slots[i].more;
        if (*more) return echo->slots[i].key;
    }
    return NULL;
}

ss_mono_t ss_echo_due(const ss_echo_t *echo)
{
    ss_mono_t due = { 0 };

    for (int i = 0; i < SS_ECHO_KEYS; i++) {
        if (ss_mono_is_set(echo->slots[i].since) && echo->slots[i].more)
            due = ss_mono_min(due, ss_mono_add(echo->slots[i].since, SS_ECHO_SPAN));
    }
    return due;
}
