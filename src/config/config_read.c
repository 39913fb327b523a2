#include "config/config_read.h"

#include <apr_escape.h>
#include <apr_file_info.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/config_secrets.h"
#include "config/hooks.h"
#include "config/option.h"

#define LINE_MAX_LEN (1 << 20) /* a longer line is an error */
#define WORDS_MAX 65           /* a directive and its values; more are an error */
#define SECTIONS_MAX 1000

typedef struct {
    ss_settings_t record;
    int is_relay;        /* a directive makes it one of its own, as in httpd */
    const char *secret;  /* the value of env:, as hexadecimal digits; or NULL */
    const char *defined; /* "file:line" */
} section_t;

typedef struct {
    ss_config_t *config;
    ss_config_process_t *process;
    const char *path;
    int line;
    const char *source; /* of the next directives, where httpd's parent writes */
    section_t main, *section;
    apr_array_header_t *sections; /* of section_t * */
    apr_pool_t *pool;
} reader_t;

/* ---- words ---- */

const char *ss_config_read_word(const char **line, apr_pool_t *pool)
{
    const char *p = *line;

    while (apr_isspace(*p)) p++;
    if (!*p) {
        *line = p;
        return NULL;
    }
    char quote = *p == '"' || *p == '\'' ? *p++ : '\0';
    char *word = apr_palloc(pool, strlen(p) + 1), *to = word;
    for (; *p && (quote ? *p != quote : !apr_isspace(*p)); p++) {
        if (*p == '\\' && (p[1] == '\\' || (quote && p[1] == quote))) p++;
        *to++ = *p;
    }
    *to = '\0';
    *line = quote && *p ? p + 1 : p;
    return word;
}

/* The next line that says something, with those that a backslash joins to it; NULL: the end, or
 * *bad. */
static const char *read_line(reader_t *r, FILE *in, const char **bad)
{
    const char *whole = "";
    char *buffer = NULL;
    size_t size = 0;
    ssize_t len;

    *bad = NULL;
    while ((len = getline(&buffer, &size, in)) > 0) {
        r->line++;
        if (len > LINE_MAX_LEN || strlen(buffer) != (size_t)len) {
            *bad = "the line is too long, or holds a zero byte";
            break;
        }
        while (len && apr_isspace(buffer[len - 1])) buffer[--len] = '\0';
        int goes_on = len && buffer[len - 1] == '\\' && (len < 2 || buffer[len - 2] != '\\');
        if (goes_on) buffer[--len] = '\0';
        whole = apr_pstrcat(r->pool, whole, buffer, NULL);
        if (goes_on) continue;
        while (apr_isspace(*whole)) whole++;
        if (*whole && *whole != '#') break;
        whole = "";
    }
    free(buffer);
    return *whole && !*bad ? whole : NULL;
}

/* ---- directives ---- */

static const char *source_of(const reader_t *r)
{
    return r->path ? apr_psprintf(r->pool, "%s:%d", r->path, r->line) : r->source;
}

/* Paths may be relative to ServerRoot, as in httpd; without one, to the file's folder. */
static const char *absolute(const reader_t *r, const char *base, const char *path)
{
    char *merged = NULL;

    if (!base && r->path) {
        const char *slash = strrchr(r->path, '/');
        base = slash ? apr_pstrmemdup(r->pool, r->path, (apr_size_t)(slash - r->path) + 1) : NULL;
    }
    if (*path == '/' || !base ||
        apr_filepath_merge(&merged, base, path, APR_FILEPATH_TRUENAME, r->pool) != APR_SUCCESS)
        return path;
    return merged;
}

static const char *absolute_secret(const reader_t *r, const char *text)
{
    int has_path = (!strncmp(text, "file:", 5) || !strncmp(text, "exec:", 5)) && text[5];

    return has_path ? apr_pstrcat(r->pool, apr_pstrmemdup(r->pool, text, 5),
                                  absolute(r, r->process->server_root, text + 5), NULL)
                    : text;
}

