/* submitter.c: the names; pure. submitter_of.c asks httpd. */
#include "web/submit/submitter.h"

#include <apr_escape.h>
#include <apr_sha1.h>
#include <apr_strings.h>
#include <string.h>

#include "mail/codec.h"

#define HASH 8 /* octets of a hash */

/* Blanks separate the parts, so a part has none. */
static const char *part(const char *text, apr_pool_t *pool)
{
    apr_size_t len = strlen(text);
    int is_utf8 = ss_codec_is_utf8(text, len);
    char *out = apr_palloc(pool, len * 3 + 1), *to = out;

    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p > ' ' && *p != '%' && *p != 127 && (*p < 127 || is_utf8))
            *to++ = (char)*p;
        else
            to += apr_snprintf(to, 4, "%%%02X", (unsigned)*p);
    }
    *to = '\0';
    return out;
}

static const char *cut(const char *name, apr_pool_t *pool)
{
    apr_size_t len = strlen(name), kept = SS_SUBMITTER_MAX - 2 * HASH - 1;
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t context;

    if (len <= SS_SUBMITTER_MAX) return name;
    while (kept && ((unsigned char)name[kept] & 0xC0) == 0x80) kept--;
    apr_sha1_init(&context);
    apr_sha1_update(&context, name, (unsigned int)len);
    apr_sha1_final(digest, &context);
    return apr_pstrcat(pool, apr_pstrmemdup(pool, name, kept), "~",
                       apr_pescape_hex(pool, digest, HASH, 0), NULL);
}

const char *ss_submitter_name(const char *kind, const char *server, const char *location,
                              const char *user, apr_pool_t *pool)
{
    const char *name = apr_pstrcat(pool, kind, ":", part(server, pool), NULL);

    if (location) name = apr_pstrcat(pool, name, " ", part(location, pool), NULL);
    if (user && *user) name = apr_pstrcat(pool, name, " ", part(user, pool), NULL);
    return cut(name, pool);
}

/* Names that were never a user's over HTTP: "uid:1000", "smtp:...", "report", "server". */
const char *ss_submitter_former(const char *user, const char *path)
{
    if (!user || !*user) return *path ? path : "/";
    return strchr(user, ':') || !strcmp(user, "report") || !strcmp(user, "server") || *user == '/'
               ? NULL
               : user;
}
