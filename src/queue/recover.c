/* recover.c: see recover.h. Reads messages in the order of their rows, without an index: a damaged
 * index hides nothing. Where a page cannot be read, doubling steps find a readable row behind it,
 * and bisection the first one. */
#include "queue/recover.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/lock.h"
#include "queue/schema.h"
#include "queue/store_accept.h"
#include "queue/store_control.h"
#include "queue/store_read.h"

/* a daemon whose httpd was just stopped still finishes what is in flight */
#define LOCK_WAIT (2 * APR_USEC_PER_SEC)
#define EACH 100 /* messages a transaction */
#define STEP_MOST (APR_INT64_C(1) << 40)

typedef struct {
    ss_db_t from, to;
    ss_recover_result_t *recovered;
    ss_result_t *result;
    int in_batch;
} work_t;

/* The next waiting message after a row: *m (NULL at the end) and its row. An error: the file cannot
 * be read here. */
static apr_status_t next_message(ss_db_t *db, apr_int64_t after, ss_message_t **m, apr_int64_t *row,
                                 apr_pool_t *pool)
{
    apr_int64_t behind = after;
    /* after the message's columns: row, length of the body, body */
    int column = ss_message_row_width();

    ss_db_clear(db);
    *m = NULL;
    apr_status_t rv = ss_db_select(db, SS_SQL_RESCUE, SS_ARGS{ &behind });
    while (ss_db_next(db)) {
        *m = ss_message_row_read(db, pool);
        *row = ss_db_number(db, column);
        (*m)->parts =
            apr_pcalloc(pool, sizeof(ss_message_part_t) * (apr_size_t)((*m)->part_count + 1));
        if (ss_db_text(db, column + 2)) {
            apr_size_t len = (apr_size_t)ss_db_number(db, column + 1);
            (*m)->parts[0] = (ss_message_part_t){ ss_db_bytes(db, column + 2, len, pool), len };
        }
    }
    return rv;
}

static int is_readable(work_t *work, apr_int64_t after, apr_pool_t *pool)
{
    ss_message_t *m;
    apr_int64_t row;
    apr_pool_t *own;

    apr_pool_create(&own, pool);
    int ok = next_message(&work->from, after, &m, &row, own) == APR_SUCCESS;
    apr_pool_destroy(own);
    return ok;
}

/* The first row number after `bad` from which reading works; -1: none. */
static apr_int64_t skip_damage(work_t *work, apr_int64_t bad, apr_pool_t *pool)
{
    apr_int64_t step = 1, low = bad, high;

    while (step < STEP_MOST && !is_readable(work, bad + step, pool)) {
        low = bad + step;
        step *= 2;
    }
    if (step >= STEP_MOST) return -1;
    for (high = bad + step; high - low > 1;) {
        apr_int64_t middle = low + (high - low) / 2;
        if (is_readable(work, middle, pool))
            high = middle;
        else
            low = middle;
    }
    return high;
}

static apr_status_t commit_batch(work_t *work)
{
    apr_status_t rv = work->in_batch ? ss_db_do(&work->to, "COMMIT") : APR_SUCCESS;

    work->in_batch = 0;
    return rv;
}

static apr_status_t insert_message(work_t *work, ss_message_t *m)
{
    ss_store_accept_t request = { .message = m };
    apr_status_t rv = APR_SUCCESS;

    ss_db_clear(&work->to);
    if (!work->in_batch) rv = ss_db_do(&work->to, work->to.dialect->begin);
    if (rv == APR_SUCCESS) rv = ss_store_accept_write(&work->to, &request);
    if (rv == APR_SUCCESS && *request.existing_id) {
        /* A damaged page may contain a key twice. Both messages were accepted; the first keeps the
         * key. */
        m->attr.idempotency_key = NULL;
        rv = ss_store_accept_write(&work->to, &request);
    }
    if (rv == APR_SUCCESS && ++work->in_batch == EACH) rv = commit_batch(work);
    return rv;
}

/* An old page may say that a message waits whose recipients are all final: it is history. */
static int is_over(const ss_message_t *m)
{
    for (int i = 0; i < m->rcpt_count; i++) {
        if (!ss_state_is_final(m->rcpts[i].state)) return 0;
    }
    return 1;
}

