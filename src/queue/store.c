/* store.c: the store's thread: takes all writes that wait, does them in one transaction, commits, answers; between two commits it reads for about a millisecond.
 * A batch forms by itself: what comes while a commit runs is the next one; a lone request commits at once. See store.h. */
#include "queue/store.h"

#include <apr_strings.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "queue/lock.h"
#include "queue/schema.h"
#include "queue/store_impl.h"

#define BATCH_MAX 1000                         /* requests of one transaction; the others wait for the next */
#define READ_SPAN 1000                         /* microseconds of reading between two commits: many short reads, or one step of a long one */
#define REFRESH_MOST 3                         /* how often one batch prepares its statements again */
#define AGAIN_FIRST (100 * 1000)               /* outcomes that could not be written are tried again after, doubling to ... */
#define AGAIN_MOST (5 * APR_USEC_PER_SEC)
#define CLOSE_WAIT (10 * APR_USEC_PER_SEC)     /* a store that closes tries its last outcomes so long */

APR_RING_HEAD(ring_t, ss_store_request_t);

struct ss_store_t {
    ss_store_options_t options;
    apr_pool_t *pool;                          /* of its own allocator: the thread's */
    ss_db_t db;
    int lock_fd;
    pthread_t thread;
    pthread_mutex_t mutex;                     /* guards what follows */
    pthread_cond_t more;
    struct ring_t writes, reads, done;
    int waiting, open;                         /* not taken yet; posted and not collected */
    int is_closing;
    ss_store_stats_t stats;
    /* the thread's own */
    struct ring_t again;                       /* outcomes whose transaction failed: before all others next time */
    apr_interval_time_t again_wait;
    apr_time_t again_at, close_until;
    char said[SS_RESULT_TEXT_MAX];             /* the fault that the log holds already */
};

ss_store_request_t *ss_store_request(ss_store_verb_t verb, void (*done)(ss_store_request_t *), void *baton)
{
    apr_pool_t *pool = ss_store_pool();
    ss_store_request_t *request = apr_pcalloc(pool, sizeof(*request));

    request->pool = pool;
    request->verb = verb;
    request->done = done;
    request->baton = baton;
    request->filter = (ss_filter_t){ .state = -1, .uid = -1 };
    return request;
}

static int is_write(const ss_store_request_t *request)
{
    switch (request->verb) {
    case SS_STORE_ACCEPT:
    case SS_STORE_STAGE:
    case SS_STORE_UNSTAGE:
    case SS_STORE_OUTCOME:
    case SS_STORE_SET:
    case SS_STORE_PURGE:
        return 1;
    case SS_STORE_CONTROL:
        return request->control != SS_CONTROL_COUNT;
    default:
        return 0;
    }
}

/* ---- the loop's side ---- */

apr_status_t ss_store_post(ss_store_t *store, ss_store_request_t *request)
{
    apr_status_t rv = APR_SUCCESS;

    pthread_mutex_lock(&store->mutex);
    if (store->is_closing) rv = APR_EOF;
    else if (store->waiting >= SS_STORE_REQUESTS_MAX && request->verb != SS_STORE_OUTCOME) rv = APR_EAGAIN;
    if (rv == APR_SUCCESS) {
        if (is_write(request)) APR_RING_INSERT_TAIL(&store->writes, request, ss_store_request_t, link);
        else APR_RING_INSERT_TAIL(&store->reads, request, ss_store_request_t, link);
        store->open++;
        if (!store->waiting++) pthread_cond_signal(&store->more);
    }
    pthread_mutex_unlock(&store->mutex);
    return rv;
}

