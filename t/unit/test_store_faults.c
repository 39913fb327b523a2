/* test_store_faults.c: what the store does when the disk, another process, or its own sudden end
 * stands in the way: what was answered is there, nothing is answered before it is, and each refusal
 * names the file and the cause. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "disk.h"
#include "queue/db.h"
#include "store_rig.h"

static store_rig_t rig;

static int is_quiet(int milliseconds)
{
    struct pollfd p = { .fd = rig.wake[0], .events = POLLIN };

    return poll(&p, 1, milliseconds) == 0;
}

static int says(const char *words)
{
    if (strstr(rig.result.text, words)) return 1;
    fprintf(stderr, "\n  \"%s\" has no \"%s\"\n", rig.result.text, words);
    return 0;
}

/* ---- commits ---- */

/* What delivery will know after so many seconds in which nothing changes. */
static const char *fault_after(int seconds)
{
    static ss_store_stats_t stats;

    ss_store_stats(rig.store, &stats);
    return ss_store_fault(&stats, ss_mono_add(ss_mono_now(), seconds * APR_USEC_PER_SEC));
}

static void nothing_is_answered_before_the_commit(void)
{
    ss_store_accept_t *request;
    int is_done = 0;

    store_rig_start(&rig);
    disk_set(DISK_STUCK);
    request = ss_store_accept_create(store_rig_message(&rig, 1, 10), store_rig_done, &is_done);
    store_rig_post(&rig, &request->head);
    CU_ASSERT_TRUE_FATAL(disk_wait_stuck());
    CU_ASSERT_TRUE(is_quiet(0));
    CU_ASSERT_EQUAL(ss_store_collect(rig.store), 0);
    CU_ASSERT_EQUAL(ss_store_waiting(rig.store), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(fault_after(3), "does not end"));
    disk_set(DISK_WELL);
    store_rig_wait(&rig, &is_done);
    CU_ASSERT_EQUAL(request->head.rv, APR_SUCCESS);
    CU_ASSERT_EQUAL(ss_store_waiting(rig.store), 0);
    CU_ASSERT_PTR_NULL(fault_after(3600));
    apr_pool_destroy(request->message->pool);
    apr_pool_destroy(request->head.pool);
    store_rig_end(&rig);
}

/* An acceptance is refused with the reason, an outcome waits and is written when the disk is well
 * again. */
static void a_sick_disk(disk_t how, apr_status_t rv, const char *words)
{
    ss_message_t *known, *new;
    ss_store_outcome_t *outcome;
    int is_done = 0, zero = 0;

    store_rig_start(&rig);
    known = store_rig_message(&rig, 1, 10);
    new = store_rig_message(&rig, 1, 10);
    CU_ASSERT_EQUAL(store_rig_accept(&rig, known), APR_SUCCESS);
    disk_set(how);
    outcome = ss_store_outcome_create(known, 1, RIG_NOW, store_rig_done, &is_done);
    known->rcpts[0].state = SS_STATE_SENT;
    outcome->changed = &zero;
    outcome->changed_count = 1;
    store_rig_post(&rig, &outcome->head);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(store_rig_accept(&rig, new), rv);
        CU_ASSERT_TRUE(says(words) && says(how == DISK_FULL ? "disk" : rig.file));
    }
    CU_ASSERT_FALSE(is_done);
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, known->id), "queued");
    disk_set(DISK_WELL);
    store_rig_wait(&rig, &is_done);
    CU_ASSERT_EQUAL(outcome->head.rv, APR_SUCCESS);
    CU_ASSERT_EQUAL(store_rig_accept(&rig, new), APR_SUCCESS);
    store_rig_close(&rig);
    CU_ASSERT_EQUAL_FATAL(store_rig_open(&rig, 0), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, known->id), "sent");
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, new->id), "queued");
    apr_pool_destroy(known->pool);
    apr_pool_destroy(new->pool);
    apr_pool_destroy(outcome->head.pool);
    store_rig_end(&rig);
}

static void a_full_disk_refuses_and_heals(void)
{
    a_sick_disk(DISK_FULL, APR_ENOSPC, "is full");
}

static void a_sync_that_fails_refuses_and_heals(void)
{
    a_sick_disk(DISK_SYNC_FAILS, APR_EGENERAL, "returns I/O errors");
}

/* ---- another process ---- */

