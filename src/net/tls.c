#include "net/tls.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>

#include "net/tls_impl.h"

static const struct {
    int bit, version;
} versions[] = { { SS_TLSV1, TLS1_VERSION },
                 { SS_TLSV1_1, TLS1_1_VERSION },
                 { SS_TLSV1_2, TLS1_2_VERSION },
                 { SS_TLSV1_3, TLS1_3_VERSION } };

#define FILE_MAX (1024 * 1024)
#define VERSIONS ((int)(sizeof(versions) / sizeof(versions[0])))

/* OpenSSL's words for what went wrong first, and the queue emptied. A file that cannot be opened is
 * an error of the system, wrapped in others that say nothing. */
static const char *openssl_words(apr_pool_t *pool)
{
    const char *words = NULL;
    unsigned long code;

    while ((code = ERR_get_error()) != 0) {
        if (ERR_SYSTEM_ERROR(code)) {
            int error = ERR_GET_REASON(code);
            words = apr_psprintf(
                pool, "%s%s", strerror(error),
                error == EACCES
                    ? " (it is read by the delivery daemon, as SMTPSendUser or httpd's User)"
                    : "");
            ERR_clear_error();
            break;
        }
        const char *reason = ERR_reason_error_string(code);
        if (!words && reason) words = apr_pstrdup(pool, reason);
    }
    return words ? words : "unknown error";
}

static apr_status_t refuse(ss_result_t *result, const char *directive, const char *value,
                           apr_pool_t *pool)
{
    ss_result_set(result, "config", "", "tls-config", "%s \"%s\" cannot be used: %s", directive,
                  value, openssl_words(pool));
    return APR_EINVAL;
}

static void set_versions(SSL_CTX *context, int wanted)
{
    int bits = wanted ? wanted : SS_TLSV1_2 | SS_TLSV1_3;
    int lowest = 0, highest = 0;

    for (int i = 0; i < VERSIONS; i++) {
        if (!(bits & versions[i].bit)) continue;
        if (!lowest) lowest = versions[i].version;
        highest = versions[i].version;
    }
    /* Whatever floor the system-wide configuration has. */
    SSL_CTX_set_min_proto_version(context, lowest);
    SSL_CTX_set_max_proto_version(context, wanted ? highest : 0);
    /* A list with a gap cannot be offered: OpenSSL would stop below the gap. What lies in it is
     * refused after the handshake (ss_tls_is_named). */
    /* TLS 1.0 and 1.1 sign with MD5 and SHA-1, which only level 0 allows; such servers also have
     * short keys and no secure renegotiation. */
    if (bits & (SS_TLSV1 | SS_TLSV1_1)) {
        SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT);
    }
}

int ss_tls_is_named(const ss_settings_t *settings, int version)
{
    for (int i = 0; i < VERSIONS; i++) {
        if (versions[i].version == version)
            return !settings->tls_versions || (settings->tls_versions & versions[i].bit);
    }
    return 0;
}

/* As SSLCipherSuite: "TLSv1.3 NAMES" sets those of TLS 1.3, anything else the list for 1.2 and
 * below (a leading "SSL " is allowed there). */
static int use_ciphers(SSL_CTX *context, const char *list)
{
    if (!strncasecmp(list, "TLSv1.3 ", 8)) return SSL_CTX_set_ciphersuites(context, list + 8);
    return SSL_CTX_set_cipher_list(context, !strncasecmp(list, "SSL ", 4) ? list + 4 : list);
}

static apr_status_t set_ciphers(SSL_CTX *context, const ss_settings_t *s, ss_result_t *result,
                                apr_pool_t *pool)
{
    const char *list = s->tls_ciphers;

    if (!list) {
        if (!(s->tls_versions & (SS_TLSV1 | SS_TLSV1_1))) return APR_SUCCESS;
        return SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0")
                   ? APR_SUCCESS
                   : refuse(result, "SMTPSendTLS", "TLSv1", pool);
    }
    if (use_ciphers(context, list)) return APR_SUCCESS;
    ERR_clear_error();
    ss_result_set(result, "config", "", "tls-config",
                  "SMTPSendTLSCipherSuite \"%s\" cannot be used: OpenSSL does not know the ciphers "
                  "(\"openssl ciphers -v\" lists them)%s",
                  list,
                  strncmp(list, "TLS_", 4) != 0
                      ? ""
                      : "; those of TLS 1.3 are written \"TLSv1.3 TLS_AES_256_GCM_SHA384\"");
    return APR_EINVAL;
}

static const char *read_file(const char *path, apr_pool_t *pool);

/* What is wrong with a file, where it is one of the usual things; NULL: OpenSSL knows better. what:
 * the block that it should have. */
