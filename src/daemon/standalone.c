#include "daemon/standalone.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/random.h"
#include "config/config_check.h"
#include "config/config_read.h"
#include "config/config_secrets.h"
#include "daemon/check.h"
#include "daemon/core.h"
#include "daemon/default_folder.h"
#include "daemon/error_log.h"
#include "daemon/event_output.h"
#include "daemon/notify.h"
#include "daemon/ownership.h"
#include "daemon/process.h"
#include "daemon/sockets.h"

#define LEVEL "info" /* without LogLevel: a line for each delivery, as httpd's users set it */

static int complain(const char *bad)
{
    fprintf(stderr, "smtp-sendd: %s\n", bad);
    return EX_CONFIG;
}

/* NULL, or what is wrong. */
static const char *read_file(ss_config_t **config, ss_config_process_t *process, const char *path,
                             apr_pool_t *pool)
{
    FILE *in = fopen(path, "re");

    if (!in) return apr_psprintf(pool, "%s: %s", path, strerror(errno));
    const char *bad = ss_config_read(config, process, in, path, pool);
    fclose(in);
    return bad;
}

/* ErrorLog FILE: as root, like httpd's. NULL, or what is wrong. */
static const char *open_log(const ss_config_process_t *process, apr_pool_t *pool)
{
    const char *path = process->error_log;

    if (!path || !strncasecmp(path, "syslog", 6)) return NULL;
    if (*path != '/')
        return "ErrorLog takes an absolute path or syslog here; without it, lines go to standard "
               "error";
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
        return apr_psprintf(pool, "ErrorLog %s: %s", path, strerror(errno));
    close(fd);
    return NULL;
}

/* Returns 0 where the local socket cannot be opened, which was logged. */
static int open_sockets(ss_core_options_t *options, const ss_account_t *own)
{
    const ss_sockets_options_t sockets = { .globals = &options->config->globals,
                                           .log = options->log,
                                           .uid = own->uid,
                                           .gid = own->gid,
                                           .trusted = own->uid };
    ss_sockets_place_t local = { 0 }, smtp = { 0 };

    options->listen_fd = options->smtp_fd = -1;
    ss_sockets_check_folder(&sockets);
    ss_sockets_open_local(&options->listen_fd, &local, &sockets, options->trouble, ss_mono_now());
    ss_sockets_open_smtp(&options->smtp_fd, &smtp, &sockets, ss_mono_now());
    return options->listen_fd >= 0;
}

static int check(const ss_config_t *config, const ss_config_process_t *process,
                 const ss_process_users_t *users, apr_pool_t *pool)
{
    ss_log_t log = ss_log_stderr(SS_LOG_WARN);
    int count;

    ss_config_check(config, &log, 1);
    count = ss_check_tls(config, &log, pool) + ss_check_event_log(config, &log, pool);
    int is_due = ss_ownership_is_due(&config->globals, (uid_t)users->web_uid, &users->own, pool);
    const char *bad = ss_process_become(&users->own, process->chroot, pool);
    if (bad) return complain(bad);
    if (!is_due) ss_check_queue(config, &log, pool);
    if (!count) puts("Syntax OK");
    return count ? EX_CONFIG : 0;
}

static int serve(const ss_config_t *config, const ss_config_process_t *process,
                 const ss_process_users_t *users, apr_pool_t *pool)
{
    ss_trouble_t trouble = { 0 };
    ss_log_t log =
        ss_error_log_open(process->error_log, process->log_level ? process->log_level : LEVEL);
    ss_core_options_t options = { .config = config,
                                  .log = &log,
                                  .lifeline_fd = -1,
                                  .term_fd = ss_process_signals(1),
                                  .generation = 1,
                                  .trouble = &trouble,
                                  .owner_uid = (int)users->own.uid,
                                  .web_uid = users->web_uid,
                                  .secret_of = ss_config_secret };

    ss_notify_open();
    ss_descriptors_raise();
    ss_random_bytes(&options.instance, sizeof(options.instance));
    ss_config_check(config, &log, 0);
    ss_default_folder_make(&config->globals, users->own.uid, users->own.gid);
    if (!open_sockets(&options, &users->own)) return EX_UNAVAILABLE;
    const char *bad = users->web_uid < 0
                          ? NULL
                          : ss_ownership_give(&config->globals, (uid_t)users->web_uid, &users->own,
                                              options.term_fd, &log, pool);
    if (bad) return complain(bad);
    options.event_fd = ss_event_output_open(&config->globals, &users->own, &log);
    if (!process->chroot) options.event_path = ss_event_output_path(&config->globals);
    bad = ss_process_become(&users->own, process->chroot, pool);
    return bad ? complain(bad) : ss_core_run(&options);
}

int ss_standalone_run(const char *path, int is_check, apr_pool_t *pool)
{
    ss_config_process_t process = { 0 };
    ss_process_users_t users;
    ss_config_t *config = NULL;
    const char *bad = read_file(&config, &process, path, pool);

    if (!bad) bad = ss_process_users(&users, &process, &config->globals, pool);
    if (!bad && !is_check) bad = open_log(&process, pool);
    if (bad) return complain(bad);
    ss_process_read_files(config, pool);
    return is_check ? check(config, &process, &users, pool) : serve(config, &process, &users, pool);
}
