/* store_options.h: how a store is opened, and what it counts. */
#ifndef SS_QUEUE_STORE_OPTIONS_H
#define SS_QUEUE_STORE_OPTIONS_H

#include <apr_time.h>

#include "base/log.h"

typedef struct {
    const char *driver, *params; /* "sqlite3" path; "pgsql" conninfo */
    const ss_log_t *log;
    /* called on the store thread when answers wait: wake the loop, which calls ss_store_collect */
    void (*notify)(void *self);
    void *self;
    /* a shared queue: where this node's name is kept, and locked; made where there is none */
    const char *node_file;
    int migrates; /* 0: open read-only checks only (command line) */
} ss_store_options_t;

#define SS_STORE_FAULT_MAX 256
/* Commits and histogram for metrics: number of commits, of requests in them, microseconds of the
 * last, sum and maximum. fault: why the last batch could not be written ("the disk ... is full");
 * empty once one could. */
typedef struct {
    apr_uint64_t commits, requests;
    apr_interval_time_t last, sum, most;
    apr_uint64_t buckets[16];
    char fault[SS_STORE_FAULT_MAX];
} ss_store_stats_t;

#endif
