#include "web/submit/spool.h"

#include <string.h>

#include "base/random.h"
#include "mail/multipart.h"
#include "web/shared/body.h"
#include "web/shared/problem.h"

static apr_status_t clean(void *self)
{
    ss_spool_t *spool = self;

    ss_buf_free(&spool->head);
    ss_scratch_close(&spool->body);
    return APR_SUCCESS;
}

/* Keeps the header in memory and moves what follows to a file. */
static apr_status_t begin_file(ss_spool_t *spool, apr_pool_t *pool)
{
    ss_buf_t whole = spool->head;
    const char *head;
    apr_size_t body;
    int is_lf;

    if (!ss_canonical_stream_header(&head, &body, &is_lf, whole.data, whole.len, pool)) {
        spool->stays_whole = 1;
        return APR_SUCCESS;
    }
    apr_status_t rv = ss_scratch_open(&spool->body, pool);
    if (rv != APR_SUCCESS) return rv;
    spool->canonical =
        (ss_canonical_stream_t){ .put = ss_scratch_put, .self = &spool->body, .is_lf = is_lf };
    ss_canonical_stream_add(&spool->canonical, whole.data + body, whole.len - body);
    ss_buf_init(&spool->head, whole.max);
    rv = ss_buf_puts(&spool->head, head);
    ss_buf_free(&whole);
    return rv;
}

/* NULL: no random numbers, or no boundary. */
static ss_lift_t *begin_lift(const ss_submission_t *s, apr_size_t doc_max, apr_pool_t *pool)
{
    ss_lift_t *lift = apr_palloc(pool, sizeof(*lift));
    ss_lift_kind_t kind = s->kind == SS_SUBMISSION_MULTIPART ? SS_LIFT_MULTIPART : SS_LIFT_JSON;
    const char *boundary = kind == SS_LIFT_MULTIPART ? ss_multipart_boundary(s->type, pool) : NULL;
    unsigned char token[SS_LIFT_TOKEN];

    if ((kind == SS_LIFT_MULTIPART && !boundary) || !ss_random_bytes(token, sizeof(token)))
        return NULL;
    ss_lift_begin(lift, kind, boundary, doc_max, token, pool);
    return lift;
}

/* Moves an array to a file. */
static apr_status_t begin_array(ss_spool_t *spool, apr_pool_t *pool)
{
    apr_status_t rv = ss_scratch_open(&spool->body, pool);

    if (rv == APR_SUCCESS) ss_scratch_put(&spool->body, spool->head.data, spool->head.len);
    ss_buf_free(&spool->head);
    return rv;
}

/* The body has turned out to be large. */
static apr_status_t begin(ss_spool_t *spool, ss_submission_t *s)
{
    if (spool->is_array) return begin_array(spool, s->r->pool);
    if (s->kind == SS_SUBMISSION_MESSAGE) return begin_file(spool, s->r->pool);
    spool->lift = s->kind == SS_SUBMISSION_FORM ? NULL : begin_lift(s, spool->head.max, s->r->pool);
    spool->stays_whole = !spool->lift;
    if (!spool->lift) return APR_SUCCESS;
    ss_lift_add(spool->lift, spool->head.data, spool->head.len);
    ss_buf_free(&spool->head);
    return spool->lift->failed;
}

/* Whether a JSON document is an array is seen at its first octet. */
static void look_at_beginning(ss_spool_t *spool, const char *bytes, apr_size_t len)
{
    for (apr_size_t i = 0; i < len && !spool->is_begun; i++) {
        if (bytes[i] && strchr(" \t\r\n", bytes[i])) continue;
        spool->is_begun = 1;
        spool->is_array = bytes[i] == '[';
    }
}

static apr_status_t take(void *self, const char *bytes, apr_size_t len)
{
    ss_spool_t *spool = self;

    if (spool->s->kind == SS_SUBMISSION_JSON && !spool->is_begun)
        look_at_beginning(spool, bytes, len);
    if (spool->hash) ss_idempotency_hash_add(spool->hash, bytes, len);
    /* Report failures after the end of the body: they are not the client's fault. */
    if (spool->failed != APR_SUCCESS) return APR_SUCCESS;
    if (spool->is_array && spool->body.fd >= 0) {
        ss_scratch_put(&spool->body, bytes, len);
    } else if (spool->body.fd >= 0) {
        ss_canonical_stream_add(&spool->canonical, bytes, len);
    } else if (spool->lift) {
        ss_lift_add(spool->lift, bytes, len);
    } else {
        spool->failed = ss_buf_append(&spool->head, bytes, len);
        if (spool->failed == APR_SUCCESS && spool->head.len > SS_SPOOL_FROM && !spool->stays_whole)
            spool->failed = begin(spool, spool->s);
    }
    return APR_SUCCESS;
}

static void end(ss_spool_t *spool)
{
    if (spool->failed != APR_SUCCESS) return;
    if (spool->body.fd >= 0) {
        if (!spool->is_array) ss_canonical_stream_end(&spool->canonical);
        spool->failed = ss_scratch_flush(&spool->body);
    } else if (spool->lift) {
        ss_lift_end(spool->lift);
        spool->failed = spool->lift->failed;
    }
}

int ss_spool_read(ss_submission_t *s, apr_int64_t max, const char *limit_name, GChecksum *hash,
                  ss_spool_t *spool)
{
    memset(spool, 0, sizeof(*spool));
    spool->s = s;
    ss_scratch_init(&spool->body);
    spool->hash = hash;
    ss_buf_init(&spool->head, (apr_size_t)max * 2 + 1);
    apr_pool_cleanup_register(s->r->pool, spool, clean, apr_pool_cleanup_null);
    if (!ss_body_each(s->r, max, limit_name, take, spool)) return 0;
    end(spool);
    if (spool->failed == APR_SUCCESS) return 1;
    return ss_problem(s->r, SS_PROBLEM_NO_ROOM, NULL, "%s",
                      ss_scratch_why(spool->failed, s->r->pool));
}

apr_status_t ss_spool_take_back(ss_spool_t *spool)
{
    char *place;
    apr_status_t rv = ss_buf_room(&spool->head, (apr_size_t)spool->body.len + 1, &place);

    if (rv == APR_SUCCESS)
        rv = ss_scratch_read(&spool->body, 0, place, (apr_size_t)spool->body.len);
    if (rv == APR_SUCCESS) {
        ss_buf_added(&spool->head, (apr_size_t)spool->body.len);
        spool->head.len =
            ss_canonical_stream_restore(&spool->canonical, spool->head.data, spool->head.len);
    }
    ss_scratch_close(&spool->body);
    return rv;
}

apr_status_t ss_spool_each(const ss_spool_t *spool,
                           apr_status_t (*taker)(void *self, const char *bytes, apr_size_t len),
                           void *self, apr_pool_t *pool)
{
    apr_uint64_t at = 0, len = spool->body.len;
    apr_status_t rv = APR_SUCCESS;

    if (spool->body.fd < 0) return taker(self, spool->head.data, spool->head.len);
    char *piece = apr_palloc(pool, SS_SPOOL_PIECE);
    while (at < len && rv == APR_SUCCESS) {
        apr_size_t n = len - at < SS_SPOOL_PIECE ? (apr_size_t)(len - at) : SS_SPOOL_PIECE;
        rv = ss_scratch_read(&spool->body, at, piece, n);
        if (rv == APR_SUCCESS) rv = taker(self, piece, n);
        at += n;
    }
    return rv;
}
