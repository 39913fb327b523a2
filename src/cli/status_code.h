/* status_code.h: the exit code of the command status, for monitoring. Pure. */
#pragma once

#include <jansson.h>

enum { SS_STATUS_FLOWING = 0, SS_STATUS_PAUSED = 1, SS_STATUS_STUCK = 2 };

/* Judges the daemon's status document by the reasons that it gives, so that page, metric and
 * command cannot disagree. relay: only this one, and what concerns all; NULL: the worst relay. */
int ss_status_code(const json_t *status, const char *relay);
