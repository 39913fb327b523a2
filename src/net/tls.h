/* tls.h: a relay's settings to an SSL_CTX, and what a handshake showed. */
#pragma once

#include "base/result.h"
#include "config/settings.h"

typedef struct ss_tls_t ss_tls_t;

/* How TLS began when it last worked with a host (SMTPSendTLS negotiate). */
typedef enum { SS_TLS_WAY_UNKNOWN, SS_TLS_WAY_AT_ONCE, SS_TLS_WAY_STARTTLS } ss_tls_way_t;

typedef struct {
    char version[16]; /* "TLSv1.3" */
    char cipher[64];
    char group[32];   /* of the key exchange: "x25519"; "" where OpenSSL does not say */
    char verify[256]; /* "verified", "pinned", "not verified", or why it failed */
    int is_verified;
    char names[1024]; /* the certificate's names, blank separated, cut */
    /* fingerprint: "sha256:HEX" */
    char issuer[256], not_before[32], not_after[32], fingerprint[80];
    char chain[2048]; /* one certificate a line: subject <- issuer, dates */
} ss_tls_facts_t;

/* Builds the context. Result: which directive cannot be used, and why. */
apr_status_t ss_tls_create(ss_tls_t **tls, const ss_settings_t *settings, ss_result_t *result,
                           apr_pool_t *pool);

/* A certificate in the settings' files that has expired: a sentence that begins with its directive,
 * or NULL. Of a CA file, all must have. */
const char *ss_tls_expired(const ss_tls_t *tls, apr_pool_t *pool);

/* Reads the CA, certificate and key files into the settings (tls_ca_pem ...), each up to 1 MiB,
 * while the process is still root: nobody else can read key files. A file that cannot be read is
 * left to ss_tls_create, which then says why. Never in a web process: the key would stay in its
 * memory. */
void ss_tls_read_files(ss_settings_t *settings, apr_pool_t *pool);

/* Whether this host is sent a small ClientHello, because it answers no large one. Loop thread only.
 */
int ss_tls_is_small(const ss_tls_t *tls, int host);
void ss_tls_set_small(ss_tls_t *tls, int host, int is_small);

/* What worked with this host under "negotiate". Loop thread only. */
ss_tls_way_t ss_tls_way(const ss_tls_t *tls, int host);
void ss_tls_way_set(ss_tls_t *tls, int host, ss_tls_way_t way);

/* Whether a negotiated version (TLS1_2_VERSION ...) is one that SMTPSendTLS names; any where it
 * names none: the context sees to the floor. */
int ss_tls_is_named(const ss_settings_t *settings, int version);
