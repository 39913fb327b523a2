#include "config/secret.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "config/environment.h"

#define EXEC_ARGS_MAX 64
/* milliseconds between looks at a program that closed its output and still runs */
#define LONGEST_FIRST_WAIT 50

struct ss_secret_t {
    ss_secret_kind_t kind;
    char *source;
    char *bytes; /* SS_SECRET_MAX + 1 of them, mapped: locked, kept out of core dumps */
    apr_size_t len;
    int is_ready;
    struct timespec changed; /* FILE: when it was last changed, as read */
    off_t size;
    ino_t inode;
};

ss_secret_t *ss_secret_create(const ss_secret_source_t *source)
{
    ss_secret_t *s = calloc(1, sizeof(*s));

    if (!s) abort();
    s->kind = source ? source->kind : SS_SECRET_NONE;
    s->source = source && source->source ? strdup(source->source) : NULL;
    if (s->kind == SS_SECRET_NONE) return s;
    s->bytes =
        mmap(NULL, SS_SECRET_MAX + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s->bytes == MAP_FAILED) abort();
    /* Neither is promised to unprivileged processes; both are only more care. */
    mlock(s->bytes, 4096);
    madvise(s->bytes, SS_SECRET_MAX + 1, MADV_DONTDUMP);
    return s;
}

static void forget(ss_secret_t *s)
{
    if (s->bytes) explicit_bzero(s->bytes, SS_SECRET_MAX + 1);
    s->len = 0;
    s->is_ready = 0;
}

/* One line end at the end is cut off: files and programs end with one, secrets do not. */
static void take(ss_secret_t *s, const char *bytes, apr_size_t len)
{
    forget(s);
    if (len && bytes[len - 1] == '\n') len--;
    if (len && bytes[len - 1] == '\r') len--;
    memcpy(s->bytes, bytes, len);
    s->bytes[len] = '\0';
    s->len = len;
    s->is_ready = 1;
}

void ss_secret_give(ss_secret_t *s, const char *bytes, apr_size_t len)
{
    if (s->bytes && len <= SS_SECRET_MAX) take(s, bytes, len);
}

#define UNREADABLE "config", "", "auth-secret-unreadable" /* step, code and advice of a result */

static apr_status_t take_text(ss_secret_t *s, const char *text, const char *what,
                              ss_result_t *result)
{
    if (!text) {
        ss_result_set(result, UNREADABLE, "the environment has no %s", what);
        return APR_NOTFOUND;
    }
    if (strlen(text) > SS_SECRET_MAX) {
        ss_result_set(result, UNREADABLE, "%s holds more than %d bytes", what, SS_SECRET_MAX);
        return APR_ENOSPC;
    }
    take(s, text, strlen(text));
    return APR_SUCCESS;
}

/* Reads to the end, at most SS_SECRET_MAX bytes; 0, or an errno (ETIMEDOUT, EFBIG). A file has no
 * deadline. */
static int read_until(int fd, char *into, apr_size_t *len, ss_mono_t deadline)
{
    for (;;) {
        if (ss_mono_is_set(deadline)) {
            struct pollfd p = { .fd = fd, .events = POLLIN };
            apr_interval_time_t left = ss_mono_since(deadline, ss_mono_now());
            if (left <= 0) return ETIMEDOUT;
            int ready = poll(&p, 1, (int)(left / 1000) + 1);
            if (ready < 0 && errno != EINTR) return errno;
            if (ready <= 0) continue;
        }
        ssize_t got = read(fd, into + *len, SS_SECRET_MAX + 1 - *len);
        if (got < 0 && errno != EINTR) return errno;
        if (got == 0) return 0;
        if (got > 0) *len += (apr_size_t)got;
        if (*len > SS_SECRET_MAX) return EFBIG;
    }
}

