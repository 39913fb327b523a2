/* probe_secret.h: a secret read on a helper thread for one connection test alone. */
#ifndef SS_NET_PROBE_SECRET_H
#define SS_NET_PROBE_SECRET_H

#include "config/secret.h"
#include "net/loop.h"

typedef struct ss_probe_secret_t ss_probe_secret_t;
/* done comes once on the loop's thread, never from inside this call: the secret (wiped when it
 * returns), and why it could not be read, or NULL. */
apr_status_t ss_probe_secret_start(
    ss_probe_secret_t **fetch, ss_loop_t *loop, const ss_secret_source_t *source,
    void (*done)(void *self, const ss_secret_t *secret, const ss_result_t *failure), void *self);
/* done is not called. */
void ss_probe_secret_cancel(ss_probe_secret_t *fetch);

#endif
