/* backoff.h: when something that failed is tried again: after a first wait, which doubles with each
 * further failure up to the longest one. Pure. All zero = it has not failed. */
#pragma once

#include "base/mono.h"

typedef struct {
    unsigned failures; /* in a row */
    ss_mono_t next;    /* the time of the next try; not set: it did not fail */
} ss_backoff_t;

/* It failed. Returns 1 for the first failure in a row, which is the one to log. */
int ss_backoff_failed(ss_backoff_t *backoff, apr_interval_time_t first, apr_interval_time_t most,
                      ss_mono_t now);
/* It worked. Returns 1 where it had failed before. */
int ss_backoff_worked(ss_backoff_t *backoff);
/* Whether it may be tried now. */
int ss_backoff_allows(const ss_backoff_t *backoff, ss_mono_t now);
/* How long to wait after so many failures in a row. */
apr_interval_time_t ss_backoff_wait(unsigned failures, apr_interval_time_t first,
                                    apr_interval_time_t most);
