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

/* microseconds of reading between two commits: many short reads, or one step of a long one */
#define READ_SPAN 1000
/* how long a closing store retries its last outcomes */
#define CLOSE_WAIT (10 * APR_USEC_PER_SEC)
/* writes that wait so long are not committed any more, as far as others must know */
#define HANGS_AFTER (2 * APR_USEC_PER_SEC)
/* how often those who ask look at the file */
#define LOOK_EVERY (100 * 1000)

struct ss_store_t {
    ss_store_batch_t batch; /* the thread's */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t more;
    struct ss_requests_t writes, reads, done;
    int waiting, open; /* posted and not taken yet; posted and not collected yet */
    int is_closing, is_look_asked;
    ss_store_stats_t stats; /* copies of the batch's */
    ss_file_watch_t watch;
    ss_mono_t looked;    /* at the file, and it was in its place */
    ss_mono_t unwritten; /* for the stats */
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
        int is_write = ss_store_request_is_write(request);
        ss_store_request_push(is_write ? &store->writes : &store->reads, request);
        if (is_write && !ss_mono_is_set(store->unwritten)) store->unwritten = ss_mono_now();
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

int ss_store_is_replaced(ss_store_t *store)
{
    pthread_mutex_lock(&store->mutex);
    int is_replaced = store->stats.is_replaced;
    pthread_mutex_unlock(&store->mutex);
    return is_replaced;
}

int ss_store_events(const ss_store_t *store)
{
    return store->batch.file.watch.events;
}

int ss_store_is_shared(const ss_store_t *store)
{
    return store->batch.db.dialect->is_shared;
}

void ss_store_look(ss_store_t *store)
{
    pthread_mutex_lock(&store->mutex);
    store->is_look_asked = 1;
    pthread_cond_signal(&store->more);
    pthread_mutex_unlock(&store->mutex);
}

/* What is said is true: a file that disappeared a moment ago is a fault already. */
void ss_store_stats(ss_store_t *store, ss_store_stats_t *stats)
{
    ss_mono_t now = ss_mono_now();
    ss_file_places_t places;
    int is_well = 1;

    pthread_mutex_lock(&store->mutex);
    *stats = store->stats;
    stats->unwritten = store->unwritten;
    if (ss_mono_since(now, store->looked) >= LOOK_EVERY) {
        is_well = ss_file_watch_look(&store->watch, &places) == SS_FILE_WELL;
        if (is_well) store->looked = now;
    }
    pthread_mutex_unlock(&store->mutex);
    if (is_well) return;
    if (!*stats->fault)
        apr_snprintf(stats->fault, sizeof(stats->fault),
                     "the queue's file %s or its log was moved, replaced or deleted",
                     store->watch.path);
    ss_store_look(store);
}

const char *ss_store_fault(const ss_store_stats_t *stats, ss_mono_t now)
{
    if (*stats->fault) return stats->fault;
    if (ss_mono_is_set(stats->unwritten) && ss_mono_since(now, stats->unwritten) > HANGS_AFTER)
        return "a write to the queue does not end: another program holds its lock, or the disk or "
               "the database server does not respond";
    return stats->commits ? NULL : "";
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

/* When there is work without a new request; not set: never. */
static ss_mono_t works_at(const ss_store_t *store)
{
    ss_mono_t at = ss_result_is_set(&store->batch.file.adrift) ? store->batch.file.look_at
                                                               : (ss_mono_t){ 0 },
              check = store->is_closing ? (ss_mono_t){ 0 } : store->batch.check.at;

    if (!APR_RING_EMPTY(&store->batch.again, ss_store_request_t, link)) at = store->batch.again_at;
    return !ss_mono_is_set(at) || (ss_mono_is_set(check) && ss_mono_before(check, at)) ? check : at;
}

/* Waits for work. 0: closing, and nothing is left. The mutex is held. */
static int wait_for_work(ss_store_t *store)
{
    for (;;) {
        if (store->is_closing && !ss_mono_is_set(store->batch.close_until))
            store->batch.close_until = ss_mono_add(ss_mono_now(), CLOSE_WAIT);
        int has_again = !APR_RING_EMPTY(&store->batch.again, ss_store_request_t, link);
        int has_work = ss_store_batch_is_held(&store->batch, ss_mono_now())
                           ? !APR_RING_EMPTY(&store->reads, ss_store_request_t, link)
                           : store->waiting;
        ss_mono_t at = works_at(store);
        if (has_work || store->is_look_asked ||
            (ss_mono_is_set(at) && ss_mono_reached(at, ss_mono_now())))
            return 1;
        if (store->is_closing && !has_again) return 0;
        if (!ss_mono_is_set(at)) {
            pthread_cond_wait(&store->more, &store->mutex);
            continue;
        }
        wait_until(store, at);
    }
}

/* Failed requests first, so that a message's outcomes keep their order. */
static void take_writes(ss_store_t *store, struct ss_requests_t *batch)
{
    ss_store_batch_room_t room = ss_store_batch_room(&store->batch);

    ss_store_batch_take(&store->batch.again, batch, &room);
    store->batch.has_more_again = !APR_RING_EMPTY(&store->batch.again, ss_store_request_t, link);
    if (!store->batch.has_more_again)
        store->waiting -= ss_store_batch_take(&store->writes, batch, &room);
}

/* What others see, before they see the answers. */
static void copy_state(ss_store_t *store)
{
    pthread_mutex_lock(&store->mutex);
    store->stats = store->batch.stats;
    store->watch = store->batch.file.watch;
    pthread_mutex_unlock(&store->mutex);
}

static void write_all(ss_store_t *store, struct ss_requests_t *batch, struct ss_requests_t *done)
{
    int was_replaced = store->batch.stats.is_replaced;

    ss_store_batch_write(&store->batch, batch, done);
    copy_state(store);
    pthread_mutex_lock(&store->mutex);
    store->unwritten =
        APR_RING_EMPTY(&store->writes, ss_store_request_t, link) ? (ss_mono_t){ 0 } : ss_mono_now();
    pthread_mutex_unlock(&store->mutex);
    if (store->batch.stats.is_replaced != was_replaced)
        store->batch.options.notify(store->batch.options.self);
}

static void *run_thread(void *baton)
{
    ss_store_t *store = baton;

    pthread_mutex_lock(&store->mutex);
    while (wait_for_work(store)) {
        struct ss_requests_t batch, done;
        APR_RING_INIT(&batch, ss_store_request_t, link);
        APR_RING_INIT(&done, ss_store_request_t, link);
        if (!ss_store_batch_is_held(&store->batch, ss_mono_now())) take_writes(store, &batch);
        int looks = store->is_look_asked || ss_result_is_set(&store->batch.file.adrift);
        store->is_look_asked = 0;
        int is_idle = !store->waiting;
        pthread_mutex_unlock(&store->mutex);
        if (looks || !APR_RING_EMPTY(&batch, ss_store_request_t, link))
            write_all(store, &batch, &done);
        publish(store, &done);
        read_some(store, &done);
        if (is_idle) ss_store_batch_check(&store->batch);
        copy_state(store);
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
    store->watch = store->batch.file.watch;
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
