#include "config/config_read.h"

#include <apr_escape.h>
#include <apr_file_info.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/suggest.h"
#include "base/text.h"
#include "config/config_define.h"
#include "config/config_secrets.h"
#include "config/hooks.h"
#include "config/option.h"

#define LINE_MAX_LEN (1 << 20) /* a longer line is an error */
#define WORDS_MAX 65           /* a directive and its values; more are an error */
#define SECTIONS_MAX 1000
/* files within files, and all that are included */
#define DEPTH_MAX 20
#define FILES_MAX 1000

typedef struct {
    ss_settings_t record;
    int is_relay;        /* a directive makes it one of its own, as in httpd */
    const char *secret;  /* the value of env:, as hexadecimal digits; or NULL */
    const char *defined; /* "file:line" */
} section_t;

typedef struct {
    ss_config_t *config;
    ss_config_process_t *process;
    const char *top;  /* the file that was asked for; NULL: httpd's parent wrote it */
    const char *path; /* the one that is read, which another may include */
    int line, depth, files;
    apr_hash_t *defined;
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

    if (!base && r->top) {
        const char *slash = strrchr(r->top, '/');
        base = slash ? apr_pstrmemdup(r->pool, r->top, (apr_size_t)(slash - r->top) + 1) : NULL;
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

static const char *absolute_log(const reader_t *r, const char *text)
{
    apr_size_t bars = strspn(text, "|");

    if (bars) bars += strspn(text + bars, " ");
    return !text[bars] || (bars && text[bars] == '$')
               ? text
               : apr_pstrcat(r->pool, apr_pstrmemdup(r->pool, text, bars),
                             absolute(r, r->process->server_root, text + bars), NULL);
}

static void make_absolute(const reader_t *r, const ss_option_t *option, int argc, const char **argv)
{
    const char *root = r->process->server_root;

    if (option->kind == SS_KIND_FILE && argc == 1) argv[0] = absolute(r, root, argv[0]);
    if (option->kind == SS_KIND_LOG && argc == 1) argv[0] = absolute_log(r, argv[0]);
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

    if (r->top || *name != '=') return 0;
    if (!strcmp(name, "=at"))
        r->source = value;
    else if (!strcmp(name, "=secret"))
        section->secret = value;
    else if (!strcmp(name, "=relay"))
        section->record.relay_name = value, section->is_relay = 1;
    else if (!strcmp(name, "=host"))
        r->config->host.name = value;
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

/* ---- other files ---- */

static const char *read_all(reader_t *r, FILE *in);

/* NULL, or what is wrong, which *r has the place of. */
static const char *include_file(reader_t *r, const char *path)
{
    const reader_t outer = *r;
    struct stat info;
    const char *bad;

    if (r->depth == DEPTH_MAX) return "Include: more than 20 files within each other";
    if (++r->files > FILES_MAX) return "Include: more than 1000 files";
    FILE *in = fopen(path, "re");
    if (!in) return apr_psprintf(r->pool, "Include %s: %s", path, strerror(errno));
    if (fstat(fileno(in), &info) || !S_ISREG(info.st_mode)) {
        fclose(in);
        return S_ISDIR(info.st_mode) ? apr_psprintf(r->pool,
                                                    "Include %s: that is a folder; name its files, "
                                                    "as in Include %s/*.conf",
                                                    path, path)
                                     : apr_psprintf(r->pool, "Include %s: that is no file", path);
    }
    r->path = apr_pstrdup(r->pool, path);
    r->line = 0;
    r->depth++;
    bad = read_all(r, in);
    fclose(in);
    if (!bad && r->section != outer.section)
        bad = "<VirtualHost> and </VirtualHost> belong into the same file";
    if (bad) return bad;
    r->path = outer.path;
    r->line = outer.line;
    r->depth--;
    return NULL;
}

static const char *include(reader_t *r, const char *name, const char *given)
{
    const char *path = absolute(r, r->process->server_root, given), *bad = NULL;
    int is_optional = !strcasecmp(name, "IncludeOptional");
    struct stat info;
    glob_t found = { 0 };

    if (!strpbrk(path, "*?["))
        return is_optional && stat(path, &info) && errno == ENOENT ? NULL : include_file(r, path);
    int error = glob(path, 0, NULL, &found);
    if (error && error != GLOB_NOMATCH)
        bad = apr_psprintf(r->pool, "%s %s: its folder cannot be read", name, path);
    else if (error && !is_optional)
        bad = apr_psprintf(
            r->pool, "Include %s: no file has such a name (IncludeOptional allows that)", path);
    for (size_t i = 0; !error && !bad && i < found.gl_pathc; i++)
        bad = include_file(r, found.gl_pathv[i]);
    globfree(&found);
    return bad;
}

/* Include, Define and the like, in a file. 0: it is no such directive. */
static int read_preparing(reader_t *r, const char *name, int argc, const char **words,
                          const char **bad)
{
    int is_define = !strcasecmp(name, "Define"), is_undefine = !strcasecmp(name, "UnDefine");
    int is_include = !strcasecmp(name, "Include") || !strcasecmp(name, "IncludeOptional");

    if (!r->top || (!is_define && !is_undefine && !is_include)) return 0;
    if (argc < 1 || argc > 1 + is_define)
        *bad = is_define ? "Define takes a name and a value"
                         : apr_psprintf(r->pool, "%s takes one value", name);
    else if (is_include)
        *bad = include(r, name, words[0]);
    else
        *bad = ss_config_define_set(r->defined, words[0],
                                    is_undefine ? NULL
                                    : argc > 1  ? words[1]
                                                : "",
                                    r->pool);
    return 1;
}

/* A directive that there is not, with the one that was probably meant. */
static const char *unknown(const reader_t *r, const char *name)
{
    const char *names = "ServerName Include IncludeOptional Define UnDefine", *meant;

    for (int i = 0; i < ss_option_count; i++)
        names = apr_pstrcat(r->pool, names, " ", ss_options[i].name, NULL);
    for (int i = 0; (meant = ss_config_process_name(i)) != NULL; i++)
        if (*meant != '=') names = apr_pstrcat(r->pool, names, " ", meant, NULL);
    meant = ss_suggest(name, names, r->pool);
    return apr_psprintf(
        r->pool,
        "Invalid command '%s', perhaps misspelled%s%s%s: smtp-sendd knows the directives "
        "of mod_smtp_send and, of httpd's own, ServerName, ServerRoot, User, Group, "
        "ErrorLog, LogLevel, DefaultRuntimeDir, Include, IncludeOptional, Define and "
        "<VirtualHost>",
        name, meant ? " (did you mean " : "", meant ? meant : "", meant ? "?)" : "");
}

static const char *read_directive(reader_t *r, const char *line)
{
    const char *words[WORDS_MAX + 1], *word, *name = ss_config_read_word(&line, r->pool);
    int argc = 0;

    while ((word = ss_config_read_word(&line, r->pool)) != NULL) {
        if (argc == WORDS_MAX) return apr_psprintf(r->pool, "%s takes at most 64 values", name);
        words[argc++] = word;
    }
    const char *bad;
    if (read_preparing(r, name, argc, words, &bad)) return bad;
    const ss_option_t *option = ss_option_find(name);
    if (option) return set_option(r, option, argc, words);
    const char **field = !r->top || *name != '=' ? ss_config_process_field(r->process, name) : NULL;
    int is_name = !strcasecmp(name, "ServerName");
    if (!argc && (is_name || field)) return apr_psprintf(r->pool, "%s takes a value", name);
    if (argc && read_private(r, name, words[0])) return NULL;
    if (is_name) {
        (r->section ? r->section : &r->main)->record.server_name = words[0];
        return NULL;
    }
    if (field) {
        *field = joined(argc, words, r->pool);
        return NULL;
    }
    return unknown(r, name);
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

static const char *read_all(reader_t *r, FILE *in)
{
    const char *line, *bad = NULL;

    while (!bad && (line = read_line(r, in, &bad)) != NULL) {
        if (r->top) line = ss_config_define_resolve(r->defined, line, &bad, r->pool);
        if (bad) break;
        while (apr_isspace(*line)) line++;
        if (*line) bad = *line == '<' ? read_section(r, line) : read_directive(r, line);
    }
    return bad;
}

/* ---- the whole ---- */

static void merge(reader_t *r, section_t *section)
{
    ss_settings_t own = section->record;

    ss_settings_clear(&section->record);
    ss_option_merge(SS_PLACE_SERVER, &section->record, &r->main.record, &own, r->pool);
    section->record.server_name = own.server_name ? own.server_name : r->main.record.server_name;
    section->record.relay_name = own.relay_name                ? own.relay_name
                                 : section->record.server_name ? section->record.server_name
                                                               : "localhost";
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
    r->config->is_named = r->main.record.server_name != NULL;
    if (r->top && !ss_host_name_is_full(r->main.record.server_name))
        r->config->host = ss_host_name_find(r->pool);
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
                        .top = path,
                        .path = path,
                        .defined = apr_hash_make(pool),
                        .sections = apr_array_make(pool, 4, sizeof(section_t *)),
                        .pool = pool };
    /* The relays are parts of it. */
    reader_t *r = apr_pmemdup(pool, &reader, sizeof(reader));
    const char *bad;

    r->main.defined = path ? path : "httpd";
    ss_settings_clear(&r->main.record);
    ss_settings_globals_clear(&r->config->globals);
    bad = read_all(r, in);
    if (!bad && r->section)
        bad = apr_psprintf(pool, "<VirtualHost> of %s was not closed", r->section->defined);
    if (bad)
        return apr_psprintf(pool, "Syntax error on line %d of %s: %s", r->line,
                            r->path ? r->path : "what httpd passed", bad);
    *config = r->config;
    return build(r);
}
