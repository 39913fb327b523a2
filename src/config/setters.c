#include "config/module.h"

#include <http_core.h>
#include <http_log.h>
#include <ap_expr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uri.h>
#include <string.h>

#include "config/environment.h"
#include "config/hooks.h"
#include "config/option.h"
#include "config/option_syntax.h"

APLOG_USE_MODULE(smtp_send);

/* Where a directive stands, for the connection test's settings list. */
static const char *source_of(cmd_parms *cmd)
{
    return apr_psprintf(cmd->pool, "%s:%d",
                        cmd->directive->filename ? cmd->directive->filename : "command line",
                        cmd->directive->line_num);
}

static const char *context_error(cmd_parms *cmd, const ss_option_t *option)
{
    if (option->place == SS_PLACE_GLOBAL) return ap_check_cmd_context(cmd, GLOBAL_ONLY);
    if (option->place == SS_PLACE_SERVER)
        return ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT | NOT_IN_HTACCESS);
    return ap_check_cmd_context(cmd, NOT_IN_HTACCESS);
}

static ss_option_place_t place_of(const cmd_parms *cmd, const ss_option_t *option)
{
    if (option->place == SS_PLACE_BOTH) return cmd->path ? SS_PLACE_DIRECTORY : SS_PLACE_SERVER;
    return option->place;
}

static void *record_of(cmd_parms *cmd, void *directory, const ss_option_t *option,
                       ss_option_place_t place)
{
    ss_module_server_t *server =
        ap_get_module_config(cmd->server->module_config, &smtp_send_module);

    if (place == SS_PLACE_GLOBAL) return &server->globals;
    if (place == SS_PLACE_DIRECTORY) return directory;
    /* A size limit and the pages' alert are no reason for a relay of its own. */
    if (option->place == SS_PLACE_SERVER && strcmp(option->name, "SMTPSendAlertAge"))
        server->has_own = 1;
    return &server->own;
}

/* SMTPSendAddHeader's value is an expression: a wrong one stops configtest. */
static const char *compile(cmd_parms *cmd, const ss_option_t *option, void *field)
{
    const apr_array_header_t *list = *(apr_array_header_t **)field;
    ss_settings_pair_t *pair;
    const char *error = NULL;

    if (strcmp(option->name, "SMTPSendAddHeader") || !list) return NULL;
    pair = &APR_ARRAY_IDX(list, list->nelts - 1, ss_settings_pair_t);
    pair->compiled = ap_expr_parse_cmd(cmd, pair->value, AP_EXPR_FLAG_STRING_RESULT, &error, NULL);
    return error ? apr_psprintf(cmd->pool, "SMTPSendAddHeader %s: '%s' is not an expression: %s",
                                pair->name, pair->value, error)
                 : NULL;
}

/* The secret is remembered for the daemon; what the location keeps of it is its name. */
static void take_webhook_secret(cmd_parms *cmd, const char **field)
{
    char *secret = (char *)(apr_uintptr_t)*field;

    *field = ss_hooks_add(secret, cmd->pool);
    memset(secret, '*', strlen(secret));
}

static int is_webhook_secret(const ss_option_t *option)
{
    return !strcmp(option->name, "SMTPSendWebhookSecret");
}

static const char *check_webhook(cmd_parms *cmd, const ss_option_t *option, int argc,
                                 char *const argv[])
{
    apr_uri_t uri;

    if (!strcmp(option->name, "SMTPSendWebhook") || !strcmp(option->name, "SMTPSendWebhookAllow"))
        ss_hooks_use();
    if (argc != 1 || strcmp(option->name, "SMTPSendWebhook")) return NULL;
    if (!apr_uri_parse(cmd->pool, argv[0], &uri) && uri.scheme && uri.hostname && *uri.hostname &&
        (!strcasecmp(uri.scheme, "http") || !strcasecmp(uri.scheme, "https")))
        return NULL;
    const char *shown = ss_option_syntax_show(argv[0], cmd->pool);
    return apr_psprintf(
        cmd->pool,
        "SMTPSendWebhook: '%s' is not a URL like https://app.example.com/mail-events%s%s", shown,
        apr_isalnum(*shown) && !strstr(shown, "://") ? "; write SMTPSendWebhook https://" : "",
        apr_isalnum(*shown) && !strstr(shown, "://") ? shown : "");
}

/* Web processes keep httpd's tree of directives and the words made of it: a password must not stay
 * readable there. */
