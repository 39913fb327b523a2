#include "web/submit/idempotency.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <string.h>

#include "web/shared/problem.h"
#include "web/submit/limit.h"

int ss_idempotency_read(request_rec *r, ss_idempotency_t *repeat)
{
    const char *key = apr_table_get(r->headers_in, "Idempotency-Key");

    repeat->key = key;
    if (key && !ss_limit_is_key(key))
        return ss_problem(r, HTTP_BAD_REQUEST, "Idempotency-Key",
                          "the Idempotency-Key must be 1 to %d printable ASCII characters",
                          SS_LIMIT_KEY_MAX);
    return 1;
}

EVP_MD_CTX *ss_idempotency_hash_begin(const char *type, const char *args)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();

    if (!hash || !EVP_DigestInit_ex(hash, EVP_sha256(), NULL)) {
        EVP_MD_CTX_free(hash);
        return NULL;
    }
    /* Hash the terminating zero bytes too: "a" + "bc" must differ from "ab" + "c". */
    EVP_DigestUpdate(hash, type ? type : "", type ? strlen(type) + 1 : 1);
    EVP_DigestUpdate(hash, args ? args : "", args ? strlen(args) + 1 : 1);
    return hash;
}

void ss_idempotency_hash_end(EVP_MD_CTX *hash, ss_idempotency_t *repeat)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len;

    *repeat->hash = '\0';
    if (hash && EVP_DigestFinal_ex(hash, digest, &len))
        apr_escape_hex(repeat->hash, digest, len, 0, NULL);
    EVP_MD_CTX_free(hash);
}

void ss_idempotency_hash(const char *type, const char *args, const char *bytes, apr_size_t len,
                         ss_idempotency_t *repeat)
{
    EVP_MD_CTX *hash = ss_idempotency_hash_begin(type, args);

    if (hash) EVP_DigestUpdate(hash, bytes, len);
    ss_idempotency_hash_end(hash, repeat);
}
