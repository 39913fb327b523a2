/* leaving.h: the end of the process: it is asked to leave, ends what is under way, and stops the
 * loop. */
#pragma once

#include "daemon/daemon.h"

/* Watches the descriptors that say so: a byte or the end of lifeline_fd (-1: none), a byte of
 * term_fd (SIGTERM; 0: none). */
apr_status_t ss_leaving_watch(ss_daemon_t *d, int lifeline_fd, int term_fd);
/* Takes nothing new, and ends when what is under way has ended. why: for the log. */
void ss_leaving_begin(ss_daemon_t *d, const char *why);
/* Looks whether a process that leaves is done: nothing in flight, no client waits for an answer,
 * the store has answered everything. Then the loop is stopped. */
void ss_leaving_check(ss_daemon_t *d);
/* Whether a process that has nothing in flight any more stays, for outcomes that are not committed:
 * without end while httpd runs, a minute after it has ended (`alone`; not set: it runs). Pure. */
int ss_leaving_must_wait(int uncommitted, ss_mono_t alone, ss_mono_t now);
