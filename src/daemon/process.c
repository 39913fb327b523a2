/* process.c: brings a process forked off httpd's parent into shape: descriptors, signals,
 * privileges; then runs the daemon. */
#include "daemon/process.h"

#include <dirent.h>
#include <http_log.h>
#include <mpm_common.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unixd.h>

#include "base/text.h"
#include "base/descriptors.h"
#include "net/tls.h"

APLOG_USE_MODULE(smtp_send);

#define KEEP_MAX 64 /* descriptors of error logs */

static int term_pipe[2] = { -1, -1 };

/* SIGTERM: the same as a byte on the lifeline. Both ends are ours, so the loop sees it in its own
 * time. */
static void on_term(int signal_number)
{
    ssize_t sent;

    (void)signal_number;
    sent = write(term_pipe[1], "t", 1);
    (void)sent;
}

static void set_signals(void)
{
    static const int ignored[] = { SIGHUP, SIGUSR1, SIGINT, SIGPIPE, SIGWINCH };
    struct sigaction action;
    sigset_t none;

    memset(&action, 0, sizeof(action));
    sigemptyset(&action.sa_mask);
    action.sa_handler = SIG_IGN;
    for (apr_size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        sigaction(ignored[i], &action, NULL);
    action.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &action, NULL);
    action.sa_handler = on_term;
    sigaction(SIGTERM, &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int log_descriptors(server_rec *servers, int *keep)
{
    int count = 0;

    for (server_rec *s = servers; s && count < KEEP_MAX; s = s->next) {
        apr_os_file_t fd;
        if (s->error_log && apr_os_file_get(&fd, s->error_log) == APR_SUCCESS) keep[count++] = fd;
    }
    return count;
}

/* httpd's listeners above all: a daemon that held them would keep the port of a stopped server. */
static void close_others(const int *keep, int count)
{
    DIR *dir = opendir("/proc/self/fd");
    int open_fds[4096], found = 0;

    if (!dir) return;
    for (struct dirent *entry = readdir(dir); entry && found < 4096; entry = readdir(dir)) {
        apr_int64_t fd;
        if (!ss_text_number(entry->d_name, 3, 1 << 20, &fd) && fd != dirfd(dir))
            open_fds[found++] = (int)fd;
    }
    closedir(dir);
    for (int i = 0; i < found; i++) {
        int is_kept = 0;
        for (int k = 0; k < count; k++) is_kept |= keep[k] == open_fds[i];
        if (!is_kept) close(open_fds[i]);
    }
}

/* Sleeps the backoff; ends early when the parent asks or is gone. 0: go on. */
static int wait_backoff(int lifeline, apr_interval_time_t wait)
{
    struct pollfd fd = { .fd = lifeline, .events = POLLIN };

    return wait > 0 && poll(&fd, 1, (int)(wait / 1000)) > 0;
}

static void name_process(void)
{
    prctl(PR_SET_NAME, "smtp_send", 0, 0, 0);
}

void ss_process_run(const ss_core_options_t *given, apr_interval_time_t wait,
                    server_rec *main_server, apr_pool_t *pool)
{
    ss_core_options_t options = *given;
    int keep[KEEP_MAX + 4], count = log_descriptors(main_server, keep);

    setpgid(0, 0);
    name_process();
    keep[count++] = options.listen_fd;
    keep[count++] = options.smtp_fd;
    keep[count++] = options.lifeline_fd;
    close_others(keep, count);
    ss_descriptors_raise();
    if (pipe(term_pipe) == 0) options.term_fd = term_pipe[0];
    set_signals();
    if (wait_backoff(options.lifeline_fd, wait)) _exit(0);
    /* The last thing that needs root. The configuration is this process's own copy since the fork.
     */
    for (int i = 0; i < options.config->relays->nelts; i++)
        ss_tls_read_files(
            (ss_settings_t *)APR_ARRAY_IDX(options.config->relays, i, const ss_settings_t *), pool);
    if (ap_run_drop_privileges(pool, main_server))
        _exit(ss_core_refuse(&options, "it cannot become httpd's User, and does not run as root"));
    options.owner_uid = (int)geteuid();
    _exit(ss_core_run(&options));
}
