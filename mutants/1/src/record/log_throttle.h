/* log_throttle.h: log lines that may come in a flood are written once a minute; the rest is
 * counted. Pure. */
#pragma once

#include "base/mono.h"

#define SS_LOG_THROTTLE_SPAN (60 * APR_USEC_PER_SEC)
/* different lines at a time; above it each further one is written: nothing new is hidden */
#define SS_LOG_THROTTLE_KEYS 64
#define SS_LOG_THROTTLE_KEY_MAX 400

typedef struct {
    /* since not set: free */
    struct {
        char key[SS_LOG_THROTTLE_KEY_MAX];
        ss_mono_t since;
        apr_int64_t more;
    } slots[SS_LOG_THROTTLE_KEYS];
} ss_log_throttle_t;

/* Whether a line may be written: 0 if a line with the same key was written within the last
 * SS_LOG_THROTTLE_SPAN; then it is counted. */
int ss_log_throttle_allows(ss_log_throttle_t *throttle, const char *key, ss_mono_t now);
/* Removes a line that was counted and whose span is over (now not set: any line, at the end of the
 * process). Returns its key, valid until the next call of ss_log_throttle_allows, with the count in
 * *more; or NULL. */
const char *ss_log_throttle_next(ss_log_throttle_t *throttle, ss_mono_t now, apr_int64_t *more);
/* When ss_log_throttle_next is to be called again; not set: nothing was counted. */
ss_mono_t ss_log_throttle_due(const ss_log_throttle_t *throttle);
