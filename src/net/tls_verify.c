/* tls_verify.c: what a finished handshake showed, and whether the certificate will do: all errors
 * of the verification at once, the one that a person must act on named first. */
#include "net/tls_verify.h"

#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"

#define CHAIN_MAX 10  /* certificates described */
#define NAMES_MAX 100 /* of a certificate, looked at */

/* Programs that put a certificate of their own in the way (virus scanners, inspecting firewalls),
 * by what stands in the issuer's name. */
static const char *const interceptors[] = {
    "avast",      "avg ",       "kaspersky",         "bitdefender",     "eset ssl",
    "eset, spol", "norton",     "symantec endpoint", "mcafee web",      "sophos",
    "fortinet",   "fortigate",  "zscaler",           "web/mail shield", "mail shield",
    "netskope",   "palo alto",  "untangle",          "trend micro",     "g data",
    "dr.web",     "checkpoint", "barracuda",         "squid",           "bluecoat",
    "blue coat"
};

/* ---- describing ---- */

static void name_text(X509_NAME *name, char *out, apr_size_t size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    int n = 0;

    if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0)
        n = BIO_read(bio, out, (int)size - 1);
    out[n > 0 ? n : 0] = '\0';
    BIO_free(bio);
}

static void date_text(const ASN1_TIME *time, char *out, apr_size_t size)
{
    struct tm tm;

    out[0] = '\0';
    if (time && ASN1_TIME_to_tm(time, &tm)) {
        apr_snprintf(out, size, "%04d-%02d-%02d %02d:%02d UTC", tm.tm_year + 1900, tm.tm_mon + 1,
                     tm.tm_mday, tm.tm_hour, tm.tm_min);
    }
}

static void append(char *out, apr_size_t size, const char *separator, const char *text,
                   apr_size_t len)
{
    apr_size_t used = strlen(out);

    if (used + len + strlen(separator) + 1 >= size) return;
    apr_snprintf(out + used, size - used, "%s%.*s", used ? separator : "", (int)len, text);
}

static void append_address(char *out, apr_size_t size, const ASN1_OCTET_STRING *ip)
{
    const unsigned char *b = ASN1_STRING_get0_data(ip);
    char text[48] = "";

    if (ASN1_STRING_length(ip) == 4) {
        apr_snprintf(text, sizeof(text), "%d.%d.%d.%d", b[0], b[1], b[2], b[3]);
    } else if (ASN1_STRING_length(ip) == 16) {
        for (int i = 0; i < 16; i += 2) {
            apr_size_t used = strlen(text);
            apr_snprintf(text + used, sizeof(text) - used, "%s%x", i ? ":" : "",
                         b[i] << 8 | b[i + 1]);
        }
    }
    append(out, size, " ", text, strlen(text));
}

/* RFC 6125 6.4.4: the subject alternative names, or without any the common name. */
static void names_text(X509 *certificate, char *out, apr_size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    char common[256];
    int count = names ? sk_GENERAL_NAME_num(names) : 0;

    out[0] = '\0';
    for (int i = 0; i < count && i < NAMES_MAX; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS)
            append(out, size, " ", (const char *)ASN1_STRING_get0_data(name->d.dNSName),
                   (apr_size_t)ASN1_STRING_length(name->d.dNSName));
        else if (name->type == GEN_IPADD)
            append_address(out, size, name->d.iPAddress);
    }
    GENERAL_NAMES_free(names);
    if (*out) return;
    int n = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common,
                                      sizeof(common));
    if (n > 0) append(out, size, " ", common, strlen(common));
}

static void fingerprint_text(X509 *certificate, char *out, apr_size_t size)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    out[0] = '\0';
    if (!X509_digest(certificate, EVP_sha256(), digest, &len) || size < 7 + len * 2 + 1) return;
    apr_cpystrn(out, "sha256:", size);
    for (unsigned i = 0; i < len; i++) apr_snprintf(out + 7 + i * 2, 3, "%02x", digest[i]);
}