int ss_store_collect(ss_store_t *store)
{
    struct ring_t mine;
    int count = 0;

    APR_RING_INIT(&mine, ss_store_request_t, link);
    pthread_mutex_lock(&store->mutex);
    APR_RING_CONCAT(&mine, &store->done, ss_store_request_t, link);
    pthread_mutex_unlock(&store->mutex);
    while (!APR_RING_EMPTY(&mine, ss_store_request_t, link)) {
        ss_store_request_t *request = APR_RING_FIRST(&mine);
        APR_RING_REMOVE(request, link);
        count++;
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

void ss_store_stats(ss_store_t *store, ss_store_stats_t *stats)
{
    pthread_mutex_lock(&store->mutex);
    *stats = store->stats;
    pthread_mutex_unlock(&store->mutex);
}

/* ---- the thread's side: one batch ---- */

static apr_status_t write_one(ss_db_t *db, ss_store_request_t *request)
{
    request->rv = APR_SUCCESS;
    switch (request->verb) {
    case SS_STORE_ACCEPT: return ss_write_accept(db, request);
    case SS_STORE_STAGE: return ss_write_stage(db, request);
    case SS_STORE_UNSTAGE: return ss_write_unstage(db, request);
    case SS_STORE_OUTCOME: return ss_write_outcome(db, request);
    case SS_STORE_SET: return ss_write_set(db, request);
    case SS_STORE_PURGE: return ss_write_purge(db, request);
    default: return ss_write_control(db, request);
    }
}

static void fail(const ss_db_t *db, ss_store_request_t *request)
{
    request->rv = db->rv == APR_SUCCESS ? APR_EGENERAL : db->rv;
    request->result = db->result;
}

static void roll_back(ss_db_t *db)
{
    apr_status_t rv = db->rv;
    ss_fault_t fault = db->fault;
    ss_result_t result = db->result;

    /* The database may have done so itself: an error of this statement tells nothing new. */
    ss_db_do(db, "ROLLBACK");
    ss_db_clear(db);
    db->rv = rv;
    db->fault = fault;
    db->result = result;
}

/* All of the batch in one transaction. A request that the database refuses for itself goes to `done` with its error, and the others are done once more
 * without it. APR_SUCCESS: committed; else the fault concerns all that are left in the batch. */
static apr_status_t do_batch(ss_store_t *store, struct ring_t *batch, struct ring_t *done)
{
    ss_db_t *db = &store->db;
    int refreshed = 0;

    for (;;) {
        ss_store_request_t *bad = NULL;
        ss_db_clear(db);
        apr_status_t rv = ss_db_do(db, db->dialect->begin);
        for (ss_store_request_t *r = APR_RING_FIRST(batch); rv == APR_SUCCESS && r != APR_RING_SENTINEL(batch, ss_store_request_t, link); r = APR_RING_NEXT(r, link)) {
            rv = write_one(db, r);
            if (rv != APR_SUCCESS) bad = r;
        }
        if (rv == APR_SUCCESS) rv = ss_db_do(db, "COMMIT");
        else if (db->fault != SS_FAULT_REQUEST) bad = NULL;
        if (rv == APR_SUCCESS) return APR_SUCCESS;
        roll_back(db);
        if (db->fault == SS_FAULT_STALE && refreshed++ < REFRESH_MOST && ss_db_refresh(db) == APR_SUCCESS) continue;
        if (!bad) return rv;
        fail(db, bad);
        APR_RING_REMOVE(bad, link);
        APR_RING_INSERT_TAIL(done, bad, ss_store_request_t, link);
        if (APR_RING_EMPTY(batch, ss_store_request_t, link)) return APR_SUCCESS;
    }
}

static void set_fault(ss_store_t *store, const char *fault)
{
    pthread_mutex_lock(&store->mutex);
    apr_cpystrn(store->stats.fault, fault, sizeof(store->stats.fault));
    pthread_mutex_unlock(&store->mutex);
}

static void count_commit(ss_store_t *store, int requests, apr_interval_time_t took)
{
    int bucket = 0;

    for (apr_interval_time_t bound = 1000; bucket < 15 && took > bound; bound *= 2) bucket++;
    pthread_mutex_lock(&store->mutex);
    store->stats.commits++;
    store->stats.requests += (apr_uint64_t)requests;
    store->stats.last = took;
    store->stats.sum += took;
    if (took > store->stats.most) store->stats.most = took;
    store->stats.buckets[bucket]++;
    pthread_mutex_unlock(&store->mutex);
}

/* The fault concerns everybody: who can ask again is told, and outcomes wait here until the store heals. */
static void batch_failed(ss_store_t *store, struct ring_t *batch, struct ring_t *done)
{
    ss_db_t *db = &store->db;
    struct ring_t kept;

    APR_RING_INIT(&kept, ss_store_request_t, link);
    if (strcmp(store->said, db->result.text)) {
        ss_log(store->options.log, SS_LOG_ERROR, 301, "the queue cannot be written: %s; what was accepted stays, submissions are refused with 503 until this is mended", db->result.text);
        apr_cpystrn(store->said, db->result.text, sizeof(store->said));
        set_fault(store, db->result.text);
    }
    while (!APR_RING_EMPTY(batch, ss_store_request_t, link)) {
        ss_store_request_t *request = APR_RING_FIRST(batch);
        APR_RING_REMOVE(request, link);
        if (request->verb == SS_STORE_OUTCOME && (!store->close_until || apr_time_now() < store->close_until)) {
            APR_RING_INSERT_TAIL(&kept, request, ss_store_request_t, link);
            continue;
        }
        fail(db, request);
        APR_RING_INSERT_TAIL(done, request, ss_store_request_t, link);
    }
    APR_RING_PREPEND(&store->again, &kept, ss_store_request_t, link);
    store->again_wait = store->again_wait ? store->again_wait * 2 : AGAIN_FIRST;
    if (store->again_wait > AGAIN_MOST) store->again_wait = AGAIN_MOST;
    store->again_at = apr_time_now() + store->again_wait;
}

static void write_batch(ss_store_t *store, struct ring_t *batch, struct ring_t *done)
{
    int requests = 0, has_purged = 0;
    apr_time_t started = apr_time_now();

    for (ss_store_request_t *r = APR_RING_FIRST(batch); r != APR_RING_SENTINEL(batch, ss_store_request_t, link); r = APR_RING_NEXT(r, link)) {
        requests++;
        has_purged |= r->verb == SS_STORE_PURGE;
    }
    if (do_batch(store, batch, done) != APR_SUCCESS) {
        batch_failed(store, batch, done);
        return;
    }
    count_commit(store, requests, apr_time_now() - started);
    if (*store->said) {
        ss_log(store->options.log, SS_LOG_NOTICE, 302, "the queue can be written again");
        store->said[0] = '\0';
        set_fault(store, "");
    }
    store->again_wait = 0;
    APR_RING_CONCAT(done, batch, ss_store_request_t, link);
    /* Free space goes back in steps, so that the file shrinks after a backlog. */
    if (has_purged && store->db.dialect->shrink) {
        if (ss_db_ask(&store->db, store->db.dialect->shrink) == APR_SUCCESS) while (ss_db_next(&store->db)) continue;
    }
}

static void read_one(ss_store_t *store, ss_store_request_t *request, struct ring_t *done)
{
    ss_db_t *db = &store->db;
    int more = 0;

    ss_db_clear(db);
    apr_status_t rv = ss_read_step(db, request, &more);
    if (rv != APR_SUCCESS && db->fault == SS_FAULT_STALE) {
        rv = ss_db_refresh(db);
        if (rv == APR_SUCCESS) rv = ss_read_step(db, request, &more);
    }
    if (rv != APR_SUCCESS) fail(db, request);
    ss_db_clear(db);
    if (rv == APR_SUCCESS && more) {
        pthread_mutex_lock(&store->mutex);
        /* Behind the others: one long question does not hold up short ones. */
        APR_RING_INSERT_TAIL(&store->reads, request, ss_store_request_t, link);
        store->waiting++;
        pthread_mutex_unlock(&store->mutex);
        return;
    }
    APR_RING_INSERT_TAIL(done, request, ss_store_request_t, link);
}

static ss_store_request_t *take_read(ss_store_t *store)
{
    ss_store_request_t *read = NULL;

    pthread_mutex_lock(&store->mutex);
    if (!APR_RING_EMPTY(&store->reads, ss_store_request_t, link)) {
        read = APR_RING_FIRST(&store->reads);
        APR_RING_REMOVE(read, link);
        store->waiting--;
    }
    pthread_mutex_unlock(&store->mutex);
    return read;
}

/* A backlog is loaded message by message: one load a commit would hold it down to the disk's pace. */
static void read_some(ss_store_t *store, struct ring_t *done)
{
    apr_time_t until = apr_time_now() + READ_SPAN;
    ss_store_request_t *read = take_read(store);

    while (read) {
        read_one(store, read, done);
        read = apr_time_now() < until ? take_read(store) : NULL;
    }
}

/* ---- the thread ---- */

static void deliver(ss_store_t *store, struct ring_t *done)
{
    int was_empty;

    if (APR_RING_EMPTY(done, ss_store_request_t, link)) return;
    pthread_mutex_lock(&store->mutex);
    was_empty = APR_RING_EMPTY(&store->done, ss_store_request_t, link);
    APR_RING_CONCAT(&store->done, done, ss_store_request_t, link);
    pthread_mutex_unlock(&store->mutex);
    if (was_empty) store->options.notify(store->options.self);
}

/* Sleeps until there is work; 0: closing and nothing is left. The mutex is held. */
static int wait_for_work(ss_store_t *store)
{
    for (;;) {
        int has_again = !APR_RING_EMPTY(&store->again, ss_store_request_t, link);
        if (store->waiting || (has_again && apr_time_now() >= store->again_at)) return 1;
        if (store->is_closing && !has_again) return 0;
        if (store->is_closing && !store->close_until) store->close_until = apr_time_now() + CLOSE_WAIT;
        if (!has_again) {
            pthread_cond_wait(&store->more, &store->mutex);
            continue;
        }
        struct timespec until = { .tv_sec = (time_t)apr_time_sec(store->again_at), .tv_nsec = (long)apr_time_usec(store->again_at) * 1000 };
        pthread_cond_timedwait(&store->more, &store->mutex, &until);
    }
}

static void take_writes(ss_store_t *store, struct ring_t *batch)
{
    for (int i = 0; i < BATCH_MAX && !APR_RING_EMPTY(&store->writes, ss_store_request_t, link); i++) {
        ss_store_request_t *request = APR_RING_FIRST(&store->writes);
        APR_RING_REMOVE(request, link);
        APR_RING_INSERT_TAIL(batch, request, ss_store_request_t, link);
        store->waiting--;
    }
}

static void *work(void *baton)
{
    ss_store_t *store = baton;

    pthread_mutex_lock(&store->mutex);
    while (wait_for_work(store)) {
        struct ring_t batch, done;
        APR_RING_INIT(&batch, ss_store_request_t, link);
        APR_RING_INIT(&done, ss_store_request_t, link);
        /* What failed goes first: a message's outcomes keep their order. */
        APR_RING_CONCAT(&batch, &store->again, ss_store_request_t, link);
        take_writes(store, &batch);
        pthread_mutex_unlock(&store->mutex);
        if (!APR_RING_EMPTY(&batch, ss_store_request_t, link)) write_batch(store, &batch, &done);
        deliver(store, &done);
        read_some(store, &done);
        deliver(store, &done);
        pthread_mutex_lock(&store->mutex);
    }
    pthread_mutex_unlock(&store->mutex);
    return NULL;
}

/* ---- opening and closing ---- */

static const ss_dialect_t *const dialects[] = { &ss_dialect_sqlite, &ss_dialect_pgsql };

static const ss_dialect_t *find_dialect(const char *driver)
{
    for (apr_size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        if (!strcmp(dialects[i]->driver, driver)) return dialects[i];
    }
    return NULL;
}

static apr_status_t open_database(ss_store_t *store, const ss_dialect_t *dialect, apr_interval_time_t lock_wait, ss_result_t *result)
{
    const char *params = store->options.params;
    apr_status_t rv = APR_SUCCESS;
    int from = 0;

    if (dialect->is_file) {
        rv = ss_lock_take(&store->lock_fd, params, lock_wait, result);
        if (rv != APR_SUCCESS) return rv;
    }
    rv = ss_db_open(&store->db, dialect, params, store->pool);
    if (rv == APR_SUCCESS) rv = ss_schema_check(&store->db, store->options.migrates, &from);
    if (rv == APR_SUCCESS && from) ss_log(store->options.log, SS_LOG_NOTICE, 303, "the queue %s was made by an older module: brought from version %d to %d", store->db.name, from, SS_SCHEMA_VERSION);
    if (rv == APR_SUCCESS) rv = ss_db_prepare(&store->db);
    if (rv == APR_SUCCESS) return rv;
    *result = store->db.result;
    ss_db_close(&store->db);
    return rv;
}

static void discard(ss_store_t *store)
{
    if (store->lock_fd >= 0) close(store->lock_fd);
    pthread_cond_destroy(&store->more);
    pthread_mutex_destroy(&store->mutex);
    apr_pool_destroy(store->pool);
    free(store);
}

apr_status_t ss_store_open(ss_store_t **pstore, const ss_store_options_t *options, apr_interval_time_t lock_wait, ss_result_t *result, apr_pool_t *pool)
{
    const ss_dialect_t *dialect = find_dialect(options->driver);
    ss_store_t *store;

    (void)pool;
    *pstore = NULL;
    if (!dialect) {
        ss_result_set(result, "queue", "", NULL, "SMTPSendQueue %s is not supported by this version", options->driver);
        return APR_ENOTIMPL;
    }
    store = calloc(1, sizeof(*store));
    if (!store) return APR_ENOMEM;
    store->options = *options;
    store->lock_fd = -1;
    store->pool = ss_store_pool();
    store->options.params = apr_pstrdup(store->pool, options->params);
    pthread_mutex_init(&store->mutex, NULL);
    pthread_cond_init(&store->more, NULL);
    APR_RING_INIT(&store->writes, ss_store_request_t, link);
    APR_RING_INIT(&store->reads, ss_store_request_t, link);
    APR_RING_INIT(&store->done, ss_store_request_t, link);
    APR_RING_INIT(&store->again, ss_store_request_t, link);
    apr_status_t rv = open_database(store, dialect, lock_wait, result);
    if (rv == APR_SUCCESS && pthread_create(&store->thread, NULL, work, store) != 0) {
        ss_result_set(result, "queue", "", NULL, "the system gives no thread for the queue");
        ss_db_close(&store->db);
        rv = APR_EGENERAL;
    }
    if (rv != APR_SUCCESS) {
        discard(store);
        return rv;
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
    ss_db_close(&store->db);
    discard(store);
}
