/* test_store_file.c: the file of a queue, or its log, disappears while it is in use: nothing that
 * was accepted is lost, nothing is accepted into a file that nobody finds again. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "queue/db.h"
#include "queue/file_watch.h"
#include "store_rig.h"

static store_rig_t rig;
static ss_message_t *known;

static const char *beside(const char *end)
{
    static char path[128];

    apr_snprintf(path, sizeof(path), "%s%s", rig.file, end);
    return path;
}

/* An open queue with a message that its log holds. */
static void begin(void)
{
    store_rig_start(&rig);
    known = store_rig_message(&rig, 1, 10);
    CU_ASSERT_EQUAL_FATAL(store_rig_accept(&rig, known), APR_SUCCESS);
}

static apr_status_t accept_one(char id[SS_IDENT_TEXT])
{
    ss_message_t *m = store_rig_message(&rig, 1, 10);
    apr_status_t rv = store_rig_accept(&rig, m);

    apr_cpystrn(id, m->id, SS_IDENT_TEXT);
    apr_pool_destroy(m->pool);
    return rv;
}

/* Within seconds. */
static int fault_says(const char *words)
{
    ss_store_stats_t stats;

    for (int i = 0; i < 1000; i++) {
        ss_store_stats(rig.store, &stats);
        if (strstr(stats.fault, words) && (*words || !*stats.fault)) return 1;
        usleep(5000);
    }
    fprintf(stderr, "\n  \"%s\" is not \"%s\"\n", stats.fault, words);
    return 0;
}

/* Closes the queue and opens it again: what another process would find. */
static void open_again(void)
{
    store_rig_close(&rig);
    CU_ASSERT_EQUAL_FATAL(store_rig_open(&rig, 0), APR_SUCCESS);
}

static void end(void)
{
    apr_pool_destroy(known->pool);
    store_rig_end(&rig);
}

/* In the next moment the process is killed: what counts is what the files say. */
static void is_on_disk(const char *id, const char *file)
{
    static store_rig_t copy;
    char command[512];

    store_rig_begin(&copy);
    apr_snprintf(command, sizeof(command),
                 "cp %s %s && if [ -e %s-wal ]; then cp %s-wal %s-wal; fi", file, copy.file, file,
                 file, copy.file);
    CU_ASSERT_EQUAL_FATAL(system(command), 0);
    CU_ASSERT_EQUAL_FATAL(store_rig_open(&copy, 0), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(store_rig_state(&copy, id), "queued");
    store_rig_end(&copy);
}

/* ---- what heals by itself ---- */

static void heals_after(void (*harm)(void))
{
    char id[SS_IDENT_TEXT];

    begin();
    for (int i = 0; i < 2; i++) {
        harm();
        CU_ASSERT_TRUE(fault_says("was moved, replaced or deleted"));
        CU_ASSERT_EQUAL(accept_one(id), APR_SUCCESS);
        CU_ASSERT_TRUE(fault_says(""));
        is_on_disk(known->id, rig.file);
        is_on_disk(id, rig.file);
    }
    open_again();
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, known->id), "queued");
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, id), "queued");
    end();
}

static void delete_log(void)
{
    CU_ASSERT_EQUAL(unlink(beside("-wal")), 0);
}

static void delete_index(void)
{
    CU_ASSERT_EQUAL(unlink(beside("-shm")), 0);
}

static void delete_file(void)
{
    CU_ASSERT_EQUAL(unlink(rig.file), 0);
}

static void delete_all(void)
{
    delete_file();
    delete_log();
    delete_index();
    CU_ASSERT_EQUAL(unlink(beside(".lock")), 0);
}

static void replace_log(void)
{
    int fd;

    delete_log();
    fd = open(beside("-wal"), O_WRONLY | O_CREAT, 0600);
    CU_ASSERT_EQUAL(write(fd, "not a log", 9), 9);
    close(fd);
}

static void a_deleted_log_is_made_again(void)
{
    heals_after(delete_log);
}