static const char *file_problem(const char *path, const char *pem, const char *what,
                                apr_pool_t *pool)
{
    apr_finfo_t info;

    if (!pem) {
        char error[120];
        apr_status_t rv = apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_SIZE, pool);
        if (rv != APR_SUCCESS && rv != APR_INCOMPLETE)
            return apr_pstrdup(pool, apr_strerror(rv, error, sizeof(error)));
        if (info.filetype == APR_DIR) return "that is a folder, not a file";
        if (!info.size) return "the file is empty";
        pem = read_file(path, pool);
    }
    if (pem && strstr(pem, "ENCRYPTED"))
        return "the key is protected by a passphrase, which nobody can enter here; \"openssl pkey "
               "-in FILE -out NEWFILE\" removes it (keep the new file readable for root alone)";
    if (pem && !strstr(pem, what))
        return apr_psprintf(pool, "the file has no \"-----BEGIN %s-----\", as the PEM format does",
                            what);
    return NULL;
}

static apr_status_t refuse_file(ss_result_t *result, const char *directive, const char *path,
                                const char *pem, const char *what, apr_pool_t *pool)
{
    const char *problem = file_problem(path, pem, what, pool);

    if (!problem) return refuse(result, directive, path, pool);
    ERR_clear_error();
    ss_result_set(result, "config", "", "tls-config", "%s \"%s\" cannot be used: %s", directive,
                  path, problem);
    return APR_EINVAL;
}

static apr_status_t set_groups(SSL_CTX *context, const ss_settings_t *s, ss_result_t *result)
{
    if (!s->tls_groups || SSL_CTX_set1_groups_list(context, s->tls_groups)) return APR_SUCCESS;
    ERR_clear_error();
    ss_result_set(result, "config", "", "tls-config",
                  "SMTPSendTLSGroups \"%s\" cannot be used: OpenSSL does not know a group of it; "
                  "names are separated by colons, such as X25519:P-256",
                  s->tls_groups);
    return APR_EINVAL;
}

/* An encrypted key would ask for its passphrase on a terminal that nobody sits at. */
static int no_passphrase(char *into, int size, int is_writing, void *baton)
{
    (void)into;
    (void)size;
    (void)is_writing;
    (void)baton;
    return 0;
}

/* Every certificate of a text becomes trusted. 0: none is in it, or one is broken. */
static int trust(SSL_CTX *context, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate;
    int count = 0, ok = bio != NULL;

    while (ok && (certificate = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL)) != NULL) {
        ok = X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
        X509_free(certificate);
        count += ok;
    }
    BIO_free(bio);
    /* The end of the text shows as an error of its own. */
    if (ok && count) ERR_clear_error();
    return ok && count;
}

static apr_status_t set_store(SSL_CTX *context, const ss_settings_t *s, ss_result_t *result,
                              apr_pool_t *pool)
{
    int ok;

    if (s->tls_ca_pem)
        ok = trust(context, s->tls_ca_pem);
    else
        ok = s->tls_ca_file ? SSL_CTX_load_verify_locations(context, s->tls_ca_file, NULL)
                            : SSL_CTX_set_default_verify_paths(context);
    /* An intermediate or the server's own certificate in the file is trusted as it stands. */
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context),
                                X509_V_FLAG_TRUSTED_FIRST |
                                    (s->tls_ca_file ? X509_V_FLAG_PARTIAL_CHAIN : 0));
    if (ok) return APR_SUCCESS;
    if (!s->tls_ca_file)
        return refuse(result, "SMTPSendTLSCACertificateFile", "the system's store", pool);
    return refuse_file(result, "SMTPSendTLSCACertificateFile", s->tls_ca_file, s->tls_ca_pem,
                       "CERTIFICATE", pool);
}

/* The first certificate of a text is ours, the others lead to its issuer. */
static int use_chain(SSL_CTX *context, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = bio ? PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL) : NULL;
    int ok = certificate && SSL_CTX_use_certificate(context, certificate) == 1;

    X509_free(certificate);
    while (ok && (certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
        ok = SSL_CTX_add1_chain_cert(context, certificate) == 1;
        X509_free(certificate);
    }
    BIO_free(bio);
    if (ok) ERR_clear_error();
    return ok;
}

static int use_key(SSL_CTX *context, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    int ok = key && SSL_CTX_use_PrivateKey(context, key) == 1;

    EVP_PKEY_free(key);
    BIO_free(bio);
    return ok;
}

static apr_status_t set_certificate(SSL_CTX *context, const ss_settings_t *s, ss_result_t *result,
                                    apr_pool_t *pool)
{
    const char *key = s->tls_key_file ? s->tls_key_file : s->tls_cert_file;
    int ok;

    if (!s->tls_cert_file) return APR_SUCCESS;
    ok = s->tls_cert_pem ? use_chain(context, s->tls_cert_pem)
                         : SSL_CTX_use_certificate_chain_file(context, s->tls_cert_file) == 1;
    if (!ok)
        return refuse_file(result, "SMTPSendTLSCertificateFile", s->tls_cert_file, s->tls_cert_pem,
                           "CERTIFICATE", pool);
    ok = s->tls_key_pem ? use_key(context, s->tls_key_pem)
                        : SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1;
    if (ok && SSL_CTX_check_private_key(context) == 1) return APR_SUCCESS;
    const char *pem = s->tls_key_pem ? s->tls_key_pem : read_file(key, pool);
    int is_other = ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_X509;
    if (!is_other)
        return refuse_file(result, "SMTPSendTLSCertificateKeyFile", key, pem, "PRIVATE KEY", pool);
    ERR_clear_error();
    ss_result_set(result, "config", "", "tls-config",
                  "SMTPSendTLSCertificateKeyFile \"%s\" cannot be used: the key does not belong to "
                  "the certificate in SMTPSendTLSCertificateFile %s",
                  key, s->tls_cert_file);
    return APR_EINVAL;
}

