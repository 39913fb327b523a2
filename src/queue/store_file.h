/* store_file.h: an embedded queue whose file or log was deleted, replaced or moved while it is
 * open. The open connection still has all of it: it is written to where it belongs, or nothing but
 * the results of what was already being sent is taken until the file is back. The store's thread.
 */
#pragma once

#include "base/log.h"
#include "base/mono.h"
#include "queue/db.h"
#include "queue/file_watch.h"
#include "queue/lock.h"

typedef struct {
    const char *path;
    /* the store's */
    ss_lock_t *lock;
    ss_db_t *db;
    const ss_log_t *log;
    apr_pool_t *pool;

    ss_file_watch_t watch;
    ss_file_fate_t fate;        /* found last */
    ss_result_t adrift;         /* set: the file is not in its place, why */
    ss_mono_t look_at;          /* then: when to look again */
    int is_replaced;            /* for good: the daemon is to start again with the other file */
    const char *saved;          /* where the content of a replaced file was saved */
    apr_uint64_t saved_commits; /* when */
    apr_int64_t log_said;
} ss_store_file_t;

void ss_store_file_init(ss_store_file_t *file, const char *path, ss_lock_t *lock, ss_db_t *db,
                        const ss_log_t *log, apr_pool_t *pool);
/* After connecting. */
void ss_store_file_begin(ss_store_file_t *file);
/* Before each batch, and when somebody asks. commits: so many until now. 1: the file is in its
 * place (again; there may be no connection); 0: it is not, why is in file->adrift. */
int ss_store_file_look(ss_store_file_t *file, apr_uint64_t commits);
/* Before the connection is closed: what was written to a file that was replaced is kept. */
void ss_store_file_end(ss_store_file_t *file, apr_uint64_t commits);
