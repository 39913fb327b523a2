#include "daemon/final_states_hook.h"

#include <http_log.h>
#include <mpm_common.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <unixd.h>

#include "base/text.h"
#include "config/config_secrets.h"
#include "daemon/final_states.h"
#include "daemon/launch.h"

APLOG_USE_MODULE(smtp_send);

#define KEEP_MAX 64 /* descriptors of error logs; the functions may write to them */

static void set_signals(void)
{
    static const int ignored[] = { SIGHUP, SIGUSR1, SIGINT, SIGPIPE, SIGWINCH, SIGTERM };
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    sigemptyset(&action.sa_mask);
    action.sa_handler = SIG_IGN;
    for (apr_size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        sigaction(ignored[i], &action, NULL);
}

/* httpd's listeners above all: a process that held them would keep the port of a stopped server. */
static void close_others(server_rec *servers, int fd)
{
    int keep[KEEP_MAX + 1], count = 1, next = STDERR_FILENO + 1;

    keep[0] = fd;
    for (server_rec *s = servers; s && count < KEEP_MAX; s = s->next) {
        apr_os_file_t log;
        if (s->error_log && apr_os_file_get(&log, s->error_log) == APR_SUCCESS) keep[count++] = log;
    }
    for (;;) {
        int lowest = -1;
        for (int i = 0; i < count; i++)
            if (keep[i] >= next && (lowest < 0 || keep[i] < lowest)) lowest = keep[i];
        if (lowest < 0) break;
        for (; next < lowest; next++) close(next);
        next = lowest + 1;
    }
    ss_launch_close_from(next);
}

void ss_final_states_hook_run(int fd, ss_record_finished_fn *finished, server_rec *server,
                              apr_pool_t *pool)
{
    setpgid(0, 0);
    prctl(PR_SET_NAME, "smtp-send-hook", 0, 0, 0);
    close_others(server, fd);
    set_signals();
    ss_config_wipe_secrets();
    if (ap_run_drop_privileges(pool, server)) _exit(1);
    ss_final_states_run(fd, finished);
    _exit(0);
}
