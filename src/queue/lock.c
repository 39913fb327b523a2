#include "queue/lock.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

/* milliseconds: a lock's release can only be polled */
#define LOOK_EVERY 10

static const char *user_name(char *name, apr_size_t size)
{
    struct passwd entry, *found = NULL;
    char buffer[1024];

    if (getpwuid_r(geteuid(), &entry, buffer, sizeof(buffer), &found) || !found)
        apr_snprintf(name, size, "%u", (unsigned)geteuid());
    else
        apr_cpystrn(name, found->pw_name, size);
    return name;
}

static apr_status_t explain_error(const char *path, const char *file, int error,
                                  ss_result_t *result)
{
    const char *end = strrchr(path, '/');
    int len = end && end != path ? (int)(end - path) : 1;
    const char *folder = end ? path : ".";
    char name[64];

    if (error == ENOENT)
        ss_result_set(result, "queue", "ENOENT", NULL,
                      "the folder %.*s of the queue does not exist: create it; it must belong to "
                      "user %s, whom the delivery daemon runs as",
                      len, folder, user_name(name, sizeof(name)));
    else if (error == EACCES || error == EPERM)
        ss_result_set(result, "queue", "EACCES", NULL,
                      "the folder of the queue is not writable for user %s, whom the delivery "
                      "daemon runs as (SMTPSendUser, else httpd's User): run as root: cd \"%.*s\" "
                      "&& chown %s . %s*",
                      user_name(name, sizeof(name)), len, folder, name, end ? end + 1 : path);
    else if (error == EROFS)
        ss_result_set(result, "queue", "EROFS", NULL,
                      "the disk that holds %.*s is mounted read-only", len, folder);
    else if (error == ENOSPC)
        ss_result_set(result, "queue", "ENOSPC", NULL, "the disk that holds %.*s is full", len,
                      folder);
    else
        ss_result_set(result, "queue", "", NULL, "%s cannot be opened: %s", file, strerror(error));
    return error;
}

/* The byte of a queue file that its daemon locks: before those that SQLite locks. Not flock, which
 * on NFS would lock all of them. */
#define LOCK_BYTE 0x3fffffff

static int lock_name(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) ? errno : 0;
}

/* Of the open file, not of the process: it does not end with another descriptor. */
static int lock_file(int fd)
{
    struct flock byte = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_BYTE, .l_len = 1
    };

    /* A system without such locks: the name alone must do. */
    return fcntl(fd, F_OFD_SETLK, &byte) && errno != EINVAL && errno != ENOLCK ? errno : 0;
}

/* Locks fd; waits until then. Returns errno's value; EBUSY: it is still held. */
static int lock_until(int fd, int (*lock)(int fd), ss_mono_t until)
{
    for (;;) {
        int error = lock(fd);
        if (error == EINTR) continue;
        if (error != EWOULDBLOCK && error != EACCES) return error;
        if (!ss_mono_before(ss_mono_now(), until)) return EBUSY;
        poll(NULL, 0, LOOK_EVERY);
    }
}

/* Who holds the lock is in its file, for people. */
static void write_holder(int fd)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

    /* Where the disk is full nobody is named. */
    if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)len, 0) < 0) return;
}

static apr_status_t refuse(int error, const char *path, const char *file, ss_result_t *result)
{
    if (error != EBUSY) return explain_error(path, file, error, result);
    /* The queue itself names nobody. */
    FILE *holder = file == path ? NULL : fopen(file, "re");
    char pid[32] = "unknown";

    if (holder && fscanf(holder, "%31[0-9]", pid) < 1) apr_cpystrn(pid, "unknown", sizeof(pid));
    if (holder) fclose(holder);
    ss_result_set(result, "queue", "EBUSY", NULL,
                  "the queue %s is used by another delivery daemon (pid %s): one that was stopped "
                  "or replaced ends when the results of what it sent are stored; give each httpd "
                  "its own queue (SMTPSendQueue)",
                  path, pid);
    return APR_EBUSY;
}

/* real: the path without symlinks, where it is known. */
static apr_status_t take_name(int *fd, const char *path, const char *real, ss_mono_t until,
                              ss_result_t *result)
{
    char file[4200];

    apr_snprintf(file, sizeof(file), "%s.lock", real);
    *fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0) return explain_error(path, file, errno, result);
    int error = lock_until(*fd, lock_name, until);
    if (!error) {
        write_holder(*fd);
        return APR_SUCCESS;
    }
    close(*fd);
    *fd = -1;
    return refuse(error, path, file, result);
}

apr_status_t ss_lock_take(int *fd, const char *path, apr_interval_time_t wait, ss_result_t *result)
{
    return take_name(fd, path, path, ss_mono_add(ss_mono_now(), wait), result);
}

/* Only the daemon's user reads mail. Queues that older modules made could be read by everybody; a
 * file of another user stays as it is. */
static void hide(int fd)
{
    struct stat info;

    if (!fstat(fd, &info) && S_ISREG(info.st_mode) && info.st_mode & 077) fchmod(fd, 0600);
}

/* SQLite makes these with the mode of the queue's file. */
static void hide_beside(const char *path)
{
    static const char *const suffixes[] = { "-wal", "-shm", "-journal" };
    char name[PATH_MAX + 16];

    for (apr_size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        apr_snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
        int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0) continue;
        hide(fd);
        close(fd);
    }
}

apr_status_t ss_lock_take_file(ss_lock_t *lock, const char *path, apr_interval_time_t wait,
                               ss_result_t *result)
{
    ss_mono_t until = ss_mono_add(ss_mono_now(), wait);
    char real[PATH_MAX];

    *lock = SS_LOCK_NONE;
    /* SQLite's database in memory has no file. */
    if (*path != ':') lock->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    apr_status_t rv = take_name(
        &lock->name, path, lock->file >= 0 && realpath(path, real) ? real : path, until, result);
    int error = rv == APR_SUCCESS && lock->file >= 0 ? lock_until(lock->file, lock_file, until) : 0;
    if (error) rv = refuse(error, path, path, result);
    if (rv == APR_SUCCESS && lock->file >= 0) {
        hide(lock->file);
        hide_beside(realpath(path, real) ? real : path);
    }
    if (rv != APR_SUCCESS) ss_lock_release(lock);
    return rv;
}

void ss_lock_release(ss_lock_t *lock)
{
    if (lock->file >= 0) close(lock->file);
    if (lock->name >= 0) close(lock->name);
    *lock = SS_LOCK_NONE;
}
