/* patience.h: how long a command waits for the daemon: while that reacts at all, as long as an
 * answer may take; a daemon that hangs, or that nobody starts, is given up sooner. */
#pragma once

#include "base/mono.h"
#include "base/result.h"

#define SS_PATIENCE_USUAL (15 * APR_USEC_PER_SEC) /* a restart needs no longer */
#define SS_PATIENCE_SHORT (4 * APR_USEC_PER_SEC)  /* for monitoring, which asks again */

typedef struct {
    const char *socket;
    apr_interval_time_t most;
    ss_mono_t reacted; /* the last time, or the begin */
    int is_over;
} ss_patience_t;

ss_patience_t ss_patience_begin(const char *socket, apr_interval_time_t most);
/* Whether to go on waiting, for ss_peer_set_wanted. self: an ss_patience_t. Asks the daemon whether
 * it is there. */
int ss_patience_lasts(void *self);
/* What to tell people, where it is over. */
void ss_patience_explain(const ss_patience_t *patience, ss_result_t *result);