static void make_absolute(const reader_t *r, const ss_option_t *option, int argc, const char **argv)
{
    const char *root = r->process->server_root;

    if (option->kind == SS_KIND_FILE && argc == 1) argv[0] = absolute(r, root, argv[0]);
    if (option->kind == SS_KIND_QUEUE && argc == 2 && !strcasecmp(argv[0], "sqlite3"))
        argv[1] = absolute(r, root, argv[1]);
    if (option->kind == SS_KIND_SECRET && argc >= 1) argv[0] = absolute_secret(r, argv[0]);
    if (option->kind == SS_KIND_SOCKET && argc >= 1)
        argv[0] = absolute(r, r->process->runtime_dir ? r->process->runtime_dir : root, argv[0]);
}

static const char *set_option(reader_t *r, const ss_option_t *option, int argc, const char **argv)
{
    section_t *section = r->section ? r->section : &r->main;
    int is_global = option->place == SS_PLACE_GLOBAL;

    if (option->place == SS_PLACE_DIRECTORY)
        return apr_psprintf(r->pool, "%s belongs to a location of httpd, and smtp-sendd has none",
                            option->name);
    if (is_global && r->section)
        return apr_psprintf(r->pool, "%s cannot occur within <VirtualHost> section", option->name);
    if (option->place == SS_PLACE_SERVER && strcmp(option->name, "SMTPSendAlertAge"))
        section->is_relay = 1;
    make_absolute(r, option, argc, argv);
    return ss_option_set_at(
        option, is_global ? (void *)&r->config->globals : (void *)&section->record,
        is_global ? SS_PLACE_GLOBAL : SS_PLACE_SERVER, argc, argv, source_of(r), r->pool);
}

/* What only httpd's parent writes. 0: it is no such line. */
static int read_private(reader_t *r, const char *name, const char *value)
{
    section_t *section = r->section ? r->section : &r->main;

    if (r->path || *name != '=') return 0;
    if (!strcmp(name, "=at"))
        r->source = value;
    else if (!strcmp(name, "=secret"))
        section->secret = value;
    else if (!strcmp(name, "=relay"))
        section->record.relay_name = value, section->is_relay = 1;
    else if (!strcmp(name, "=webhooks"))
        ss_hooks_use();
    else if (!strcmp(name, "=webhook"))
        ss_hooks_add(value, r->pool);
    else
        return 0;
    return 1;
}

static const char *joined(int argc, const char *const *argv, apr_pool_t *pool)
{
    const char *out = "";

    for (int i = 0; i < argc; i++) out = apr_pstrcat(pool, out, i ? " " : "", argv[i], NULL);
    return out;
}

static const char *read_directive(reader_t *r, const char *line)
{
    const char *words[WORDS_MAX + 1], *word, *name = ss_config_read_word(&line, r->pool);
    int argc = 0;

    while ((word = ss_config_read_word(&line, r->pool)) != NULL) {
        if (argc == WORDS_MAX) return apr_psprintf(r->pool, "%s takes at most 64 values", name);
        words[argc++] = word;
    }
    const ss_option_t *option = ss_option_find(name);
    if (option) return set_option(r, option, argc, words);
    if (!argc) return apr_psprintf(r->pool, "%s takes a value", name);
    if (read_private(r, name, words[0])) return NULL;
    if (!strcasecmp(name, "ServerName")) {
        (r->section ? r->section : &r->main)->record.server_name = words[0];
        return NULL;
    }
    const char **field =
        !r->path || *name != '=' ? ss_config_process_field(r->process, name) : NULL;
    if (field) {
        *field = joined(argc, words, r->pool);
        return NULL;
    }
    return apr_psprintf(
        r->pool,
        "Invalid command '%s', perhaps misspelled: smtp-sendd knows the directives "
        "of mod_smtp_send and, of httpd's own, ServerName, ServerRoot, User, Group, "
        "ErrorLog, LogLevel, DefaultRuntimeDir and <VirtualHost>",
        name);
}

