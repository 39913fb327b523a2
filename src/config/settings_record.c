/* settings_record.c: records as a whole: empty, finished, compared. See settings.h. */
#include "config/settings.h"

#include <apr_strings.h>
#include <string.h>

#include "config/option.h"
#include "config/value.h"

#define INITIAL_ARGS_MAX 16

static void clear(void *record, apr_size_t size, ss_option_place_t place)
{
    memset(record, 0, size);
    for (int i = 0; i < ss_option_count; i++) {
        if (ss_option_is_at(&ss_options[i], place))
            ss_value_unset(&ss_options[i], ss_value_field(&ss_options[i], record, place));
    }
}

void ss_settings_clear(ss_settings_t *s)
{
    clear(s, sizeof(*s), SS_PLACE_SERVER);
}

void ss_settings_globals_clear(ss_settings_globals_t *g)
{
    clear(g, sizeof(*g), SS_PLACE_GLOBAL);
}

void ss_settings_policy_clear(ss_settings_policy_t *d)
{
    clear(d, sizeof(*d), SS_PLACE_DIRECTORY);
}

/* The table's defaults, read as if they were written in a configuration. */
static void set_defaults(void *record, ss_option_place_t place, apr_pool_t *pool)
{
    for (int i = 0; i < ss_option_count; i++) {
        const ss_option_t *option = &ss_options[i];
        const char *argv[INITIAL_ARGS_MAX];
        int argc = 0;
        char *state = NULL;
        void *field;
        if (!ss_option_is_at(option, place) || !option->initial) continue;
        /* A location without a limit of its own has its server's. */
        if (option->place == SS_PLACE_BOTH && place == SS_PLACE_DIRECTORY) continue;
        field = ss_value_field(option, record, place);
        if (ss_value_is_set(option, field) && option->kind != SS_KIND_TIMEOUTS) continue;
        for (char *word = apr_strtok(apr_pstrdup(pool, option->initial), " ", &state);
             word && argc < INITIAL_ARGS_MAX; word = apr_strtok(NULL, " ", &state)) {
            argv[argc++] = word;
        }
        if (option->kind == SS_KIND_TIMEOUTS) {
            apr_interval_time_t own[SS_TIMEOUTS], *timeout = field;
            memcpy(own, timeout, sizeof(own));
            ss_value_read(option, field, argc, argv, pool);
            for (int k = 0; k < SS_TIMEOUTS; k++)
                if (own[k] != SS_UNSET) timeout[k] = own[k];
            continue;
        }
        ss_value_read(option, field, argc, argv, pool);
    }
}

int ss_settings_default_port(ss_settings_tls_t mode)
{
    return mode == SS_TLS_NONE || mode == SS_TLS_OPPORTUNISTIC ? 25 : 465;
}

static int is_fqdn(const char *name)
{
    return name && strchr(name, '.') && !strchr(name, ':') &&
           strspn(name, "0123456789.") != strlen(name);
}

void ss_settings_finish(ss_settings_t *s, apr_pool_t *pool)
{
    const char *name = s->server_name ? s->server_name : "localhost";

    set_defaults(s, SS_PLACE_SERVER, pool);
    if (s->port == SS_UNSET) s->port = ss_settings_default_port((ss_settings_tls_t)s->tls);
    if (s->tls == SS_TLS_OPPORTUNISTIC) s->tls_verify = 0;
    if (!s->relay_name) s->relay_name = "default";
    /* RFC 5321 4.1.4: a name that is no FQDN is worse than an address literal. */
    s->helo_is_address = !s->helo && !is_fqdn(name);
    if (!s->helo)
        s->helo = is_fqdn(name) ? name
                  : strspn(name, "0123456789.") == strlen(name) && *name
                      ? apr_pstrcat(pool, "[", name, "]", NULL)
                      : "[127.0.0.1]";
    if (!s->default_domain) s->default_domain = is_fqdn(name) ? name : "localhost";
    if (s->username && !*s->username) s->username = NULL;
    if (s->envelope_from && !strcmp(s->envelope_from, "keep")) s->envelope_from = NULL;
    if (s->header_from && !strcmp(s->header_from, "keep")) s->header_from = NULL;
    if (s->bounce_from && !strcmp(s->bounce_from, "<>")) s->bounce_from = "";
}

void ss_settings_globals_finish(ss_settings_globals_t *g, const char *state_dir,
                                const char *runtime_dir, apr_pool_t *pool)
{
    set_defaults(g, SS_PLACE_GLOBAL, pool);
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
    set_defaults(d, SS_PLACE_DIRECTORY, pool);
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
