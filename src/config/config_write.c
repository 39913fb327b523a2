#include "config/config_write.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <string.h>

#include "config/config_secrets.h"
#include "config/hooks.h"
#include "config/option.h"

/* A word that the reader reads as this one, whatever is in it. */
static void write_word(FILE *out, const char *word)
{
    fputs(" \"", out);
    for (; *word; word++) {
        if (*word == '"' || *word == '\\') putc('\\', out);
        putc(*word, out);
    }
    putc('"', out);
}

static void write_line(FILE *out, const char *name, const char *word)
{
    if (!word) return;
    fputs(name, out);
    write_word(out, word);
    putc('\n', out);
}

/* Words that hold no blank, out of one text. */
static void write_words(FILE *out, const char *text, const char *between, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, text), *state = NULL;

    for (char *word = apr_strtok(copy, between, &state); word;
         word = apr_strtok(NULL, between, &state))
        write_word(out, word);
}

static void write_password(FILE *out, const ss_secret_source_t *source, apr_pool_t *pool)
{
    static const char *const prefixes[] = {
        [SS_SECRET_FILE] = "file:", [SS_SECRET_ENV] = "env:", [SS_SECRET_EXEC] = "exec:"
    };

    switch (source->kind) {
    case SS_SECRET_NONE: write_word(out, ""); break;
    case SS_SECRET_TEXT: write_word(out, source->source); break;
    case SS_SECRET_FILE:
    case SS_SECRET_ENV:
    case SS_SECRET_EXEC:
        write_words(out, apr_pstrcat(pool, prefixes[source->kind], source->source, NULL), "\n",
                    pool);
        break;
    }
}

/* The directive's words, for the kinds that ss_option_values gives in another form. */
static int write_odd(FILE *out, const ss_option_t *option, const void *field,
                     const ss_settings_globals_t *globals, const char *printed, apr_pool_t *pool)
{
    switch (option->kind) {
    case SS_KIND_SECRET: write_password(out, *(ss_secret_source_t *const *)field, pool); return 1;
    case SS_KIND_TLS:
    case SS_KIND_LIMIT: write_words(out, printed, " ", pool); return 1;
    case SS_KIND_QUEUE:
        write_word(out, globals->queue_driver);
        if (globals->queue_params) write_word(out, globals->queue_params);
        return 1;
    case SS_KIND_SOCKET:
        write_word(out, globals->socket_path);
        write_word(out, apr_psprintf(pool, "0%o", (unsigned)globals->socket_mode));
        return 1;
    default: return 0;
    }
}

/* What adds to earlier lines is a line for each item: no line has more words than are read. */
static int write_lines(FILE *out, const ss_option_t *option, const void *field)
{
    if (option->kind != SS_KIND_PAIR && option->kind != SS_KIND_PATTERNS) return 0;
    const apr_array_header_t *list = *(apr_array_header_t *const *)field;
    for (int i = 0; i < list->nelts; i++) {
        fputs(option->name, out);
        if (option->kind == SS_KIND_PAIR) {
            write_word(out, APR_ARRAY_IDX(list, i, ss_settings_pair_t).name);
            write_word(out, APR_ARRAY_IDX(list, i, ss_settings_pair_t).value);
        } else {
            write_word(out, APR_ARRAY_IDX(list, i, const char *));
        }
        putc('\n', out);
    }
    return 1;
}

static void write_option(FILE *out, const ss_option_t *option, const void *record,
                         ss_option_place_t place, apr_pool_t *pool)
{
    const void *field = ss_option_field(option, (void *)record, place);
    apr_array_header_t *values;

    if (write_lines(out, option, field)) return;
    values = ss_option_values(option, record, place, pool);
    fputs(option->name, out);
    /* A finished record keeps an empty text as none. */
    if (!values->nelts) APR_ARRAY_PUSH(values, const char *) = "";
    if (!write_odd(out, option, field, record, APR_ARRAY_IDX(values, 0, const char *), pool)) {
        for (int i = 0; i < values->nelts; i++)
            write_word(out, APR_ARRAY_IDX(values, i, const char *));
    }
    putc('\n', out);
}

static void write_record(FILE *out, ss_option_place_t place, const void *record,
                         const apr_array_header_t *sources, apr_pool_t *pool)
{
    for (int i = 0; sources && i < ss_option_count; i++) {
        const char *source = APR_ARRAY_IDX(sources, i, const char *);
        if (!source || !ss_option_is_at(&ss_options[i], place)) continue;
        write_line(out, "=at", source);
        write_option(out, &ss_options[i], record, place, pool);
    }
}

/* httpd's parent has the environment that the daemon's programs must not see. */
static void write_secret(FILE *out, const ss_settings_t *relay, apr_pool_t *pool)
{
    apr_size_t len;
    const char *bytes = ss_secret_bytes(ss_config_secret(relay), &len);

    if (relay->password && relay->password->kind == SS_SECRET_ENV && len)
        write_line(out, "=secret", apr_pescape_hex(pool, bytes, len, 0));
}

static void write_relay(FILE *out, const ss_settings_t *relay, apr_pool_t *pool)
{
    write_line(out, "ServerName", relay->server_name);
    write_record(out, SS_PLACE_SERVER, relay, relay->sources, pool);
    write_secret(out, relay, pool);
    /* It may be no directive's. */
    write_line(out, "=relay", relay->relay_name);
}

void ss_config_write(FILE *out, const ss_config_t *config, const ss_config_process_t *process,
                     apr_pool_t *pool)
{
    const char *name, *secret;
    ss_config_process_t copy = *process;

    copy.state_dir = config->state_dir;
    copy.runtime_dir = config->runtime_dir;
    for (int i = 0; (name = ss_config_process_name(i)) != NULL; i++)
        write_line(out, name, *ss_config_process_field(&copy, name));
    write_line(out, "=host", config->host.name);
    if (ss_hooks_are_used()) write_line(out, "=webhooks", "used");
    for (int i = 0; (secret = ss_hooks_at(i)) != NULL; i++) write_line(out, "=webhook", secret);
    write_record(out, SS_PLACE_GLOBAL, &config->globals, config->globals.sources, pool);
    for (int i = 0; i < config->relays->nelts; i++) {
        if (i) fputs("<VirtualHost>\n", out);
        write_relay(out, APR_ARRAY_IDX(config->relays, i, const ss_settings_t *), pool);
        if (i) fputs("</VirtualHost>\n", out);
    }
}
