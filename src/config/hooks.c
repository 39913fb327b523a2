#include "config/hooks.h"

#include <apr_escape.h>
#include <apr_sha1.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

#include "config/scrub.h"

#define NAME 8 /* octets of its hash that a secret is called by */

typedef struct {
    const char *name;
    char *secret;
} hook_key_t;

static apr_array_header_t *keys; /* of hook_key_t; lives as long as the configuration */

static const char *name_of(const char *secret, apr_pool_t *pool)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t context;

    apr_sha1_init(&context);
    apr_sha1_update(&context, "smtp_send webhook ", 18);
    apr_sha1_update(&context, secret, (unsigned int)strlen(secret));
    apr_sha1_final(digest, &context);
    return apr_pescape_hex(pool, digest, NAME, 0);
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

/* What the pool gives back goes into the next configuration's memory, and with that into what httpd
 * forks before it reads that one's secrets. */
static apr_status_t forget(void *list)
{
    const apr_array_header_t *gone = list;

    for (int i = 0; i < gone->nelts; i++) {
        char *secret = APR_ARRAY_IDX(gone, i, hook_key_t).secret;
        explicit_bzero(secret, strlen(secret));
    }
    if (keys == list) keys = NULL;
    return APR_SUCCESS;
}

const char *ss_hooks_add(const char *secret, apr_pool_t *pool)
{
    if (!keys) {
        keys = apr_array_make(pool, 4, sizeof(hook_key_t));
        apr_pool_cleanup_register(pool, keys, forget, apr_pool_cleanup_null);
    }
    hook_key_t *key = apr_array_push(keys);
    *key = (hook_key_t){ name_of(secret, keys->pool), apr_pstrdup(keys->pool, secret) };
    return key->name;
}

const char *ss_hooks_find(const char *name)
{
    for (int i = 0; keys && i < keys->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(keys, i, hook_key_t).name, name))
            return APR_ARRAY_IDX(keys, i, hook_key_t).secret;
    }
    return NULL;
}

const char *ss_hooks_at(int i)
{
    return keys && i < keys->nelts ? APR_ARRAY_IDX(keys, i, hook_key_t).secret : NULL;
}

void ss_hooks_scrub(void)
{
    for (int i = 0; keys && i < keys->nelts; i++)
        ss_scrub_line("SMTPSendWebhookSecret", APR_ARRAY_IDX(keys, i, hook_key_t).secret);
}
