/* queue.c: the real store under the simulator. See queue.h. */
#include "queue.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/disk.h"
#include "queue/store_batch.h"

/* a larger content goes in parts, so that both ways through the store are taken */
#define PART_MOST 300

static struct {
    ss_store_batch_t *store; /* of this run: one of the two */
    ss_store_batch_t *in_memory, *in_file;
    char folder[64], file[96];
    struct ss_requests_t gathered;
    int keeps;
} queue;

static void stop(const char *why)
{
    fprintf(stderr, "simulator: the store: %s\n", why);
    exit(2);
}

/* That the queue cannot be written is what happens here by design; what must not happen is found by
 * its consequences. */
static void say(void *self, ss_log_level_t level, const char *line)
{
    (void)self;
    (void)level;
    (void)line;
}

static const ss_log_t silence = { .write = say };

/* ---- one store a process ---- */

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
    /* Memory, where the system has such a folder: what the simulator kills is the process, not the
     * disk. */
    apr_snprintf(queue.folder, sizeof(queue.folder), "%s/smtp-send-sim.XXXXXX",
                 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(queue.folder)) stop("no folder can be made");
    apr_snprintf(queue.file, sizeof(queue.file), "%s/queue.db", queue.folder);
    APR_RING_INIT(&queue.gathered, ss_store_request_t, link);
    /* The lock of the one that has no file lies where we are. */
    if (chdir(queue.folder)) stop("the folder cannot be entered");
    queue.in_memory = open_store(":memory:");
    queue.in_file = open_store(queue.file);
}

void queue_end(void)
{
    static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
    char file[128];

    if (!queue.in_file) return;
    close_store(queue.in_memory);
    close_store(queue.in_file);
    unlink(":memory:.lock");
    if (chdir("/")) return;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        apr_snprintf(file, sizeof(file), "%s%s", queue.file, ends[i]);
        unlink(file);
    }
    rmdir(queue.folder);
}

/* ---- requests ---- */

static void forget_gathered(void)
{
    APR_RING_CONCAT(&queue.gathered, &queue.store->again, ss_store_request_t, link);
    while (!APR_RING_EMPTY(&queue.gathered, ss_store_request_t, link)) {
        ss_store_request_t *request = APR_RING_FIRST(&queue.gathered);
        APR_RING_REMOVE(request, link);
        apr_pool_destroy(request->pool);
    }
}

void queue_begin(world_t *w, int keeps)
{
    static const char *const tables[] = { "DELETE FROM message", "DELETE FROM recipient",
                                          "DELETE FROM body", "DELETE FROM event",
                                          "DELETE FROM setting" };

    if (!queue.in_file) make_folder();
    if (queue.store) forget_gathered();
    /* Most runs need no disk; the others have one that is full now and then, and a database that is
     * closed and opened. */
    queue.store = random_once(&w->random, 8) ? queue.in_file : queue.in_memory;
    queue.keeps = keeps;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        ss_db_clear(&queue.store->db);
        if (ss_db_do(&queue.store->db, tables[i]) != APR_SUCCESS) stop(queue.store->db.result.text);
    }
}

static void gather(ss_store_request_t *request)
{
    APR_RING_INSERT_TAIL(&queue.gathered, request, ss_store_request_t, link);
}

/* What the store gives back of a batch. 0: none of it was written. */
static int take_done(world_t *w, struct ss_requests_t *done)
{
    int is_written = 1;

    while (!APR_RING_EMPTY(done, ss_store_request_t, link)) {
        ss_store_request_t *request = APR_RING_FIRST(done);
        APR_RING_REMOVE(request, link);
        if (request->rv != APR_SUCCESS) {
            is_written = 0;
            if (!APR_STATUS_IS_ENOSPC(request->rv))
                truth_wrong(&w->truth, "the store refused request %d (%d): %s", (int)request->verb,
                            request->rv, request->result.text);
            /* Who asked is told: a person, or a program whose message was not accepted. */
            if (request->verb == SS_STORE_OUTCOME)
                truth_wrong(&w->truth, "the store lost an outcome");
        }
        apr_pool_destroy(request->pool);
    }
    return is_written;
}

