/* store.c: the store's thread. Batches form by themselves: what is posted during a commit is the
 * next batch, and a single request is committed at once. See store.h. */
#include "queue/store.h"

#include <apr_strings.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "queue/store_batch.h"

/* requests of one transaction; the others wait for the next */
#define BATCH_MAX 1000
/* microseconds of reading between two commits: many short reads, or one step of a long one */
#define READ_SPAN 1000
/* how long a closing store retries its last outcomes */
#define CLOSE_WAIT (10 * APR_USEC_PER_SEC)

struct ss_store_t {
    ss_store_batch_t batch; /* the thread's */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t more;
    struct ss_requests_t writes, reads, done;
    int waiting, open; /* posted and not taken yet; posted and not collected yet */
    int is_closing;
    ss_store_stats_t stats; /* a copy of the batch's */
};

/* ---- the loop's side ---- */

int ss_store_has_room(int waiting, ss_store_verb_t verb)
{
    return waiting < SS_STORE_REQUESTS_MAX || verb == SS_STORE_OUTCOME;
}

apr_status_t ss_store_post(ss_store_t *store, ss_store_request_t *request)
{
    apr_status_t rv = APR_SUCCESS;

    pthread_mutex_lock(&store->mutex);
    if (store->is_closing)
        rv = APR_EOF;
    else if (!ss_store_has_room(store->waiting, request->verb))
        rv = APR_EAGAIN;
    if (rv == APR_SUCCESS) {
        ss_store_request_push(ss_store_request_is_write(request) ? &store->writes : &store->reads,
                              request);
        store->open++;
        if (!store->waiting++) pthread_cond_signal(&store->more);
    }
    pthread_mutex_unlock(&store->mutex);
    return rv;
}

int ss_store_collect(ss_store_t *store)
{
    struct ss_requests_t mine;
    ss_store_request_t *request;
    int count = 0;

    APR_RING_INIT(&mine, ss_store_request_t, link);
    pthread_mutex_lock(&store->mutex);
    APR_RING_CONCAT(&mine, &store->done, ss_store_request_t, link);
    pthread_mutex_unlock(&store->mutex);
    for (; (request = ss_store_request_take(&mine)) != NULL; count++) {
        pthread_mutex_lock(&store->mutex);
        store->open--;
        pthread_mutex_unlock(&store->mutex);
        request->done(request);
    }
    return count;
}

int ss_store_waiting(const ss_store_t *store)
{
    ss_store_t *s = (ss_store_t *)store;
    int open;

    pthread_mutex_lock(&s->mutex);
    open = s->open;
    pthread_mutex_unlock(&s->mutex);
    return open;
}

int ss_store_is_shared(const ss_store_t *store)
{
    return store->batch.db.dialect->is_shared;
}

void ss_store_stats(ss_store_t *store, ss_store_stats_t *stats)
{
    pthread_mutex_lock(&store->mutex);
    *stats = store->stats;
    pthread_mutex_unlock(&store->mutex);
}

/* ---- the thread's side ---- */

static ss_store_request_t *take_read(ss_store_t *store)
{
    pthread_mutex_lock(&store->mutex);
    ss_store_request_t *read = ss_store_request_take(&store->reads);
    if (read) store->waiting--;
    pthread_mutex_unlock(&store->mutex);
    return read;
}

/* At the end of the queue: a long query does not delay short ones. */
static void put_back(ss_store_t *store, ss_store_request_t *read)
{
    pthread_mutex_lock(&store->mutex);
    ss_store_request_push(&store->reads, read);
    store->waiting++;
    pthread_mutex_unlock(&store->mutex);
}

/* Several reads between two commits: with one load per commit, a backlog would be sent at the pace
 * of the disk's fsync. */
static void read_some(ss_store_t *store, struct ss_requests_t *done)
{
    ss_mono_t until = ss_mono_add(ss_mono_now(), READ_SPAN);
    ss_store_request_t *read = take_read(store);

    while (read) {
        if (ss_store_batch_read(&store->batch, read))
            ss_store_request_push(done, read);
        else
            put_back(store, read);
        read = ss_mono_before(ss_mono_now(), until) ? take_read(store) : NULL;
    }
}

/* ---- the thread ---- */

static void publish(ss_store_t *store, struct ss_requests_t *done)
{
    int was_empty;

    if (APR_RING_EMPTY(done, ss_store_request_t, link)) return;
    pthread_mutex_lock(&store->mutex);
    was_empty = APR_RING_EMPTY(&store->done, ss_store_request_t, link);
    APR_RING_CONCAT(&store->done, done, ss_store_request_t, link);
    pthread_mutex_unlock(&store->mutex);
    if (was_empty) store->batch.options.notify(store->batch.options.self);
}