static void wipe_literal(cmd_parms *cmd, const ss_option_t *option, int argc, char *const argv[])
{
    char *args = (char *)cmd->directive->args;

    /* A connection to a database may hold one, too. */
    if (option->kind != SS_KIND_SECRET && !is_webhook_secret(option) &&
        (option->kind != SS_KIND_QUEUE || argc != 2 || !strcasecmp(argv[0], "sqlite3")))
        return;
    if (args) memset(args, '*', strlen(args));
    for (int i = 0; i < argc; i++) memset(argv[i], '*', strlen(argv[i]));
}

/* file: and exec: may name a path below ServerRoot, as every file of a configuration. */
static const char *secret_path(cmd_parms *cmd, const char *text)
{
    const char *path = strncmp(text, "file:", 5) && strncmp(text, "exec:", 5) ? NULL : text + 5;
    const char *absolute = path && *path ? ap_server_root_relative(cmd->pool, path) : NULL;

    return absolute ? apr_pstrcat(cmd->pool, apr_pstrmemdup(cmd->pool, text, 5), absolute, NULL)
                    : text;
}

/* A file, or a program that no shell looks for, may be below ServerRoot. */
static const char *log_path(cmd_parms *cmd, const char *text)
{
    apr_size_t bars = strspn(text, "|");

    if (bars) bars += strspn(text + bars, " ");
    if (!text[bars] || (bars && text[bars] == '$')) return text;
    const char *absolute = ap_server_root_relative(cmd->pool, text + bars);
    return absolute ? apr_pstrcat(cmd->pool, apr_pstrmemdup(cmd->pool, text, bars), absolute, NULL)
                    : text;
}

static const char *set(cmd_parms *cmd, void *directory, int argc, char *const argv[])
{
    const ss_option_t *option = cmd->info;
    const char *values[64], *bad = context_error(cmd, option);
    ss_option_place_t place = place_of(cmd, option);

    if (bad) return bad;
    if (argc > 64) return apr_psprintf(cmd->pool, "%s takes at most 64 values", option->name);
    for (int i = 0; i < argc; i++) values[i] = argv[i];
    if (option->kind == SS_KIND_FILE && argc == 1)
        values[0] = ap_server_root_relative(cmd->pool, argv[0]);
    if (option->kind == SS_KIND_LOG && argc == 1) values[0] = log_path(cmd, argv[0]);
    if (option->kind == SS_KIND_QUEUE && argc == 2 && !strcasecmp(argv[0], "sqlite3"))
        values[1] = ap_server_root_relative(cmd->pool, argv[1]);
    if (option->kind == SS_KIND_SECRET && argc >= 1) values[0] = secret_path(cmd, argv[0]);
    if (option->kind == SS_KIND_SOCKET && argc >= 1)
        values[0] = ap_runtime_dir_relative(cmd->pool, argv[0]);
    void *record = record_of(cmd, directory, option, place);
    bad = ss_option_set_at(option, record, place, argc, values, source_of(cmd), cmd->pool);
    if (!bad && is_webhook_secret(option))
        take_webhook_secret(cmd, ss_option_field(option, record, place));
    if (!bad && !strcmp(option->name, "SMTPSendStatusBody") &&
        *(int *)ss_option_field(option, record, place))
        ss_module_show_bodies(cmd->pool);
    if (!bad) bad = check_webhook(cmd, option, argc, argv);
    if (!bad) bad = compile(cmd, option, ss_option_field(option, record, place));
    if (!bad && option->kind == SS_KIND_SECRET && argc && !strncmp(argv[0], "env:", 4))
        ss_environment_take(argv[0] + 4, cmd->server->process->pool);
    wipe_literal(cmd, option, argc, argv);
    return bad;
}

#define COMMANDS_MAX 96

command_rec ss_config_commands[COMMANDS_MAX];

/* One row an option: ss_options is the only list of directives. Runs when the module is loaded,
 * before httpd looks at its record. */
static void __attribute__((constructor)) fill_commands(void)
{
    for (int i = 0; i < ss_option_count && i < COMMANDS_MAX - 1; i++) {
        const ss_option_t *option = &ss_options[i];
        int is_server = option->place == SS_PLACE_GLOBAL || option->place == SS_PLACE_SERVER;
        ss_config_commands[i] = (command_rec)AP_INIT_TAKE_ARGV(
            option->name, set, (void *)option, is_server ? RSRC_CONF : RSRC_CONF | ACCESS_CONF,
            option->help);
    }
}
