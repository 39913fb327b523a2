#include "web/shared/csrf.h"

#include <apr_strings.h>
#include <openssl/crypto.h>
#include <string.h>

static int is_token(const char *text, apr_size_t len)
{
    return len == SS_CSRF_RULE_LENGTH && strspn(text, "0123456789abcdef") >= len;
}

const char *ss_csrf_rule_cookie(const char *header, apr_pool_t *pool)
{
    apr_size_t name_len = strlen(SS_CSRF_RULE_COOKIE);

    while (header && *header) {
        header += strspn(header, "; \t");
        apr_size_t len = strcspn(header, ";");
        if (len > name_len && header[name_len] == '=' &&
            !strncmp(header, SS_CSRF_RULE_COOKIE, name_len) &&
            is_token(header + name_len + 1, len - name_len - 1)) {
            return apr_pstrmemdup(pool, header + name_len + 1, SS_CSRF_RULE_LENGTH);
        }
        header += len;
    }
    return NULL;
}

int ss_csrf_rule_allows(const char *cookies, const char *origin, const char *field,
                        apr_pool_t *pool)
{
    const char *token = ss_csrf_rule_cookie(cookies, pool);

    if (!cookies && !origin) return 1;
    return token && field && is_token(field, strlen(field)) &&
           !CRYPTO_memcmp(token, field, SS_CSRF_RULE_LENGTH);
}
