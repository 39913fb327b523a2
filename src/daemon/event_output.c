#include "daemon/event_output.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "daemon/error_log.h"

#define MODE 0640 /* of a new file: it has mail addresses */
/* between two starts of a program that ends */
#define AGAIN_FIRST APR_USEC_PER_SEC
#define AGAIN_MOST (30 * APR_USEC_PER_SEC)
/* a program that ran for so long did not fail at its start */
#define CALM (10 * APR_USEC_PER_SEC)
/* for its last lines, once the daemon has ended */
#define LAST_WAIT (10 * APR_USEC_PER_SEC)

const char *ss_event_output_path(const ss_settings_globals_t *globals)
{
    const char *event_log = globals->event_log;

    return event_log && *event_log != '|' ? event_log : NULL;
}

/* ---- the file ---- */

static int open_file(const char *path)
{
    /* Not blocking: a FIFO without a reader. */
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, MODE);
}

/* In a folder that own may write, own could make the name mean another file: root opens none there
 * that own may not open. -1 and errno. */
static int open_as(const char *path, const ss_account_t *own)
{
    int fd, error;

    if (geteuid() != 0) return open_file(path);
    if (setegid(own->gid) || seteuid(own->uid)) return -1;
    fd = open_file(path);
    error = errno;
    if (seteuid(0) || setegid(0)) return -1;
    if (fd >= 0 || error != EACCES) {
        errno = error;
        return fd;
    }
    return open_file(path);
}

/* ---- the program ---- */

static int start_keeper(const char *program)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC)) return -1;
    pid = fork();
    if (pid == 0) {
        /* A program of its own: nothing of the daemon's, no secret and no socket, is in it. */
        dup2(ends[0], STDIN_FILENO);
        execl("/proc/self/exe", "smtp-sendd", SS_EVENT_OUTPUT_KEEP, program, (char *)NULL);
        _exit(1);
    }
    close(ends[0]);
    if (pid < 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK)) {
        close(ends[1]);
        return -1;
    }
    return ends[1];
}

int ss_event_output_open(const ss_settings_globals_t *globals, const ss_account_t *own,
                         const ss_log_t *log)
{
    const char *event_log = globals->event_log;
    int fd;

    if (!event_log) return -1;
    fd = *event_log == '|' ? start_keeper(event_log) : open_as(event_log, own);
    if (fd < 0)
        ss_log(
            log, SS_LOG_ERROR, 243,
            "SMTPSendEventLog %s cannot be opened: %s; events are lost until it can, mail is not "
            "affected",
            event_log, strerror(errno));
    return fd;
}

/* ---- the keeper ---- */

/* "|program arguments", "||program arguments", "|$shell command", as httpd has it. */
static char **arguments_of(const char *program, apr_pool_t *pool)
{
    const char *text = program + strspn(program, "| ");
    char **argv = NULL;

    if (*text == '$') {
        argv = apr_pcalloc(pool, sizeof(*argv) * 4);
        argv[0] = "/bin/sh";
        argv[1] = "-c";
        argv[2] = apr_pstrdup(pool, text + 1);
        return argv;
    }
    return apr_tokenize_to_argv(text, &argv, pool) == APR_SUCCESS && *argv ? argv : NULL;
}

static pid_t start_program(char **argv, const ss_log_t *log)
{
    pid_t pid = fork();
    sigset_t none;

    if (pid) return pid;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execv(argv[0], argv);
    ss_log(log, SS_LOG_ERROR, 244, "SMTPSendEventLog |%s cannot be started: %s", argv[0],
           strerror(errno));
    _exit(127);
}

/* Waits for a child to end or, unless it has already, for the daemon; at most so long (-1: any
 * time). Returns whether the daemon has ended. */
static int wait_for(int is_alone, apr_interval_time_t most)
{
    struct pollfd input = { .fd = STDIN_FILENO };
    struct timespec time = { (time_t)(most / APR_USEC_PER_SEC),
                             (long)(most % APR_USEC_PER_SEC) * 1000 };
    sigset_t none;

    sigemptyset(&none);
    int found = ppoll(&input, is_alone ? 0 : 1, most < 0 ? NULL : &time, &none);
    return is_alone || (found > 0 && (input.revents & (POLLHUP | POLLERR | POLLNVAL)));
}

