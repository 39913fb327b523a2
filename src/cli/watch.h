/* watch.h: --watch: the status again and again. */
#pragma once

#include "base/json.h"
#include "cli/cli.h"

/* The last options of a command. */
#define SS_WATCH_OPTIONS(every, is_watching)                                                       \
    { "watch", NULL, "refresh until interrupted", &(is_watching) },                                \
        { "every", "TIME", "interval of --watch (2s)", &(every) },                                 \
    {                                                                                              \
        0                                                                                          \
    }

/* Requests the status at intervals and prints a progress line, on a terminal with what show prints
 * (EX_OK: continue). every: the option's text, or NULL. Returns the exit code when show or the
 * daemon fails. */
int ss_watch(ss_cli_t *cli, const char *every,
             int (*show)(void *self, ss_cli_t *cli, const json_t *status), void *self);

/* ---- how fast a backlog drains and when it will be gone, from a few samples; pure ---- */

#define SS_WATCH_PROGRESS_LOOKS 16 /* the rate is measured over this many samples */

typedef struct { /* all zero: no sample yet */
    struct {
        apr_time_t time;
        apr_int64_t waiting, done;
    } looks[SS_WATCH_PROGRESS_LOOKS];
    int count;
} ss_watch_progress_t;

/* Adds a sample. waiting: unfinished messages now. done: messages finished so far, a number that
 * only grows; a smaller one means that the daemon was restarted, and the samples start anew. */
void ss_watch_progress_look(ss_watch_progress_t *p, apr_time_t now, apr_int64_t waiting,
                            apr_int64_t done);
/* "1200 waiting, 56/s out, 22s left"; "growing" when more come in than go out; no rate before the
 * second sample. */
const char *ss_watch_progress_text(const ss_watch_progress_t *p, apr_pool_t *pool);