int queue_commit(world_t *w)
{
    struct ss_requests_t batch, done;
    int is_full = queue.store == queue.in_file && random_once(&w->random, 25);

    APR_RING_INIT(&batch, ss_store_request_t, link);
    APR_RING_INIT(&done, ss_store_request_t, link);
    /* As the store's thread does: what could not be written goes first. */
    APR_RING_CONCAT(&batch, &queue.store->again, ss_store_request_t, link);
    APR_RING_CONCAT(&batch, &queue.gathered, ss_store_request_t, link);
    if (APR_RING_EMPTY(&batch, ss_store_request_t, link)) return 1;
    if (is_full) disk_set(DISK_FULL);
    ss_store_batch_write(queue.store, &batch, &done);
    disk_set(DISK_WELL);
    if (is_full) world_say(w, "the disk was full for a moment");
    int is_written =
        take_done(w, &done) && APR_RING_EMPTY(&queue.store->again, ss_store_request_t, link);
    if (!is_full && !is_written)
        truth_wrong(&w->truth, "the store did not write, and nothing was in its way");
    if (!APR_RING_EMPTY(&batch, ss_store_request_t, link))
        truth_wrong(&w->truth, "the store gave a batch back in part");
    return is_written;
}

int queue_accept(world_t *w, const job_t *job)
{
    apr_size_t len = job->content_len, part = len > PART_MOST ? PART_MOST : len;
    ss_store_accept_t *request = ss_store_accept_create(NULL, NULL, NULL);
    apr_pool_t *pool = request->head.pool;
    ss_message_t *m = apr_pcalloc(pool, sizeof(*m));

    *m = (ss_message_t){ .pool = pool,
                         .relay = "default",
                         .from = apr_psprintf(pool, "m%d@x.example", job->number),
                         .size = len,
                         .attr.submitter = "sim",
                         .attr.door = "sim",
                         .attr.uid = -1,
                         .created = job->accepted,
                         .rcpt_count = job->rcpt_count,
                         .attr.priority = SS_PRIORITY_NORMAL };
    apr_cpystrn(m->id, job->entry.id, sizeof(m->id));
    m->rcpts = apr_pmemdup(pool, job->rcpts, sizeof(*m->rcpts) * (apr_size_t)job->rcpt_count);
    m->parts = apr_pcalloc(pool, sizeof(*m->parts) * (len / part + 1));
    for (apr_size_t at = 0; at < len; at += part)
        m->parts[m->part_count++] =
            (ss_message_part_t){ job->content + at, len - at < part ? len - at : part };
    request->message = m;
    gather(&request->head);
    return queue_commit(w);
}

void queue_outcome(world_t *w, const job_t *job, const int *numbers, int count)
{
    ss_store_outcome_t *request = ss_store_outcome_create(NULL, queue.keeps, w->now, NULL, NULL);
    apr_pool_t *pool = request->head.pool;
    ss_message_t *m = apr_pcalloc(pool, sizeof(*m));

    *m = (ss_message_t){ .pool = pool, .relay = "default", .rcpt_count = job->rcpt_count };
    apr_cpystrn(m->id, job->entry.id, sizeof(m->id));
    m->rcpts = apr_pmemdup(pool, job->rcpts, sizeof(*m->rcpts) * (apr_size_t)job->rcpt_count);
    request->message = m;
    request->changed = apr_pmemdup(pool, numbers, sizeof(int) * (apr_size_t)count);
    request->changed_count = count;
    gather(&request->head);
}

int queue_control(world_t *w, const job_t *job, ss_store_action_t control)
{
    ss_store_control_t *request = ss_store_control_create(control, "sim", w->now, NULL, NULL);

    apr_cpystrn(request->id, job->entry.id, sizeof(request->id));
    request->keep_history = queue.keeps;
    gather(&request->head);
    return queue_commit(w);
}

/* ---- reading ---- */

/* All steps of a read. The caller destroys its pool. */
static void ask(world_t *w, ss_store_request_t *request)
{
    while (!ss_store_batch_read(queue.store, request)) continue;
    if (request->rv != APR_SUCCESS && !APR_STATUS_IS_NOTFOUND(request->rv))
        truth_wrong(&w->truth, "the store cannot be read: %s", request->result.text);
}

/* What the store says of a recipient against what was committed. */
static void check(world_t *w, const job_t *job, const ss_message_t *m)
{
    for (int r = 0; r < job->rcpt_count; r++) {
        ss_state_t was = job->durable[r];
        if (!m) {
            if (queue.keeps || !ss_state_is_final(was))
                truth_wrong(&w->truth, "message %d is not in the store, recipient %d is %s",
                            job->number, r, ss_state_name(was));
        } else if (m->rcpts[r].state != was) {
            truth_wrong(&w->truth,
                        "message %d recipient %d is %s in the store, and %s was committed",
                        job->number, r, ss_state_name(m->rcpts[r].state), ss_state_name(was));
        }
    }
}

