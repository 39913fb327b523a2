#include "config/config_sections.h"

#include <apr_strings.h>
#include <httpd.h>
#include <http_config.h>
#include <apr_file_info.h>
#include <string.h>

#include "base/suggest.h"
#include "base/text.h"
#include "config/option.h"
#include "config/option_syntax.h"

#define DEPTH_MAX 32

typedef struct {
    const ss_config_t *config;
    const ss_log_t *log;
    ss_log_level_t doubt; /* the level of what is only doubtful */
    int has_webhook_key;  /* SMTPSendWebhookSecret, anywhere */
    apr_pool_t *pool;
} sections_t;

static void doubt(const sections_t *s, const ap_directive_t *d, const char *text)
{
    ss_log(s->log, s->doubt, 135, "%s:%d: %s", d->filename, d->line_num, text);
}

static int is(const ap_directive_t *d, const char *name)
{
    return !strcasecmp(d->directive, name);
}

static apr_array_header_t *words_of(const sections_t *s, const ap_directive_t *d)
{
    apr_array_header_t *words = apr_array_make(s->pool, 4, sizeof(const char *));
    const char *args = d->args;

    while (*args) APR_ARRAY_PUSH(words, const char *) = ap_getword_conf(s->pool, &args);
    return words;
}

static const ap_directive_t *find_in(const ap_directive_t *section, const char *name)
{
    for (const ap_directive_t *d = section->first_child; d; d = d->next)
        if (is(d, name)) return d;
    return NULL;
}

/* ---- handlers that anybody may reach ---- */

/* Whether the lines of a section hold something that decides who may come in. */
static int is_guarded(const ap_directive_t *section)
{
    for (const ap_directive_t *d = section->first_child; d; d = d->next) {
        if (is(d, "Require") && !ss_text_same(d->args, "all granted")) return 1;
        if (is(d, "<RequireNone")) return 1;
        if (is(d, "AuthType") && strcasecmp(d->args, "None")) return 1;
        if (is(d, "Deny")) return 1;
        /* Not what stands in a section for other paths. */
        int is_part = !strncasecmp(d->directive, "<Require", 8) ||
                      !strncasecmp(d->directive, "<Limit", 6) ||
                      !strncasecmp(d->directive, "<If", 3);
        if (is_part && is_guarded(d)) return 1;
    }
    return 0;
}

static const char *handler_in(const ap_directive_t *section)
{
    for (const ap_directive_t *d = section->first_child; d; d = d->next) {
        if (is(d, "SetHandler") && strstr(d->args, "smtp-send")) return d->args;
    }
    return NULL;
}

static void check_guard(const sections_t *s, const ap_directive_t *section)
{
    const char *handler = handler_in(section);

    if (!handler || is_guarded(section)) return;
    ss_log(s->log, SS_LOG_WARN, 119,
           "%s:%d: %s %s with SetHandler %s %s: anyone who can reach it may %s; write Require "
           "local, or a login",
           section->filename, section->line_num, section->directive, section->args, handler,
           find_in(section, "Require") ? "lets everybody in" : "has no Require of its own",
           strstr(handler, "status") ? "see and control the queue"
           : strstr(handler, "test") ? "see the relay's settings"
                                     : "send mail");
}

/* A misspelled handler answers as if nothing was there. */
static void check_handler(const sections_t *s, const ap_directive_t *d)
{
    static const char names[] = "smtp-send smtp-send-test smtp-send-status mod-smtp-send>smtp-send "
                                "mod-smtp-send.c>smtp-send smtp-send-handler>smtp-send "
                                "smtp-send-page>smtp-send-status smtp-status>smtp-send-status "
                                "smtp-test>smtp-send-test smtp-mail>smtp-send";

    if (!is(d, "SetHandler") && !is(d, "AddHandler")) return;
    const char *args = d->args, *word = ap_getword_conf(s->pool, &args),
               *meant = ss_text_contains(word, "smtp") ? ss_suggest(word, names, s->pool) : NULL;
    if (meant && strcmp(meant, word))
        doubt(s, d,
              apr_psprintf(s->pool,
                           "%s %s: there is no such handler; write %s %s%s (the handlers are "
                           "smtp-send, smtp-send-test and smtp-send-status)",
                           d->directive, word, d->directive, meant, *args ? " ..." : ""));
}

