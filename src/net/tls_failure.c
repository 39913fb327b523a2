/* tls_failure.c: a handshake that failed, in words: from OpenSSL's error and the first bytes that
 * the server sent. One table from reason to advice. */
#include "net/tls_failure.h"

#include <apr_strings.h>
#include <ctype.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#define WORDS_MAX 160 /* of the server's bytes that are shown */

typedef enum { OLD_SERVER, VERSION, CLIENT_CERTIFICATE, HANDSHAKE } cause_t;

static const struct {
    int reason;
    cause_t cause;
} causes[] = { { SSL_R_UNSUPPORTED_PROTOCOL, OLD_SERVER },
               { SSL_R_DH_KEY_TOO_SMALL, OLD_SERVER },
               { SSL_R_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED, OLD_SERVER },
               { SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, OLD_SERVER },
               { SSL_R_EE_KEY_TOO_SMALL, OLD_SERVER },
               { SSL_R_CA_KEY_TOO_SMALL, OLD_SERVER },
               { SSL_R_CA_MD_TOO_WEAK, OLD_SERVER },
               { SSL_R_WRONG_SIGNATURE_TYPE, OLD_SERVER },
               { SSL_R_BAD_ECPOINT, OLD_SERVER },
               { SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, VERSION },
               { SSL_R_NO_PROTOCOLS_AVAILABLE, VERSION },
               { SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY, VERSION },
               { SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, CLIENT_CERTIFICATE },
               { SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, CLIENT_CERTIFICATE },
               { SSL_R_SSLV3_ALERT_NO_CERTIFICATE, CLIENT_CERTIFICATE },
               { SSL_R_TLSV1_ALERT_UNKNOWN_CA, CLIENT_CERTIFICATE },
               { SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, CLIENT_CERTIFICATE },
               { SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, CLIENT_CERTIFICATE },
               { SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, CLIENT_CERTIFICATE },
               { SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, CLIENT_CERTIFICATE },
               { SSL_R_TLSV1_ALERT_ACCESS_DENIED, CLIENT_CERTIFICATE } };

int ss_tls_failure_is_greeting(const unsigned char *bytes, apr_size_t len)
{
    return len >= 4 && bytes[0] >= '2' && bytes[0] <= '5' && isdigit(bytes[1]) &&
           isdigit(bytes[2]) && (bytes[3] == ' ' || bytes[3] == '-');
}

#define SAY(...) ss_result_set(result, "tls", "", __VA_ARGS__) /* advice, format, values */

/* The first line of what came, printable. */
static void words_of(const ss_tls_failure_t *f, char *words, apr_size_t size)
{
    apr_size_t n = 0;

    while (n < f->first_len && n + 1 < size && f->first[n] != '\r' && f->first[n] != '\n') {
        words[n] = isprint(f->first[n]) ? (char)f->first[n] : '?';
        n++;
    }
    words[n] = '\0';
}

static int is_text(const ss_tls_failure_t *f)
{
    apr_size_t n = f->first_len < 8 ? f->first_len : 8;

    for (apr_size_t i = 0; i < n; i++) {
        if (!isprint(f->first[i]) && !isspace(f->first[i])) return 0;
    }
    return n > 0;
}

/* The version that the server chose: record header (5), handshake header (4), version: in a
 * ServerHello. */
static const char *chosen_version(const ss_tls_failure_t *f)
{
    static const char *const names[] = { "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2" };

    if (f->first_len < 11 || f->first[0] != 0x16 || f->first[5] != 0x02 || f->first[9] != 0x03 ||
        f->first[10] > 3)
        return NULL;
    return names[f->first[10]];
}

static cause_t cause_of(int reason)
{
    for (apr_size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
        if (causes[i].reason == reason) return causes[i].cause;
    }
    return HANDSHAKE;
}

