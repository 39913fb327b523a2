/* counters.h: the counters of metrics and relays, and each relay's last success, over restarts: the
 * row "counters/" of the setting table. It is written at the end of a process, and with the
 * activity while one runs; what was counted after that is lost by a crash. */
#pragma once

#include "record/record.h"

/* Writes the row. */
void ss_counters_save(ss_record_t *r);
/* Adds what the process before had counted: once, before anything is counted. */
void ss_counters_restore(ss_record_t *r, const char *json);