static apr_status_t read_file(ss_secret_t *s, ss_result_t *result)
{
    struct stat info;
    apr_size_t len = 0;
    int fd = open(s->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error = fd < 0 ? errno : 0;

    if (fd >= 0) {
        char *fresh = calloc(1, SS_SECRET_MAX + 1);
        if (!fresh || fstat(fd, &info))
            error = errno;
        else
            error = read_until(fd, fresh, &len, (ss_mono_t){ 0 });
        if (!error) {
            take(s, fresh, len);
            s->changed = info.st_mtim;
            s->size = info.st_size;
            s->inode = info.st_ino;
        }
        if (fresh) explicit_bzero(fresh, SS_SECRET_MAX + 1);
        free(fresh);
        close(fd);
    }
    if (ss_descriptors_are_short(error))
        ss_descriptors_explain(result, "config", s->source, error);
    else if (error)
        ss_result_set(result, UNREADABLE, "%s: %s", s->source,
                      error == EFBIG ? "larger than 64 KiB" : strerror(error));
    return error;
}

apr_status_t ss_secret_load(ss_secret_t *s, ss_result_t *result)
{
    switch (s->kind) {
    case SS_SECRET_TEXT: return take_text(s, s->source, "SMTPSendPassword", result);
    case SS_SECRET_ENV: return take_text(s, ss_environment_get(s->source), s->source, result);
    case SS_SECRET_FILE: return read_file(s, result);
    case SS_SECRET_NONE:
    case SS_SECRET_EXEC: break;
    }
    return APR_SUCCESS;
}

int ss_secret_is_ready(const ss_secret_t *s)
{
    return s && s->is_ready;
}

int ss_secret_can_reload(const ss_secret_t *s, int was_rejected)
{
    struct stat info;

    if (!s) return 0;
    if (s->kind == SS_SECRET_EXEC) return was_rejected || !s->is_ready;
    if (s->kind != SS_SECRET_FILE) return 0;
    if (!s->is_ready) return 1;
    return stat(s->source, &info) == 0 && (info.st_mtim.tv_sec != s->changed.tv_sec ||
                                           info.st_mtim.tv_nsec != s->changed.tv_nsec ||
                                           info.st_size != s->size || info.st_ino != s->inode);
}

/* ---- exec: ---- */

static void run_child(char *const *argv, int out)
{
    int null = open("/dev/null", O_RDWR);

    setpgid(0, 0);
    if (null >= 0) {
        dup2(null, 0);
        dup2(null, 2);
    }
    dup2(out, 1);
    for (int fd = 3; fd < 1024; fd++) close(fd);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    execv(argv[0], argv);
    _exit(127);
}

/* The program's end, at the deadline by force. */
static int reap(pid_t pid, ss_mono_t deadline)
{
    int status = 0;

    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (ss_mono_reached(deadline, ss_mono_now())) {
            kill(-pid, SIGKILL);
            waitpid(pid, &status, 0);
            break;
        }
        poll(NULL, 0, LONGEST_FIRST_WAIT);
    }
    return status;
}

static apr_status_t run(ss_secret_t *s, apr_interval_time_t limit, ss_result_t *result)
{
    char *words = strdup(s->source), *state = NULL, *argv[EXEC_ARGS_MAX + 1];
    char *fresh = calloc(1, SS_SECRET_MAX + 2);
    ss_mono_t deadline = ss_mono_add(ss_mono_now(), limit);
    apr_size_t len = 0;
    int argc = 0, out[2] = { -1, -1 }, error = 0, status = 0;

    if (!words || !fresh) abort();
    for (char *word = apr_strtok(words, "\n", &state); word && argc < EXEC_ARGS_MAX;
         word = apr_strtok(NULL, "\n", &state))
        argv[argc++] = word;
    argv[argc] = NULL;
    pid_t pid = pipe2(out, O_CLOEXEC) ? -1 : fork();
    if (pid == 0) run_child(argv, out[1]);
    if (pid < 0) {
        /* No process left passes, as no descriptor does. */
        error = errno == EAGAIN ? ENOMEM : errno;
    } else {
        close(out[1]);
        out[1] = -1;
        error = read_until(out[0], fresh, &len, deadline);
        if (error) kill(-pid, SIGKILL);
        status = reap(pid, deadline);
    }
    for (int i = 0; i < 2; i++)
        if (out[i] >= 0) close(out[i]);
    if (pid < 0)
        ss_descriptors_explain(result, "config", argv[0], error);
    else if (error == ETIMEDOUT)
        ss_result_set(result, UNREADABLE, "%s returned no secret within %d s and was killed",
                      argv[0], (int)apr_time_sec(limit));
    else if (error)
        ss_result_set(result, UNREADABLE, "%s: %s", argv[0], strerror(error));
    else if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && !len)
        ss_result_set(result, UNREADABLE, "%s cannot be run", argv[0]);
    else if (!WIFEXITED(status) || WEXITSTATUS(status))
        ss_result_set(result, UNREADABLE, "%s ended with status %d", argv[0],
                      WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    else if (!len)
        ss_result_set(result, UNREADABLE, "%s printed nothing", argv[0]);
    else
        take(s, fresh, len);
    explicit_bzero(fresh, SS_SECRET_MAX + 2);
    free(fresh);
    free(words);
    return ss_result_is_set(result) ? APR_EGENERAL : APR_SUCCESS;
}

apr_status_t ss_secret_reload(ss_secret_t *s, apr_interval_time_t deadline, ss_result_t *result)
{
    ss_result_clear(result);
    if (s->kind == SS_SECRET_EXEC) return run(s, deadline, result);
    return ss_secret_load(s, result);
}

const char *ss_secret_bytes(const ss_secret_t *s, apr_size_t *len)
{
    *len = s && s->is_ready ? s->len : 0;
    return s && s->is_ready ? s->bytes : "";
}

char *ss_secret_written(ss_secret_t *s)
{
    return s->kind == SS_SECRET_TEXT ? s->source : NULL;
}

void ss_secret_wipe(ss_secret_t *s)
{
    if (!s) return;
    forget(s);
    if (s->kind == SS_SECRET_TEXT && s->source) explicit_bzero(s->source, strlen(s->source));
}

void ss_secret_destroy(ss_secret_t *s)
{
    if (!s) return;
    ss_secret_wipe(s);
    if (s->bytes) munmap(s->bytes, SS_SECRET_MAX + 1);
    free(s->source);
    free(s);
}
