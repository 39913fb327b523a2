/* repeats.h: sentences that may come in a flood are logged once; a minute later the log says how
 * often they came. */
#pragma once

#include "daemon/daemon.h"

void ss_repeats_start(ss_daemon_t *d);
/* Whether the sentence of that key is to be logged now; else it is counted. */
int ss_repeats_may_log(ss_daemon_t *d, const char *key);
/* At the end: what was counted is logged now. */
void ss_repeats_end(ss_daemon_t *d);