static apr_status_t free_context(void *data)
{
    SSL_CTX_free(((ss_tls_t *)data)->context);
    return APR_SUCCESS;
}

apr_status_t ss_tls_create(ss_tls_t **out, const ss_settings_t *s, ss_result_t *result,
                           apr_pool_t *pool)
{
    ss_tls_t *tls = apr_pcalloc(pool, sizeof(*tls));

    ERR_clear_error();
    tls->settings = s;
    tls->context = SSL_CTX_new(TLS_client_method());
    if (!tls->context) {
        ss_result_set(result, "config", "", "tls-config", "TLS cannot be started: %s",
                      openssl_words(pool));
        return APR_ENOMEM;
    }
    apr_pool_cleanup_register(pool, tls, free_context, apr_pool_cleanup_null);
    SSL_CTX_set_default_passwd_cb(tls->context, no_passphrase);
    set_versions(tls->context, s->tls_versions);
    SSL_CTX_set_options(tls->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                          SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(tls->context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                       SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_OFF);
    apr_status_t rv = set_ciphers(tls->context, s, result, pool);
    if (rv == APR_SUCCESS) rv = set_groups(tls->context, s, result);
    if (rv == APR_SUCCESS) rv = set_store(tls->context, s, result, pool);
    if (rv == APR_SUCCESS) rv = set_certificate(tls->context, s, result, pool);
    if (rv == APR_SUCCESS) *out = tls;
    return rv;
}

static int is_expired(const X509 *certificate)
{
    return X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
}

static const char *expired(const char *directive, const char *path, const X509 *certificate,
                           apr_pool_t *pool)
{
    struct tm end;

    if (!ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end)) return NULL;
    return apr_psprintf(pool,
                        "%s %s: the certificate expired on %d-%02d-%02d, so that the handshake "
                        "fails; put a valid one into the file",
                        directive, path, end.tm_year + 1900, end.tm_mon + 1, end.tm_mday);
}

const char *ss_tls_expired(const ss_tls_t *tls, apr_pool_t *pool)
{
    const ss_settings_t *s = tls->settings;
    const X509 *own = s->tls_cert_file ? SSL_CTX_get0_certificate(tls->context) : NULL,
               *last = NULL;
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(tls->context));

    if (own && is_expired(own))
        return expired("SMTPSendTLSCertificateFile", s->tls_cert_file, own, pool);
    for (int i = 0; s->tls_ca_file && i < sk_X509_OBJECT_num(objects); i++) {
        const X509 *ca = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (ca && !is_expired(ca)) return NULL;
        if (ca) last = ca;
    }
    return last ? expired("SMTPSendTLSCACertificateFile", s->tls_ca_file, last, pool) : NULL;
}

static const char *read_file(const char *path, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_finfo_t info;
    char *bytes = NULL;
    apr_size_t len = 0;

    if (!path ||
        apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, pool) != APR_SUCCESS)
        return NULL;
    if (apr_file_info_get(&info, APR_FINFO_SIZE | APR_FINFO_TYPE, file) == APR_SUCCESS &&
        info.filetype == APR_REG && info.size > 0 && info.size <= FILE_MAX) {
        bytes = apr_palloc(pool, (apr_size_t)info.size + 1);
        if (apr_file_read_full(file, bytes, (apr_size_t)info.size, &len) != APR_SUCCESS)
            bytes = NULL;
    }
    apr_file_close(file);
    if (bytes) bytes[len] = '\0';
    return bytes;
}

void ss_tls_read_files(ss_settings_t *s, apr_pool_t *pool)
{
    if (s->tls == SS_TLS_NONE) return;
    s->tls_ca_pem = read_file(s->tls_ca_file, pool);
    s->tls_cert_pem = read_file(s->tls_cert_file, pool);
    s->tls_key_pem = read_file(s->tls_key_file, pool);
}

int ss_tls_is_small(const ss_tls_t *tls, int host)
{
    return host < SS_TLS_HOSTS_MAX && tls->small[host];
}

void ss_tls_set_small(ss_tls_t *tls, int host, int is_small)
{
    if (host < SS_TLS_HOSTS_MAX) tls->small[host] = is_small != 0;
}

ss_tls_way_t ss_tls_way(const ss_tls_t *tls, int host)
{
    return host < SS_TLS_HOSTS_MAX ? (ss_tls_way_t)tls->ways[host] : SS_TLS_WAY_UNKNOWN;
}

void ss_tls_way_set(ss_tls_t *tls, int host, ss_tls_way_t way)
{
    if (host < SS_TLS_HOSTS_MAX) tls->ways[host] = (unsigned char)way;
}