/* In a child: opens the file, locks it, says so, and waits for the parent's end of the pipe to
 * close. */
static void hold_the_lock(int said, int end)
{
    ss_db_t db;
    char byte;

    if (ss_db_open(&db, &ss_dialect_sqlite, rig.file, ss_store_pool()) != APR_SUCCESS ||
        ss_db_write(&db, 0) != APR_SUCCESS)
        _exit(1);
    if (ss_db_do(&db, "BEGIN IMMEDIATE") != APR_SUCCESS) _exit(2);
    if (write(said, "", 1) != 1 || read(end, &byte, 1) != 0) _exit(3);
    ss_db_do(&db, "ROLLBACK");
    ss_db_close(&db);
    _exit(0);
}

static void a_locked_file_refuses_and_heals(void)
{
    int said[2], end[2], is_done = 0, status = 0, zero = 0;
    ss_message_t *m, *new;
    char byte;

    store_rig_start(&rig);
    m = store_rig_message(&rig, 1, 10);
    new = store_rig_message(&rig, 1, 10);
    CU_ASSERT_EQUAL(store_rig_accept(&rig, m), APR_SUCCESS);
    store_rig_close(&rig);
    CU_ASSERT_TRUE_FATAL(pipe(said) == 0 && pipe(end) == 0);
    pid_t child = fork();
    CU_ASSERT_TRUE_FATAL(child >= 0);
    if (!child) {
        close(end[1]);
        hold_the_lock(said[1], end[0]);
    }
    close(said[1]);
    CU_ASSERT_EQUAL_FATAL(read(said[0], &byte, 1), 1);
    CU_ASSERT_EQUAL_FATAL(store_rig_open(&rig, 0), APR_SUCCESS);
    ss_store_outcome_t *outcome = ss_store_outcome_create(m, 1, RIG_NOW, store_rig_done, &is_done);
    m->rcpts[0].state = SS_STATE_SENT;
    outcome->changed = &zero;
    outcome->changed_count = 1;
    store_rig_post(&rig, &outcome->head);
    CU_ASSERT_TRUE(APR_STATUS_IS_EBUSY(store_rig_accept(&rig, new)));
    CU_ASSERT_TRUE(says("locked by another process") && says(rig.file));
    CU_ASSERT_FALSE(is_done);
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, m->id), "queued");
    close(end[1]);
    CU_ASSERT_TRUE(waitpid(child, &status, 0) == child && WIFEXITED(status) &&
                   WEXITSTATUS(status) == 0);
    store_rig_wait(&rig, &is_done);
    CU_ASSERT_EQUAL(outcome->head.rv, APR_SUCCESS);
    CU_ASSERT_EQUAL(store_rig_accept(&rig, new), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, m->id), "sent");
    apr_pool_destroy(m->pool);
    apr_pool_destroy(new->pool);
    apr_pool_destroy(outcome->head.pool);
    close(said[0]);
    close(end[0]);
    store_rig_end(&rig);
}

/* What an administrator may do to a queue in use: it makes the prepared statements void. */
static void do_sql(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void a_file_that_is_vacuumed_goes_on(void)
{
    store_rig_start(&rig);
    for (int i = 0; i < 4; i++) {
        ss_message_t *m = store_rig_message(&rig, 1, 10);
        CU_ASSERT_EQUAL(store_rig_accept(&rig, m), APR_SUCCESS);
        do_sql("VACUUM");
        /* A write meets it first, or a read. */
        if (i % 2) CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, m->id), "queued");
        CU_ASSERT_EQUAL(store_rig_finish(&rig, m, 0, SS_STATE_SENT, "250 Ok", 1), APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, m->id), "sent");
        apr_pool_destroy(m->pool);
    }
    store_rig_end(&rig);
}

/* name: how the second daemon calls the file of the first. */
static void a_second_daemon_is_refused(const char *name)
{
    store_rig_t other = rig;

    other.store = NULL;
    apr_cpystrn(other.file, name, sizeof(other.file));
    CU_ASSERT_TRUE(APR_STATUS_IS_EBUSY(store_rig_open(&other, 50000)));
    CU_ASSERT_PTR_NOT_NULL(strstr(other.result.text, "used by another delivery daemon"));
    CU_ASSERT_PTR_NOT_NULL(strstr(other.result.text, name));
    store_rig_close(&other);
}

