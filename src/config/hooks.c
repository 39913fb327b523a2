/* hooks.c: the keys of webhooks' signatures, by name. See hooks.h. */
#include "config/hooks.h"

#include <apr_sha1.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

static apr_array_header_t *secrets;      /* of const char *; lives as long as the configuration */

void ss_hooks_key(const char *secret, char name[SS_HOOK_KEY])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t context;

    apr_sha1_init(&context);
    apr_sha1_update(&context, "smtp_send webhook ", 18);
    apr_sha1_update(&context, secret, (unsigned int)strlen(secret));
    apr_sha1_final(digest, &context);
    for (int i = 0; i < (SS_HOOK_KEY - 1) / 2; i++) {
        name[i * 2] = hex[digest[i] >> 4];
        name[i * 2 + 1] = hex[digest[i] & 15];
    }
    name[SS_HOOK_KEY - 1] = '\0';
}

static int are_used;

void ss_hooks_use(void)
{
    are_used = 1;
}

int ss_hooks_are_used(void)
{
    return are_used;
}

static apr_status_t forget(void *list)
{
    if (secrets == list) secrets = NULL;
    return APR_SUCCESS;
}

void ss_hooks_add(const char *secret, apr_pool_t *pool)
{
    if (!secrets) {
        secrets = apr_array_make(pool, 4, sizeof(const char *));
        apr_pool_cleanup_register(pool, secrets, forget, apr_pool_cleanup_null);
    }
    APR_ARRAY_PUSH(secrets, const char *) = apr_pstrdup(secrets->pool, secret);
}

const char *ss_hooks_find(const char *name)
{
    char key[SS_HOOK_KEY];

    for (int i = 0; secrets && i < secrets->nelts; i++) {
        const char *secret = APR_ARRAY_IDX(secrets, i, const char *);
        ss_hooks_key(secret, key);
        if (!strcmp(key, name)) return secret;
    }
    return NULL;
}