static void a_deleted_index_is_made_again(void)
{
    heals_after(delete_index);
}

static void a_replaced_log_is_not_used(void)
{
    heals_after(replace_log);
}

static void a_deleted_file_is_written_again(void)
{
    heals_after(delete_file);
}

static void a_deleted_queue_is_written_again(void)
{
    heals_after(delete_all);
}

/* Nobody asks for anything. */
static void a_look_is_enough(void)
{
    struct stat s;

    begin();
    delete_all();
    ss_store_look(rig.store);
    for (int i = 0; i < 2000 && stat(beside("-wal"), &s); i++) usleep(5000);
    is_on_disk(known->id, rig.file);
    end();
}

static void the_new_file_is_locked(void)
{
    store_rig_t other;
    char id[SS_IDENT_TEXT];

    begin();
    delete_all();
    CU_ASSERT_EQUAL(accept_one(id), APR_SUCCESS);
    other = rig;
    other.store = NULL;
    CU_ASSERT_TRUE(APR_STATUS_IS_EBUSY(store_rig_open(&other, 0)));
    store_rig_close(&other);
    end();
}

/* ---- what cannot heal yet ---- */

static void a_moved_file_is_waited_for(void)
{
    char id[SS_IDENT_TEXT], moved[128];

    begin();
    apr_cpystrn(moved, beside(".moved"), sizeof(moved));
    CU_ASSERT_EQUAL(rename(rig.file, moved), 0);
    CU_ASSERT_NOT_EQUAL(accept_one(id), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.result.text, moved));
    CU_ASSERT_TRUE(fault_says("is not in its place any more"));
    /* What is already sent is noted there. */
    CU_ASSERT_EQUAL(store_rig_finish(&rig, known, 0, SS_STATE_SENT, "250 ok", 1), APR_SUCCESS);
    CU_ASSERT_TRUE(fault_says("is not in its place any more"));
    CU_ASSERT_EQUAL(rename(moved, rig.file), 0);
    CU_ASSERT_EQUAL(accept_one(id), APR_SUCCESS);
    CU_ASSERT_TRUE(fault_says(""));
    open_again();
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, known->id), "sent");
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, id), "queued");
    end();
}

/* By itself, without any request. */
static void a_file_that_is_back_is_found(void)
{
    char id[SS_IDENT_TEXT];

    begin();
    CU_ASSERT_EQUAL(rename(rig.file, beside(".moved")), 0);
    CU_ASSERT_NOT_EQUAL(accept_one(id), APR_SUCCESS);
    CU_ASSERT_EQUAL(rename(beside(".moved"), rig.file), 0);
    CU_ASSERT_TRUE(fault_says(""));
    end();
}

static void a_moved_file_is_whole(void)
{
    char id[SS_IDENT_TEXT], moved[128];

    begin();
    apr_cpystrn(moved, beside(".moved"), sizeof(moved));
    CU_ASSERT_EQUAL(rename(rig.file, moved), 0);
    CU_ASSERT_NOT_EQUAL(accept_one(id), APR_SUCCESS);
    is_on_disk(known->id, moved);
    end();
}

static void without_a_folder_nothing_is_taken(void)
{
    char id[SS_IDENT_TEXT], moved[96];

    begin();
    apr_snprintf(moved, sizeof(moved), "%s.moved", rig.folder);
    CU_ASSERT_EQUAL(rename(rig.folder, moved), 0);
    CU_ASSERT_NOT_EQUAL(accept_one(id), APR_SUCCESS);
    CU_ASSERT_EQUAL(rename(moved, rig.folder), 0);
    CU_ASSERT_EQUAL(accept_one(id), APR_SUCCESS);
    end();
}