static void a_refusal_names_the_holder(void)
{
    store_rig_t other = rig;
    char holder[32];

    other.store = NULL;
    CU_ASSERT_TRUE(APR_STATUS_IS_EBUSY(store_rig_open(&other, 0)));
    apr_snprintf(holder, sizeof(holder), "(pid %d)", (int)getpid());
    CU_ASSERT_PTR_NOT_NULL(strstr(other.result.text, holder));
    store_rig_close(&other);
}

static void two_daemons_never_share_a_file(void)
{
    char symbolic[96], hard[96], folder[96], inside[128], lock[128];

    store_rig_start(&rig);
    apr_snprintf(symbolic, sizeof(symbolic), "%s/symbolic.db", rig.folder);
    apr_snprintf(hard, sizeof(hard), "%s/hard.db", rig.folder);
    apr_snprintf(folder, sizeof(folder), "%s/folder", rig.folder);
    apr_snprintf(inside, sizeof(inside), "%s/queue.db", folder);
    apr_snprintf(lock, sizeof(lock), "%s.lock", rig.file);
    CU_ASSERT_TRUE_FATAL(!symlink("queue.db", symbolic) && !link(rig.file, hard) &&
                         !symlink(rig.folder, folder));
    const char *names[] = { rig.file, symbolic, hard, inside };
    for (int i = 0; i < 4; i++) a_second_daemon_is_refused(names[i]);
    a_refusal_names_the_holder();
    /* Somebody tidied up: the file itself is still locked. */
    unlink(lock);
    a_second_daemon_is_refused(rig.file);
    store_rig_close(&rig);
    for (int i = 0; i < 4; i++) {
        store_rig_t other = rig;
        apr_cpystrn(other.file, names[i], sizeof(other.file));
        CU_ASSERT_EQUAL(store_rig_open(&other, 0), APR_SUCCESS);
        store_rig_close(&other);
    }
    store_rig_end(&rig);
}

/* A symlink that points to no file yet: both daemons find the same one. */
static void a_name_that_points_nowhere_is_locked_where_it_points(void)
{
    char target[96];

    store_rig_begin(&rig);
    apr_snprintf(target, sizeof(target), "%s/target.db", rig.folder);
    CU_ASSERT_EQUAL_FATAL(symlink("target.db", rig.file), 0);
    CU_ASSERT_EQUAL_FATAL(store_rig_open(&rig, 0), APR_SUCCESS);
    a_second_daemon_is_refused(target);
    store_rig_end(&rig);
}

/* ---- kill -9 ---- */

#define CRASH_BATCH 40
typedef struct {
    char id[SS_IDENT_TEXT];
    char what;
} report_t;

static ss_store_request_t *sent(ss_message_t *m, int *is_done)
{
    static int zero = 0;
    ss_store_outcome_t *outcome = ss_store_outcome_create(m, 1, RIG_NOW, store_rig_done, is_done);

    m->rcpts[0].state = SS_STATE_SENT;
    outcome->changed = &zero;
    outcome->changed_count = 1;
    return &outcome->head;
}

/* In a child: accepts and finishes without end; tells each answer after it came. */
static void work_until_killed(int reported)
{
    for (;;) {
        ss_message_t *m[CRASH_BATCH];
        ss_store_request_t *r[CRASH_BATCH];
        int is_done[CRASH_BATCH];
        for (int phase = 0; phase < 2; phase++) {
            for (int i = 0; i < CRASH_BATCH; i++) {
                if (!phase) m[i] = store_rig_message(&rig, 1, 3000);
                is_done[i] = 0;
                r[i] = phase ? sent(m[i], &is_done[i])
                             : &ss_store_accept_create(m[i], store_rig_done, &is_done[i])->head;
                if (ss_store_post(rig.store, r[i]) != APR_SUCCESS) _exit(1);
            }
            for (int i = 0; i < CRASH_BATCH; i++) {
                report_t answer = { .what = phase ? 's' : 'q' };
                store_rig_wait(&rig, &is_done[i]);
                if (r[i]->rv != APR_SUCCESS) _exit(2);
                memcpy(answer.id, m[i]->id, sizeof(answer.id));
                if (write(reported, &answer, sizeof(answer)) != sizeof(answer)) _exit(3);
                apr_pool_destroy(r[i]->pool);
            }
        }
        for (int i = 0; i < CRASH_BATCH; i++) apr_pool_destroy(m[i]->pool);
    }
}