/* ---- directives of locations ---- */

/* Any page that somebody opens can then send mail, wherever that person's browser may. */
static void check_origins(const sections_t *s, const ap_directive_t *d)
{
    static const char *const any[] = { "*", "http://*", "https://*" };

    if (!is(d, "SMTPSendAllowOrigin")) return;
    for (apr_size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++) {
        if (ss_text_word_index(d->args, any[i]) < 0) continue;
        ss_log(s->log, SS_LOG_WARN, 128,
               "%s:%d: SMTPSendAllowOrigin %s: pages of every site may submit mail here, through "
               "the browser of anyone who can reach this location; name the sites, such as "
               "https://www.example.com",
               d->filename, d->line_num, any[i]);
        return;
    }
}

static void check_allow_relay(const sections_t *s, const ap_directive_t *d)
{
    if (!is(d, "SMTPSendAllowRelay")) return;
    const apr_array_header_t *words = words_of(s, d);
    for (int i = 0; i < words->nelts; i++) {
        const char *name = APR_ARRAY_IDX(words, i, const char *);
        if (!ss_config_relay(s->config, name))
            doubt(s, d,
                  apr_psprintf(s->pool,
                               "SMTPSendAllowRelay: there is no relay \"%s\"; the relays are %s "
                               "(SMTPSendRelayName names one)",
                               name, ss_config_relay_names(s->config, s->pool)));
    }
}

static void check_webhook(const sections_t *s, const ap_directive_t *d)
{
    if (!is(d, "SMTPSendWebhook")) return;
    if (!s->has_webhook_key)
        doubt(s, d,
              "SMTPSendWebhook without SMTPSendWebhookSecret: notifications are not signed, and "
              "anyone who knows the URL can send such; write SMTPSendWebhookSecret with a long "
              "text that the application knows, too");
    else if (!strncasecmp(d->args, "http://", 7) && strncmp(d->args + 7, "localhost", 9) &&
             strncmp(d->args + 7, "127.", 4) && strncmp(d->args + 7, "[::1]", 5))
        doubt(s, d,
              "SMTPSendWebhook with http: recipients and replies cross the network in plain text; "
              "write https");
}

/* A file that a location needs. */
static void check_file(const sections_t *s, const ap_directive_t *d)
{
    const ss_option_t *option = ss_option_find(d->directive);
    const char *args = d->args;
    apr_finfo_t info;

    if (!option || option->kind != SS_KIND_FILE || option->place != SS_PLACE_DIRECTORY) return;
    const char *path = ap_server_root_relative(s->pool, ap_getword_conf(s->pool, &args));
    if (path && apr_stat(&info, path, APR_FINFO_TYPE, s->pool) != APR_SUCCESS)
        doubt(s, d,
              apr_psprintf(s->pool, "%s %s: the file cannot be found; correct the path, or make it",
                           option->name, path));
}

/* Its own default sender is refused by the rule beside it. */
static void check_default_from(const sections_t *s, const ap_directive_t *section)
{
    const ap_directive_t *from = find_in(section, "SMTPSendDefaultFrom");
    const char *args = from ? from->args : "", *sender = ap_getword_conf(s->pool, &args);
    int has_rule = 0;

    for (const ap_directive_t *d = from ? section->first_child : NULL; d; d = d->next) {
        if (!is(d, "SMTPSendAllowFrom")) continue;
        const apr_array_header_t *patterns = words_of(s, d);
        has_rule = 1;
        for (int i = 0; i < patterns->nelts; i++)
            if (ss_text_matches(APR_ARRAY_IDX(patterns, i, const char *), sender)) return;
    }
    if (has_rule)
        doubt(s, from,
              apr_psprintf(s->pool,
                           "SMTPSendDefaultFrom %s is refused here by SMTPSendAllowFrom; add the "
                           "address there, or take another one",
                           sender));
}

