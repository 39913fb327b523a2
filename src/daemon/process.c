#include "daemon/process.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
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

int ss_process_signals(void)
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

/* "www-data" or "#33". */
static int find_user(const char *name, uid_t *uid, gid_t *gid, const char **found)
{
    const struct passwd *entry =
        *name == '#' ? getpwuid((uid_t)strtoul(name + 1, NULL, 10)) : getpwnam(name);

    if (!entry && *name != '#') return 0;
    *uid = entry ? entry->pw_uid : (uid_t)strtoul(name + 1, NULL, 10);
    if (entry) *gid = entry->pw_gid;
    *found = entry ? entry->pw_name : NULL;
    return 1;
}

static int find_group(const char *name, gid_t *gid)
{
    const struct group *entry = *name == '#' ? NULL : getgrnam(name);

    if (!entry && *name != '#') return 0;
    *gid = entry ? entry->gr_gid : (gid_t)strtoul(name + 1, NULL, 10);
    return 1;
}

static const char *failed(const char *what, const char *name, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s %s: %s", what, name,
                        errno ? strerror(errno) : "there is no such name");
}

const char *ss_process_become(const ss_config_process_t *process, apr_pool_t *pool)
{
    uid_t uid = 0;
    gid_t gid = 0;
    const char *name = NULL;

    if (geteuid() != 0 || !process->user) return NULL;
    errno = 0;
    if (!find_user(process->user, &uid, &gid, &name)) return failed("User", process->user, pool);
    if (process->group && !find_group(process->group, &gid))
        return failed("Group", process->group, pool);
    const char *group = process->group ? process->group : process->user;
    if (setgid(gid) || (name ? initgroups(name, gid) : setgroups(1, &gid)))
        return failed("it cannot become Group", group, pool);
    if (process->chroot && (chroot(process->chroot) || chdir("/")))
        return failed("ChrootDir", process->chroot, pool);
    if (setuid(uid)) return failed("it cannot become User", process->user, pool);
    return NULL;
}
