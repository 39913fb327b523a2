#include "web/submit/idempotency.h"

#include <apr_strings.h>
#include <string.h>

#include "web/shared/problem.h"
#include "web/submit/limit.h"

int ss_idempotency_read(request_rec *r, ss_idempotency_t *repeat)
{
    const char *key = apr_table_get(r->headers_in, "Idempotency-Key");

    repeat->key = key;
    if (key && !ss_limit_is_key(key))
        return ss_problem(r, SS_PROBLEM_PARAMETER, "Idempotency-Key",
                          "the Idempotency-Key must be 1 to %d printable ASCII characters",
                          SS_LIMIT_KEY_MAX);
    return 1;
}

void ss_idempotency_hash_add(GChecksum *hash, const char *bytes, apr_size_t len)
{
    g_checksum_update(hash, (const guchar *)bytes, (gssize)len);
}

/* The terminating zero byte too: "a" + "bc" must differ from "ab" + "c". */
static void add_text(GChecksum *hash, const char *text)
{
    ss_idempotency_hash_add(hash, text ? text : "", text ? strlen(text) + 1 : 1);
}

GChecksum *ss_idempotency_hash_begin(const char *type, const char *args)
{
    GChecksum *hash = g_checksum_new(G_CHECKSUM_SHA256);

    add_text(hash, type);
    add_text(hash, args);
    return hash;
}

void ss_idempotency_hash_end(GChecksum *hash, ss_idempotency_t *repeat)
{
    *repeat->hash = '\0';
    if (!hash) return;
    apr_cpystrn(repeat->hash, g_checksum_get_string(hash), sizeof(repeat->hash));
    g_checksum_free(hash);
}

void ss_idempotency_hash_free(GChecksum *hash)
{
    if (hash) g_checksum_free(hash);
}

void ss_idempotency_hash(const char *type, const char *args, const char *bytes, apr_size_t len,
                         ss_idempotency_t *repeat)
{
    GChecksum *hash = ss_idempotency_hash_begin(type, args);

    ss_idempotency_hash_add(hash, bytes, len);
    ss_idempotency_hash_end(hash, repeat);
}
