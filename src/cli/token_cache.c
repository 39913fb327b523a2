#include "cli/token.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

/* a token is not used in its last minutes: a login takes time */
#define MARGIN (120 * APR_USEC_PER_SEC)

/* FNV-1a. It only names a file; the key itself is stored in the file and compared. */
static apr_uint64_t hash(const char *text)
{
    apr_uint64_t value = APR_UINT64_C(14695981039346656037);

    for (; *text; text++) value = (value ^ (unsigned char)*text) * APR_UINT64_C(1099511628211);
    return value;
}

const char *ss_token_cache_path(ss_cli_t *cli, const char *path, const char *key)
{
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

    if (path) return path;
    if (!base || *base != '/')
        base = home && *home == '/' ? apr_pstrcat(cli->pool, home, "/.cache", NULL) : NULL;
    if (!base) return NULL;
    const char *folder = apr_pstrcat(cli->pool, base, "/smtp-send", NULL);
    /* Without a folder each call asks the service. */
    mkdir(base, 0700);
    if (mkdir(folder, 0700) && errno != EEXIST) return NULL;
    return apr_psprintf(cli->pool, "%s/token-%016" APR_UINT64_T_HEX_FMT, folder, hash(key));
}

/* Reads an open file to its end; NULL on failure, printed if is_reported. */
static const char *read_all(ss_cli_t *cli, int fd, const char *path, int is_reported,
                            apr_size_t *len)
{
    char *bytes = apr_palloc(cli->pool, SS_TOKEN_MAX + 1);
    ssize_t got;

    *len = 0;
    for (;;) {
        got = read(fd, bytes + *len, SS_TOKEN_MAX + 1 - *len);
        if (got > 0) *len += (apr_size_t)got;
        if (got == 0 || *len > SS_TOKEN_MAX || (got < 0 && errno != EINTR)) break;
    }
    if (got == 0) {
        bytes[*len] = '\0';
        return bytes;
    }
    if (is_reported)
        ss_cli_complain(EX_USAGE, "%s: %s", path, got < 0 ? strerror(errno) : "too large");
    return NULL;
}

const char *ss_token_cache_file(ss_cli_t *cli, const char *path, int is_line, apr_size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        ss_cli_complain(EX_USAGE, "%s: %s", path, strerror(errno));
        return NULL;
    }
    char *bytes = (char *)read_all(cli, fd, path, 1, len);
    close(fd);
    if (bytes && is_line && *len && bytes[*len - 1] == '\n') bytes[--*len] = '\0';
    if (bytes && is_line && *len && bytes[*len - 1] == '\r') bytes[--*len] = '\0';
    if (bytes && is_line && (!*len || strlen(bytes) != *len)) {
        ss_cli_complain(EX_USAGE, "%s: %s", path, *len ? "contains a zero byte" : "empty");
        return NULL;
    }
    return bytes;
}

int ss_token_cache_read(ss_cli_t *cli, const char *path, const char *key, ss_token_t *token)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat info;
    apr_size_t len;
    int found = 0;

    if (fd < 0) return 0;
    const char *text =
        fstat(fd, &info) || !S_ISREG(info.st_mode) || info.st_uid != geteuid() || info.st_mode & 077
            ? NULL
            : read_all(cli, fd, path, 0, &len);
    json_t *document = text ? json_loadb(text, len, 0, NULL) : NULL;
    const char *own = ss_json_text(document, "key"), *value = ss_json_text(document, "token");
    apr_time_t expires = ss_json_number(document, "expires");
    if (own && value && !strcmp(own, key) && expires > ss_wall_now() + MARGIN) {
        token->token = apr_pstrdup(cli->pool, value);
        token->expires = expires;
        found = 1;
    }
    json_decref(document);
    close(fd);
    return found;
}

void ss_token_cache_write(ss_cli_t *cli, const char *path, const char *key, const ss_token_t *token)
{
    const char *text = ss_json_print(json_pack("{s:s,s:s,s:I}", "key", key, "token", token->token,
                                               "expires", (json_int_t)token->expires),
                                     cli->pool);
    char *made = apr_pstrcat(cli->pool, path, ".XXXXXX", NULL);
    int fd = text ? mkstemp(made) : -1; /* 0600 */
    int ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0 && close(fd)) ok = 0;
    if (ok && rename(made, path)) ok = 0;
    if (!ok) {
        ss_cli_complain(EX_USAGE, "the token cannot be cached in %s: %s", path, strerror(errno));
        if (fd >= 0) unlink(made);
    }
}
