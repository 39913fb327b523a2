#include "daemon/check.h"

#include <apr_strings.h>
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "config/option.h"
#include "daemon/event_output.h"
#include "net/tls.h"

static void check_dates(const ss_settings_t *relay, const ss_tls_t *tls, const ss_log_t *log,
                        apr_pool_t *pool)
{
    const char *text = ss_tls_expired(tls, pool);

    if (text)
        ss_log(log, SS_LOG_WARN, 247, "%srelay \"%s\": %s",
               ss_option_at(relay->sources, apr_pstrmemdup(pool, text, strcspn(text, " ")), pool),
               relay->relay_name, text);
}

int ss_check_tls(const ss_config_t *config, const ss_log_t *log, apr_pool_t *pool)
{
    int count = 0;

    for (int i = 0; i < config->relays->nelts; i++) {
        const ss_settings_t *relay = APR_ARRAY_IDX(config->relays, i, const ss_settings_t *);
        ss_result_t result = { 0 };
        ss_tls_t *tls;
        if (ss_tls_create(&tls, relay, &result, pool) == APR_SUCCESS) {
            check_dates(relay, tls, log, pool);
            continue;
        }
        const char *directive = apr_pstrmemdup(pool, result.text, strcspn(result.text, " "));
        ss_log(log, SS_LOG_ERROR, 292, "%srelay \"%s\": %s",
               ss_option_at(relay->sources, directive, pool), relay->relay_name, result.text);
        count++;
    }
    return count;
}

int ss_check_event_log(const ss_config_t *config, const ss_log_t *log, apr_pool_t *pool)
{
    const char *bad = ss_event_output_check(&config->globals, pool);

    if (bad)
        ss_log(log, SS_LOG_ERROR, 246, "%sSMTPSendEventLog: %s",
               ss_option_at(config->globals.sources, "SMTPSendEventLog", pool), bad);
    return bad != NULL;
}

/* A file system that loses the queue, or that SQLite cannot lock on; or NULL. */
static const char *bad_file_system(const char *folder)
{
    struct statfs info;

    if (statfs(folder, &info)) return NULL;
    switch ((unsigned)info.f_type) {
    case 0x01021994: /* tmpfs */
    case 0x858458f6: /* ramfs */
        return "is in memory, and the queue is lost when the machine restarts; name a folder on a "
               "disk, such as /var/lib/apache2/smtp_send";
    case 0x6969:     /* NFS */
    case 0xff534d42: /* CIFS */
    case 0xfe534d42: /* SMB 2 */
        return "is on a network file system, where a SQLite database can be damaged; name a folder "
               "on a local disk, or share a queue with SMTPSendQueue pgsql";
    default: return NULL;
    }
}

/* What keeps this user from using the file, and what to do; or NULL. */
static const char *queue_problem(const char *path, const char *folder, const char *user,
                                 int is_default, apr_pool_t *pool)
{
    struct stat info;

    if (!stat(path, &info) && S_ISDIR(info.st_mode))
        return apr_psprintf(pool, "%s is a folder; write SMTPSendQueue sqlite3 %s/queue.db", path,
                            path);
    if (access(folder, W_OK | X_OK)) {
        /* The default folder is made at the start. */
        if (errno == ENOENT && is_default) return NULL;
        return apr_psprintf(pool,
                            "%s cannot be used by the delivery daemon's user %s: %s; mail would be "
                            "refused with 503; \"install -d -o %s -m 750 %s\" makes such a folder",
                            folder, user, strerror(errno), user, folder);
    }
    if (!access(path, R_OK | W_OK) || errno == ENOENT) return NULL;
    return apr_psprintf(pool,
                        "%s cannot be used by the delivery daemon's user %s: %s; mail would be "
                        "refused with 503; \"chown %s %s*\" gives it to that user",
                        path, user, strerror(errno), user, path);
}

void ss_check_queue(const ss_config_t *config, const ss_log_t *log, apr_pool_t *pool)
{
    const ss_settings_globals_t *globals = &config->globals;
    const char *path = globals->queue_params, *slash = strrchr(path, '/');
    const char *place = ss_option_at(globals->sources, "SMTPSendQueue", pool);

    if (strcmp(globals->queue_driver, "sqlite3") || !slash) return;
    const char *folder = apr_pstrmemdup(pool, path, (apr_size_t)(slash - path) + 1);
    const struct passwd *user = getpwuid(geteuid());
    const char *bad = queue_problem(path, folder, user ? user->pw_name : "", !*place, pool);
    if (bad)
        ss_log(log, SS_LOG_WARN, 294, "%sSMTPSendQueue: %s", place, bad);
    else if ((bad = bad_file_system(folder)) != NULL)
        ss_log(log, SS_LOG_WARN, 248, "%sSMTPSendQueue: %s %s", place, folder, bad);
}
