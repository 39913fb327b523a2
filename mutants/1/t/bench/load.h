/* load.h: the loader's parts: what all ways of submitting share (load.c), HTTP (load_http.c), SMTP
 * (load_smtp.c), a command a message (load_exec.c). */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stddef.h>
#include <stdint.h>

#define LOAD_CONNECTIONS_MAX 1000
#define LOAD_BATCH_MAX 1000

typedef struct {
    const char *to, *path; /* address:port; HTTP's path */
    long connections, count, first, size, batch, interval_ms, seconds;
    /* file: submission time (ns) of each message, or NULL */
    const char *times;
    char **command; /* exec: what is run, NULL at its end */
} load_options_t;

typedef struct {
    long next; /* messages begun */
    long asked, accepted, refused, errors, reconnects, repeated;
    int64_t started, ended, deadline;
    int64_t *begun;    /* by message: when its submission began */
    uint32_t *latency; /* by answer, in microseconds */
    long answers;
    double children_cpu; /* exec: seconds of what was run */
    char trouble[256];   /* the first refusal or error, for people */
} load_t;

extern load_options_t load_options;
extern load_t load_run;

/* The number of the next message or of the first of a batch, -1 when all are begun or time is up.
 * Notes when it began. */
long load_take(long how_many);
/* An answer: how many were accepted and refused, when it was asked. */
void load_answered(long accepted, long refused, int64_t asked_at);
void load_trouble(const char *text, size_t len);
/* A whole message with CRLF line ends, its number still blank. malloc. */
char *load_message(size_t *len);
/* Writes the number into such a message. */
void load_number(char *message, long id);
/* Sends what is due with --interval: milliseconds to wait, 0 now. */
long load_pause(void);

void load_http(void);
void load_smtp(void);
void load_exec(void);

#endif
