/* store_options.h: how a store is opened, and what it counts. */
#pragma once

#include "base/log.h"
#include "base/mono.h"

typedef struct {
    const char *driver, *params; /* "sqlite3" path; "pgsql" conninfo */
    const ss_log_t *log;
    /* called on the store's thread when there are answers: wake the loop, which calls
     * ss_store_collect */
    void (*notify)(void *self);
    void *self;
    /* a shared queue: the file of this node's name, created if missing, and locked */
    const char *node_file;
    int migrates; /* 0: read-only, tables are not created or migrated (command line) */
} ss_store_options_t;

#define SS_STORE_FAULT_MAX 256
/* For metrics: number of commits and of requests in them; duration of the last commit, sum and
 * maximum in microseconds; histogram (1 ms, doubling). fault: why the last batch could not be
 * written ("the disk ... is full"); "" if it could. unwritten: since when writes wait and none was
 * committed; not set: none waits. */
typedef struct {
    apr_uint64_t commits, requests;
    apr_interval_time_t last, sum, most;
    apr_uint64_t buckets[16];
    char fault[SS_STORE_FAULT_MAX];
    ss_mono_t unwritten;
    /* the file is damaged, and not only some messages of it: nothing new is accepted; "": it is not
     */
    char damage[SS_STORE_FAULT_MAX];
    int unreadable;  /* messages that cannot be read, of those that were tried */
    int is_replaced; /* the queue's file is another one now: start again with it */
} ss_store_stats_t;