/* Keys that nobody can use. */
static void check_keys(const sections_t *s, const ap_directive_t *section)
{
    const ap_directive_t *file = find_in(section, "SMTPSendKeyFile"),
                         *type = find_in(section, "AuthType");
    const char *args = file ? file->args : "",
               *path = ap_server_root_relative(s->pool, ap_getword_conf(s->pool, &args));
    int has_keys = type && ss_text_same(type->args, "smtp-send-key");
    apr_finfo_t info;

    if (has_keys && !file)
        doubt(s, type,
              "AuthType smtp-send-key without SMTPSendKeyFile in the same section: nobody gets in; "
              "write SMTPSendKeyFile PATH (smtp-send key add NAME --file PATH makes it)");
    if (file && !has_keys)
        doubt(s, file,
              "SMTPSendKeyFile without AuthType smtp-send-key in the same section has no effect; "
              "write AuthType smtp-send-key and Require valid-user");
    if (file && (!path || apr_stat(&info, path, APR_FINFO_TYPE, s->pool) != APR_SUCCESS ||
                 info.filetype != APR_REG))
        doubt(s, file,
              apr_psprintf(s->pool,
                           "SMTPSendKeyFile %s is not there: nobody gets in; \"smtp-send key add "
                           "NAME --file %s\" makes it",
                           path ? path : file->args, path ? path : file->args));
}

/* ---- lines of which only the last counts ---- */

static void check_twice(const sections_t *s, const ap_directive_t *d)
{
    const ss_option_t *option = ss_option_find(d->directive);
    int is_hosts = option && option->kind == SS_KIND_HOSTS;

    if (!option || option->kind == SS_KIND_PAIR || option->kind == SS_KIND_PATTERNS) return;
    for (const ap_directive_t *other = d->next; other; other = other->next) {
        if (!is(other, option->name) || strcmp(other->filename, d->filename)) continue;
        doubt(s, other,
              apr_psprintf(s->pool, "%s is set again, so that line %d does not count; %s%s%s%s",
                           option->name, d->line_num,
                           is_hosts ? "for several hosts, write them in one line: SMTPSendHost "
                                    : "remove one of them",
                           is_hosts ? ss_option_syntax_show(d->args, s->pool) : "",
                           is_hosts ? " " : "",
                           is_hosts ? ss_option_syntax_show(other->args, s->pool) : ""));
        return;
    }
}

static void check_sections(const sections_t *s, const ap_directive_t *first, int depth)
{
    for (const ap_directive_t *d = first; d && depth < DEPTH_MAX; d = d->next) {
        check_handler(s, d);
        check_origins(s, d);
        check_allow_relay(s, d);
        check_webhook(s, d);
        check_file(s, d);
        check_twice(s, d);
        if (*d->directive != '<') continue;
        check_guard(s, d);
        check_default_from(s, d);
        check_keys(s, d);
        check_sections(s, d->first_child, depth + 1);
    }
}

static int has_directive(const ap_directive_t *first, const char *name, int depth)
{
    for (const ap_directive_t *d = first; d && depth < DEPTH_MAX; d = d->next)
        if (is(d, name) || has_directive(d->first_child, name, depth + 1)) return 1;
    return 0;
}

void ss_config_sections_check(const ss_config_t *config, const ss_log_t *log, int is_test)
{
    sections_t s = { .config = config,
                     .log = log,
                     .doubt = is_test ? SS_LOG_WARN : SS_LOG_NOTICE,
                     .has_webhook_key = has_directive(ap_conftree, "SMTPSendWebhookSecret", 0) };

    const ap_directive_t server = { .directive = "the server as a whole",
                                    .args = "",
                                    .first_child = ap_conftree },
                         *handler = find_in(&server, "SetHandler");

    apr_pool_create(&s.pool, NULL);
    if (handler) {
        ap_directive_t whole = server;
        whole.filename = handler->filename;
        whole.line_num = handler->line_num;
        check_guard(&s, &whole);
    }
    check_sections(&s, ap_conftree, 0);
    apr_pool_destroy(s.pool);
}
