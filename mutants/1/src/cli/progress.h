/* progress.h: how fast a backlog drains and when it will be gone, from a few samples. Pure. */
#pragma once

#include <apr_pools.h>
#include <apr_time.h>

#define SS_PROGRESS_LOOKS 16 /* the rate is measured over this many samples */

typedef struct { /* all zero: no sample yet */
    struct {
        apr_time_t time;
        apr_int64_t waiting, done;
    } looks[SS_PROGRESS_LOOKS];
    int count;
} ss_progress_t;

/* Adds a sample. waiting: unfinished messages now. done: messages finished so far, a number that
 * only grows; a smaller one means that the daemon was restarted, and the samples start anew. */
void ss_progress_look(ss_progress_t *p, apr_time_t now, apr_int64_t waiting, apr_int64_t done);
/* "1200 waiting, 56/s out, 22s left"; "growing" when more come in than go out; no rate before the
 * second sample. */
const char *ss_progress_text(const ss_progress_t *p, apr_pool_t *pool);
