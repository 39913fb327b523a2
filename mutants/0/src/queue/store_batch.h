/* store_batch.h: the database below the store: one transaction for many writes, one step of a read,
 * and the connection for both. Reconnects to a server, and looks up whether a commit took effect
 * whose answer was lost. One thread (that of store.c, or the simulator's). */
#pragma once

#include "base/mono.h"
#include "queue/db.h"
#include "queue/lease.h"
#include "queue/lock.h"
#include "queue/node_name.h"
#include "queue/store_options.h"
#include "queue/store_request.h"

typedef struct {
    ss_store_options_t options;
    apr_pool_t *pool;
    ss_db_t db;
    ss_lock_t lock; /* a shared queue: only the name, which is this node's */
    /* outcomes whose transaction failed: the owner puts them first into the next batch, at again_at
     * at the latest */
    struct ss_requests_t again;
    apr_interval_time_t again_wait; /* 0: the last batch was committed */
    ss_mono_t again_at;
    ss_mono_t close_until; /* set while closing: outcomes are dropped after it */
    /* when the current connection was made */
    ss_mono_t contact;
    char node[SS_NODE_NAME_MAX + 1]; /* a shared queue: this node's name */
    char token[SS_NODE_NAME_TOKEN];
    ss_result_t lost; /* why there is no connection */
    ss_store_stats_t stats;
} ss_store_batch_t;

/* Takes the file's lock or the node's name, for which it waits at most lock_wait, and connects.
 * Never calls options->notify. */
apr_status_t ss_store_batch_open(ss_store_batch_t *store, const ss_store_options_t *options,
                                 apr_interval_time_t lock_wait, ss_result_t *result);
/* Closes the connection and releases the lock. Requests in `again` stay the owner's. */
void ss_store_batch_close(ss_store_batch_t *store);
/* All of the batch in one transaction. A request that the database refuses for itself does not
 * affect the others. Answered requests go to done, the others to store->again. */
void ss_store_batch_write(ss_store_batch_t *store, struct ss_requests_t *batch,
                          struct ss_requests_t *done);
/* One step of a read, about a millisecond. 1: it is answered; 0: it needs another step. */
int ss_store_batch_read(ss_store_batch_t *store, ss_store_request_t *request);

/* The rules, pure. */
/* The bucket of the histogram of commits: up to 1 ms, doubling; the last holds all longer ones. */
int ss_store_batch_bucket(apr_interval_time_t took);
/* How long after a failed batch its outcomes are tried again: 100 ms, doubling to 5 s. last: the
 * wait before, 0: none. */
apr_interval_time_t ss_store_batch_wait(apr_interval_time_t last);
/* Whether a request whose batch failed stays in the store: an outcome until the store heals or has
 * tried to close for long enough; and for a while what may have been committed, since only the
 * database knows. Others are answered with the error: whoever asked can ask again. */
int ss_store_batch_keeps(const ss_store_request_t *request, ss_mono_t close_until, ss_mono_t now);
