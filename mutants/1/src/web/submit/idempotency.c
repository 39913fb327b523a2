/* idempotency.c: the Idempotency-Key of a submission. */
#include "web/submit/idempotency.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "web/shared/problem.h"
#include "web/submit/limit.h"

int ss_idempotency_read(request_rec *r, const char *submitter, ss_idempotency_t *repeat)
{
    const char *key = apr_table_get(r->headers_in, "Idempotency-Key");

    repeat->key = NULL;
    if (key && !ss_limit_is_key(key)) {
        ss_problem(r, HTTP_BAD_REQUEST, "Idempotency-Key",
                   "the Idempotency-Key must be 1 to %d printable ASCII characters",
                   SS_LIMIT_KEY_MAX);
        return 0;
    }
    if (key) repeat->key = apr_pstrcat(r->pool, submitter, " ", key, NULL);
    return 1;
}

struct ss_idempotency_hash_t {
    EVP_MD_CTX *context;
    int ok;
};

ss_idempotency_hash_t *ss_idempotency_hash_begin(const char *type, const char *args)
{
    ss_idempotency_hash_t *hash = calloc(1, sizeof(*hash));

    if (!hash) return NULL;
    hash->context = EVP_MD_CTX_new();
    hash->ok = hash->context && EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL);
    /* Hash the terminating zero bytes too: "a" + "bc" must differ from "ab" + "c". */
    ss_idempotency_hash_add(hash, type ? type : "", type ? strlen(type) + 1 : 1);
    ss_idempotency_hash_add(hash, args ? args : "", args ? strlen(args) + 1 : 1);
    return hash;
}

void ss_idempotency_hash_add(ss_idempotency_hash_t *hash, const char *bytes, apr_size_t len)
{
    hash->ok = hash->ok && EVP_DigestUpdate(hash->context, bytes, len);
}

void ss_idempotency_hash_end(ss_idempotency_hash_t *hash, ss_idempotency_t *repeat)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    if (!hash || !hash->ok || !EVP_DigestFinal_ex(hash->context, digest, &len)) len = 0;
    *repeat->hash = '\0';
    if (len && len * 2 < SS_IDEMPOTENCY_HASH_TEXT)
        apr_escape_hex(repeat->hash, digest, len, 0, NULL);
    if (hash) EVP_MD_CTX_free(hash->context);
    free(hash);
}

void ss_idempotency_hash(const char *type, const char *args, const char *bytes, apr_size_t len,
                         ss_idempotency_t *repeat)
{
    ss_idempotency_hash_t *hash = ss_idempotency_hash_begin(type, args);

    if (hash) ss_idempotency_hash_add(hash, bytes, len);
    ss_idempotency_hash_end(hash, repeat);
}
