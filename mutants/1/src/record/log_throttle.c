#include "record/log_throttle.h"

#include <apr_strings.h>
#include <string.h>

static int is_over(ss_mono_t since, ss_mono_t now)
{
    return ss_mono_is_set(since) &&
           (!ss_mono_is_set(now) || ss_mono_since(now, since) >= SS_LOG_THROTTLE_SPAN);
}

int ss_log_throttle_allows(ss_log_throttle_t *throttle, const char *key, ss_mono_t now)
{
    int place = -1;

    for (int i = 0; i < SS_LOG_THROTTLE_KEYS; i++) {
        ss_mono_t since = throttle->slots[i].since;
        if (ss_mono_is_set(since) &&
            !strncmp(throttle->slots[i].key, key, SS_LOG_THROTTLE_KEY_MAX - 1)) {
            if (!is_over(since, now)) {
                throttle->slots[i].more++;
                return 0;
            }
            /* Its span is over, but the count was not taken yet: it is added to the next one. */
            throttle->slots[i].since = now;
            return 1;
        }
        if (place < 0 &&
            (!ss_mono_is_set(since) || (is_over(since, now) && !throttle->slots[i].more)))
            place = i;
    }
    if (place < 0) return 1;
    apr_cpystrn(throttle->slots[place].key, key, SS_LOG_THROTTLE_KEY_MAX);
    throttle->slots[place].since = now;
    throttle->slots[place].more = 0;
    return 1;
}

const char *ss_log_throttle_next(ss_log_throttle_t *throttle, ss_mono_t now, apr_int64_t *more)
{
    for (int i = 0; i < SS_LOG_THROTTLE_KEYS; i++) {
        if (!is_over(throttle->slots[i].since, now)) continue;
        throttle->slots[i].since = (ss_mono_t){ 0 };
        *more = throttle->slots[i].more;
        if (*more) return throttle->slots[i].key;
    }
    return NULL;
}

ss_mono_t ss_log_throttle_due(const ss_log_throttle_t *throttle)
{
    ss_mono_t due = { 0 };

    for (int i = 0; i < SS_LOG_THROTTLE_KEYS; i++) {
        if (ss_mono_is_set(throttle->slots[i].since) && throttle->slots[i].more)
            due = ss_mono_min(due, ss_mono_add(throttle->slots[i].since, SS_LOG_THROTTLE_SPAN));
    }
    return due;
}
