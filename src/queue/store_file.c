#include "queue/store_file.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define LOOK_EVERY APR_USEC_PER_SEC /* while the file is not in its place */

void ss_store_file_init(ss_store_file_t *file, const char *path, ss_lock_t *lock, ss_db_t *db,
                        const ss_log_t *log, apr_pool_t *pool)
{
    *file = (ss_store_file_t){ .path = path, .lock = lock, .db = db, .log = log, .pool = pool };
    file->watch.events = -1;
}

void ss_store_file_begin(ss_store_file_t *file)
{
    if (!file->db->dialect->is_shared)
        ss_file_watch_begin(&file->watch, file->path, file->lock->file, file->pool);
}

static void drop_connection(ss_store_file_t *file)
{
    ss_db_close(file->db);
    file->watch.is_on = 0;
}

/* ---- saving what only the connection has ---- */

static int sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    int failed = fd < 0 || fsync(fd), error = failed ? errno : 0;

    if (fd >= 0) close(fd);
    return error;
}

static int sync_folder(const char *path)
{
    char folder[PATH_MAX];

    return sync_path(ss_file_watch_folder(path, folder, sizeof(folder)), O_RDONLY | O_DIRECTORY);
}

/* Writes all that the connection sees into a new file. Returns 0, or errno's value (-1: what
 * db->result says). */
static int save_as(ss_store_file_t *file, const char *name)
{
    char quoted[2 * PATH_MAX], *out = quoted;

    for (const char *p = name; *p && out < quoted + sizeof(quoted) - 2; p++) {
        if (*p == '\'') *out++ = '\'';
        *out++ = *p;
    }
    *out = '\0';
    ss_db_clear(file->db);
    unlink(name);
    /* Made here, so that nobody else can read it at any time; SQLite takes a file that is empty. */
    int error = sync_path(name, O_RDWR | O_CREAT | O_EXCL);
    if (!error) {
        const char *text = apr_psprintf(file->db->scratch, "VACUUM INTO '%s'", quoted);
        error = ss_db_do(file->db, text) == APR_SUCCESS ? sync_path(name, O_RDWR) : -1;
    }
    if (!error) error = sync_folder(name);
    if (error)
        unlink(name);
    else if (ss_db_refresh(file->db) != APR_SUCCESS) /* VACUUM makes statements unusable */
        error = -1;
    return error;
}

/* Moves the whole log into the file, wherever that is. 0: it failed, or a reader is in the way. */
static int empty_log(ss_store_file_t *file)
{
    ss_db_t *db = file->db;
    apr_int64_t is_busy = 1;

    ss_db_clear(db);
    if (ss_db_ask(db, "PRAGMA wal_checkpoint(TRUNCATE)") != APR_SUCCESS) return 0;
    while (ss_db_next(db)) is_busy = ss_db_number(db, 0);
    return !is_busy;
}

/* ---- the faults ---- */

/* The log can be made again from the connection, then both are new. */
static int renew_log(ss_store_file_t *file, const ss_file_places_t *now)
{
    const ss_file_watch_t *watch = &file->watch;
    int is_foreign = now->log.links && !ss_file_watch_same(&now->log, &watch->opened.log);

    if (!empty_log(file)) {
        pid_t user = ss_file_watch_user(watch->fd);
        ss_result_set(
            &file->adrift, "queue", "", NULL,
            "the log %s was deleted, and what it held cannot be moved to the queue's file "
            "yet: %s%s",
            watch->log, file->db->fault ? file->db->result.text : "another process reads the queue",
            user ? apr_psprintf(file->db->scratch, ": end process %d", (int)user) : "");
        return 0;
    }
    drop_connection(file);
    /* Somebody else's log: SQLite would add it to the file. */
    if (is_foreign) unlink(watch->log);
    ss_log(file->log, SS_LOG_WARN, 304,
           "the log %s of the queue was deleted or replaced while it was in use: the queue was "
           "written to its file, nothing is lost; leave these files alone while httpd runs",
           watch->log);
    return 1;
}

/* The new file gets the name only if nothing else has it meanwhile. */
static int renew_file(ss_store_file_t *file)
{
    const ss_file_watch_t *watch = &file->watch;
    const char *fresh = apr_pstrcat(file->db->scratch, watch->path, ".new", NULL);
    char path[PATH_MAX];

    apr_cpystrn(path, fresh, sizeof(path));
    int error = save_as(file, path);
    if (!error) {
        /* SQLite would add the old log to the new file. */
        unlink(watch->log);
        unlink(watch->index);
        error = link(path, watch->path) ? errno : 0;
        unlink(path);
        if (!error) error = sync_folder(watch->path);
    }
    if (error) {
        ss_result_set(&file->adrift, "queue", "", NULL,
                      "the file %s was deleted, and what the daemon still holds of it cannot be "
                      "written there again: %s",
                      watch->path, error < 0 ? file->db->result.text : strerror(error));
        return 0;
    }
    drop_connection(file);
    ss_lock_release(file->lock);
    ss_log(file->log, SS_LOG_WARN, 305,
           "the queue's file %s was deleted while it was in use: it was written again, nothing is "
           "lost; stop httpd before you delete a queue",
           watch->path);
    return 1;
}

