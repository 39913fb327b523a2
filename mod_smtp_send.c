/* mod_smtp_send.c: the module record and its hooks. Directives are in src/config, handlers in
 * src/web, the process of the delivery daemon in src/daemon. */
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <http_request.h>
#include <mpm_common.h>
#include <mod_status.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_build.h"
#include "config/config_check.h"
#include "config/config_secrets.h"
#include "config/config_sections.h"
#include "config/module.h"
#include "daemon/launch.h"
#include "daemon/supervise.h"
#include "mail/compose.h"
#include "web/submit/api.h"
#include "web/handler.h"
#include "web/shared/key.h"
#include "web/shared/area.h"
#include "web/shared/waiting.h"
#include "web/status/status.h"

/* NULL: the configuration is invalid, and the error was logged. */
static ss_config_t *build(server_rec *s, apr_pool_t *pconf)
{
    ss_config_t *config = NULL;
    const char *bad = ss_config_build(&config, s, pconf);

    if (bad) ap_log_error(APLOG_MARK, APLOG_EMERG, 0, s, "SMTPSend-100: %s", bad);
    return bad ? NULL : config;
}

/* Before other modules fork: the processes that they make have none of our secrets. */
static int before_forks(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    ss_config_t *config = build(s, pconf);

    (void)plog;
    (void)ptemp;
    if (!config) return HTTP_INTERNAL_SERVER_ERROR;
    ss_module_set(config, ss_supervise_instance(s->process->pool),
                  ss_supervise_trouble(s->process->pool));
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) return OK;
    ss_config_build_scrub();
    ss_config_scrub();
    ss_config_secrets_hide();
    return OK;
}

static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    const ss_config_t *config = ss_module_config();

    (void)plog;
    (void)ptemp;
    /* httpd reads its configuration twice when it starts; the daemon is started after the second
     * time. */
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) return OK;
    ss_config_secrets_show();
    const ss_log_t *log = ss_module_log(s, pconf);
    ss_config_check(config, log, 0);
    ss_config_sections_check(config, log, 0);
    ss_area_open(s->process->pool, strcmp(config->globals.queue_driver, "sqlite3")
                                       ? config->globals.queue_params
                                       : NULL);
    ss_supervise_tell(ss_api_has_listeners() ? ss_api_finished : NULL);
    ss_supervise_start(config, log, s, pconf, s->process->pool);
    return OK;
}

/* configtest does not run post_config: errors that prevent a start must be found here too. */
static void test_config(apr_pool_t *pconf, server_rec *s)
{
    ss_config_t *config = build(s, pconf);

    if (!config) exit(1);
    const ss_log_t *log = ss_module_log(s, pconf);
    ss_config_check(config, log, 1);
    ss_config_sections_check(config, log, 1);
    if (ss_launch_check(config, log, s, pconf)) exit(1);
}

static int monitor(apr_pool_t *p, server_rec *s)
{
    (void)p;
    (void)s;
    ss_supervise_monitor();
    return OK;
}

static void child_init(apr_pool_t *pchild, server_rec *s)
{
    (void)pchild;
    (void)s;
    ss_config_wipe_secrets();
    ss_supervise_child_init();
    ss_compose_init();
    ss_waiting_clean();
}

static void register_hooks(apr_pool_t *pool)
{
    /* Their daemons are copies of httpd's parent: made before it has read a secret. */
    static const char *const forks[] = { "mod_cgid.c", "mod_fcgid.c", NULL };

    (void)pool;
    ss_api_register();
    ap_hook_test_config(test_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(before_forks, NULL, forks, APR_HOOK_REALLY_FIRST);
    ap_hook_post_config(post_config, forks, NULL, APR_HOOK_MIDDLE);
    ap_hook_monitor(monitor, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_FIRST);
    APR_OPTIONAL_HOOK(ap, status_hook, ss_status_mod, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_authn(ss_key_check, NULL, NULL, APR_HOOK_MIDDLE, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_handler(ss_handler, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(smtp_send) = { STANDARD20_MODULE_STUFF,
                                 ss_module_create_directory,
                                 ss_module_merge_directory,
                                 ss_module_create_server,
                                 ss_module_merge_server,
                                 ss_config_commands,
                                 register_hooks,
                                 0 };