/* The folder is deleted too; it is written once there is one. */
static void a_deleted_folder_is_waited_for(void)
{
    char id[SS_IDENT_TEXT], command[160];

    begin();
    apr_snprintf(command, sizeof(command), "rm -r %s", rig.folder);
    CU_ASSERT_EQUAL(system(command), 0);
    CU_ASSERT_NOT_EQUAL(accept_one(id), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.result.text, "cannot be written there again"));
    CU_ASSERT_EQUAL(mkdir(rig.folder, 0700), 0);
    CU_ASSERT_EQUAL(accept_one(id), APR_SUCCESS);
    is_on_disk(known->id, rig.file);
    end();
}

/* In a child that has no SQLite of its parent: once it knows the file's name, reads until its
 * parent closes the pipe. */
static void read_on(int said, int pipe_in)
{
    ss_db_t db;
    char byte, file[96];

    if (read(pipe_in, file, sizeof(file)) != sizeof(file)) _exit(1);
    if (ss_db_open(&db, &ss_dialect_sqlite, file, ss_store_pool()) != APR_SUCCESS) _exit(1);
    if (ss_db_do(&db, "BEGIN") != APR_SUCCESS ||
        ss_db_ask(&db, "SELECT count(*) FROM message") != APR_SUCCESS || !ss_db_next(&db))
        _exit(2);
    if (write(said, "", 1) != 1 || read(pipe_in, &byte, 1) != 0) _exit(3);
    _exit(0);
}

static void a_reader_keeps_a_deleted_log_from_being_made_again(void)
{
    char id[SS_IDENT_TEXT], words[40], byte;
    int said[2], pipe_in[2];

    CU_ASSERT_TRUE_FATAL(!pipe(said) && !pipe(pipe_in));
    pid_t child = fork();
    if (!child) {
        close(pipe_in[1]);
        read_on(said[1], pipe_in[0]);
    }
    begin();
    CU_ASSERT_EQUAL(write(pipe_in[1], rig.file, sizeof(rig.file)), sizeof(rig.file));
    CU_ASSERT_EQUAL(read(said[0], &byte, 1), 1);
    CU_ASSERT_EQUAL(accept_one(id), APR_SUCCESS);
    delete_log();
    CU_ASSERT_NOT_EQUAL(accept_one(id), APR_SUCCESS);
    apr_snprintf(words, sizeof(words), "end process %d", (int)child);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.result.text, words));
    close(pipe_in[1]);
    waitpid(child, NULL, 0);
    CU_ASSERT_EQUAL(accept_one(id), APR_SUCCESS);
    is_on_disk(known->id, rig.file);
    close(pipe_in[0]);
    close(said[0]);
    close(said[1]);
    end();
}

/* ---- another file ---- */

static void replaced_by_another(int keeps_old)
{
    char id[SS_IDENT_TEXT], pattern[128], saved[128];
    glob_t found;

    begin();
    CU_ASSERT_EQUAL(rename(rig.file, beside(".old")), 0);
    if (!keeps_old) unlink(beside(".old"));
    close(open(rig.file, O_WRONLY | O_CREAT, 0600));
    CU_ASSERT_FALSE(ss_store_is_replaced(rig.store));
    CU_ASSERT_NOT_EQUAL(accept_one(id), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.result.text, "starts again with it"));
    CU_ASSERT_TRUE(ss_store_is_replaced(rig.store));
    apr_cpystrn(pattern, beside(keeps_old ? ".old" : ".rescued-*"), sizeof(pattern));
    CU_ASSERT_EQUAL_FATAL(glob(pattern, 0, NULL, &found), 0);
    CU_ASSERT_EQUAL_FATAL(found.gl_pathc, 1);
    apr_cpystrn(saved, found.gl_pathv[0], sizeof(saved));
    is_on_disk(known->id, saved);
    /* What is still being sent is noted there too. */
    CU_ASSERT_EQUAL(store_rig_finish(&rig, known, 0, SS_STATE_SENT, "250 ok", 1), APR_SUCCESS);
    open_again();
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, known->id), "none");
    store_rig_close(&rig);
    CU_ASSERT_EQUAL(rename(saved, rig.file), 0);
    CU_ASSERT_EQUAL_FATAL(store_rig_open(&rig, 0), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, known->id), "sent");
    globfree(&found);
    end();
}

