/* repeat.c: how often a sentence came within a minute. See repeat.h. */
#include "daemon/repeat.h"

#include <apr_strings.h>
#include <string.h>

static int is_over(apr_time_t since, apr_time_t now)
{
    return since && (!now || since + SS_REPEAT_SPAN <= now);
}

int ss_repeat_is_new(ss_repeat_t *repeat, const char *key, apr_time_t now)
{
    int place = -1;

    for (int i = 0; i < SS_REPEAT_KEYS; i++) {
        apr_time_t since = repeat->slots[i].since;
        if (since && !strncmp(repeat->slots[i].key, key, SS_REPEAT_KEY_MAX - 1)) {
            if (!is_over(since, now)) {
                repeat->slots[i].more++;
                return 0;
            }
            /* Its minute is over, but nobody asked yet how often it came: that is said with the next minute's. */
            repeat->slots[i].since = now;
            return 1;
        }
        if (place < 0 && (!since || (is_over(since, now) && !repeat->slots[i].more))) place = i;
    }
    if (place < 0) return 1;
    apr_cpystrn(repeat->slots[place].key, key, SS_REPEAT_KEY_MAX);
    repeat->slots[place].since = now;
    repeat->slots[place].more = 0;
    return 1;
}

const char *ss_repeat_next(ss_repeat_t *repeat, apr_time_t now, apr_int64_t *more)
{
    for (int i = 0; i < SS_REPEAT_KEYS; i++) {
        if (!is_over(repeat->slots[i].since, now)) continue;
        repeat->slots[i].since = 0;
        *more = repeat->slots[i].more;
        if (*more) return repeat->slots[i].key;
    }
    return NULL;
}

apr_time_t ss_repeat_due(const ss_repeat_t *repeat)
{
    apr_time_t due = 0;

    for (int i = 0; i < SS_REPEAT_KEYS; i++) {
        apr_time_t end = repeat->slots[i].since + SS_REPEAT_SPAN;
        if (repeat->slots[i].since && repeat->slots[i].more && (!due || end < due)) due = end;
    }
    return due;
}
