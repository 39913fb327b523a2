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

/* "#33". 0: it is a name, or no number. */
static int read_id(const char *name, apr_int64_t *id)
{
    return *name == '#' && !ss_text_number(name + 1, 0, APR_INT32_MAX, id);
}

/* "www-data" or "#33". */
static int find_user(const char *name, ss_process_user_t *user, apr_pool_t *pool)
{
    apr_int64_t id = 0;
    int is_id = read_id(name, &id);
    const struct passwd *entry = is_id ? getpwuid((uid_t)id) : getpwnam(name);

    if (!entry && !is_id) return 0;
    user->uid = entry ? entry->pw_uid : (uid_t)id;
    user->gid = entry ? entry->pw_gid : (gid_t)-1;
    user->name = entry ? apr_pstrdup(pool, entry->pw_name) : NULL;
    return 1;
}

static int find_group(const char *name, gid_t *gid)
{
    apr_int64_t id = 0;
    int is_id = read_id(name, &id);
    const struct group *entry = is_id ? NULL : getgrnam(name);

    if (!entry && !is_id) return 0;
    *gid = entry ? entry->gr_gid : (gid_t)id;
    return 1;
}

static const char *failed(const char *what, const char *name, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s %s: %s", what, name, strerror(errno));
}

const char *ss_process_user(const ss_config_process_t *process, ss_process_user_t *user,
                            apr_pool_t *pool)
{
    *user = (ss_process_user_t){ .uid = geteuid(), .gid = getegid() };
    if (geteuid() != 0) return NULL;
    if (!process->user) return "it runs as root: name its user with the directive User";
    if (!find_user(process->user, user, pool))
        return apr_psprintf(pool, "User %s: there is no such user", process->user);
    if (process->group && !find_group(process->group, &user->gid))
        return apr_psprintf(pool, "Group %s: there is no such group", process->group);
    if (!user->uid) return "User root: it would run as root; name a user of its own";
    return user->gid == (gid_t)-1 ? "the directive Group is missing" : NULL;
}

const char *ss_process_become(const ss_config_process_t *process, apr_pool_t *pool)
{
    ss_process_user_t user;
    const char *bad = ss_process_user(process, &user, pool);

    if (bad || geteuid() != 0) return bad;
    if (setgid(user.gid) || (user.name ? initgroups(user.name, user.gid) : setgroups(1, &user.gid)))
        return failed("it cannot become Group of", process->user, pool);
    if (process->chroot && (chroot(process->chroot) || chdir("/")))
        return failed("ChrootDir", process->chroot, pool);
    if (setuid(user.uid)) return failed("it cannot become User", process->user, pool);
    return NULL;
}