static void chain_text(STACK_OF(X509) * chain, char *out, apr_size_t size)
{
    int count = chain ? sk_X509_num(chain) : 0;

    out[0] = '\0';
    for (int i = 0; i < count && i < CHAIN_MAX; i++) {
        X509 *certificate = sk_X509_value(chain, i);
        char subject[256], issuer[256], from[32], until[32], line[640];
        name_text(X509_get_subject_name(certificate), subject, sizeof(subject));
        name_text(X509_get_issuer_name(certificate), issuer, sizeof(issuer));
        date_text(X509_get0_notBefore(certificate), from, sizeof(from));
        date_text(X509_get0_notAfter(certificate), until, sizeof(until));
        apr_snprintf(line, sizeof(line), "%d: %s <- %s, %s to %s", i, subject, issuer, from, until);
        append(out, size, "\n", line, strlen(line));
    }
}

/* "" where OpenSSL does not say, as with TLS 1.2 and a key exchange without groups. */
static void group_text(SSL *ssl, char *out, apr_size_t size)
{
#if OPENSSL_VERSION_NUMBER >= 0x30200000L
    const char *name = SSL_get0_group_name(ssl);
#else
    int group = (int)SSL_get_negotiated_group(ssl);
    const char *name = group ? SSL_group_to_name(ssl, group) : NULL;
#endif
    apr_cpystrn(out, name ? name : "", size);
    ERR_clear_error();
}

void ss_tls_verify_describe(SSL *ssl, ss_tls_facts_t *facts)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);

    memset(facts, 0, sizeof(*facts));
    apr_cpystrn(facts->version, SSL_get_version(ssl), sizeof(facts->version));
    apr_cpystrn(facts->cipher, SSL_get_cipher_name(ssl), sizeof(facts->cipher));
    group_text(ssl, facts->group, sizeof(facts->group));
    if (!certificate) return;
    names_text(certificate, facts->names, sizeof(facts->names));
    name_text(X509_get_issuer_name(certificate), facts->issuer, sizeof(facts->issuer));
    date_text(X509_get0_notBefore(certificate), facts->not_before, sizeof(facts->not_before));
    date_text(X509_get0_notAfter(certificate), facts->not_after, sizeof(facts->not_after));
    fingerprint_text(certificate, facts->fingerprint, sizeof(facts->fingerprint));
    chain_text(SSL_get_peer_cert_chain(ssl), facts->chain, sizeof(facts->chain));
}

/* ---- judging ---- */

static const ss_tls_verify_error_t *error_of(const ss_tls_verify_errors_t *errors, int code)
{
    for (int i = 0; i < errors->count; i++) {
        if (errors->errors[i].code == code) return &errors->errors[i];
    }
    return NULL;
}

static int has_unknown_issuer(const ss_tls_verify_errors_t *errors)
{
    return error_of(errors, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY) ||
           error_of(errors, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE) ||
           error_of(errors, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT) ||
           error_of(errors, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN);
}

static int is_intercepted(const ss_tls_facts_t *facts)
{
    for (apr_size_t i = 0; i < sizeof(interceptors) / sizeof(interceptors[0]); i++) {
        if (ss_text_contains(facts->issuer, interceptors[i])) return 1;
    }
    return 0;
}

typedef struct {
    SSL *ssl;
    const ss_tls_verify_errors_t *errors;
    ss_tls_facts_t *facts;
    ss_result_t result; /* the first reason against it */
} judgement_t;

static __attribute__((format(printf, 3, 4))) void fail(judgement_t *j, const char *advice,
                                                       const char *format, ...)
{
    char text[SS_RESULT_TEXT_MAX];
    va_list args;

    va_start(args, format);
    apr_vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    apr_cpystrn(j->facts->verify, text, sizeof(j->facts->verify));
    ss_result_set(&j->result, "tls", "", advice, "%s", text);
}

static void judge_chain(judgement_t *j)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(j->ssl);
    const ss_tls_facts_t *facts = j->facts;
    int sent = chain ? sk_X509_num(chain) : 0;
    int is_unknown = has_unknown_issuer(j->errors),
        is_own = error_of(j->errors, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) != NULL;

    if ((is_unknown || is_own) && is_intercepted(facts))
        fail(j, "cert-intercepted",
             "something between this machine and the server replaced the certificate: it is issued "
             "by %s",
             facts->issuer);
    else if (is_own)
        fail(j, "cert-self-signed",
             "the certificate is self-signed (for %s); its fingerprint is %s", facts->names,
             facts->fingerprint);
    else if (error_of(j->errors, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN))
        fail(j, "cert-untrusted",
             "the certificate comes from an authority that this machine does not trust (issued by "
             "%s)",
             facts->issuer);
    else if (is_unknown && sent == 1)
        fail(j, "cert-incomplete",
             "the server did not send the intermediate certificate of its issuer (%s), so the "
             "chain does not end at an authority that this machine trusts",
             facts->issuer);
    else if (is_unknown)
        fail(j, "cert-untrusted",
             "no trusted authority vouches for the certificate (issued by %s; the server sent %d "
             "certificates)",
             facts->issuer, sent);
}