static void what_a_replaced_file_held_is_saved(void)
{
    replaced_by_another(0);
}

static void what_was_moved_away_is_whole(void)
{
    replaced_by_another(1);
}

/* ---- who may read them ---- */

/* Whether each file in the folder is for its owner alone, and there are so many at least. */
static int are_private(int least)
{
    char pattern[128];
    struct stat info;
    glob_t found;
    int ok;

    apr_snprintf(pattern, sizeof(pattern), "%s/*", rig.folder);
    if (glob(pattern, 0, NULL, &found)) return 0;
    ok = (int)found.gl_pathc >= least;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (!stat(found.gl_pathv[i], &info) && (info.st_mode & 07777) == 0600) continue;
        fprintf(stderr, "\n  %s has mode %o\n", found.gl_pathv[i], (unsigned)info.st_mode);
        ok = 0;
    }
    globfree(&found);
    return ok;
}

static void all_files_are_for_the_daemon_alone(void)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    char id[SS_IDENT_TEXT];
    mode_t mask = umask(0);

    begin();
    CU_ASSERT_TRUE(are_private(4)); /* with the lock */
    delete_all();
    CU_ASSERT_EQUAL(accept_one(id), APR_SUCCESS);
    CU_ASSERT_TRUE(are_private(4));
    /* What an older module made, and left by being killed. */
    static store_rig_t left;
    store_rig_begin(&left);
    for (int i = 0; i < 3; i++) {
        char command[512];
        apr_snprintf(command, sizeof(command), "cp %s%s %s%s && chmod 644 %s%s", rig.file, ends[i],
                     left.file, ends[i], left.file, ends[i]);
        CU_ASSERT_EQUAL_FATAL(system(command), 0);
    }
    end();
    rig = left;
    close(open(beside("-journal"), O_WRONLY | O_CREAT, 0666));
    CU_ASSERT_EQUAL_FATAL(store_rig_open(&rig, 0), APR_SUCCESS);
    CU_ASSERT_TRUE(are_private(4));
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, id), "queued");
    store_rig_end(&rig);
    umask(mask);
}

static void a_saved_file_is_for_the_daemon_alone(void)
{
    char id[SS_IDENT_TEXT];
    mode_t mask = umask(0);

    begin();
    unlink(rig.file);
    close(open(rig.file, O_WRONLY | O_CREAT, 0600));
    CU_ASSERT_NOT_EQUAL(accept_one(id), APR_SUCCESS);
    CU_ASSERT_TRUE(ss_store_is_replaced(rig.store));
    CU_ASSERT_TRUE(are_private(3));
    end();
    umask(mask);
}

/* A link that was put beside the queue. */
static void the_mode_of_a_linked_file_stays(void)
{
    char target[128];
    struct stat info;

    store_rig_begin(&rig);
    apr_cpystrn(target, beside(".other"), sizeof(target));
    close(open(target, O_WRONLY | O_CREAT, 0600));
    CU_ASSERT_EQUAL(chmod(target, 0644), 0);
    CU_ASSERT_EQUAL(symlink(target, beside("-journal")), 0);
    store_rig_open(&rig, 0);
    CU_ASSERT_EQUAL(stat(target, &info), 0);
    CU_ASSERT_EQUAL(info.st_mode & 0777, 0644);
    store_rig_end(&rig);
}

/* ---- the rules ---- */

