/* config_merge.c: making and merging the module's records, by the table. */
#include "config/config_merge.h"

#include <apr_strings.h>

#include "config/module.h"
#include "config/option.h"

void *ss_config_create_server(apr_pool_t *pool, server_rec *s)
{
    ss_module_server_t *server = apr_pcalloc(pool, sizeof(*server));

    (void)s;
    ss_settings_clear(&server->own);
    ss_settings_globals_clear(&server->globals);
    return server;
}

void *ss_config_merge_server(apr_pool_t *pool, void *parent, void *child)
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

void *ss_config_create_directory(apr_pool_t *pool, char *path)
{
    ss_settings_policy_t *policy = apr_pcalloc(pool, sizeof(*policy));

    (void)path;
    ss_settings_policy_clear(policy);
    return policy;
}

void *ss_config_merge_directory(apr_pool_t *pool, void *parent, void *child)
{
    ss_settings_policy_t *merged = apr_pcalloc(pool, sizeof(*merged));

    ss_settings_policy_clear(merged);
    ss_option_merge(SS_PLACE_DIRECTORY, merged, parent, child, pool);
    return merged;
}
