#include "config/config_define.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

const char *ss_config_define_set(apr_hash_t *defined, const char *name, const char *value,
                                 apr_pool_t *pool)
{
    if (!*name || strpbrk(name, ":{}"))
        return apr_psprintf(pool, "\"%s\" is no name for Define: it has :, { or }, or is empty",
                            name);
    apr_hash_set(defined, name, APR_HASH_KEY_STRING, value);
    return NULL;
}

/* What stands for ${name}; NULL: *bad. whole: with its braces. */
static const char *value_of(apr_hash_t *defined, const char *name, const char *whole,
                            const char **bad, apr_pool_t *pool)
{
    const char *value = apr_hash_get(defined, name, APR_HASH_KEY_STRING);

    if (!value && *name) value = getenv(name);
    if (value) return value;
    if (!*name || strchr(name, ':')) return whole;
    *bad = apr_psprintf(pool,
                        "%s is not defined: write \"Define %s VALUE\" above this line, or set it "
                        "in the environment of smtp-sendd",
                        whole, name);
    return NULL;
}

const char *ss_config_define_resolve(apr_hash_t *defined, const char *line, const char **bad,
                                     apr_pool_t *pool)
{
    const char *from = line, *at, *end, *out = NULL;
    ss_buf_t whole;

    *bad = NULL;
    if (!strstr(line, "${")) return line;
    ss_buf_init(&whole, SS_CONFIG_DEFINE_LINE);
    apr_status_t rv = APR_SUCCESS;
    while (rv == APR_SUCCESS && (at = strstr(from, "${")) && (end = strchr(at, '}'))) {
        const char *name = apr_pstrmemdup(pool, at + 2, (apr_size_t)(end - at) - 2);
        const char *braced = apr_pstrmemdup(pool, at, (apr_size_t)(end - at) + 1);
        const char *value = value_of(defined, name, braced, bad, pool);
        if (!value) break;
        rv = ss_buf_append(&whole, from, (apr_size_t)(at - from));
        if (rv == APR_SUCCESS) rv = ss_buf_append(&whole, value, strlen(value));
        from = end + 1;
    }
    if (rv == APR_SUCCESS && !*bad) rv = ss_buf_append(&whole, from, strlen(from) + 1);
    if (rv != APR_SUCCESS)
        *bad = "the line becomes too long once each ${NAME} is replaced";
    else if (!*bad)
        out = apr_pstrmemdup(pool, whole.data, whole.len);
    ss_buf_free(&whole);
    return out;
}
