/* final_states.h: final states for the hook of other modules (include/smtp_send.h), from the daemon
 * to the process that runs them: a record each through a socket that keeps their boundaries. */
#pragma once

#include <apr.h>

#include "base/log.h"
#include "record/record.h"

/* the longest record; one that is longer comes without its reply and metadata */
#define SS_FINAL_STATES_RECORD 16384

/* The two ends: [0] is the daemon's. 0, or an errno. */
int ss_final_states_pair(int ends[2]);
/* The daemon: where ss_final_states_send sends. */
void ss_final_states_open(int fd, const ss_log_t *log);
/* ss_record_finished_fn. Never waits: where the other process does not read, the state is lost, and
 * the log says so once. Loop thread. */
void ss_final_states_send(const char *id, const char *from, const char *to, const char *state,
                          const char *reply, const char *metadata);
/* The other process: gives each record to `finished` until the daemon has ended. */
void ss_final_states_run(int fd, ss_record_finished_fn *finished);
