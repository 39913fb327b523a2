#include "config/config_build.h"

#include <apr_strings.h>
#include <http_core.h>
#include <string.h>

#include "config/module.h"

static const char *state_dir(apr_pool_t *pool)
{
#if AP_MODULE_MAGIC_AT_LEAST(20180906, 1)
    return ap_state_dir_relative(pool, "");
#else
    /* httpd 2.4 has no DefaultStateDir: the build's folder. */
    return ap_server_root_relative(pool, SS_DEFAULT_STATE_DIR);
#endif
}

static const char *add_relay(ss_config_t *config, ss_module_server_t *server, const server_rec *s,
                             apr_pool_t *pconf)
{
    ss_settings_t *relay = &server->own;

    relay->server_name = s->server_hostname;
    if (!relay->relay_name && s->is_virtual)
        relay->relay_name = s->server_hostname ? s->server_hostname : "localhost";
    return ss_config_add(config, relay, &server->relay,
                         s->defn_name
                             ? apr_psprintf(pconf, "%s:%u", s->defn_name, s->defn_line_number)
                             : "main server",
                         pconf);
}

/* A virtual host without a relay of its own: the main server's by name and settings, with the
 * limits that stand in it. */
static const ss_settings_t *share(const ss_settings_t *relay, const ss_module_server_t *server,
                                  apr_pool_t *pool)
{
    ss_settings_t *shared = apr_pmemdup(pool, relay, sizeof(*relay));

    if (server->own.max_message_size != SS_UNSET)
        shared->max_message_size = server->own.max_message_size;
    if (server->own.redirect) shared->redirect = server->own.redirect;
    if (server->own.alert_age != SS_UNSET) shared->alert_age = server->own.alert_age;
    if (server->own.sources) shared->sources = server->own.sources;
    return shared;
}

/* The directives as they were read, which httpd forgets once it runs. */
static void scrub_tree(ap_directive_t *directive)
{
    for (; directive; directive = directive->next) {
        int is_secret = !strcasecmp(directive->directive, "SMTPSendPassword") ||
                        !strcasecmp(directive->directive, "SMTPSendWebhookSecret") ||
                        !strcasecmp(directive->directive, "SMTPSendQueue");
        if (is_secret) memset((char *)(apr_uintptr_t)directive->args, '*', strlen(directive->args));
        scrub_tree(directive->first_child);
    }
}

void ss_config_build_scrub(void)
{
    scrub_tree(ap_conftree);
}

/* What httpd makes up for a ServerName that is missing is a full name at best. */
static void find_name(ss_config_t *config, const server_rec *main_server, apr_pool_t *pconf)
{
    for (const ap_directive_t *d = ap_conftree; d; d = d->next)
        if (!strcasecmp(d->directive, "ServerName")) config->is_named = 1;
    if (ss_host_name_is_full(main_server->server_hostname))
        config->host = (ss_host_name_t){ main_server->server_hostname, "the host's name" };
    else
        config->host = ss_host_name_find(pconf);
}

const char *ss_config_build(ss_config_t **built, server_rec *main_server, apr_pool_t *pconf)
{
    ss_config_t *config = ss_config_create(pconf);
    ss_module_server_t *main_record =
        ap_get_module_config(main_server->module_config, &smtp_send_module);
    const char *bad;

    config->globals = main_record->globals;
    config->state_dir = state_dir(pconf);
    config->runtime_dir = ap_runtime_dir_relative(pconf, "");
    find_name(config, main_server, pconf);
    bad = add_relay(config, main_record, main_server, pconf);
    for (server_rec *s = main_server->next; s && !bad; s = s->next) {
        ss_module_server_t *server = ap_get_module_config(s->module_config, &smtp_send_module);
        /* httpd gives a virtual host without directives of ours the main server's record itself. */
        if (server == main_record) continue;
        if (server->has_own)
            bad = add_relay(config, server, s, pconf);
        else
            server->relay = share(main_record->relay, server, pconf);
    }
    *built = config;
    return bad ? bad : ss_config_finish(config, pconf);
}
