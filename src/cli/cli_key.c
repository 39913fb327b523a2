/* cli_key.c: the keys of SMTPSendKeyFile (config/key_file.h): makes, lists and removes them. Needs
 * no daemon; web processes read the file at each request. */
#include "cli/cli.h"

#include <apr_base64.h>
#include <apr_escape.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "cli/arguments.h"
#include "cli/terminal.h"
#include "config/key_file.h"

#define DEFAULT_FILE "/etc/apache2/smtp_send.keys"

typedef struct {
    ss_cli_t *cli;
    const char *path;
    char *text; /* of the file; "": there is no file */
    struct stat info;
    int is_new;
} file_t;

static int complain(const file_t *f, int code, const char *what)
{
    return ss_cli_complain(code, "%s %s: %s", what, f->path, strerror(errno));
}

/* Waits for other commands that change files of this folder. -1: it cannot be opened. */
static int lock_folder(const file_t *f)
{
    const char *slash = strrchr(f->path, '/');
    const char *folder =
        slash ? apr_pstrmemdup(f->cli->pool, f->path, (apr_size_t)(slash - f->path) + 1) : ".";
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) flock(fd, LOCK_EX);
    return fd;
}

/* 0, or the exit code. may_miss: a file that is not there is empty. */
static int read_file(file_t *f, int may_miss)
{
    int fd = open(f->path, O_RDONLY | O_CLOEXEC);

    f->text = apr_pstrdup(f->cli->pool, "");
    if (fd < 0 && errno == ENOENT && may_miss) {
        f->is_new = 1;
        return 0;
    }
    if (fd < 0) return complain(f, EX_NOINPUT, "cannot read");
    ssize_t len = fstat(fd, &f->info) ? -1 : 0;
    if (!len && f->info.st_size <= SS_KEY_FILE_MAX) {
        f->text = apr_palloc(f->cli->pool, (apr_size_t)f->info.st_size + 1);
        len = read(fd, f->text, (size_t)f->info.st_size);
        f->text[len > 0 ? len : 0] = '\0';
    }
    close(fd);
    if (len < 0) return complain(f, EX_NOINPUT, "cannot read");
    return f->info.st_size <= SS_KEY_FILE_MAX
               ? 0
               : ss_cli_complain(EX_DATAERR, "%s is larger than 1 MiB", f->path);
}

/* Replaces the file as a whole; a new one can be read by all, since it holds no secret. */
static int write_file(const file_t *f, const char *text)
{
    char *made = apr_pstrcat(f->cli->pool, f->path, ".XXXXXX", NULL);
    size_t len = strlen(text);
    int fd = mkstemp(made), ok;

    if (fd < 0) return complain(f, EX_CANTCREAT, "cannot write");
    ok = write(fd, text, len) == (ssize_t)len && !fsync(fd) &&
         !fchmod(fd, f->is_new ? 0644 : f->info.st_mode & 0777);
    if (ok && !f->is_new && (f->info.st_uid != geteuid() || f->info.st_gid != getegid()))
        ok = !fchown(fd, f->info.st_uid, f->info.st_gid);
    if (close(fd)) ok = 0;
    if (ok && !rename(made, f->path)) return EX_OK;
    int code = complain(f, EX_CANTCREAT, "cannot write");
    unlink(made);
    return code;
}

static int has_name(const file_t *f, const char *wanted)
{
    const char *text = f->text, *line, *name;

    while (ss_key_file_next(&text, &line, &name, f->cli->pool)) {
        if (!strcmp(name, wanted)) return 1;
    }
    return 0;
}

/* A new key in base64url. NULL: no random numbers. */
static const char *make_key(apr_pool_t *pool)
{
    unsigned char random[SS_KEY_FILE_RANDOM];
    char *text = apr_palloc(pool, (apr_size_t)apr_base64_encode_len(sizeof(random)));

    if (!ss_random_bytes(random, sizeof(random))) return NULL;
    apr_base64_encode_binary(text, random, sizeof(random));
    for (char *p = text; *p; p++) *p = (char)(*p == '+' ? '-' : *p == '/' ? '_' : *p);
    text[strcspn(text, "=")] = '\0';
    return apr_pstrcat(pool, SS_KEY_FILE_PREFIX, text, NULL);
}

static const char *hash_of(const char *key, apr_pool_t *pool)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (!EVP_Digest(key, strlen(key), digest, &len, EVP_sha256(), NULL)) return NULL;
    return apr_pescape_hex(pool, digest, len, 0);
}