static int has_lines(void)
{
    int bytes = 0;

    return ioctl(STDIN_FILENO, FIONREAD, &bytes) == 0 && bytes > 0;
}

static void on_child(int number)
{
    (void)number;
}

/* What is for the daemon is not for the program, which ends when its input does. */
static void set_signals(void)
{
    static const int ignored[] = { SIGHUP, SIGUSR1, SIGINT, SIGTERM, SIGPIPE, SIGWINCH };
    struct sigaction action = { .sa_handler = SIG_IGN };
    sigset_t child;

    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        sigaction(ignored[i], &action, NULL);
    action.sa_handler = on_child;
    sigaction(SIGCHLD, &action, NULL);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_SETMASK, &child, NULL);
}

/* Until the program ends. Returns whether the daemon has ended; -1: it has, and the program had its
 * time. */
static int attend(pid_t pid, int *status)
{
    int is_alone = 0;
    ss_mono_t until = { 0 };

    while (waitpid(pid, status, WNOHANG) == 0) {
        apr_interval_time_t left =
            is_alone ? ss_mono_since(until, ss_mono_now()) : -APR_USEC_PER_SEC;
        if (is_alone && left <= 0) {
            kill(pid, SIGTERM);
            return -1;
        }
        if (!wait_for(is_alone, left) || is_alone) continue;
        is_alone = 1;
        until = ss_mono_add(ss_mono_now(), LAST_WAIT);
    }
    return is_alone;
}

int ss_event_output_keep(const char *program, apr_pool_t *pool)
{
    const ss_log_t log = ss_error_log_open(NULL, NULL);
    char **argv = arguments_of(program, pool);
    unsigned ends = 0;

    set_signals();
    if (!argv) return 1;
    for (;;) {
        ss_mono_t started = ss_mono_now();
        int status = 0;
        pid_t pid = start_program(argv, &log);
        int is_alone = pid > 0 ? attend(pid, &status) : wait_for(0, 0);
        if (is_alone < 0 || (is_alone && !(has_lines() && ends < 3))) return 0;
        if (!is_alone && ss_mono_since(ss_mono_now(), started) > CALM) ends = 0;
        apr_interval_time_t wait = ss_backoff_wait(ends++, AGAIN_FIRST, AGAIN_MOST);
        ss_log(&log, SS_LOG_WARN, 245,
               "SMTPSendEventLog %s: the program ended (status %d); it is started again in %d s",
               program, status, (int)apr_time_sec(wait));
        ss_mono_t until = ss_mono_add(ss_mono_now(), wait);
        while (!is_alone && ss_mono_before(ss_mono_now(), until))
            is_alone = wait_for(0, ss_mono_since(until, ss_mono_now()));
    }
}

/* ---- for configtest ---- */

static const char *check_program(const char *program, apr_pool_t *pool)
{
    char **argv = arguments_of(program, pool);
    struct stat info;

    if (!argv) return "the program's arguments cannot be read";
    if (*argv[0] != '/')
        return apr_psprintf(pool, "%s is not an absolute path; \"|$command\" lets a shell look",
                            argv[0]);
    if (stat(argv[0], &info) == 0 && !S_ISREG(info.st_mode))
        return apr_psprintf(pool, "%s is not a program", argv[0]);
    return access(argv[0], X_OK) ? apr_psprintf(pool, "%s: %s", argv[0], strerror(errno)) : NULL;
}

const char *ss_event_output_check(const ss_settings_globals_t *globals, apr_pool_t *pool)
{
    const char *path = ss_event_output_path(globals), *slash = path ? strrchr(path, '/') : NULL;
    struct stat info;

    if (!globals->event_log) return NULL;
    if (!path) return check_program(globals->event_log, pool);
    if (stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode)) return apr_psprintf(pool, "%s is a folder, not a file", path);
        if (access(path, W_OK)) return apr_psprintf(pool, "%s: %s", path, strerror(errno));
        return NULL;
    }
    const char *folder = slash ? apr_pstrmemdup(pool, path, (apr_size_t)(slash - path) + 1) : ".";
    return access(folder, W_OK | X_OK)
               ? apr_psprintf(pool, "its folder %s: %s", folder, strerror(errno))
               : NULL;
}
