#include "daemon/ownership.h"

#include <apr_strings.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/folder.h"
#include "daemon/process.h"

/* The former daemon settles for at most 10 s before it lets go of the queue. */
#define WAIT_MOST (20 * APR_USEC_PER_SEC)
#define LOOK_EVERY (50 * 1000)

static const char *const suffixes[] = { "", "-wal", "-shm", "-journal", ".lock" };
#define SUFFIXES ((int)(sizeof(suffixes) / sizeof(suffixes[0])))

typedef struct {
    const char *path, *base;
    int folder; /* opened */
    uid_t from;
    const ss_account_t *to;
    apr_pool_t *pool;
} handover_t;

/* What the name means in this moment, if it is a file of the former owner; -1. */
static int open_own(const handover_t *h, const char *name)
{
    struct stat info;
    int fd = openat(h->folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0 && (fstat(fd, &info) || !S_ISREG(info.st_mode) || info.st_nlink != 1 ||
                    info.st_uid != h->from)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static const char *name_of(const handover_t *h, int i)
{
    return apr_pstrcat(h->pool, h->base, suffixes[i], NULL);
}

static int give(const handover_t *h, int fd)
{
    return fchownat(fd, "", h->to->uid, h->to->gid, AT_EMPTY_PATH);
}

static int is_owned_by(int fd, uid_t uid)
{
    struct stat info;

    return !fstat(fd, &info) && info.st_uid == uid;
}

/* Whether the folder is the queue's alone: nothing but its files, and names of nodes. */
static int is_for_queue(const handover_t *h)
{
    int fd = openat(h->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), others = 0;
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    if (!dir) return 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        others += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
                  strncmp(entry->d_name, h->base, strlen(h->base)) &&
                  strncmp(entry->d_name, "node-", 5);
    closedir(dir);
    return !others;
}

/* Holds the lock of the former daemon's queue, so that it is not in use; *lock -1: it has no lock.
 */
static const char *take_lock(const handover_t *h, int lifeline, int *lock)
{
    *lock =
        openat(h->folder, name_of(h, SUFFIXES - 1), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    for (apr_interval_time_t waited = 0; *lock >= 0 && flock(*lock, LOCK_EX | LOCK_NB);
         waited += LOOK_EVERY) {
        if (errno != EINTR && errno != EWOULDBLOCK) return strerror(errno);
        if (waited >= WAIT_MOST) return "another process still uses it";
        if (ss_process_wait(lifeline, LOOK_EVERY)) return "httpd ends the delivery daemon";
    }
    return NULL;
}

static int has_files(const handover_t *h)
{
    int count = 0;

    for (int i = 0; i < SUFFIXES; i++) {
        int fd = open_own(h, name_of(h, i));
        count += fd >= 0;
        if (fd >= 0) close(fd);
    }
    return count > 0;
}

/* The folder first: the former owner puts nothing more into it. */
static const char *give_all(const handover_t *h, int with_folder)
{
    if (with_folder && give(h, h->folder)) return strerror(errno);
    for (int i = 0; i < SUFFIXES; i++) {
        int fd = open_own(h, name_of(h, i));
        int failed = fd >= 0 && give(h, fd), error = errno;
        if (fd >= 0) close(fd);
        if (failed) return strerror(error);
    }
    return NULL;
}

static const char *hand_over(const handover_t *h, int lifeline, const ss_log_t *log)
{
    int with_folder = is_owned_by(h->folder, h->from), lock = -1;
    const char *name = h->to->name ? h->to->name : apr_psprintf(h->pool, "%u", h->to->uid);

    if (!with_folder && !has_files(h)) return NULL;
    if (with_folder && !is_for_queue(h))
        return apr_psprintf(h->pool,
                            "its folder holds other files: run as root: cd \"%.*s\" && chown %s . "
                            "%s*",
                            (int)(h->base - h->path), h->path, name, h->base);
    const char *bad = take_lock(h, lifeline, &lock);
    if (!bad) bad = give_all(h, with_folder);
    if (lock >= 0) close(lock);
    if (!bad)
        ss_log(log, SS_LOG_NOTICE, 275, "%s belongs to user %s now (SMTPSendUser)", h->path, name);
    return bad;
}

/* 1: there may be something to give; h->folder is open then. */
static int look(handover_t *h, const ss_settings_globals_t *globals)
{
    h->path = strcmp(globals->queue_driver, "sqlite3") ? globals->node_file : globals->queue_params;
    /* SQLite's database in memory has no file. */
    if (h->from == h->to->uid || !h->from || h->from == (uid_t)-1 || *h->path == ':') return 0;
    h->folder = ss_folder_open(h->path, &h->base);
    return h->folder >= 0;
}

int ss_ownership_is_due(const ss_settings_globals_t *globals, uid_t from, const ss_account_t *to,
                        apr_pool_t *pool)
{
    handover_t h = { .from = from, .to = to, .pool = pool };

    if (!look(&h, globals)) return 0;
    int is_due = is_owned_by(h.folder, from) || has_files(&h);
    close(h.folder);
    return is_due;
}

const char *ss_ownership_give(const ss_settings_globals_t *globals, uid_t from,
                              const ss_account_t *to, int lifeline, const ss_log_t *log,
                              apr_pool_t *pool)
{
    handover_t h = { .from = from, .to = to, .pool = pool };

    if (!look(&h, globals)) return NULL;
    const char *bad = hand_over(&h, lifeline, log);
    close(h.folder);
    return bad ? apr_psprintf(pool, "%s cannot become SMTPSendUser's: %s", h.path, bad) : NULL;
}