static int add(file_t *f, const char *name, const char *options)
{
    ss_key_file_entry_t entry = { .name = name };
    const char *why = ss_key_file_options(&entry, options, f->cli->pool), *key, *hash;

    if (!ss_key_file_is_name(name))
        return ss_cli_complain(EX_USAGE, "a name has 1 to %d letters, digits and ._@-",
                               SS_KEY_FILE_NAME_MAX);
    if (why) return ss_cli_complain(EX_USAGE, "%s", why);
    int code = read_file(f, 1);
    if (code) return code;
    if (has_name(f, name))
        return ss_cli_complain(SS_CLI_NOTHING, "%s has a key \"%s\" already: remove it first",
                               f->path, name);
    key = make_key(f->cli->pool);
    hash = key ? hash_of(key, f->cli->pool) : NULL;
    if (!hash) return ss_cli_complain(EX_OSERR, "no random numbers are available");
    apr_size_t len = strlen(f->text);
    const char *end = len && f->text[len - 1] != '\n' ? "\n" : "";
    code = write_file(
        f, apr_pstrcat(f->cli->pool, f->text, end, name, " sha256:", hash, options, "\n", NULL));
    if (code) return code;
    if (f->cli->is_json)
        ss_terminal_json(json_pack("{s:s,s:s,s:s}", "name", name, "key", key, "file", f->path));
    else
        printf("%s\n", key);
    if (!f->cli->is_json && isatty(STDERR_FILENO))
        fputs("This key is shown once; only its hash is kept.\n", stderr);
    return EX_OK;
}

static int list(file_t *f)
{
    static const ss_terminal_column_t columns[] = { { "NAME", 0, 0, 0 }, { "OPTIONS", 0, 0, 1 } };
    apr_array_header_t *cells = apr_array_make(f->cli->pool, 16, sizeof(const char *));
    json_t *document = json_array();
    const char *text, *line, *name;
    int code = read_file(f, 0);

    text = f->text;
    while (!code && ss_key_file_next(&text, &line, &name, f->cli->pool)) {
        const char *options = strstr(line, "sha256:");
        options = options ? options + strcspn(options, " \t") : "";
        options += strspn(options, " \t");
        APR_ARRAY_PUSH(cells, const char *) = ss_terminal_clean(name, f->cli->pool);
        APR_ARRAY_PUSH(cells, const char *) = ss_terminal_clean(options, f->cli->pool);
        json_array_append_new(document, json_pack("{s:o,s:o}", "name", ss_json_string(name),
                                                  "options", ss_json_string(options)));
    }
    if (!code && f->cli->is_json)
        ss_terminal_json(json_incref(document));
    else if (!code)
        ss_terminal_table(columns, 2, (const char **)(void *)cells->elts, NULL, cells->nelts / 2,
                          f->cli->pool);
    json_decref(document);
    return code;
}

static int remove_key(file_t *f, const char *wanted)
{
    const char *kept = "", *at;
    int code = read_file(f, 0), found = 0;

    if (code) return code;
    for (at = f->text; *at;) {
        const char *text = at, *line, *name;
        apr_size_t len = strcspn(at, "\n");
        const char *whole = apr_pstrmemdup(f->cli->pool, at, len + (at[len] == '\n'));
        at += len + (at[len] == '\n');
        text = whole;
        if (ss_key_file_next(&text, &line, &name, f->cli->pool) && !strcmp(name, wanted))
            found = 1;
        else
            kept = apr_pstrcat(f->cli->pool, kept, whole, NULL);
    }
    if (!found)
        return ss_cli_complain(SS_CLI_NOTHING, "%s has no key \"%s\"", f->path,
                               ss_terminal_clean(wanted, f->cli->pool));
    code = write_file(f, kept);
    if (!code && !f->cli->is_json) printf("%s is removed\n", wanted);
    return code;
}

int ss_cli_key(ss_cli_t *cli, int argc, const char *const *argv)
{
    const char *path = NULL, *from = NULL, *rate = NULL, *priority = NULL, *relay = NULL;
    const ss_arguments_option_t options[] = {
        { "file", "FILE", "SMTPSendKeyFile (" DEFAULT_FILE ")", &path },
        { "from", "PATTERNS", "senders, separated by commas (all)", &from },
        { "rate", "RATES", "at most so many messages: 10/s,1000/h", &rate },
        { "priority", "WORD", "high, normal or bulk (the location's)", &priority },
        { "relay", "NAME", "the relay of its messages", &relay },
        { 0 }
    };
    apr_array_header_t *words;
    int code, fd;

    if (ss_arguments_read(cli, options, argc, argv, &words, &code)) return code;
    const char *verb = words->nelts ? APR_ARRAY_IDX(words, 0, const char *) : "",
               *name = words->nelts == 2 ? APR_ARRAY_IDX(words, 1, const char *) : NULL;
    file_t f = { .cli = cli, .path = path ? path : getenv("SMTP_SEND_KEY_FILE") };
    const char *line =
        apr_pstrcat(cli->pool, from ? " from=" : "", from ? from : "", rate ? " rate=" : "",
                    rate ? rate : "", priority ? " priority=" : "", priority ? priority : "",
                    relay ? " relay=" : "", relay ? relay : "", NULL);
    if (!f.path) f.path = DEFAULT_FILE;
    if (!strcmp(verb, "list") && words->nelts == 1) return list(&f);
    if (!name || (strcmp(verb, "add") && strcmp(verb, "remove")))
        return ss_cli_complain(EX_USAGE, "usage: smtp-send key add NAME, list, or remove NAME");
    fd = lock_folder(&f);
    if (fd < 0) return complain(&f, EX_CANTCREAT, "cannot open the folder of");
    code = strcmp(verb, "add") ? remove_key(&f, name) : add(&f, name, line);
    close(fd);
    return code;
}
