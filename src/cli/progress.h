/* progress.h: how fast a backlog drains and when it is gone, from a few looks at it. Pure. */
#ifndef SS_CLI_PROGRESS_H
#define SS_CLI_PROGRESS_H

#include <apr_pools.h>
#include <apr_time.h>

#define SS_PROGRESS_LOOKS 16 /* the rate is that over so many looks */

typedef struct { /* all zero: no look yet */
    apr_time_t times[SS_PROGRESS_LOOKS];
    apr_int64_t waiting[SS_PROGRESS_LOOKS], done[SS_PROGRESS_LOOKS];
    int count;
} ss_progress_t;

/* Adds a look: waiting: messages that wait now; done: finished so far, a number that only grows (a
 * smaller one: the daemon began anew, and so does this). */
void ss_progress_look(ss_progress_t *p, apr_time_t now, apr_int64_t waiting, apr_int64_t done);
/* "1200 waiting, 56/s out, 22s left"; "growing" where more comes in than goes out; without a rate
 * before the second look. */
const char *ss_progress_text(const ss_progress_t *p, apr_pool_t *pool);

#endif
