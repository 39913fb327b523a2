/* probe_search.h: what would work instead of the settings that failed. */
#pragma once

#include "net/link.h"

typedef struct ss_probe_search_t ss_probe_search_t;

typedef struct {
    const ss_settings_t *settings;
    int host;
    const char *failed_step, *advice; /* where the test failed and what was found */
    const ss_tls_facts_t *facts;      /* of the failed handshake, or NULL */
    ss_mono_t until;                  /* ends by itself then */
} ss_probe_search_options_t;

/* Looks at the other ports and ways of TLS of the host, all at once, without a login. done comes
 * once, never from inside this call, with lines such as "SMTPSendTLS starttls, SMTPSendPort 587"
 * (of const char *, best first, in pool); then the search is gone. */
ss_probe_search_t *ss_probe_search_start(ss_loop_t *loop, const ss_probe_search_options_t *options,
                                         apr_pool_t *pool,
                                         void (*done)(void *self, const apr_array_header_t *works),
                                         void *self);
void ss_probe_search_cancel(ss_probe_search_t *search);
