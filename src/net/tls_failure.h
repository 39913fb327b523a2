/* tls_failure.h: why a TLS connection failed, in a sentence for people. */
#pragma once

#include "base/result.h"
#include "config/settings.h"

typedef struct {
    const ss_settings_t *settings;
    const unsigned char *first; /* what the server sent first */
    apr_size_t first_len;
    int asked_certificate; /* the server asked for a client certificate */
    apr_uint64_t received;
    int asked_anew; /* the server wanted to negotiate again, which is refused */
} ss_tls_failure_t;
/* Turns OpenSSL's error queue (emptied) and the first bytes into a sentence. system: errno, or 0.
 */
void ss_tls_failure_explain(const ss_tls_failure_t *failure, int system, ss_result_t *result);
int ss_tls_failure_is_greeting(const unsigned char *bytes, apr_size_t len);
