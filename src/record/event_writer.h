/* event_writer.h: the file or pipe of SMTPSendEventLog, written by a thread of its own: the loop
 * never waits for a disk or a program. What cannot be written yet waits in memory, up to a bound;
 * what comes then is lost, and counted. */
#pragma once

#include "base/log.h"
#include "base/mono.h"

/* lines that wait, in bytes; above it new ones are lost, and the log says so */
#define SS_EVENT_WRITER_MAX (4 * 1024 * 1024)

typedef struct ss_event_writer_t ss_event_writer_t;

typedef struct {
    const ss_log_t *log;
    /* The open file or pipe, which becomes the writer's; -1: it could not be opened, and is tried
     * again. */
    int fd;
    /* as the directive has it, for the log; it and path live as long as the process */
    const char *name;
    /* of the file: it is opened again where it was renamed or deleted; NULL: a pipe, or out of
     * reach */
    const char *path;
    apr_size_t most; /* SS_EVENT_WRITER_MAX */
} ss_event_writer_options_t;

/* NULL: there is no memory or thread. */
ss_event_writer_t *ss_event_writer_start(const ss_event_writer_options_t *options);
/* Takes a line with its line end. 1; or 0: it is lost. */
int ss_event_writer_put(ss_event_writer_t *w, const char *line, apr_size_t len);
/* Lines lost so far. */
apr_uint64_t ss_event_writer_dropped(ss_event_writer_t *w);
/* Writes the waiting lines, for at most so long, and ends; what is left is lost, and the log says
 * so. The memory of a thread that hangs in a system call stays. */
void ss_event_writer_stop(ss_event_writer_t *w, apr_interval_time_t most);
