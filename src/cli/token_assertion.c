#include "cli/token.h"

#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <string.h>

/* Base64 with the alphabet of URLs, without padding (RFC 7515 2). */
static const char *base64url(const unsigned char *bytes, apr_size_t len, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, len * 4 / 3 + 4);

    EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
    for (char *p = out; *p; p++) *p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
    out[strcspn(out, "=")] = '\0';
    return out;
}

static const char *encoded(json_t *object, apr_pool_t *pool)
{
    const char *text = ss_json_print(object, pool);

    return text ? base64url((const unsigned char *)text, strlen(text), pool) : "";
}

static const char *reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());

    return text ? text : "unknown";
}

/* A key with a password is refused: a daemon has no terminal to ask for it. */
static int no_password(char *out, int size, int is_writing, void *self)
{
    (void)out;
    (void)size;
    (void)is_writing;
    (void)self;
    return -1;
}

static const char *signature(ss_cli_t *cli, EVP_PKEY *key, const char *text)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t len = 0;
    unsigned char *bytes = NULL;
    int ok = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
             EVP_DigestSign(context, NULL, &len, (const unsigned char *)text, strlen(text)) == 1;

    if (ok) {
        bytes = apr_palloc(cli->pool, len);
        ok = EVP_DigestSign(context, bytes, &len, (const unsigned char *)text, strlen(text)) == 1;
    }
    EVP_MD_CTX_free(context);
    return ok ? base64url(bytes, len, cli->pool) : NULL;
}

const char *ss_token_assertion_sign(ss_cli_t *cli, json_t *header, json_t *claims, const char *key,
                                    apr_size_t key_len)
{
    const char *first = encoded(header, cli->pool), *second = encoded(claims, cli->pool),
               *text = apr_pstrcat(cli->pool, first, ".", second, NULL);
    BIO *bio = BIO_new_mem_buf(key, (int)key_len);
    EVP_PKEY *private = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    const char *signed_by = NULL;

    if (!private)
        ss_cli_complain(EX_USAGE, "the private key cannot be read: %s", reason());
    else if (EVP_PKEY_get_base_id(private) != EVP_PKEY_RSA)
        ss_cli_complain(EX_USAGE, "RS256 needs an RSA key, and the private key is not one");
    else
        signed_by = signature(cli, private, text);
    if (private && EVP_PKEY_get_base_id(private) == EVP_PKEY_RSA && !signed_by)
        ss_cli_complain(EX_USAGE, "the assertion cannot be signed: %s", reason());
    EVP_PKEY_free(private);
    BIO_free(bio);
    return signed_by ? apr_pstrcat(cli->pool, text, ".", signed_by, NULL) : NULL;
}

const char *ss_token_assertion_thumbprint(ss_cli_t *cli, const char *pem, apr_size_t len)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)len);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    int ok = certificate && X509_digest(certificate, EVP_sha256(), digest, &size) == 1;

    if (!ok) ss_cli_complain(EX_USAGE, "the certificate cannot be read: %s", reason());
    X509_free(certificate);
    BIO_free(bio);
    return ok ? base64url(digest, size, cli->pool) : NULL;
}

const char *ss_token_assertion_id(apr_pool_t *pool)
{
    unsigned char random[16] = { 0 };

    RAND_bytes(random, sizeof(random));
    return base64url(random, sizeof(random), pool);
}