/* The condition waits by a clock of its own. */
static void wait_until(ss_store_t *store, ss_mono_t when)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    apr_int64_t us = t.tv_nsec / 1000 + ss_mono_since(when, ss_mono_now());
    t.tv_sec += (time_t)(us / APR_USEC_PER_SEC);
    t.tv_nsec = (long)(us % APR_USEC_PER_SEC) * 1000;
    pthread_cond_timedwait(&store->more, &store->mutex, &t);
}

/* Waits for work. 0: closing, and nothing is left. The mutex is held. */
static int wait_for_work(ss_store_t *store)
{
    for (;;) {
        int has_again = !APR_RING_EMPTY(&store->batch.again, ss_store_request_t, link);
        if (store->waiting || (has_again && ss_mono_reached(store->batch.again_at, ss_mono_now())))
            return 1;
        if (store->is_closing && !has_again) return 0;
        if (store->is_closing && !ss_mono_is_set(store->batch.close_until))
            store->batch.close_until = ss_mono_add(ss_mono_now(), CLOSE_WAIT);
        if (!has_again) {
            pthread_cond_wait(&store->more, &store->mutex);
            continue;
        }
        wait_until(store, store->batch.again_at);
    }
}

static void take_writes(ss_store_t *store, struct ss_requests_t *batch)
{
    ss_store_request_t *request;

    for (int i = 0; i < BATCH_MAX && (request = ss_store_request_take(&store->writes)) != NULL;
         i++) {
        ss_store_request_push(batch, request);
        store->waiting--;
    }
}

static void write_all(ss_store_t *store, struct ss_requests_t *batch, struct ss_requests_t *done)
{
    ss_store_batch_write(&store->batch, batch, done);
    pthread_mutex_lock(&store->mutex);
    store->stats = store->batch.stats;
    pthread_mutex_unlock(&store->mutex);
}

static void *run_thread(void *baton)
{
    ss_store_t *store = baton;

    pthread_mutex_lock(&store->mutex);
    while (wait_for_work(store)) {
        struct ss_requests_t batch, done;
        APR_RING_INIT(&batch, ss_store_request_t, link);
        APR_RING_INIT(&done, ss_store_request_t, link);
        /* Failed outcomes first, so that a message's outcomes keep their order. */
        APR_RING_CONCAT(&batch, &store->batch.again, ss_store_request_t, link);
        take_writes(store, &batch);
        pthread_mutex_unlock(&store->mutex);
        if (!APR_RING_EMPTY(&batch, ss_store_request_t, link)) write_all(store, &batch, &done);
        publish(store, &done);
        read_some(store, &done);
        publish(store, &done);
        pthread_mutex_lock(&store->mutex);
    }
    pthread_mutex_unlock(&store->mutex);
    return NULL;
}

/* ---- opening and closing ---- */

static void free_store(ss_store_t *store)
{
    ss_store_batch_close(&store->batch);
    pthread_cond_destroy(&store->more);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

static void make_locks(ss_store_t *store)
{
    pthread_condattr_t monotonic;

    pthread_mutex_init(&store->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&store->more, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

apr_status_t ss_store_open(ss_store_t **pstore, const ss_store_options_t *options,
                           apr_interval_time_t lock_wait, ss_result_t *result)
{
    ss_store_t *store = calloc(1, sizeof(*store));

    *pstore = NULL;
    if (!store) return APR_ENOMEM;
    apr_status_t rv = ss_store_batch_open(&store->batch, options, lock_wait, result);
    if (rv != APR_SUCCESS) {
        free(store);
        return rv;
    }
    make_locks(store);
    APR_RING_INIT(&store->writes, ss_store_request_t, link);
    APR_RING_INIT(&store->reads, ss_store_request_t, link);
    APR_RING_INIT(&store->done, ss_store_request_t, link);
    if (pthread_create(&store->thread, NULL, run_thread, store) != 0) {
        ss_result_set(result, "queue", "", NULL, "no thread could be started for the queue");
        free_store(store);
        return APR_EGENERAL;
    }
    *pstore = store;
    return APR_SUCCESS;
}

void ss_store_close(ss_store_t *store)
{
    pthread_mutex_lock(&store->mutex);
    store->is_closing = 1;
    pthread_cond_signal(&store->more);
    pthread_mutex_unlock(&store->mutex);
    pthread_join(store->thread, NULL);
    ss_store_collect(store);
    free_store(store);
}
