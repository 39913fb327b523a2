#include "record/event_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define PIECE (64 * 1024) /* bytes of one write, cut at a line's end */
/* a write that failed is tried again after */
#define AGAIN APR_USEC_PER_SEC
/* a pipe that takes nothing for so long has a reader that hangs */
#define SLOW (5 * APR_USEC_PER_SEC)
#define LOG_EVERY (60 * APR_USEC_PER_SEC)
/* between two looks at a file's name */
#define LOOK_EVERY APR_USEC_PER_SEC

struct ss_event_writer_t {
    ss_event_writer_options_t options;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    /* below: with the mutex */
    ss_buf_t waiting;
    apr_size_t writing;         /* bytes that the thread has taken */
    apr_uint64_t dropped, said; /* lines lost; of them those that the log has counted */
    ss_mono_t dropped_logged;
    ss_mono_t until; /* of the stop; not set: it runs */
    int is_over;     /* the thread has ended */
    /* below: the thread's */
    int fd;
    ss_mono_t looked, progress, logged;
    int is_failing, is_stuck_to_old; /* the log says so */
};

/* ---- the loop's side ---- */

static void log_dropped(ss_event_writer_t *w, ss_mono_t now)
{
    if (ss_mono_is_set(w->dropped_logged) && ss_mono_since(now, w->dropped_logged) < LOG_EVERY)
        return;
    ss_log(
        w->options.log, SS_LOG_WARN, 239,
        "SMTPSendEventLog %s: %lu events are lost, since it takes none and %lu KiB wait already; "
        "mail is not affected",
        w->options.name, (unsigned long)(w->dropped - w->said),
        (unsigned long)(w->options.most / 1024));
    w->said = w->dropped;
    w->dropped_logged = now;
}

int ss_event_writer_put(ss_event_writer_t *w, const char *line, apr_size_t len)
{
    int is_taken;

    pthread_mutex_lock(&w->mutex);
    is_taken = w->waiting.len + w->writing + len <= w->options.most &&
               ss_buf_append(&w->waiting, line, len) == APR_SUCCESS;
    if (is_taken) {
        pthread_cond_signal(&w->changed);
    } else {
        w->dropped++;
        log_dropped(w, ss_mono_now());
    }
    pthread_mutex_unlock(&w->mutex);
    return is_taken;
}

apr_uint64_t ss_event_writer_dropped(ss_event_writer_t *w)
{
    apr_uint64_t dropped;

    pthread_mutex_lock(&w->mutex);
    dropped = w->dropped;
    pthread_mutex_unlock(&w->mutex);
    return dropped;
}

/* ---- the thread's side: what is wrong ---- */

static void log_failure(ss_event_writer_t *w, const char *what, ss_mono_t now)
{
    if (w->is_failing && ss_mono_since(now, w->logged) < LOG_EVERY) return;
    ss_log(w->options.log, SS_LOG_WARN, 237,
           "SMTPSendEventLog %s cannot be written: %s; events wait in memory, and further ones are "
           "lost once %lu KiB wait; mail is not affected",
           w->options.name, what, (unsigned long)(w->options.most / 1024));
    w->is_failing = 1;
    w->logged = now;
}

static void log_works(ss_event_writer_t *w)
{
    if (w->is_failing)
        ss_log(w->options.log, SS_LOG_NOTICE, 238, "SMTPSendEventLog %s can be written again",
               w->options.name);
    w->is_failing = 0;
}

static int is_late(ss_event_writer_t *w, ss_mono_t now)
{
    int is_late;

    pthread_mutex_lock(&w->mutex);
    is_late = ss_mono_is_set(w->until) && ss_mono_reached(w->until, now);
    pthread_mutex_unlock(&w->mutex);
    return is_late;
}

static struct timespec deadline(apr_interval_time_t wait)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)(wait / APR_USEC_PER_SEC);
    t.tv_nsec += (long)(wait % APR_USEC_PER_SEC) * 1000;
    if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
    return t;
}

/* Waits a while; at a stop only a moment, so that its time is used. */
static void rest(ss_event_writer_t *w)
{
    struct timespec until = deadline(AGAIN);
    int code = 0;

    pthread_mutex_lock(&w->mutex);
    if (ss_mono_is_set(w->until)) until = deadline(AGAIN / 20);
    while (!code) {
        int was_stopped = ss_mono_is_set(w->until);
        code = pthread_cond_timedwait(&w->changed, &w->mutex, &until);
        if (!was_stopped && ss_mono_is_set(w->until)) break;
    }
    pthread_mutex_unlock(&w->mutex);
}

/* ---- the file ---- */

/* A logrotate that renames and makes a new file, without a restart, is followed; where this user
 * may not make one, the old file stays, as httpd's own logs do. 1: another file is open now. */
static int follow(ss_event_writer_t *w, ss_mono_t now)
{
    const char *path = w->options.path;
    struct stat own, named;

    if (!path ||
        (w->fd >= 0 && ss_mono_is_set(w->looked) && ss_mono_since(now, w->looked) < LOOK_EVERY))
        return 0;
    w->looked = now;
    if (w->fd >= 0 && !stat(path, &named) && !fstat(w->fd, &own) && own.st_ino == named.st_ino &&
        own.st_dev == named.st_dev) {
        w->is_stuck_to_old = 0;
        return 0;
    }
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    if (fd < 0) {
        if (w->fd >= 0 && !w->is_stuck_to_old)
            ss_log(
                w->options.log, SS_LOG_WARN, 241,
                "SMTPSendEventLog %s was renamed or deleted and cannot be made again: %s; events "
                "go to the old file until httpd is restarted gracefully",
                w->options.name, strerror(errno));
        w->is_stuck_to_old = w->fd >= 0;
        return 0;
    }
    if (w->fd >= 0) close(w->fd);
    w->fd = fd;
    w->is_stuck_to_old = 0;
    return 1;
}

