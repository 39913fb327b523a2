#include "config/settings.h"

#include <apr_strings.h>
#include <string.h>

#include "base/idn.h"
#include "config/host_name.h"
#include "config/option.h"

void ss_settings_clear(ss_settings_t *s)
{
    ss_option_clear(SS_PLACE_SERVER, s);
}

void ss_settings_globals_clear(ss_settings_globals_t *g)
{
    ss_option_clear(SS_PLACE_GLOBAL, g);
}

void ss_settings_policy_clear(ss_settings_policy_t *d)
{
    ss_option_clear(SS_PLACE_DIRECTORY, d);
}

/* RFC 5321 4.1.4: a name that is no FQDN is worse than an address literal. */
static const char *helo_of(const ss_settings_t *s, int *is_address, apr_pool_t *pool)
{
    const char *name = s->server_name;
    int is_number = name && *name && strspn(name, "0123456789.") == strlen(name);

    if (ss_host_name_is_full(name)) return name;
    /* httpd makes an address of a ServerName that is missing. */
    if ((!name || is_number) && ss_host_name_is_full(s->host_name)) return s->host_name;
    *is_address = 1;
    return is_number ? apr_pstrcat(pool, "[", name, "]", NULL) : "[127.0.0.1]";
}

void ss_settings_finish(ss_settings_t *s, apr_pool_t *pool)
{
    ss_option_set_defaults(SS_PLACE_SERVER, s, pool);
    int mode = s->tls;
    if (s->port == SS_UNSET)
        s->port = mode == SS_TLS_NONE || mode == SS_TLS_OPPORTUNISTIC ? 25 : 465;
    if (s->tls == SS_TLS_OPPORTUNISTIC) s->tls_verify = 0;
    if (!s->relay_name) s->relay_name = "default";
    /* Never plain "localhost": each host delivers mail for that to itself. */
    s->mail_name = ss_host_name_is_full(s->server_name) ? s->server_name
                   : s->host_name                       ? s->host_name
                                                        : "localhost.localdomain";
    s->helo_is_address = 0;
    if (!s->helo) s->helo = helo_of(s, &s->helo_is_address, pool);
    if (!s->default_domain) s->default_domain = s->mail_name;
    char ascii[SS_IDN_MAX];
    if (!ss_idn_ascii(s->default_domain, ascii, sizeof(ascii)))
        s->default_domain = apr_pstrdup(pool, ascii);
    if (s->username && !*s->username) s->username = NULL;
    if (s->envelope_from && !strcmp(s->envelope_from, "keep")) s->envelope_from = NULL;
    if (s->header_from && !strcmp(s->header_from, "keep")) s->header_from = NULL;
    if (s->bounce_from && !strcmp(s->bounce_from, "<>")) s->bounce_from = "";
}

void ss_settings_globals_finish(ss_settings_globals_t *g, const char *state_dir,
                                const char *runtime_dir, apr_pool_t *pool)
{
    ss_option_set_defaults(SS_PLACE_GLOBAL, g, pool);
    if (!g->queue_driver) g->queue_driver = "sqlite3";
    if (!g->queue_params)
        g->queue_params = apr_pstrcat(pool, state_dir, "/smtp_send/queue.db", NULL);
    if (!g->socket_path) {
        g->socket_path = apr_pstrcat(pool, runtime_dir, "/smtp_send.sock", NULL);
        g->socket_mode = 0660;
    }
    /* A machine may have several httpds with one state folder: no two have one socket. */
    char *socket = apr_pstrdup(pool, g->socket_path);
    for (char *p = socket; *p; p++) {
        if (*p == '/') *p = '-';
    }
    g->node_file = apr_pstrcat(pool, state_dir, "/smtp_send/node", socket, NULL);
}

void ss_settings_policy_finish(ss_settings_policy_t *d, apr_pool_t *pool)
{
    ss_option_set_defaults(SS_PLACE_DIRECTORY, d, pool);
}

int ss_settings_port(const ss_settings_t *s, int i)
{
    int port = APR_ARRAY_IDX(s->hosts, i, ss_settings_host_t).port;

    return port ? port : s->port;
}

int ss_settings_equal(const ss_settings_t *a, const ss_settings_t *b)
{
    apr_pool_t *pool;
    int equal = 1;

    apr_pool_create(&pool, NULL);
    for (int i = 0; equal && i < ss_option_count; i++) {
        const ss_option_t *option = &ss_options[i];
        if (!ss_option_is_at(option, SS_PLACE_SERVER)) continue;
        equal = !strcmp(ss_option_print(option, a, pool), ss_option_print(option, b, pool));
    }
    /* A secret prints the same whatever it is. */
    if (equal && a->password && b->password)
        equal = !strcmp(a->password->source, b->password->source);
    apr_pool_destroy(pool);
    return equal;
}
