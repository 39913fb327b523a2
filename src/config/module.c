#include "config/module.h"

#include <apr_strings.h>
#include <http_log.h>

#include "base/clock.h"
#include "config/option.h"

APLOG_USE_MODULE(smtp_send);

static const ss_config_t *frozen;
static apr_uint64_t instance;
static const ss_trouble_t *trouble;

void ss_module_set(const ss_config_t *config, apr_uint64_t number, const ss_trouble_t *shared)
{
    frozen = config;
    instance = number;
    trouble = shared;
}

const ss_config_t *ss_module_config(void)
{
    return frozen;
}

const ss_settings_globals_t *ss_module_globals(void)
{
    return &frozen->globals;
}

apr_uint64_t ss_module_instance(void)
{
    return instance;
}

const char *ss_module_trouble(ss_mono_t asked)
{
    return ss_trouble_text(trouble, asked, ss_mono_now());
}

static int shows_bodies;

static apr_status_t hide_bodies(void *unused)
{
    (void)unused;
    shows_bodies = 0;
    return APR_SUCCESS;
}

void ss_module_show_bodies(apr_pool_t *pool)
{
    shows_bodies = 1;
    apr_pool_cleanup_register(pool, NULL, hide_bodies, apr_pool_cleanup_null);
}

int ss_module_shows_bodies(void)
{
    return shows_bodies;
}

const ss_settings_t *ss_module_relay(const server_rec *s)
{
    const ss_module_server_t *server = ap_get_module_config(s->module_config, &smtp_send_module);

    return server->relay;
}

const ss_settings_policy_t *ss_module_policy(const request_rec *r)
{
    const ss_settings_policy_t *merged = ap_get_module_config(r->per_dir_config, &smtp_send_module);
    ss_settings_policy_t *policy = apr_pmemdup(r->pool, merged, sizeof(*merged));

    /* Unset is -1, which would read as On. */
    ss_settings_policy_finish(policy, r->pool);
    if (policy->max_message_size == SS_UNSET)
        policy->max_message_size = ss_module_relay(r->server)->max_message_size;
    if (!policy->redirect) policy->redirect = ss_module_relay(r->server)->redirect;
    return policy;
}

/* ---- making and merging, by the table ---- */

void *ss_module_create_server(apr_pool_t *pool, server_rec *s)
{
    ss_module_server_t *server = apr_pcalloc(pool, sizeof(*server));

    (void)s;
    ss_settings_clear(&server->own);
    ss_settings_globals_clear(&server->globals);
    return server;
}

void *ss_module_merge_server(apr_pool_t *pool, void *parent, void *child)
{
    const ss_module_server_t *main_server = parent, *own = child;
    ss_module_server_t *merged = apr_pcalloc(pool, sizeof(*merged));

    ss_settings_clear(&merged->own);
    ss_option_merge(SS_PLACE_SERVER, &merged->own, &main_server->own, &own->own, pool);
    merged->globals = main_server->globals;
    merged->has_own = own->has_own;
    /* A name belongs to one relay: a virtual host with settings of its own has its own name. */
    if (own->has_own && !own->own.relay_name) merged->own.relay_name = NULL;
    return merged;
}

void *ss_module_create_directory(apr_pool_t *pool, char *path)
{
    ss_settings_policy_t *policy = apr_pcalloc(pool, sizeof(*policy));

    (void)path;
    ss_settings_policy_clear(policy);
    return policy;
}

void *ss_module_merge_directory(apr_pool_t *pool, void *parent, void *child)
{
    ss_settings_policy_t *merged = apr_pcalloc(pool, sizeof(*merged));

    ss_settings_policy_clear(merged);
    ss_option_merge(SS_PLACE_DIRECTORY, merged, parent, child, pool);
    return merged;
}

/* ---- the log ---- */

static void write_log(void *self, ss_log_level_t level, const char *line)
{
    static const int levels[] = { APLOG_ERR, APLOG_WARNING, APLOG_NOTICE, APLOG_INFO, APLOG_DEBUG };

    ap_log_error(APLOG_MARK, levels[level], 0, (server_rec *)self, "%s", line);
}

const ss_log_t *ss_module_log(server_rec *s, apr_pool_t *pool)
{
    ss_log_t *log = apr_pcalloc(pool, sizeof(*log));

    log->write = write_log;
    log->self = s;
    log->level = APLOG_IS_LEVEL(s, APLOG_DEBUG)     ? SS_LOG_DEBUG
                 : APLOG_IS_LEVEL(s, APLOG_INFO)    ? SS_LOG_INFO
                 : APLOG_IS_LEVEL(s, APLOG_NOTICE)  ? SS_LOG_NOTICE
                 : APLOG_IS_LEVEL(s, APLOG_WARNING) ? SS_LOG_WARN
                                                    : SS_LOG_ERROR;
    return log;
}
