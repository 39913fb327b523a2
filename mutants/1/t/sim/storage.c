/* storage.c: see storage.h. */
#include "storage.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/disk.h"
#include "queue/store_batch.h"

/* One commit in so many meets a full disk. */
#define FULL_ONCE_IN 25
/* So many rounds empty the store when its process ends. */
#define ROUNDS_MAX 1000

static struct {
    ss_store_batch_t *store; /* of this run: one of the two */
    ss_store_batch_t *in_memory, *in_file;
    char folder[64], file[96];
    struct ss_requests_t writes, reads, done;
    int keeps, waiting;
} storage;

static void stop(const char *why)
{
    fprintf(stderr, "simulator: the store: %s\n", why);
    exit(2);
}

/* A queue that cannot be written is part of the plan; its consequences are judged. */
static void swallow(void *self, ss_log_level_t level, const char *line)
{
    (void)self;
    (void)level;
    (void)line;
}

static const ss_log_t silence = { .write = swallow };

/* ---- one store per process ---- */

static ss_store_batch_t *open_store(const char *place)
{
    ss_store_batch_t *store = calloc(1, sizeof(*store));
    ss_store_options_t options = {
        .driver = "sqlite3", .params = place, .log = &silence, .migrates = 1
    };
    ss_result_t result;

    if (!store) stop("no memory");
    ss_result_clear(&result);
    if (ss_store_batch_open(store, &options, 0, &result) != APR_SUCCESS) stop(result.text);
    return store;
}

static void close_store(ss_store_batch_t *store)
{
    ss_store_batch_close(store);
    free(store);
}

static void make_folder(void)
{
    /* Memory, where the system has such a folder: the simulator kills the process, not the disk. */
    apr_snprintf(storage.folder, sizeof(storage.folder), "%s/smtp-send-sim.XXXXXX",
                 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(storage.folder)) stop("no folder can be made");
    apr_snprintf(storage.file, sizeof(storage.file), "%s/queue.db", storage.folder);
    APR_RING_INIT(&storage.writes, ss_store_request_t, link);
    APR_RING_INIT(&storage.reads, ss_store_request_t, link);
    APR_RING_INIT(&storage.done, ss_store_request_t, link);
    /* The lock of the one that has no file is in the current folder. */
    if (chdir(storage.folder)) stop("the folder cannot be entered");
    storage.in_memory = open_store(":memory:");
    storage.in_file = open_store(storage.file);
}

void storage_end(void)
{
    static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
    char file[128];

    if (!storage.in_file) return;
    close_store(storage.in_memory);
    close_store(storage.in_file);
    unlink(":memory:.lock");
    if (chdir("/")) return;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        apr_snprintf(file, sizeof(file), "%s%s", storage.file, ends[i]);
        unlink(file);
    }
    rmdir(storage.folder);
}

void storage_begin(world_t *w)
{
    static const char *const tables[] = { "DELETE FROM message", "DELETE FROM recipient",
                                          "DELETE FROM body", "DELETE FROM event",
                                          "DELETE FROM setting" };

    if (!storage.in_file) make_folder();
    /* Most runs need no disk. The others have one that can be full, and a database that is closed
     * and opened. */
    storage.store = random_once(&w->random, 8) ? storage.in_file : storage.in_memory;
    storage.keeps = !random_once(&w->random, 4);
    storage.waiting = 0;
    w->config.globals.history = storage.keeps ? 7 * 86400 * APR_USEC_PER_SEC : 0;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        ss_db_clear(&storage.store->db);
        if (ss_db_do(&storage.store->db, tables[i]) != APR_SUCCESS)
            stop(storage.store->db.result.text);
    }
}

int storage_keeps(void)
{
    return storage.keeps;
}

int storage_waiting(void)
{
    return storage.waiting;
}

/* ---- requests ---- */

void storage_post(world_t *w, ss_store_request_t *request)
{
    storage.waiting++;
    if (storage.waiting > w->most_requests) w->most_requests = storage.waiting;
    if (ss_store_request_is_write(request))
        APR_RING_INSERT_TAIL(&storage.writes, request, ss_store_request_t, link);
    else
        APR_RING_INSERT_TAIL(&storage.reads, request, ss_store_request_t, link);
}

static int count_outcomes(const struct ss_requests_t *ring)
{
    const ss_store_request_t *request;
    int count = 0;

    APR_RING_FOREACH(request, ring, ss_store_request_t, link)
    {
        count += request->verb == SS_STORE_OUTCOME;
    }
    return count;
}

int storage_outcomes(void)
{
    return count_outcomes(&storage.writes) + count_outcomes(&storage.store->again);
}

static int is_stuck(const world_t *w)
{
    return ss_mono_before(w->mono, w->stuck_until);
}

static void write_all(world_t *w)
{
    struct ss_requests_t batch;
    int is_file = storage.store == storage.in_file;
    int is_full =
        is_file &&
        ((w->families & FAULTS_DISK && !w->is_healed && random_once(&w->random, FULL_ONCE_IN)) ||
         (is_stuck(w) && w->is_stuck_full));

    APR_RING_INIT(&batch, ss_store_request_t, link);
    /* As the store's thread does: what could not be written goes first. */
    APR_RING_CONCAT(&batch, &storage.store->again, ss_store_request_t, link);
    APR_RING_CONCAT(&batch, &storage.writes, ss_store_request_t, link);
    if (APR_RING_EMPTY(&batch, ss_store_request_t, link)) return;
    if (is_full) {
        disk_set(DISK_FULL);
        world_say(w, "the disk is full");
    }
    ss_store_batch_write(storage.store, &batch, &storage.done);
    disk_set(DISK_WELL);
    if (!APR_RING_EMPTY(&batch, ss_store_request_t, link))
        truth_wrong(&w->truth, "the store gave back a part of a batch");
    if (!is_full && !APR_RING_EMPTY(&storage.store->again, ss_store_request_t, link))
        truth_wrong(&w->truth, "the store did not write, and nothing was in its way");
}