static void say_version(const ss_tls_failure_t *f, const char *reason, ss_result_t *result)
{
    int bits = f->settings->tls_versions;
    /* Only what the directive leaves out can be given back by it. */
    int is_ours = bits && (!(bits & SS_TLSV1_2) || !(bits & SS_TLSV1_3));

    SAY(is_ours ? "tls-version" : "tls-old-server",
        is_ours ? "the server accepts none of the TLS versions that SMTPSendTLS allows (%s)"
                : "the server accepts neither TLSv1.2 nor TLSv1.3 (%s)",
        reason);
}

static void say_old(const ss_tls_failure_t *f, int code, const char *reason, ss_result_t *result)
{
    const char *chosen = chosen_version(f);

    if (code == SSL_R_UNSUPPORTED_PROTOCOL && chosen) {
        ss_result_set(result, "tls", chosen, "tls-old-server",
                      "the server offers nothing better than %s, which is not allowed here",
                      chosen);
    } else {
        SAY("tls-old-server",
            "the server's cryptography is too old or too weak for this machine: %s", reason);
    }
}

static void say_client_certificate(const ss_tls_failure_t *f, const char *reason,
                                   ss_result_t *result)
{
    if (f->settings->tls_cert_file) {
        SAY("tls-client-cert", "the server refused the client certificate of %s: %s",
            f->settings->tls_cert_file, reason);
    } else {
        SAY("tls-client-cert",
            "the server requires a client certificate, and none is configured (%s)", reason);
    }
}

static void say_end(const ss_tls_failure_t *f, int system, ss_result_t *result)
{
    char why[120];

    if (f->asked_certificate && !f->settings->tls_cert_file) {
        say_client_certificate(f, "it closed the connection", result);
    } else if (system) {
        SAY("tls-handshake", "the connection broke during the TLS handshake: %s",
            apr_strerror(system, why, sizeof(why)));
    } else {
        ss_result_set(result, "tls", "EOF", "tls-handshake",
                      f->received
                          ? "the server closed the connection in the middle of the TLS handshake"
                          : "the server closed the connection when the TLS handshake began, "
                            "without sending anything");
    }
}

/* What came is text: the port speaks without TLS, or is something else altogether. */
static void say_text(const ss_tls_failure_t *f, ss_result_t *result)
{
    char words[WORDS_MAX];

    words_of(f, words, sizeof(words));
    if (ss_tls_failure_is_greeting(f->first, f->first_len)) {
        SAY("tls-plain-port",
            "the port speaks plain text, not TLS: instead of a handshake it said \"%s\"", words);
    } else {
        SAY("not-smtp", "what answers there speaks neither TLS nor SMTP: \"%s\"", words);
    }
}

void ss_tls_failure_explain(const ss_tls_failure_t *f, int system, ss_result_t *result)
{
    unsigned long error = ERR_peek_error();
    int code = error && ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
    const char *reason = error ? ERR_reason_error_string(error) : NULL;
    cause_t cause = cause_of(code);

    if (!reason) reason = "no reason given";
    if (f->asked_anew) {
        SAY("tls-renegotiation",
            "the server asked to negotiate TLS anew in the middle of the session, which is never "
            "done here, and ended the connection (%s)",
            reason);
        ERR_clear_error();
        return;
    }
    if (f->first_len && is_text(f))
        say_text(f, result);
    else if (!error || code == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        say_end(f, system, result);
    else if (cause == OLD_SERVER)
        say_old(f, code, reason, result);
    else if (cause == VERSION)
        say_version(f, reason, result);
    else if (cause == CLIENT_CERTIFICATE || (f->asked_certificate && !f->settings->tls_cert_file))
        say_client_certificate(f, reason, result);
    else if (code == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE) {
        SAY("tls-handshake",
            "the server ended the TLS handshake: it shares no version, cipher or signature with "
            "this machine (%s)",
            reason);
    } else {
        SAY("tls-handshake", "the TLS handshake failed: %s", reason);
    }
    ERR_clear_error();
}
