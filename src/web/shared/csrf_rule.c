#include "web/shared/csrf.h"

#include <apr_escape.h>
#include <apr_siphash.h>
#include <apr_strings.h>
#include <string.h>

static int is_hex(const char *text, apr_size_t len)
{
    return len == SS_CSRF_RULE_LENGTH && strspn(text, "0123456789abcdef") >= len;
}

const char *ss_csrf_rule_cookie(const char **header, int is_tls, apr_pool_t *pool)
{
    const char *name = is_tls ? SS_CSRF_RULE_COOKIE_TLS : SS_CSRF_RULE_COOKIE, *p = *header;
    apr_size_t name_len = strlen(name);

    while (p && *p) {
        p += strspn(p, "; \t");
        const char *cookie = p;
        apr_size_t len = strcspn(p, ";");
        p += len;
        *header = p;
        if (len > name_len && cookie[name_len] == '=' && !strncmp(cookie, name, name_len) &&
            is_hex(cookie + name_len + 1, len - name_len - 1))
            return apr_pstrmemdup(pool, cookie + name_len + 1, SS_CSRF_RULE_LENGTH);
    }
    return NULL;
}

const char *ss_csrf_rule_token(const ss_csrf_rule_t *rule, const char *cookie, apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, cookie, "\n", rule->path, "\n", rule->user, NULL);
    unsigned char signature[APR_SIPHASH_DSIZE];

    apr_siphash24_auth(signature, text, strlen(text), rule->key);
    return apr_pescape_hex(pool, signature, sizeof(signature), 0);
}

/* In a time that does not depend on where they differ. */
static int are_equal(const char *a, const char *b)
{
    apr_size_t len = strlen(a);
    unsigned char difference = 0;

    if (strlen(b) != len) return 0;
    for (apr_size_t i = 0; i < len; i++) difference |= (unsigned char)(a[i] ^ b[i]);
    return !difference;
}

int ss_csrf_rule_allows(const ss_csrf_rule_t *rule, const char *cookies, const char *token,
                        apr_pool_t *pool)
{
    const char *cookie;

    while (token && (cookie = ss_csrf_rule_cookie(&cookies, rule->is_tls, pool))) {
        if (are_equal(ss_csrf_rule_token(rule, cookie, pool), token)) return 1;
    }
    return 0;
}