static void judge_times(judgement_t *j)
{
    const ss_tls_verify_error_t *over = error_of(j->errors, X509_V_ERR_CERT_HAS_EXPIRED);
    const ss_tls_verify_error_t *error =
        over ? over : error_of(j->errors, X509_V_ERR_CERT_NOT_YET_VALID);
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(j->ssl);
    char date[32] = "", which[48] = "the certificate";

    if (!error) return;
    X509 *certificate =
        chain && error->depth < sk_X509_num(chain) ? sk_X509_value(chain, error->depth) : NULL;
    if (certificate)
        date_text(over ? X509_get0_notAfter(certificate) : X509_get0_notBefore(certificate), date,
                  sizeof(date));
    if (!*date) apr_cpystrn(date, "an unknown date", sizeof(date));
    if (error->depth)
        apr_snprintf(which, sizeof(which), "certificate %d of the chain", error->depth);
    if (over)
        fail(j, "cert-expired", "%s expired on %s", which, date);
    else
        fail(j, "cert-not-yet", "%s is not valid before %s: is this machine's clock right?", which,
             date);
}

static void judge(judgement_t *j, const char *name)
{
    if (!SSL_get0_peer_certificate(j->ssl)) {
        fail(j, "cert-untrusted", "the server sent no certificate");
        return;
    }
    judge_chain(j);
    if (!ss_result_is_set(&j->result)) {
        judge_times(j);
        if (error_of(j->errors, X509_V_ERR_HOSTNAME_MISMATCH) ||
            error_of(j->errors, X509_V_ERR_IP_ADDRESS_MISMATCH))
            fail(j, "cert-name", "the certificate is for %.400s, not for %s",
                 *j->facts->names ? j->facts->names : "no name at all", name);
    }
    if (j->errors->count && !ss_result_is_set(&j->result)) {
        const ss_tls_verify_error_t *first = &j->errors->errors[0];
        fail(j, "cert-untrusted", "certificate %d of the chain is not accepted: %s", first->depth,
             X509_verify_cert_error_string(first->code));
    }
}

static int is_pinned(const char *pin, const char *fingerprint)
{
    const char *p = pin, *f = fingerprint;

    if (!strncasecmp(p, "sha256:", 7)) p += 7;
    if (!strncmp(f, "sha256:", 7)) f += 7;
    while (*p && *f) {
        /* As people write it: with colons between the bytes, in either case. */
        if (*p == ':') {
            p++;
            continue;
        }
        if ((*p | 0x20) != *f) return 0;
        p++;
        f++;
    }
    return *fingerprint && !*p && !*f;
}

apr_status_t ss_tls_verify(const ss_settings_t *s, SSL *ssl, const char *name,
                           const ss_tls_verify_errors_t *errors, ss_tls_facts_t *facts,
                           ss_result_t *result)
{
    judgement_t j = { ssl, errors, facts, { 0 } };
    int is_required = 1;

    if (!ss_tls_is_named(s, SSL_version(ssl))) {
        fail(&j, "tls-version", "the server chose %s, which SMTPSendTLS does not allow",
             SSL_get_version(ssl));
    } else if (!s->tls_fingerprint) {
        judge(&j, name);
        is_required = s->tls_verify && s->tls != SS_TLS_OPPORTUNISTIC;
    } else if (!is_pinned(s->tls_fingerprint, facts->fingerprint)) {
        fail(&j, "cert-fingerprint",
             "the certificate is not the one that SMTPSendTLSFingerprint names: it has %s",
             facts->fingerprint);
    }
    if (!ss_result_is_set(&j.result)) {
        facts->is_verified = 1;
        apr_cpystrn(facts->verify, s->tls_fingerprint ? "pinned" : "verified",
                    sizeof(facts->verify));
    } else if (!is_required) {
        apr_snprintf(facts->verify, sizeof(facts->verify), "not verified (%.200s)", j.result.text);
    } else {
        *result = j.result;
        return APR_EACCES;
    }
    return APR_SUCCESS;
}