/* The child is killed after so many answers; all that it reported is in the file. Returns how many
 * that were. */
static int crash_after(int answers)
{
    static report_t reported[4000];
    int pipes[2], count = 0, status, missing = 0;

    CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
    pid_t child = fork();
    CU_ASSERT_TRUE_FATAL(child >= 0);
    if (!child) {
        close(pipes[0]);
        if (store_rig_open(&rig, 0) != APR_SUCCESS) _exit(4);
        work_until_killed(pipes[1]);
    }
    close(pipes[1]);
    while (count < 4000 && read(pipes[0], &reported[count], sizeof(report_t)) == sizeof(report_t)) {
        if (++count == answers) kill(child, SIGKILL);
    }
    close(pipes[0]);
    CU_ASSERT_TRUE(waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
                   WTERMSIG(status) == SIGKILL);
    CU_ASSERT_EQUAL_FATAL(store_rig_open(&rig, 0), APR_SUCCESS);
    for (int i = 0; i < count; i++) {
        const char *state = store_rig_state(&rig, reported[i].id);
        /* Its outcome may have been committed and not reported. */
        if (strcmp(state, "sent") && (reported[i].what == 's' || strcmp(state, "queued")))
            missing++;
    }
    CU_ASSERT_EQUAL(missing, 0);
    store_rig_close(&rig);
    return count;
}

static void what_was_answered_survives_kill_9(void)
{
    static const int rounds[] = { 1, 37, 40, 79, 81, 333, 700, 1001 };
    apr_time_t clock = 0;

    store_rig_begin(&rig);
    for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
        /* Each child makes ids of its own. */
        rig.ids.last_ms =
            (apr_uint64_t)apr_time_as_msec(RIG_NOW + (clock += apr_time_from_sec(3600)));
        CU_ASSERT_TRUE(crash_after(rounds[i]) >= rounds[i]);
    }
    store_rig_end(&rig);
}

/* ---- files that are no queue ---- */

static void do_sql(const char *format, ...)
{
    ss_db_t db;
    apr_pool_t *pool = ss_store_pool();
    va_list args;

    va_start(args, format);
    const char *text = apr_pvsprintf(pool, format, args);
    va_end(args);

    CU_ASSERT_EQUAL_FATAL(ss_db_open(&db, &ss_dialect_sqlite, rig.file, pool), APR_SUCCESS);
    CU_ASSERT_TRUE(ss_db_ask(&db, "PRAGMA query_only = 0") == APR_SUCCESS);
    CU_ASSERT_EQUAL(ss_db_do(&db, text), APR_SUCCESS);
    ss_db_close(&db);
    apr_pool_destroy(pool);
}

static size_t file_bytes(char *bytes, size_t room)
{
    FILE *file = fopen(rig.file, "rb");
    size_t len = file ? fread(bytes, 1, room, file) : 0;

    if (file) fclose(file);
    return len;
}

static void is_refused_untouched(const char *words)
{
    static char before[300000], after[300000];
    size_t len = file_bytes(before, sizeof(before));

    CU_ASSERT_TRUE(store_rig_open(&rig, 0) != APR_SUCCESS);
    CU_ASSERT_PTR_NULL(rig.store);
    CU_ASSERT_TRUE(says(words) && says(rig.file));
    CU_ASSERT_TRUE(len > 0 && len == file_bytes(after, sizeof(after)) &&
                   !memcmp(before, after, len));
}

static void a_newer_queue_is_refused_untouched(void)
{
    store_rig_start(&rig);
    store_rig_close(&rig);
    do_sql("UPDATE version SET number = 99");
    is_refused_untouched("has version 99");
    do_sql("UPDATE version SET number = %d", SS_SCHEMA_VERSION);
    CU_ASSERT_EQUAL(store_rig_open(&rig, 0), APR_SUCCESS);
    store_rig_end(&rig);
}