static void what_stat_says_is_judged(void)
{
    const ss_file_stat_t file = { 1, 10, 1, 0 }, log = { 1, 11, 1, 0 }, index = { 1, 12, 1, 0 },
                         other = { 1, 13, 1, 0 }, elsewhere = { 2, 10, 1, 0 }, none = { 0 },
                         unnamed = { 1, 10, 0, 0 };
    const ss_file_places_t opened = { file, file, log, index },
                           journal = { file, file, none, none };
    const struct {
        ss_file_places_t now;
        ss_file_fate_t fate;
    } cases[] = {
        { { file, file, log, index }, SS_FILE_WELL },
        { { file, file, none, index }, SS_FILE_LOG_GONE },
        { { file, file, log, none }, SS_FILE_LOG_GONE },
        { { file, file, other, index }, SS_FILE_LOG_GONE },
        { { file, none, log, index }, SS_FILE_MOVED },
        { { unnamed, none, log, index }, SS_FILE_DELETED },
        { { file, other, log, index }, SS_FILE_REPLACED },
        { { unnamed, other, none, none }, SS_FILE_REPLACED },
        { { file, elsewhere, log, index }, SS_FILE_REPLACED },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CU_ASSERT_EQUAL(ss_file_watch_judge(&opened, &cases[i].now, 1), cases[i].fate);
    CU_ASSERT_EQUAL(ss_file_watch_judge(&journal, &opened, 0), SS_FILE_WELL);
    CU_ASSERT_EQUAL(ss_file_watch_judge(&journal, &journal, 1), SS_FILE_LOG_GONE);
}

/* Between its opening and the first look. */
static void a_file_that_is_gone_already_is_noticed(void)
{
    apr_pool_t *pool = ss_store_pool();
    ss_file_watch_t watch = { .events = -1 };
    ss_file_places_t now;

    store_rig_begin(&rig);
    int fd = open(rig.file, O_RDWR | O_CREAT, 0600);
    unlink(rig.file);
    CU_ASSERT_EQUAL(ss_file_watch_look(&watch, &now), SS_FILE_WELL);
    ss_file_watch_begin(&watch, rig.file, fd, pool);
    CU_ASSERT_EQUAL(ss_file_watch_look(&watch, &now), SS_FILE_DELETED);
    close(fd);
    close(watch.events);
    apr_pool_destroy(pool);
    store_rig_end(&rig);
}

static void a_log_is_reported_each_time_it_doubles(void)
{
    const struct {
        apr_int64_t megabytes;
        int says;
    } steps[] = { { 0, 0 },    { 255, 0 }, { 256, 1 },  { 300, 0 }, { 511, 0 },
                  { 512, 1 },  { 600, 0 }, { 1100, 1 }, { 200, 0 }, { 1200, 0 },
                  { 128, -1 }, { 64, 0 },  { 256, 1 } };
    apr_int64_t said = 0;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        CU_ASSERT_EQUAL(ss_file_watch_grown(steps[i].megabytes << 20, &said), steps[i].says);
}

/* clang-format moves these rows at each run. */
/* clang-format off */
#define TESTS(X) \
    X(a_deleted_log_is_made_again) X(a_deleted_index_is_made_again) \
    X(a_replaced_log_is_not_used) X(a_deleted_file_is_written_again) \
    X(a_deleted_queue_is_written_again) X(a_look_is_enough) X(the_new_file_is_locked) \
    X(a_moved_file_is_waited_for) X(a_file_that_is_back_is_found) X(a_moved_file_is_whole) \
    X(without_a_folder_nothing_is_taken) X(a_deleted_folder_is_waited_for) \
    X(a_reader_keeps_a_deleted_log_from_being_made_again) \
    X(what_a_replaced_file_held_is_saved) X(what_was_moved_away_is_whole) \
    X(all_files_are_for_the_daemon_alone) X(a_saved_file_is_for_the_daemon_alone) \
    X(the_mode_of_a_linked_file_stays) X(what_stat_says_is_judged) X(a_file_that_is_gone_already_is_noticed) \
    X(a_log_is_reported_each_time_it_doubles)
/* clang-format on */

void ss_suite_store_file(void)
{
    CU_pSuite suite = CU_add_suite("store_file", NULL, NULL);

#define ADD(name) CU_add_test(suite, #name, name);
    TESTS(ADD)
}