/* A failure of the new file ends the recovery; failures of the old one are expected. */
static apr_status_t copy_message(work_t *work, ss_message_t *m)
{
    ss_db_clear(&work->from);
    if (ss_store_read_rest(&work->from, m) != APR_SUCCESS) {
        work->recovered->incomplete++;
        return APR_SUCCESS;
    }
    if (is_over(m)) return APR_SUCCESS;
    apr_status_t rv = insert_message(work, m);
    if (rv == APR_SUCCESS) {
        work->recovered->messages++;
        work->recovered->recipients += m->rcpt_count;
    }
    return rv;
}

static apr_status_t copy_messages(work_t *work, apr_pool_t *pool)
{
    apr_int64_t row = 0, next = 0;
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *own;

    apr_pool_create(&own, pool);
    while (rv == APR_SUCCESS && row >= 0) {
        ss_message_t *m;
        apr_pool_clear(own);
        if (next_message(&work->from, row, &m, &next, own) != APR_SUCCESS) {
            work->recovered->gaps++;
            row = skip_damage(work, row, own);
            continue;
        }
        if (!m) break;
        row = next;
        rv = copy_message(work, m);
    }
    apr_pool_destroy(own);
    return rv == APR_SUCCESS ? commit_batch(work) : rv;
}

static void copy_settings(work_t *work)
{
    ss_store_settings_t *request = ss_store_settings_create(NULL, NULL);
    int more = 1;
    apr_status_t rv = APR_SUCCESS;

    ss_db_clear(&work->from);
    while (rv == APR_SUCCESS && more) rv = ss_store_read_settings(&work->from, request, &more);
    work->recovered->has_settings = rv == APR_SUCCESS;
    for (int i = 0; request->rows && i < request->rows->nelts; i++) {
        const ss_store_setting_t *row = &APR_ARRAY_IDX(request->rows, i, ss_store_setting_t);
        /* The saved queue counts are those of the old file. */
        if (!strcmp(row->key, "tally")) continue;
        ss_store_set_t set = { .key = row->key, .value = row->value };
        ss_db_clear(&work->to);
        ss_store_control_set(&work->to, &set);
    }
    apr_pool_destroy(request->head.pool);
}

static apr_status_t open_both(work_t *work, const char *from, const char *to, apr_pool_t *pool)
{
    int version;
    apr_status_t rv = ss_db_open(&work->to, &ss_dialect_sqlite, to, pool);

    if (rv == APR_SUCCESS) rv = ss_schema_check(&work->to, 1, &version);
    if (rv == APR_SUCCESS) rv = ss_db_prepare(&work->to);
    if (rv != APR_SUCCESS) {
        *work->result = work->to.result;
        return rv;
    }
    rv = ss_db_open(&work->from, &ss_dialect_sqlite, from, pool);
    if (rv == APR_SUCCESS) rv = ss_db_prepare(&work->from);
    if (rv != APR_SUCCESS) *work->result = work->from.result;
    return rv;
}

/* The new file is for the user that the old one is of, and nobody else reads it. Where it cannot be
 * made, SQLite says why. */
static void make_file(const char *path, const struct stat *old)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0) return;
    if (!geteuid() && fchown(fd, old->st_uid, old->st_gid)) unlink(path);
    close(fd);
}

apr_status_t ss_recover(const char *from, const char *to, ss_recover_result_t *recovered,
                        ss_result_t *result, apr_pool_t *pool)
{
    work_t work = { .recovered = recovered, .result = result };
    struct stat there, other;
    ss_lock_t lock;

    memset(recovered, 0, sizeof(*recovered));
    ss_result_clear(result);
    if (stat(from, &there)) {
        ss_result_set(result, "queue", "", NULL, "the file %s does not exist", from);
        return APR_ENOENT;
    }
    if (!lstat(to, &other)) {
        ss_result_set(result, "queue", "", NULL, "%s exists already and is not overwritten", to);
        return APR_EEXIST;
    }
    apr_status_t rv = ss_lock_take_file(&lock, from, LOCK_WAIT, result);
    if (APR_STATUS_IS_EBUSY(rv)) {
        ss_result_clear(result);
        ss_result_set(result, "queue", "EBUSY", NULL, "%s is in use: stop httpd first", from);
    }
    if (rv != APR_SUCCESS) return rv;
    make_file(to, &there);
    rv = open_both(&work, from, to, pool);
    if (rv == APR_SUCCESS) {
        rv = copy_messages(&work, pool);
        if (rv == APR_SUCCESS)
            copy_settings(&work);
        else
            *result = work.to.result;
    }
    if (work.from.handle) ss_db_close(&work.from);
    if (work.to.handle) ss_db_close(&work.to);
    ss_lock_release(&lock);
    return rv;
}