static const char *read_section(reader_t *r, const char *line)
{
    if (!strcasecmp(line, "</VirtualHost>")) {
        if (!r->section) return "</VirtualHost> without matching <VirtualHost> section";
        r->section = NULL;
        return NULL;
    }
    if (strncasecmp(line, "<VirtualHost", 12) || line[strlen(line) - 1] != '>')
        return apr_psprintf(r->pool, "%s: of httpd's sections, smtp-sendd knows only <VirtualHost>",
                            line);
    if (r->section) return "<VirtualHost> cannot occur within <VirtualHost> section";
    if (r->sections->nelts == SECTIONS_MAX) return "more than 1000 sections";
    r->section = apr_pcalloc(r->pool, sizeof(*r->section));
    ss_settings_clear(&r->section->record);
    r->section->defined = apr_psprintf(r->pool, "%s:%d", r->path ? r->path : "httpd", r->line);
    APR_ARRAY_PUSH(r->sections, section_t *) = r->section;
    return NULL;
}

/* ---- the whole ---- */

static void merge(reader_t *r, section_t *section)
{
    ss_settings_t own = section->record;

    ss_settings_clear(&section->record);
    ss_option_merge(SS_PLACE_SERVER, &section->record, &r->main.record, &own, r->pool);
    section->record.server_name = own.server_name ? own.server_name : r->main.record.server_name;
    section->record.relay_name = own.relay_name ? own.relay_name : section->record.server_name;
}

static const char *add(reader_t *r, section_t *section)
{
    const ss_settings_t *used;
    const char *bad = ss_config_add(r->config, &section->record, &used, section->defined, r->pool);
    apr_size_t len;

    if (bad || !section->secret || used != &section->record) return bad;
    const char *bytes = apr_punescape_hex(r->pool, section->secret, 0, &len);
    if (bytes) ss_secret_give(ss_config_secret(used), bytes, len);
    return NULL;
}

static const char *build(reader_t *r)
{
    const char *bad = NULL;

    r->config->state_dir = r->process->state_dir ? r->process->state_dir : SS_DEFAULT_STATE_DIR;
    r->config->runtime_dir =
        r->process->runtime_dir ? r->process->runtime_dir : SS_DEFAULT_RUNTIME_DIR;
    if (!r->main.record.server_name) r->main.record.server_name = "localhost";
    for (int i = 0; i < r->sections->nelts; i++)
        merge(r, APR_ARRAY_IDX(r->sections, i, section_t *));
    bad = add(r, &r->main);
    for (int i = 0; i < r->sections->nelts && !bad; i++) {
        section_t *section = APR_ARRAY_IDX(r->sections, i, section_t *);
        if (section->is_relay) bad = add(r, section);
    }
    return bad ? bad : ss_config_finish(r->config, r->pool);
}

const char *ss_config_read(ss_config_t **config, ss_config_process_t *process, FILE *in,
                           const char *path, apr_pool_t *pool)
{
    reader_t reader = { .config = ss_config_create(pool),
                        .process = process,
                        .path = path,
                        .sections = apr_array_make(pool, 4, sizeof(section_t *)),
                        .pool = pool };
    /* The relays are parts of it. */
    reader_t *r = apr_pmemdup(pool, &reader, sizeof(reader));
    const char *line, *bad = NULL;

    r->main.defined = path ? path : "httpd";
    ss_settings_clear(&r->main.record);
    ss_settings_globals_clear(&r->config->globals);
    while (!bad && (line = read_line(r, in, &bad)) != NULL)
        bad = *line == '<' ? read_section(r, line) : read_directive(r, line);
    if (!bad && r->section)
        bad = apr_psprintf(pool, "<VirtualHost> of %s was not closed", r->section->defined);
    if (bad)
        return apr_psprintf(pool, "Syntax error on line %d of %s: %s", r->line,
                            path ? path : "what httpd passed", bad);
    *config = r->config;
    return build(r);
}
