/* probe_inside.h: what probe.c (the steps) and probe_search.c (what would work instead) share.
 * Inside src/net only. */
#ifndef SS_NET_PROBE_INSIDE_H
#define SS_NET_PROBE_INSIDE_H

#include "net/link.h"
#include "net/probe_report.h"

typedef struct ss_probe_search_t ss_probe_search_t;

typedef struct {
    const ss_settings_t *settings;
    int host;
    const char *failed_step, *advice; /* where the test failed and what was found */
    const ss_tls_facts_t *facts;      /* of the failed handshake, or NULL */
    ss_mono_t until;                  /* ends by itself then */
} ss_probe_search_options_t;

/* Looks at the other ports and ways of TLS of the host, all at once, read only (EHLO, STARTTLS, a
 * handshake, QUIT). done comes once, never from inside this call, with lines such as "SMTPSendTLS
 * starttls, SMTPSendPort 587" (of const char *, best first, in pool); then the search is gone by
 * itself. */
apr_status_t ss_probe_search_start(ss_probe_search_t **search, ss_loop_t *loop,
                                   const ss_probe_search_options_t *options, apr_pool_t *pool,
                                   void (*done)(void *self, const apr_array_header_t *works),
                                   void *self);
void ss_probe_search_cancel(ss_probe_search_t *search);

/* ---- probe_secret.c: a secret read on a helper thread for this test alone ---- */
typedef struct ss_probe_secret_t ss_probe_secret_t;
/* done comes once on the loop's thread, never from inside this call: the secret (wiped when it
 * returns), and why it could not be read, or NULL. */
apr_status_t ss_probe_secret_start(
    ss_probe_secret_t **fetch, ss_loop_t *loop, const ss_secret_source_t *source,
    void (*done)(void *self, const ss_secret_t *secret, const ss_result_t *failure), void *self);
/* done is not called. */
void ss_probe_secret_cancel(ss_probe_secret_t *fetch);

#endif
