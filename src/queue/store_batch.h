/* store_batch.h: the database below the store: one transaction for many writes, one step of a read,
 * and the connection for both. Reconnects to a server, and looks up whether a commit took effect
 * whose answer was lost. One thread (that of store.c, or the simulator's). */
#pragma once

#include "base/mono.h"
#include "queue/db.h"
#include "queue/lease.h"
#include "queue/node_name.h"
#include "queue/store_options.h"
#include "queue/store_check.h"
#include "queue/store_file.h"
#include "queue/store_request.h"

typedef struct { /* of one transaction; what does not fit waits for the next */
    int requests, rows;
    apr_size_t bytes;
} ss_store_batch_room_t;

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
    ss_mono_t conflict_since; /* set: since then other transactions have disturbed every batch */
    int conflicts;            /* how many */
    int has_more_again;       /* what failed did not fit into one batch */
    int most;                 /* requests in the next batch: fewer where there are conflicts */
    ss_mono_t close_until;    /* set while closing: outcomes are dropped after it */
    /* when the current connection was made */
    ss_mono_t contact;
    char node[SS_NODE_NAME_MAX + 1]; /* a shared queue: this node's name */
    char token[SS_NODE_NAME_TOKEN];
    ss_result_t lost;              /* why there is no connection */
    ss_dialect_fault_t lost_fault; /* SS_FAULT_LOST, or a conflict while it was made */
    ss_store_file_t file;          /* an embedded queue's */
    ss_store_check_t check;
    ss_store_stats_t stats;
} ss_store_batch_t;

/* Takes the file's lock or the node's name, for which it waits at most lock_wait, and connects.
 * Never calls options->notify. */
apr_status_t ss_store_batch_open(ss_store_batch_t *store, const ss_store_options_t *options,
                                 apr_interval_time_t lock_wait, ss_result_t *result);
/* Closes the connection and releases the lock. Requests in `again` stay the owner's. */
void ss_store_batch_close(ss_store_batch_t *store);
/* Looks after the queue's file, then writes all of the batch (which may be empty) in one
 * transaction. A request that the database refuses for itself does not affect the others. Answered
 * requests go to done, the others to store->again. */
void ss_store_batch_write(ss_store_batch_t *store, struct ss_requests_t *batch,
                          struct ss_requests_t *done);
/* One step of looking for damage, where it is due. */
void ss_store_batch_check(ss_store_batch_t *store);
/* One step of a read, about a millisecond. 1: it is answered; 0: it needs another step. */
int ss_store_batch_read(ss_store_batch_t *store, ss_store_request_t *request);

ss_store_batch_room_t ss_store_batch_room(const ss_store_batch_t *store);

/* The rules, pure. */
/* Moves requests to the batch while there is room, but at least one into an empty batch. Returns
 * how many. */
int ss_store_batch_take(struct ss_requests_t *from, struct ss_requests_t *batch,
                        ss_store_batch_room_t *room);
/* How many requests the next batch may have after one of `size` that was committed, or that was
 * disturbed `conflicts` times in a row. */
int ss_store_batch_most(int most, int size, int conflicts);
/* The bucket of the histogram of commits: up to 1 ms, doubling; the last holds all longer ones. */
int ss_store_batch_bucket(apr_interval_time_t took);
/* How long after a failed batch its outcomes are tried again: 100 ms, doubling to 5 s; after a
 * conflict all of it: 10 ms, doubling to 1 s. last: the wait before, 0: none. */
apr_interval_time_t ss_store_batch_wait(apr_interval_time_t last, int is_conflict);
/* Between half of the wait and all of it. */
apr_interval_time_t ss_store_batch_spread(apr_interval_time_t wait, apr_uint32_t random);
/* Whether no further writes join the failed batch until it is tried again: after a conflict, and
 * where there is no room for them. */
int ss_store_batch_is_held(const ss_store_batch_t *store, ss_mono_t now);
/* Whether a request whose batch failed stays in the store: an outcome until the store heals or has
 * tried to close for long enough; and for a while what may have been committed, since only the
 * database knows, and what was rolled back because of others. Others are answered with the error:
 * whoever asked can ask again. */
int ss_store_batch_keeps(const ss_store_request_t *request, ss_mono_t close_until, ss_mono_t now);
