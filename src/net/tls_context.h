/* tls_context.h: what tls.c, stream_tls.c and tls_verify.c share; the only header of ours that
 * shows OpenSSL. Inside src/net only. */
#ifndef SS_NET_TLS_CONTEXT_H
#define SS_NET_TLS_CONTEXT_H

#include <openssl/ssl.h>

#include "net/tls.h"

/* hosts of a relay whose way is remembered; later ones are found out anew each time */
#define SS_TLS_HOSTS_MAX 64
#define SS_TLS_ERRORS_MAX 16 /* verification errors kept of one handshake */

typedef enum { SS_TLS_WAY_UNKNOWN, SS_TLS_WAY_AT_ONCE, SS_TLS_WAY_STARTTLS } ss_tls_way_t;

struct ss_tls_t {
    SSL_CTX *context;
    const ss_settings_t *settings;
    /* ss_tls_way_t by host: what worked with SMTPSendTLS negotiate */
    unsigned char ways[SS_TLS_HOSTS_MAX];
};

typedef struct { /* one error of X509_verify_cert */
    int code, depth;
} ss_tls_error_t;

typedef struct { /* collected by the verify callback of one connection */
    ss_tls_error_t errors[SS_TLS_ERRORS_MAX];
    int count;
} ss_tls_errors_t;

/* What worked with this host under "negotiate". Loop thread only. */
ss_tls_way_t ss_tls_way(const ss_tls_t *tls, int host);
void ss_tls_way_set(ss_tls_t *tls, int host, ss_tls_way_t way);

/* Whether a negotiated version (TLS1_2_VERSION ...) is one that SMTPSendTLS names; any where it
 * names none: the context sees to the floor. */
int ss_tls_is_named(const ss_settings_t *settings, int version);

/* ---- tls_verify.c ---- */
/* Fills facts from a finished handshake. */
void ss_tls_describe(SSL *ssl, ss_tls_facts_t *facts);
/* Judges the certificate by the settings, from the errors collected: APR_SUCCESS, or APR_EACCES
 * with result (step "tls"). facts->verify gets the words. */
apr_status_t ss_tls_judge(const ss_settings_t *settings, SSL *ssl, const char *name,
                          const ss_tls_errors_t *errors, ss_tls_facts_t *facts,
                          ss_result_t *result);

/* ---- tls_failure.c ---- */
typedef struct {
    const ss_settings_t *settings;
    const unsigned char *first; /* what the server sent first */
    apr_size_t first_len;
    int asked_certificate; /* the server asked for a client certificate */
    apr_uint64_t received;
} ss_tls_failure_t;
/* Turns OpenSSL's error queue (emptied) and the first bytes into a sentence. system: errno, or 0.
 */
void ss_tls_explain(const ss_tls_failure_t *failure, int system, ss_result_t *result);
int ss_tls_is_greeting(const unsigned char *bytes, apr_size_t len);

#endif
