#include "queue/file_watch.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file system without shared memory: SQLite keeps a journal instead, which comes and goes. Where
 * a log is missing less often, it was deleted in the moment of opening. */
#define WITHOUT_LOG 3

static ss_file_stat_t of_stat(int failed, const struct stat *s)
{
    if (failed) return (ss_file_stat_t){ .links = 0 };
    return (ss_file_stat_t){ s->st_dev, s->st_ino, (int)s->st_nlink, s->st_size };
}

static ss_file_stat_t look_at(const char *path)
{
    struct stat s;

    return of_stat(stat(path, &s), &s);
}

static void look(const ss_file_watch_t *watch, ss_file_places_t *now)
{
    struct stat s;

    now->own = of_stat(fstat(watch->fd, &s), &s);
    now->named = look_at(watch->path);
    now->log = look_at(watch->log);
    now->index = look_at(watch->index);
}

const char *ss_file_watch_folder(const char *path, char *buffer, apr_size_t size)
{
    const char *end = strrchr(path, '/');
    apr_size_t len = end && end != path ? (apr_size_t)(end - path) : 1;

    apr_cpystrn(buffer, end ? path : ".", len < size ? len + 1 : size);
    return buffer;
}

/* Not what is written, so that an idle daemon sleeps. */
static void listen_beside(int events, const char *path)
{
    char folder[PATH_MAX];

    inotify_add_watch(events, ss_file_watch_folder(path, folder, sizeof(folder)),
                      IN_DELETE | IN_DELETE_SELF | IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF);
}

void ss_file_watch_begin(ss_file_watch_t *watch, const char *path, int fd, apr_pool_t *pool)
{
    char real[PATH_MAX];

    if (fd < 0) return;
    if (!watch->path || strcmp(watch->path, path)) {
        const char *file = realpath(path, real) ? real : path;
        watch->path = apr_pstrdup(pool, path);
        watch->log = apr_pstrcat(pool, file, "-wal", NULL);
        watch->index = apr_pstrcat(pool, file, "-shm", NULL);
    }
    if (watch->events < 0) watch->events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    listen_beside(watch->events, watch->path);
    listen_beside(watch->events, watch->log);
    watch->fd = fd;
    look(watch, &watch->opened);
    watch->is_on = 1;
    watch->without_log = watch->opened.log.links ? 0 : watch->without_log + 1;
}

ss_file_fate_t ss_file_watch_look(const ss_file_watch_t *watch, ss_file_places_t *now)
{
    if (!watch->is_on) return SS_FILE_WELL;
    look(watch, now);
    return ss_file_watch_judge(&watch->opened, now, watch->without_log < WITHOUT_LOG);
}

const char *ss_file_watch_place(int fd, char *buffer, apr_size_t size)
{
    char link[40];
    struct stat s;
    ssize_t len;

    apr_snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, buffer, size - 1);
    if (len < 0) return NULL;
    buffer[len] = '\0';
    ss_file_stat_t there = look_at(buffer), own = of_stat(fstat(fd, &s), &s);
    return ss_file_watch_same(&there, &own) ? buffer : NULL;
}

/* SQLite holds a read lock on the file as long as it is open. */
pid_t ss_file_watch_user(int fd)
{
    struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000000 };

    return fcntl(fd, F_GETLK, &all) || all.l_type == F_UNLCK || all.l_pid < 0 ? 0 : all.l_pid;
}

/* ---- pure ---- */

int ss_file_watch_same(const ss_file_stat_t *a, const ss_file_stat_t *b)
{
    return a->links && b->links && a->device == b->device && a->inode == b->inode;
}

static int is_kept(const ss_file_stat_t *opened, const ss_file_stat_t *now, int has_log)
{
    return !has_log || ss_file_watch_same(opened, now);
}

ss_file_fate_t ss_file_watch_judge(const ss_file_places_t *opened, const ss_file_places_t *now,
                                   int has_log)
{
    if (ss_file_watch_same(&now->named, &opened->own))
        return is_kept(&opened->log, &now->log, has_log) &&
                       is_kept(&opened->index, &now->index, has_log)
                   ? SS_FILE_WELL
                   : SS_FILE_LOG_GONE;
    if (now->named.links) return SS_FILE_REPLACED;
    return now->own.links ? SS_FILE_MOVED : SS_FILE_DELETED;
}

int ss_file_watch_grown(apr_int64_t size, apr_int64_t *said)
{
    apr_int64_t from = *said ? *said * 2 : SS_FILE_WATCH_LOG_MAX;

    if (size >= from) {
        *said = size;
        return 1;
    }
    if (!*said || size > SS_FILE_WATCH_LOG_MAX / 2) return 0;
    *said = 0;
    return -1;
}
