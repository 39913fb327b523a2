/* smtp_sendd.c: main of smtp-sendd, the delivery daemon. httpd's parent starts it and passes
 * sockets, lifeline, error log and the configuration; or it runs alone (standalone.h). */
#include <apr_general.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "base/text.h"
#include "config/config_read.h"
#include "config/config_secrets.h"
#include "daemon/check.h"
#include "daemon/core.h"
#include "daemon/error_log.h"
#include "daemon/event_output.h"
#include "daemon/final_states.h"
#include "daemon/ownership.h"
#include "daemon/process.h"
#include "daemon/standalone.h"

static apr_int64_t number(const char *text)
{
    apr_int64_t value;

    return text && !ss_text_number(text, 0, APR_INT64_MAX, &value) ? value : 0;
}

/* Its memory stays until it was read: nobody may find it open afterwards. */
static FILE *open_config(void)
{
    int copy = fcntl(SS_INHERITED_CONFIG, F_DUPFD_CLOEXEC, SS_INHERITED_END);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null >= 0) dup2(null, SS_INHERITED_CONFIG);
    if (null > SS_INHERITED_CONFIG) close(null);
    return copy >= 0 ? fdopen(copy, "r") : NULL;
}

static ss_trouble_t *open_trouble(const ss_config_process_t *process, apr_pool_t *pool)
{
    int fd = ss_process_inherited(process, SS_INHERITED_TROUBLE);
    ss_trouble_t *trouble = fd >= 0 ? ss_trouble_attach(fd) : NULL;

    if (fd >= 0) close(fd);
    return trouble ? trouble : apr_pcalloc(pool, sizeof(*trouble));
}

/* NULL, or why this configuration cannot be used. */
static const char *read_config(ss_config_t **config, ss_config_process_t *process, apr_pool_t *pool)
{
    FILE *in = open_config();
    const char *bad = in ? ss_config_read(config, process, in, NULL, pool)
                         : "httpd's parent passed no configuration";

    if (in) fclose(in);
    if (process->version && strcmp(process->version, SMTP_SEND_VERSION))
        return apr_psprintf(pool,
                            "mod_smtp_send %s is loaded, and smtp-sendd is %s: restart httpd, so "
                            "that it loads the module that was installed",
                            process->version, SMTP_SEND_VERSION);
    return bad;
}

static void take_descriptors(ss_core_options_t *options, const ss_config_process_t *process,
                             apr_pool_t *pool)
{
    int final_states = ss_process_inherited(process, SS_INHERITED_FINAL);

    options->trouble = open_trouble(process, pool);
    options->lifeline_fd = ss_process_inherited(process, SS_INHERITED_LIFELINE);
    options->listen_fd = ss_process_inherited(process, SS_INHERITED_LISTEN);
    options->smtp_fd = ss_process_inherited(process, SS_INHERITED_SMTP);
    if (final_states < 0) return;
    ss_final_states_open(final_states, options->log);
    options->finished = ss_final_states_send;
}

static int run_for_httpd(apr_pool_t *pool)
{
    ss_config_process_t process = { 0 };
    ss_config_t *config = NULL;
    const char *bad = read_config(&config, &process, pool);
    ss_log_t log = ss_error_log_open(process.error_log, process.log_level);
    ss_core_options_t options = { .log = &log, .secret_of = ss_config_secret };
    ss_process_users_t users;

    take_descriptors(&options, &process, pool);
    options.term_fd = ss_process_signals(0);
    if (ss_process_wait(options.lifeline_fd, number(process.wait))) return 0;
    if (bad) return ss_core_refuse(&options, bad);
    ss_descriptors_raise();
    /* The last thing that needs root. */
    ss_process_read_files(config, pool);
    bad = ss_process_users(&users, &process, &config->globals, pool);
    options.web_uid = users.web_uid;
    options.web_reads = process.bodies != NULL;
    if (!bad && users.web_uid >= 0)
        bad = ss_ownership_give(&config->globals, (uid_t)users.web_uid, &users.own,
                                options.lifeline_fd, &log, pool);
    if (bad) return ss_core_refuse(&options, bad);
    options.event_fd = ss_event_output_open(&config->globals, &users.own, &log);
    if (!process.chroot) options.event_path = ss_event_output_path(&config->globals);
    bad = ss_process_become(&users.own, process.chroot, pool);
    if (bad) return ss_core_refuse(&options, bad);
    options.config = config;
    options.instance = process.instance ? strtoull(process.instance, NULL, 10) : 0;
    options.generation = (unsigned)number(process.generation);
    options.restarts = (unsigned)number(process.restarts);
    options.owner_uid = (int)geteuid();
    return ss_core_run(&options);
}