/* What one write takes: whole lines, or the rest of one. */
static apr_size_t piece_of(const char *bytes, apr_size_t len)
{
    const char *end;

    if (len <= PIECE) return len;
    end = memrchr(bytes, '\n', PIECE);
    return end ? (apr_size_t)(end - bytes) + 1 : PIECE;
}

/* One try. How much was written; -1: errno. */
static ssize_t write_some(ss_event_writer_t *w, const char *bytes, apr_size_t len)
{
    struct pollfd ready = { .fd = w->fd, .events = POLLOUT };
    ssize_t written;

    if (w->fd < 0) {
        errno = ENOENT;
        return -1;
    }
    written = write(w->fd, bytes, piece_of(bytes, len));
    if (written >= 0 || (errno != EAGAIN && errno != EINTR)) return written;
    poll(&ready, 1, 100);
    return 0;
}

/* Writes all lines, for as long as it takes; a line that was begun in one file is written whole in
 * the next one. Returns how many bytes were left when its time was over. */
static apr_size_t write_all(ss_event_writer_t *w, const char *bytes, apr_size_t len)
{
    apr_size_t at = 0, line = 0; /* where the line that is under way begins */

    w->progress = ss_mono_now();
    while (at < len) {
        ss_mono_t now = ss_mono_now();
        if (is_late(w, now)) return len - line;
        if (follow(w, now)) at = line;
        ssize_t written = write_some(w, bytes + at, len - at);
        if (written < 0) {
            log_failure(w, strerror(errno), now);
            rest(w);
        } else if (written == 0) {
            if (ss_mono_since(now, w->progress) > SLOW)
                log_failure(w, "the program does not read its input", now);
        } else {
            const char *end = memrchr(bytes + at, '\n', (apr_size_t)written);
            if (end) line = (apr_size_t)(end - bytes) + 1;
            at += (apr_size_t)written;
            w->progress = now;
            log_works(w);
        }
    }
    return 0;
}

static int count_lines(const char *bytes, apr_size_t len)
{
    int count = 0;

    for (apr_size_t i = 0; i < len; i++) count += bytes[i] == '\n';
    return count;
}

static void *work(void *self)
{
    ss_event_writer_t *w = self;
    ss_buf_t taken;

    ss_buf_init(&taken, w->options.most);
    pthread_mutex_lock(&w->mutex);
    for (;;) {
        while (!w->waiting.len && !ss_mono_is_set(w->until))
            pthread_cond_wait(&w->changed, &w->mutex);
        if (!w->waiting.len) break;
        ss_buf_t empty = taken;
        taken = w->waiting;
        w->waiting = empty;
        w->writing = taken.len;
        pthread_mutex_unlock(&w->mutex);
        apr_size_t left = write_all(w, taken.data, taken.len);
        pthread_mutex_lock(&w->mutex);
        w->dropped += (apr_uint64_t)count_lines(taken.data + taken.len - left, left);
        w->writing = 0;
        ss_buf_free(&taken);
    }
    w->is_over = 1;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

/* ---- start and end ---- */

static void free_writer(ss_event_writer_t *w)
{
    if (w->fd >= 0) close(w->fd);
    pthread_mutex_destroy(&w->mutex);
    pthread_cond_destroy(&w->changed);
    ss_buf_free(&w->waiting);
    free(w);
}

ss_event_writer_t *ss_event_writer_start(const ss_event_writer_options_t *options)
{
    ss_event_writer_t *w = calloc(1, sizeof(*w));
    pthread_condattr_t attributes;

    if (!w) return NULL;
    w->options = *options;
    w->fd = options->fd;
    ss_buf_init(&w->waiting, options->most);
    pthread_mutex_init(&w->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (!pthread_create(&w->thread, NULL, work, w)) return w;
    w->fd = -1;
    free_writer(w);
    return NULL;
}

void ss_event_writer_stop(ss_event_writer_t *w, apr_interval_time_t most)
{
    /* A moment longer: the thread itself keeps the time, unless it hangs. */
    struct timespec until = deadline(most + APR_USEC_PER_SEC / 2);
    int is_over, code = 0;

    pthread_mutex_lock(&w->mutex);
    w->until = ss_mono_add(ss_mono_now(), most);
    pthread_cond_broadcast(&w->changed);
    while (!w->is_over && !code) code = pthread_cond_timedwait(&w->changed, &w->mutex, &until);
    is_over = w->is_over;
    if (!is_over) w->dropped += (apr_uint64_t)count_lines(w->waiting.data, w->waiting.len);
    w->dropped_logged = (ss_mono_t){ 0 };
    if (w->dropped > w->said || !is_over) log_dropped(w, ss_mono_now());
    pthread_mutex_unlock(&w->mutex);
    if (is_over) {
        pthread_join(w->thread, NULL);
        free_writer(w);
    } else {
        pthread_detach(w->thread);
    }
}
