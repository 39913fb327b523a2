#include "daemon/process.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "config/config_secrets.h"
#include "net/tls.h"

static int term_pipe[2] = { -1, -1 };

int ss_process_inherited(const ss_config_process_t *process, int fd)
{
    char number[12];

    /* A number that is open may be a library's that was loaded before. */
    apr_snprintf(number, sizeof(number), "%d", fd);
    if (!process->inherited || ss_text_word_index(process->inherited, number) < 0) return -1;
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? fd : -1;
}

/* Both ends are ours, so the loop sees it in its own time. */
static void on_term(int signal_number)
{
    ssize_t sent;

    (void)signal_number;
    sent = write(term_pipe[1], "t", 1);
    (void)sent;
}

int ss_process_signals(int has_terminal)
{
    static const int ignored[] = { SIGHUP, SIGUSR1, SIGINT, SIGPIPE, SIGWINCH };
    struct sigaction action;
    sigset_t none;
    int has_pipe = !pipe2(term_pipe, O_CLOEXEC | O_NONBLOCK);

    memset(&action, 0, sizeof(action));
    sigemptyset(&action.sa_mask);
    action.sa_handler = SIG_IGN;
    for (apr_size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        sigaction(ignored[i], &action, NULL);
    action.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &action, NULL);
    action.sa_handler = on_term;
    sigaction(SIGTERM, &action, NULL);
    if (has_terminal) sigaction(SIGINT, &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    return has_pipe ? term_pipe[0] : 0;
}

int ss_process_wait(int lifeline, apr_interval_time_t wait)
{
    struct pollfd fd = { .fd = lifeline, .events = POLLIN };

    return wait > 0 && poll(&fd, 1, (int)(wait / 1000)) > 0;
}

void ss_process_read_files(const ss_config_t *config, apr_pool_t *pool)
{
    for (int i = 0; i < config->relays->nelts; i++) {
        ss_settings_t *relay =
            (ss_settings_t *)APR_ARRAY_IDX(config->relays, i, const ss_settings_t *);
        ss_secret_t *secret = ss_config_secret(relay);
        ss_result_t ignored = { 0 };
        if (secret && !ss_secret_is_ready(secret)) ss_secret_load(secret, &ignored);
        ss_tls_read_files(relay, pool);
    }
}

const char *ss_process_users(ss_process_users_t *users, const ss_config_process_t *process,
                             const ss_settings_globals_t *globals, apr_pool_t *pool)
{
    const apr_array_header_t *named = globals->daemon_user;
    ss_account_t *own = &users->own;
    const char *bad = NULL;

    *users = (ss_process_users_t){ { geteuid(), getegid(), NULL }, -1 };
    if (geteuid() != 0) return NULL;
    if (process->user) bad = ss_account_find(own, process->user, process->group, pool);
    if (bad) return apr_pstrcat(pool, "User, Group: ", bad, NULL);
    if (named) {
        int web_uid = process->user ? (int)own->uid : -1;
        bad =
            ss_account_find(own, APR_ARRAY_IDX(named, 0, const char *),
                            named->nelts > 1 ? APR_ARRAY_IDX(named, 1, const char *) : NULL, pool);
        if (bad) return apr_pstrcat(pool, "SMTPSendUser: ", bad, NULL);
        if (web_uid != (int)own->uid) users->web_uid = web_uid;
    } else if (!process->user) {
        return "it runs as root: name its user with the directive User";
    }
    return own->uid ? NULL : "User root: it would run as root; name a user of its own";
}

const char *ss_process_become(const ss_account_t *own, const char *chroot_dir, apr_pool_t *pool)
{
    if (geteuid() != 0) return NULL;
    if (setgid(own->gid) || (own->name ? initgroups(own->name, own->gid) : setgroups(1, &own->gid)))
        return apr_psprintf(pool, "it cannot become another group: %s", strerror(errno));
    if (chroot_dir && (chroot(chroot_dir) || chdir("/")))
        return apr_psprintf(pool, "ChrootDir %s: %s", chroot_dir, strerror(errno));
    if (setuid(own->uid))
        return apr_psprintf(pool, "it cannot become another user: %s", strerror(errno));
    return NULL;
}