/* apachectl configtest shows what this says. */
static int check_for_httpd(apr_pool_t *pool)
{
    ss_config_process_t process = { 0 };
    ss_config_t *config = NULL;
    ss_log_t log = ss_log_stderr(SS_LOG_WARN);
    ss_process_users_t users;
    const char *bad = read_config(&config, &process, pool);

    if (!bad) {
        ss_process_read_files(config, pool);
        int count = ss_check_tls(config, &log, pool) + ss_check_event_log(config, &log, pool);
        bad = ss_process_users(&users, &process, &config->globals, pool);
        int is_due = ss_ownership_is_due(&config->globals, (uid_t)users.web_uid, &users.own, pool);
        if (!bad) bad = ss_process_become(&users.own, process.chroot, pool);
        /* Until the start it is another user's. */
        if (!bad && !is_due) ss_check_queue(config, &log, pool);
        if (!bad) return count ? EX_CONFIG : 0;
    }
    fprintf(stderr, "smtp-sendd: %s\n", bad);
    return EX_CONFIG;
}

static const char usage[] =
    "Usage: smtp-sendd --config FILE [--check]\n\n"
    "The delivery daemon of mod_smtp_send without httpd: it accepts mail from\n"
    "smtp-send, sendmail and SMTPSendListen, and delivers it. httpd starts it by\n"
    "itself, with its own configuration.\n\n"
    "  --config FILE  run in the foreground with the directives of FILE\n"
    "  --check        only look whether the configuration can be used\n"
    "  --version      print the version\n"
    "  --help         print this text\n\n"
    "FILE has the directives of mod_smtp_send that are not for locations and, of\n"
    "httpd's own, ServerName, ServerRoot, User, Group, ErrorLog (an absolute path or\n"
    "syslog; standard error), LogLevel (info), DefaultRuntimeDir, DefaultStateDir,\n"
    "ChrootDir and <VirtualHost NAME>: each such section with settings of its own is\n"
    "a relay. See mod_smtp_send(5). Under systemd: Type=notify.\n\n"
    "Exit codes: 0 ended in order, 64 wrong usage, 69 the socket cannot be opened, 75\n"
    "try again, 78 the configuration is wrong.\n\n"
    "Example:\n"
    "  smtp-sendd --config /etc/smtp-sendd.conf --check\n";

int main(int argc, const char *const *argv)
{
    const char *mode = argc == 2 ? argv[1] : "", *path = NULL;
    int is_check = 0, is_usage = argc < 2;
    apr_pool_t *pool;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return EX_OSERR;
    if (!strcmp(mode, "--for-httpd")) _exit(run_for_httpd(pool));
    if (!strcmp(mode, "--check-for-httpd")) return check_for_httpd(pool);
    if (!strcmp(mode, "--version")) return puts("smtp-sendd " SMTP_SEND_VERSION) < 0;
    if (!strcmp(mode, "--help")) return fputs(usage, stdout) < 0;
    if (argc == 3 && !strcmp(argv[1], SS_EVENT_OUTPUT_KEEP))
        return ss_event_output_keep(argv[2], pool);
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--config") && i + 1 < argc)
            path = argv[++i];
        else if (!strncmp(argv[i], "--config=", 9))
            path = argv[i] + 9;
        else if (!strcmp(argv[i], "--check"))
            is_check = 1;
        else
            is_usage = 1;
    }
    if (path && !is_usage) return ss_standalone_run(path, is_check, pool);
    fputs(usage, stderr);
    return EX_USAGE;
}
