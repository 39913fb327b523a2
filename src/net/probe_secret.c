/* probe_secret.c: reading a secret for a connection test. See probe_secret.h. The record belongs to
 * the helper thread until it is done; cancelling only makes it deaf. */
#include <stdlib.h>

#include "net/probe_secret.h"

#define SECRET_TIME (10 * APR_USEC_PER_SEC) /* an exec: program's deadline */

struct ss_probe_secret_t {
    ss_secret_t *secret;
    ss_result_t result;
    apr_status_t rv;
    /* NULL: cancelled */
    void (*done)(void *self, const ss_secret_t *secret, const ss_result_t *failure);
    void *self;
};

static void work(void *baton)
{
    ss_probe_secret_t *f = baton;

    f->rv = ss_secret_load(f->secret, &f->result);
    if (f->rv == APR_SUCCESS && !ss_secret_is_ready(f->secret))
        f->rv = ss_secret_reload(f->secret, SECRET_TIME, &f->result);
}

static void finished(void *baton)
{
    ss_probe_secret_t *f = baton;

    if (f->done) f->done(f->self, f->secret, f->rv == APR_SUCCESS ? NULL : &f->result);
    ss_secret_destroy(f->secret);
    free(f);
}

apr_status_t ss_probe_secret_start(
    ss_probe_secret_t **out, ss_loop_t *loop, const ss_secret_source_t *source,
    void (*done)(void *self, const ss_secret_t *secret, const ss_result_t *failure), void *self)
{
    ss_probe_secret_t *f = calloc(1, sizeof(*f));
    apr_status_t rv = APR_ENOMEM;

    if (!f) return APR_ENOMEM;
    f->secret = ss_secret_create(source);
    f->done = done;
    f->self = self;
    if (f->secret) rv = ss_loop_help(loop, work, finished, f);
    if (rv == APR_SUCCESS) {
        *out = f;
        return APR_SUCCESS;
    }
    if (f->secret) ss_secret_destroy(f->secret);
    free(f);
    return rv;
}

void ss_probe_secret_cancel(ss_probe_secret_t *fetch)
{
    fetch->done = NULL;
}