/* What the former file holds, beside the new one; or in that file, where it still has a name. */
static int save_replaced(ss_store_file_t *file)
{
    const char *path = file->watch.path;
    char place[PATH_MAX];
    apr_time_exp_t t;

    if (ss_file_watch_place(file->watch.fd, place, sizeof(place))) {
        file->saved = apr_pstrdup(file->pool, place);
        return empty_log(file) ? 0 : EBUSY;
    }
    if (!file->saved) {
        apr_time_exp_gmt(&t, ss_wall_now());
        file->saved =
            apr_psprintf(file->pool, "%s.rescued-%04d%02d%02d-%02d%02d%02d", path, t.tm_year + 1900,
                         t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
    }
    const char *fresh = apr_pstrcat(file->pool, path, ".new", NULL);
    int error = save_as(file, fresh);
    return error ? error : rename(fresh, file->saved) != 0 ? errno : sync_folder(file->saved);
}

/* Another file: the daemon starts again with it, for memory knows other messages. */
static void give_up_replaced(ss_store_file_t *file, const ss_file_places_t *now)
{
    const ss_file_watch_t *watch = &file->watch;
    int error = save_replaced(file);

    if (error) {
        ss_result_set(
            &file->adrift, "queue", "", NULL,
            "the file %s was replaced by another one while it was in use, and what it held "
            "cannot be saved in %s: %s",
            watch->path, file->saved, error < 0 ? file->db->result.text : strerror(error));
        return;
    }
    /* SQLite would add the old log to the other file. */
    if (ss_file_watch_same(&now->log, &watch->opened.log)) unlink(watch->log);
    if (ss_file_watch_same(&now->index, &watch->opened.index)) unlink(watch->index);
    ss_log(
        file->log, SS_LOG_ERROR, 306,
        "the queue's file %s was replaced by another one while it was in use: the delivery daemon "
        "starts again with that; what the former one held is in %s: to send its mail, stop httpd "
        "and put it in the place of %s, or give it to another httpd (SMTPSendQueue) and move its "
        "mail with smtp-send export and import",
        watch->path, file->saved, watch->path);
    file->is_replaced = 1;
    ss_result_set(
        &file->adrift, "queue", "", NULL,
        "the file %s was replaced by another one: the delivery daemon starts again with it",
        watch->path);
}

static void wait_for_file(ss_store_file_t *file)
{
    char place[PATH_MAX];
    const char *now = ss_file_watch_place(file->watch.fd, place, sizeof(place));

    if (file->fate != SS_FILE_MOVED) empty_log(file);
    ss_result_set(&file->adrift, "queue", "", NULL,
                  "the file %s is not in its place any more%s%s (it was moved, or its folder was "
                  "renamed or unmounted): put it back, or restart httpd to begin a new queue",
                  file->watch.path, now ? ": it is now " : "", now ? now : "");
}

/* ---- for the batch ---- */

static void watch_log(ss_store_file_t *file, const ss_file_places_t *now)
{
    int grown = ss_file_watch_grown(now->log.size, &file->log_said);

    if (grown > 0) {
        pid_t user = ss_file_watch_user(file->watch.fd);
        ss_log(file->log, SS_LOG_WARN, 307,
               "the log %s of the queue has grown to %d MB, because a process that reads the queue "
               "keeps it from being emptied: end %s%s",
               file->watch.log, (int)(now->log.size >> 20),
               user ? "process " : "those that \"fuser -v\" lists for ",
               user ? apr_itoa(file->db->scratch, (int)user) : file->watch.path);
    } else if (grown < 0) {
        ss_log(file->log, SS_LOG_NOTICE, 308, "the log %s of the queue is small again",
               file->watch.log);
    }
}

int ss_store_file_look(ss_store_file_t *file, apr_uint64_t commits)
{
    ss_file_places_t now;
    ss_file_fate_t fate;
    int is_well = 0;

    if (file->is_replaced || !file->watch.is_on) return !file->is_replaced;
    fate = ss_file_watch_look(&file->watch, &now);
    ss_result_clear(&file->adrift);
    switch (fate) {
    case SS_FILE_WELL:
        is_well = 1;
        watch_log(file, &now);
        break;
    case SS_FILE_LOG_GONE: is_well = renew_log(file, &now); break;
    case SS_FILE_DELETED: is_well = renew_file(file); break;
    case SS_FILE_MOVED: wait_for_file(file); break;
    case SS_FILE_REPLACED:
        file->saved_commits = commits;
        give_up_replaced(file, &now);
        break;
    }
    file->fate = is_well ? SS_FILE_WELL : fate;
    file->look_at = ss_mono_add(ss_mono_now(), LOOK_EVERY);
    return is_well;
}

void ss_store_file_end(ss_store_file_t *file, apr_uint64_t commits)
{
    if (file->db && file->db->handle) {
        if (!file->is_replaced)
            ss_store_file_look(file, commits);
        else if (commits != file->saved_commits)
            save_replaced(file);
    }
    if (file->watch.events >= 0) close(file->watch.events);
}
