#include "daemon/launch.h"

#include <apr_strings.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <http_log.h>
#include <http_main.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unixd.h>

#include "base/text.h"
#include "config/config_write.h"
#include "config/module.h"
#include "daemon/error_log.h"
#include "daemon/inherited.h"

APLOG_USE_MODULE(smtp_send);

#define NAME "smtp-sendd"
#define OPEN_MAX_SEEN 4096

/* The folder of this module's file; "": not known. */
static const char *own_folder(apr_pool_t *pool)
{
    Dl_info info;
    const char *slash = dladdr((void *)(apr_uintptr_t)ss_launch_exec, &info) && info.dli_fname
                            ? strrchr(info.dli_fname, '/')
                            : NULL;

    return slash ? apr_pstrmemdup(pool, info.dli_fname, (apr_size_t)(slash - info.dli_fname)) : "";
}

/* Beside this module (a build folder); where it is installed, below the same root as this module.
 */
static const char *find_program(apr_pool_t *pool)
{
    const char *folder = own_folder(pool), *path = apr_pstrcat(pool, folder, "/" NAME, NULL);
    apr_size_t len = strlen(folder), tail = strlen(SS_LIBEXEC);

    if (access(path, X_OK) == 0) return path;
    if (len <= tail || strcmp(folder + len - tail, SS_LIBEXEC)) return SS_DAEMON;
    return apr_pstrcat(pool, apr_pstrmemdup(pool, folder, len - tail), SS_DAEMON, NULL);
}

static const char *numbers(const int given[SS_INHERITED_END], apr_pool_t *pool)
{
    const char *out = "";

    for (int i = 0; i < SS_INHERITED_END; i++)
        if (given[i] >= 0) out = apr_psprintf(pool, "%s%s%d", out, *out ? " " : "", i);
    return out;
}

/* "syslog[:FACILITY[:TAG]]" with the tag that httpd's own lines have. */
static const char *with_tag(const char *log, apr_pool_t *pool)
{
    const char *facility = strchr(log, ':'), *tag = facility ? strchr(facility + 1, ':') : NULL;

    return tag ? log : apr_pstrcat(pool, log, facility ? ":" : "::", ap_server_argv0, NULL);
}

static void fill_process(ss_config_process_t *process, const ss_launch_t *launch, apr_pool_t *pool)
{
    const char *error_log = launch->server->error_fname;

    process->version = SMTP_SEND_VERSION;
    if (geteuid() == 0) {
        process->user = ap_unixd_config.user_name;
        process->group = apr_psprintf(pool, "#%ld", (long)ap_unixd_config.group_id);
        process->chroot = ap_unixd_config.chroot_dir;
    }
    process->log_level = ss_error_log_name(launch->log->level);
    if (error_log && !strncasecmp(error_log, "syslog", 6))
        process->error_log = with_tag(error_log, pool);
    process->instance = apr_psprintf(pool, "%" APR_UINT64_T_FMT, launch->instance);
    process->generation = apr_psprintf(pool, "%u", launch->generation);
    process->restarts = apr_psprintf(pool, "%u", launch->restarts);
    if (ss_module_shows_bodies()) process->bodies = "On";
    process->wait = apr_psprintf(pool, "%" APR_TIME_T_FMT, launch->wait);
}

/* In memory: a pipe would make this process wait for a reader that is not there yet. -1 and errno.
 */
static int write_config(const ss_launch_t *launch, const int given[SS_INHERITED_END],
                        apr_pool_t *pool)
{
    ss_config_process_t process = { 0 };
    int fd = memfd_create("smtp_send configuration", MFD_CLOEXEC), copy = fd < 0 ? -1 : dup(fd);
    FILE *out = copy < 0 ? NULL : fdopen(copy, "w");

    if (!out) return -1;
    fill_process(&process, launch, pool);
    process.inherited = numbers(given, pool);
    ss_config_write(out, launch->config, &process, pool);
    if (fclose(out) || lseek(fd, 0, SEEK_SET)) return -1;
    return fd;
}

void ss_launch_close_from(int first)
{
    int open_fds[OPEN_MAX_SEEN], found = 0;
    DIR *dir;

    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0) == 0) return;
    if ((dir = opendir("/proc/self/fd")) == NULL) return;
    for (struct dirent *entry = readdir(dir); entry && found < OPEN_MAX_SEEN;
         entry = readdir(dir)) {
        apr_int64_t fd;
        if (!ss_text_number(entry->d_name, first, 1 << 20, &fd) && fd != dirfd(dir))
            open_fds[found++] = (int)fd;
    }
    closedir(dir);
    for (int i = 0; i < found; i++) close(open_fds[i]);
}

/* Each descriptor at its number, nothing else. */
static void place(const int given[SS_INHERITED_END])
{
    int high[SS_INHERITED_END];

    for (int i = 0; i < SS_INHERITED_END; i++)
        high[i] = given[i] < 0 ? -1 : fcntl(given[i], F_DUPFD, SS_INHERITED_END);
    for (int i = 0; i < SS_INHERITED_END; i++) {
        if (high[i] < 0)
            close(i);
        else
            dup2(high[i], i);
    }
    ss_launch_close_from(SS_INHERITED_END);
}

static int error_log_of(server_rec *server)
{
    apr_os_file_t fd;

    return server->error_log && apr_os_file_get(&fd, server->error_log) == APR_SUCCESS
               ? fd
               : STDERR_FILENO;
}

const char *ss_launch_exec(const ss_launch_t *launch, const char *mode, apr_pool_t *pool)
{
    const char *program = find_program(pool), *const argv[] = { NAME, mode, NULL };
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int given[SS_INHERITED_END] = { [SS_INHERITED_CONFIG] = null,
                                    [1] = null,
                                    [SS_INHERITED_LOG] = error_log_of(launch->server),
                                    [SS_INHERITED_LIFELINE] = launch->lifeline,
                                    [SS_INHERITED_LISTEN] = launch->listen,
                                    [SS_INHERITED_SMTP] = launch->smtp,
                                    [SS_INHERITED_TROUBLE] = launch->trouble,
                                    [SS_INHERITED_FINAL] = launch->final_states };
    sigset_t all;

    given[SS_INHERITED_CONFIG] = write_config(launch, given, pool);
    if (given[SS_INHERITED_CONFIG] < 0 || null < 0)
        return apr_psprintf(pool, "its configuration: %s", strerror(errno));
    if (access(program, X_OK)) return apr_psprintf(pool, "%s: %s", program, strerror(errno));
    setpgid(0, 0);
    /* What comes now is handled once the program is ready for it. */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    place(given);
    execv(program, (char *const *)argv);
    return apr_psprintf(pool, "%s: %s", program, strerror(errno));
}

int ss_launch_check(const ss_config_t *config, const ss_log_t *log, server_rec *server,
                    apr_pool_t *pool)
{
    const ss_launch_t launch = { .config = config,
                                 .log = log,
                                 .server = server,
                                 .lifeline = -1,
                                 .listen = -1,
                                 .smtp = -1,
                                 .trouble = -1,
                                 .final_states = -1 };
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        ss_log_t sink = ss_log_stderr(SS_LOG_ERROR);
        ss_log(&sink, SS_LOG_ERROR, 236, "the configuration could not be checked whole: %s",
               ss_launch_exec(&launch, "--check-for-httpd", pool));
        _exit(0);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    return status ? -1 : 0;
}
