/* spool.c: the body of a large message. See spool.h. */
#include "web/spool.h"

#include <string.h>

#include "web/body.h"
#include "web/problem.h"

static apr_status_t clean(void *self)
{
    ss_spool_t *spool = self;

    ss_buf_free(&spool->head);
    ss_scratch_close(&spool->body);
    return APR_SUCCESS;
}

typedef struct { ss_spool_t *spool; apr_pool_t *pool; } taking_t;

/* The header stays; what follows its empty line goes into the file. */
static apr_status_t begin_file(ss_spool_t *spool, apr_pool_t *pool)
{
    ss_buf_t whole = spool->head;
    const char *head;
    apr_size_t body;

    if (!ss_stream_header(&head, &body, whole.data, whole.len, pool)) {
        spool->stays_whole = 1;
        return APR_SUCCESS;
    }
    apr_status_t rv = ss_scratch_open(&spool->body, pool);
    if (rv != APR_SUCCESS) return rv;
    spool->canonical = (ss_stream_canonical_t){ .put = ss_scratch_put, .self = &spool->body };
    ss_stream_canonical_add(&spool->canonical, whole.data + body, whole.len - body);
    ss_buf_init(&spool->head, whole.max);
    rv = ss_buf_puts(&spool->head, head);
    ss_buf_free(&whole);
    return rv;
}

static apr_status_t take(void *self, const char *bytes, apr_size_t len)
{
    const taking_t *taking = self;
    ss_spool_t *spool = taking->spool;

    if (spool->hash) ss_repeat_hash_add(spool->hash, bytes, len);
    /* What went wrong here is said at the end: it is not the client's fault. */
    if (spool->failed != APR_SUCCESS) return APR_SUCCESS;
    if (spool->body.fd >= 0) {
        ss_stream_canonical_add(&spool->canonical, bytes, len);
    } else {
        spool->failed = ss_buf_append(&spool->head, bytes, len);
        if (spool->failed == APR_SUCCESS && spool->head.len > SS_SPOOL_FROM && !spool->stays_whole) spool->failed = begin_file(spool, taking->pool);
    }
    return APR_SUCCESS;
}

int ss_spool_read(request_rec *r, apr_int64_t max, const char *limit_name, ss_repeat_hash_t *hash, ss_spool_t *spool)
{
    taking_t taking = { spool, r->pool };

    memset(spool, 0, sizeof(*spool));
    ss_scratch_init(&spool->body);
    spool->hash = hash;
    ss_buf_init(&spool->head, (apr_size_t)max * 2 + 1);
    apr_pool_cleanup_register(r->pool, spool, clean, apr_pool_cleanup_null);
    if (!ss_body_each(r, max, limit_name, take, &taking)) return 0;
    if (spool->body.fd >= 0 && spool->failed == APR_SUCCESS) {
        ss_stream_canonical_end(&spool->canonical);
        spool->failed = ss_scratch_flush(&spool->body);
    }
    if (spool->failed != APR_SUCCESS) {
        char why[120];
        ss_problem(r, HTTP_SERVICE_UNAVAILABLE, NULL, "a large message waits in the folder for temporary files (TMPDIR), which does not take it: %s", apr_strerror(spool->failed, why, sizeof(why)));
        return 0;
    }
    return 1;
}

apr_status_t ss_spool_take_back(ss_spool_t *spool)
{
    char *place;
    apr_status_t rv = ss_buf_room(&spool->head, (apr_size_t)spool->body.len + 1, &place);

    if (rv == APR_SUCCESS) rv = ss_scratch_read(&spool->body, 0, place, (apr_size_t)spool->body.len);
    if (rv == APR_SUCCESS) ss_buf_added(&spool->head, (apr_size_t)spool->body.len);
    ss_scratch_close(&spool->body);
    return rv;
}