/* One step of each; a read of several steps goes on next time. */
static void read_all(void)
{
    struct ss_requests_t reads;

    APR_RING_INIT(&reads, ss_store_request_t, link);
    APR_RING_CONCAT(&reads, &storage.reads, ss_store_request_t, link);
    while (!APR_RING_EMPTY(&reads, ss_store_request_t, link)) {
        ss_store_request_t *request = APR_RING_FIRST(&reads);
        APR_RING_REMOVE(request, link);
        if (ss_store_batch_read(storage.store, request))
            APR_RING_INSERT_TAIL(&storage.done, request, ss_store_request_t, link);
        else
            APR_RING_INSERT_TAIL(&storage.reads, request, ss_store_request_t, link);
    }
}

int storage_work(world_t *w)
{
    int has_work = !APR_RING_EMPTY(&storage.writes, ss_store_request_t, link) ||
                   !APR_RING_EMPTY(&storage.store->again, ss_store_request_t, link) ||
                   !APR_RING_EMPTY(&storage.reads, ss_store_request_t, link);

    if (!has_work || (is_stuck(w) && !w->is_stuck_full)) return 0;
    write_all(w);
    read_all();
    return !is_stuck(w);
}

int storage_collect(void)
{
    struct ss_requests_t mine;
    int any = 0;

    APR_RING_INIT(&mine, ss_store_request_t, link);
    APR_RING_CONCAT(&mine, &storage.done, ss_store_request_t, link);
    while (!APR_RING_EMPTY(&mine, ss_store_request_t, link)) {
        ss_store_request_t *request = APR_RING_FIRST(&mine);
        APR_RING_REMOVE(request, link);
        storage.waiting--;
        request->done(request);
        any = 1;
    }
    return any;
}

static void answer_lost(struct ss_requests_t *ring)
{
    while (!APR_RING_EMPTY(ring, ss_store_request_t, link)) {
        ss_store_request_t *request = APR_RING_FIRST(ring);
        APR_RING_REMOVE(request, link);
        ss_result_clear(&request->result);
        ss_result_set(&request->result, "queue", "", NULL, "the process ends");
        request->rv = APR_EOF;
        storage.waiting--;
        request->done(request);
    }
}

void storage_lose(world_t *w, int commits)
{
    apr_interval_time_t families = w->families;

    if (commits) {
        w->families &= ~FAULTS_DISK;
        if (!is_stuck(w)) write_all(w);
        w->families = (int)families;
    }
    /* What the answers post is lost too. */
    for (int i = 0; i < ROUNDS_MAX && storage.waiting > 0; i++) {
        storage_collect();
        answer_lost(&storage.store->again);
        answer_lost(&storage.writes);
        answer_lost(&storage.reads);
    }
    if (storage.waiting) truth_wrong(&w->truth, "requests without end after the process ended");
}

void storage_reopen(world_t *w)
{
    (void)w;
    if (storage.store != storage.in_file) return;
    close_store(storage.in_file);
    storage.store = storage.in_file = open_store(storage.file);
}

/* ---- questions of the simulator itself ---- */

/* All steps of a read. The caller destroys its pool. */
static void ask(world_t *w, ss_store_request_t *request)
{
    while (!ss_store_batch_read(storage.store, request)) continue;
    if (request->rv != APR_SUCCESS && !APR_STATUS_IS_NOTFOUND(request->rv))
        truth_wrong(&w->truth, "the store cannot be read: %s", request->result.text);
}

ss_message_t *storage_look(world_t *w, const char *id)
{
    ss_store_lookup_t *request = ss_store_lookup_create(id, NULL, NULL);

    ask(w, &request->head);
    if (request->head.rv != APR_SUCCESS) {
        apr_pool_destroy(request->head.pool);
        return NULL;
    }
    request->message->pool = request->head.pool;
    return request->message;
}

void storage_judge(world_t *w, const apr_int64_t expected[SS_STATES])
{
    apr_int64_t found[SS_STATES] = { 0 };
    ss_store_due_t *due = ss_store_due_create("default", 0, "", SS_DB_ROWS_MAX, NULL, NULL);
    ss_store_counts_t *counts = ss_store_counts_create(NULL, NULL);

    ask(w, &due->head);
    if (due->rows->nelts)
        truth_wrong(&w->truth, "everything is finished, but %d messages wait in the store",
                    due->rows->nelts);
    apr_pool_destroy(due->head.pool);
    ask(w, &counts->head);
    for (int i = 0; i < counts->rows->nelts; i++) {
        const ss_store_count_t *row = &APR_ARRAY_IDX(counts->rows, i, ss_store_count_t);
        found[row->state] += row->recipients;
    }
    apr_pool_destroy(counts->head.pool);
    for (int state = 0; storage.keeps && state < SS_STATES; state++) {
        if (found[state] != expected[state])
            truth_wrong(&w->truth, "the store counts %d recipients %s, there are %d",
                        (int)found[state], ss_state_name((ss_state_t)state), (int)expected[state]);
    }
}
