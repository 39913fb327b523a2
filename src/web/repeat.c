/* repeat.c: the Idempotency-Key of a submission. See repeat.h. */
#include "web/repeat.h"

#include <apr_strings.h>
#include <openssl/evp.h>
#include <string.h>

#include "web/problem.h"

int ss_repeat_read(request_rec *r, const char *submitter, ss_repeat_t *repeat)
{
    const char *key = apr_table_get(r->headers_in, "Idempotency-Key");
    apr_size_t len = key ? strlen(key) : 0;
    int bad = len > SS_REPEAT_KEY_MAX || (key && !len);

    repeat->key = NULL;
    for (apr_size_t i = 0; i < len && !bad; i++) bad = (unsigned char)key[i] < 0x20 || (unsigned char)key[i] > 0x7e;
    if (bad) {
        ss_problem(r, HTTP_BAD_REQUEST, "Idempotency-Key", "the Idempotency-Key must be 1 to %d printable ASCII characters", SS_REPEAT_KEY_MAX);
        return 0;
    }
    if (key) repeat->key = apr_pstrcat(r->pool, submitter, " ", key, NULL);
    return 1;
}

void ss_repeat_hash(const char *type, const char *args, const char *bytes, apr_size_t len, ss_repeat_t *repeat)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int digest_len = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL);

    /* The zero bytes keep the parts apart: "a" + "bc" is not "ab" + "c". */
    ok = ok && EVP_DigestUpdate(context, type ? type : "", type ? strlen(type) + 1 : 1);
    ok = ok && EVP_DigestUpdate(context, args ? args : "", args ? strlen(args) + 1 : 1) && EVP_DigestUpdate(context, bytes, len);
    ok = ok && EVP_DigestFinal_ex(context, digest, &digest_len);
    EVP_MD_CTX_free(context);
    if (!ok) digest_len = 0;
    for (unsigned int i = 0; i < digest_len && i * 2 + 2 < SS_REPEAT_HASH_TEXT; i++) {
        repeat->hash[i * 2] = hex[digest[i] >> 4];
        repeat->hash[i * 2 + 1] = hex[digest[i] & 15];
    }
    repeat->hash[digest_len * 2 < SS_REPEAT_HASH_TEXT ? digest_len * 2 : SS_REPEAT_HASH_TEXT - 1] = '\0';
}
