/* helpers.h: threads for what blocks (resolving names, reading a secret), started when needed,
 * ended when idle. Behind ss_loop_help. */
#pragma once

#include <apr_errno.h>

#define SS_HELPERS_JOBS_MAX 1024 /* that wait; past it APR_ENOSPC */

typedef struct ss_helpers_t ss_helpers_t;

/* max: threads; more jobs wait in order. post(self, done, baton), called on helper threads, has
 * done(baton) called on the loop's. NULL without memory. */
ss_helpers_t *
ss_helpers_create(int max, apr_status_t (*post)(void *self, void (*done)(void *baton), void *baton),
                  void *self);
/* Jobs that wait are dropped; those that run are waited for at most a second and then left to end
 * by themselves. `done` of neither is called. */
void ss_helpers_destroy(ss_helpers_t *helpers);
apr_status_t ss_helpers_run(ss_helpers_t *helpers, void (*work)(void *baton),
                            void (*done)(void *baton), void *baton);
