/* tls_impl.h: the inside of a relay's TLS context. Only tls.c and stream_tls.c include it. */
#pragma once

#include <openssl/ssl.h>

#include "config/settings.h"

/* hosts of a relay whose way is remembered; later ones are found out anew each time */
#define SS_TLS_HOSTS_MAX 64

/* the groups of a ClientHello that fits into one packet */
#define SS_TLS_SMALL_GROUPS "X25519:P-256"

struct ss_tls_t {
    SSL_CTX *context;
    const ss_settings_t *settings;
    /* ss_tls_way_t by host: what worked with SMTPSendTLS negotiate */
    unsigned char ways[SS_TLS_HOSTS_MAX];
    unsigned char small[SS_TLS_HOSTS_MAX];
};
