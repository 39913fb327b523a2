/* tls_verify.h: the certificate that a handshake showed: judged by the settings, and described. */
#pragma once

#include <openssl/ssl.h>

#include "net/tls.h"

#define SS_TLS_VERIFY_ERRORS_MAX 16 /* verification errors kept of one handshake */

typedef struct { /* one error of X509_verify_cert */
    int code, depth;
} ss_tls_verify_error_t;

typedef struct { /* collected by the verify callback of one connection */
    ss_tls_verify_error_t errors[SS_TLS_VERIFY_ERRORS_MAX];
    int count;
} ss_tls_verify_errors_t;

/* Fills facts from a finished handshake. */
void ss_tls_verify_describe(SSL *ssl, ss_tls_facts_t *facts);
/* Judges the certificate by the settings: APR_SUCCESS, or APR_EACCES with result (step "tls").
 * facts->verify gets the words. */
apr_status_t ss_tls_verify(const ss_settings_t *settings, SSL *ssl, const char *name,
                           const ss_tls_verify_errors_t *errors, ss_tls_facts_t *facts,
                           ss_result_t *result);