/* A file as the first version left it, with and without the index that came later. */
static void an_older_queue_is_brought_up_to_date(void)
{
    for (int has_index = 0; has_index < 2; has_index++) {
        store_rig_start(&rig);
        ss_message_t *m = store_rig_message(&rig, 1, 100);
        CU_ASSERT_EQUAL(store_rig_accept(&rig, m), APR_SUCCESS);
        store_rig_close(&rig);
        do_sql("UPDATE version SET number = 1");
        for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
            if (row->column && row->since > 1)
                do_sql("ALTER TABLE message DROP COLUMN %s", row->column);
        }
        if (!has_index) do_sql("DROP INDEX message_failed");
        CU_ASSERT_EQUAL_FATAL(store_rig_open(&rig, 0), APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, m->id), "queued");
        CU_ASSERT_EQUAL(store_rig_finish(&rig, m, 0, SS_STATE_FAILED, "550 no", 1), APR_SUCCESS);
        /* goes by the index */
        ss_store_filter_t filter = { .state = SS_STATE_FAILED, .uid = -1 };
        ss_store_list_t *request = ss_store_list_create(&filter, 10, store_rig_done, NULL);
        CU_ASSERT_EQUAL(store_rig_ask(&rig, &request->head), APR_SUCCESS);
        CU_ASSERT_EQUAL(request->rows->nelts, 1);
        apr_pool_destroy(request->head.pool);
        apr_pool_destroy(m->pool);
        store_rig_close(&rig);
        do_sql("UPDATE version SET number = 0");
        is_refused_untouched("which no release has written");
        store_rig_end(&rig);
    }
}

static void another_programs_database_is_refused_untouched(void)
{
    store_rig_begin(&rig);
    do_sql("CREATE TABLE theirs (a INTEGER)");
    is_refused_untouched("is a database of another program");
    store_rig_end(&rig);
}

static void overwrite(long from, size_t len)
{
    FILE *file = fopen(rig.file, "r+b");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fseek(file, from, SEEK_SET);
    for (size_t i = 0; i < len; i++) fputc((int)(i * 7 % 251), file);
    fclose(file);
}

static void a_damaged_file_is_refused_untouched(void)
{
    store_rig_start(&rig);
    store_rig_close(&rig);
    overwrite(100, 6000);
    is_refused_untouched("is damaged");
    overwrite(0, 4096);
    is_refused_untouched("is not a database");
    store_rig_end(&rig);
}

/* ---- folders ---- */

static void a_folder_must_be_there(void)
{
    store_rig_begin(&rig);
    char *end = strrchr(rig.file, '/');
    apr_snprintf(end, sizeof(rig.file) - (size_t)(end - rig.file), "/missing/queue.db");
    CU_ASSERT_TRUE(store_rig_open(&rig, 0) != APR_SUCCESS);
    CU_ASSERT_TRUE(says("does not exist") && says(rig.folder) && says("/missing of"));
    store_rig_end(&rig);
}

/* As a user who may not write there: the superuser may always. */
static void a_folder_must_be_writable(void)
{
    int status = 0;

    store_rig_begin(&rig);
    chmod(rig.folder, 0555);
    pid_t child = fork();
    CU_ASSERT_TRUE_FATAL(child >= 0);
    if (!child) {
        if (!getuid() && setuid(65534)) _exit(1);
        _exit(APR_STATUS_IS_EACCES(store_rig_open(&rig, 0)) && says("is not writable") &&
                      says(rig.folder)
                  ? 0
                  : 2);
    }
    CU_ASSERT_TRUE(waitpid(child, &status, 0) == child && WIFEXITED(status) &&
                   WEXITSTATUS(status) == 0);
    chmod(rig.folder, 0700);
    store_rig_end(&rig);
}

/* clang-format moves these rows at each run. */
/* clang-format off */
#define TESTS(X) \
    X(nothing_is_answered_before_the_commit) X(a_full_disk_refuses_and_heals) \
    X(a_sync_that_fails_refuses_and_heals) X(a_locked_file_refuses_and_heals) \
    X(a_file_that_is_vacuumed_goes_on) X(two_daemons_never_share_a_file) \
    X(a_name_that_points_nowhere_is_locked_where_it_points) \
    X(what_was_answered_survives_kill_9) X(a_newer_queue_is_refused_untouched) \
    X(an_older_queue_is_brought_up_to_date) X(another_programs_database_is_refused_untouched) \
    X(a_damaged_file_is_refused_untouched) X(a_folder_must_be_there) \
    X(a_folder_must_be_writable)
/* clang-format on */

void ss_suite_store_faults(void)
{
    CU_pSuite suite = CU_add_suite("store_faults", NULL, NULL);

#define ADD(name) CU_add_test(suite, #name, name);
    TESTS(ADD)
}
