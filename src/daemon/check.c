#include "daemon/check.h"

#include <apr_strings.h>
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "config/option.h"
#include "daemon/event_output.h"
#include "net/tls.h"

int ss_check_tls(const ss_config_t *config, const ss_log_t *log, apr_pool_t *pool)
{
    int count = 0;

    for (int i = 0; i < config->relays->nelts; i++) {
        const ss_settings_t *relay = APR_ARRAY_IDX(config->relays, i, const ss_settings_t *);
        ss_result_t result = { 0 };
        ss_tls_t *tls;
        if (ss_tls_create(&tls, relay, &result, pool) == APR_SUCCESS) continue;
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

void ss_check_queue(const ss_config_t *config, const ss_log_t *log, apr_pool_t *pool)
{
    const ss_settings_globals_t *globals = &config->globals;
    const char *path = globals->queue_params, *slash = strrchr(path, '/'), *bad = NULL;
    const char *place = ss_option_at(globals->sources, "SMTPSendQueue", pool);

    if (strcmp(globals->queue_driver, "sqlite3") || !slash) return;
    const char *folder = apr_pstrmemdup(pool, path, (apr_size_t)(slash - path) + 1);
    const struct passwd *user = getpwuid(geteuid());
    if (access(folder, W_OK | X_OK))
        bad = folder;
    else if (access(path, R_OK | W_OK) && errno != ENOENT)
        bad = path;
    /* The default folder is made at the start. */
    if (!bad || (errno == ENOENT && !*place)) return;
    ss_log(log, SS_LOG_WARN, 294,
           "%sSMTPSendQueue: %s cannot be used by the delivery daemon's user %s: %s; mail would be "
           "refused with 503",
           place, bad, user ? user->pw_name : "", strerror(errno));
}