/* The message's content, as it will be sent now, comes from the store. */
static void load(world_t *w, job_t *job)
{
    ss_store_load_t *request = ss_store_load_create(job->entry.id, APR_UINT64_MAX, NULL, NULL);
    ss_buf_t text;

    ask(w, &request->head);
    ss_message_t *m = request->head.rv == APR_SUCCESS ? request->message : NULL;
    if (!m || m->rcpt_count != job->rcpt_count) {
        truth_wrong(&w->truth, "message %d waits and cannot be read from the store", job->number);
    } else {
        ss_buf_init(&text, 1000000);
        for (int i = 0; i < m->part_count; i++)
            ss_buf_append(&text, m->parts[i].bytes, m->parts[i].len);
        job->content = apr_pmemdup(w->pool, text.data ? text.data : "", text.len);
        job->content_len = text.len;
        ss_buf_free(&text);
        check(w, job, m);
        for (int r = 0; r < m->rcpt_count; r++) {
            job->rcpts[r].state = m->rcpts[r].state;
            job->rcpts[r].attempts = m->rcpts[r].attempts;
            job->rcpts[r].next = m->rcpts[r].next;
        }
    }
    if (m) apr_pool_destroy(m->pool);
    apr_pool_destroy(request->head.pool);
}

static job_t *find(world_t *w, const char *id)
{
    for (int i = 0; i < w->job_count; i++) {
        if (!strcmp(w->jobs[i].entry.id, id)) return &w->jobs[i];
    }
    truth_wrong(&w->truth, "%s was never put into the store", id);
    return &w->jobs[0];
}

static ss_store_due_t *due(world_t *w)
{
    ss_store_due_t *request = ss_store_due_create("default", 0, "", SS_DB_ROWS_MAX, NULL, NULL);

    ask(w, &request->head);
    return request;
}

static void look(world_t *w, const job_t *job)
{
    ss_store_lookup_t *request = ss_store_lookup_create(job->entry.id, NULL, NULL);

    ask(w, &request->head);
    check(w, job, request->head.rv == APR_SUCCESS ? request->message : NULL);
    apr_pool_destroy(request->head.pool);
}

void queue_crash(world_t *w, int reopens)
{
    int waits[MESSAGES_MAX] = { 0 };

    forget_gathered();
    if (reopens && queue.store == queue.in_file) {
        close_store(queue.in_file);
        queue.store = queue.in_file = open_store(queue.file);
    }
    ss_store_due_t *request = due(w);
    for (int i = 0; i < request->rows->nelts; i++) {
        job_t *job = find(w, APR_ARRAY_IDX(request->rows, i, ss_store_due_row_t).id);
        waits[job->number] = 1;
        load(w, job);
    }
    apr_pool_destroy(request->head.pool);
    for (int i = 0; i < w->job_count; i++) {
        job_t *job = &w->jobs[i];
        if (waits[i] || !job->is_accepted) continue;
        /* What waits for a person, or is finished. */
        look(w, job);
        for (int r = 0; r < job->rcpt_count; r++) {
            if (job->durable[r] < SS_STATE_HELD)
                truth_wrong(&w->truth, "message %d waits, and the store's order does not have it",
                            i);
            job->rcpts[r].state = job->durable[r];
        }
    }
}

void queue_judge(world_t *w)
{
    apr_int64_t expected[SS_STATES] = { 0 }, found[SS_STATES] = { 0 };

    for (int i = 0; i < w->job_count; i++) {
        const job_t *job = &w->jobs[i];
        look(w, job);
        for (int r = 0; r < job->rcpt_count; r++) expected[job->durable[r]] += queue.keeps;
    }
    ss_store_due_t *request = due(w);
    if (request->rows->nelts)
        truth_wrong(&w->truth, "all is over, and %d messages wait in the store",
                    request->rows->nelts);
    apr_pool_destroy(request->head.pool);
    ss_store_counts_t *counts = ss_store_counts_create(NULL, NULL);
    ask(w, &counts->head);
    for (int i = 0; i < counts->rows->nelts; i++) {
        const ss_store_count_t *row = &APR_ARRAY_IDX(counts->rows, i, ss_store_count_t);
        found[row->state] += row->recipients;
    }
    apr_pool_destroy(counts->head.pool);
    for (int state = 0; state < SS_STATES; state++) {
        if (found[state] != expected[state])
            truth_wrong(&w->truth, "the store counts %d recipients %s, there are %d",
                        (int)found[state], ss_state_name((ss_state_t)state), (int)expected[state]);
    }
}
