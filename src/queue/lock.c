#include "queue/lock.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

/* milliseconds: a lock's release can only be polled */
#define LOOK_EVERY 10

static apr_status_t explain_error(const char *path, const char *file, int error,
                                  ss_result_t *result)
{
    const char *end = strrchr(path, '/');
    int len = end && end != path ? (int)(end - path) : 1;
    const char *folder = end ? path : ".";

    if (error == ENOENT)
        ss_result_set(result, "queue", "ENOENT", NULL,
                      "the folder %.*s of the queue does not exist: create it; it must belong to "
                      "the user that httpd runs as",
                      len, folder);
    else if (error == EACCES || error == EPERM)
        ss_result_set(result, "queue", "EACCES", NULL,
                      "the folder %.*s of the queue is not writable: it must belong to the user "
                      "that httpd runs as",
                      len, folder);
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

apr_status_t ss_lock_take(int *fd, const char *path, apr_interval_time_t wait, ss_result_t *result)
{
    char file[4200];
    ss_mono_t until = ss_mono_add(ss_mono_now(), wait);

    apr_snprintf(file, sizeof(file), "%s.lock", path);
    *fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0) return explain_error(path, file, errno, result);
    while (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        int error = errno;
        if (error == EINTR) continue;
        if (error == EWOULDBLOCK && ss_mono_before(ss_mono_now(), until)) {
            poll(NULL, 0, LOOK_EVERY);
            continue;
        }
        close(*fd);
        *fd = -1;
        if (error != EWOULDBLOCK) return explain_error(path, file, error, result);
        ss_result_set(result, "queue", "EBUSY", NULL,
                      "the queue %s is used by another delivery daemon: give each httpd its own "
                      "queue (SMTPSendQueue)",
                      path);
        return APR_EBUSY;
    }
    return APR_SUCCESS;
}
