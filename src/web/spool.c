/* spool.c: the body of a large message. See spool.h. */
#include "web/spool.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mail/canonical.h"
#include "mail/header.h"
#include "web/body.h"
#include "web/problem.h"

#define OUT 65536

static apr_status_t clean(void *self)
{
    ss_spool_t *spool = self;

    ss_buf_free(&spool->head);
    free(spool->out);
    spool->out = NULL;
    if (spool->fd >= 0) close(spool->fd);
    spool->fd = -1;
    return APR_SUCCESS;
}

/* ---- the file ---- */

static apr_status_t open_file(ss_spool_t *spool, apr_pool_t *pool)
{
    const char *folder = NULL;
    char *name;

    spool->out = malloc(OUT);
    if (!spool->out) return APR_ENOMEM;
    if (apr_temp_dir_get(&folder, pool) != APR_SUCCESS) return APR_ENOENT;
    name = apr_pstrcat(pool, folder, "/smtp-send.XXXXXX", NULL);
    spool->fd = mkostemp(name, O_CLOEXEC);
    if (spool->fd < 0) return errno;
    unlink(name);
    return APR_SUCCESS;
}

static void flush(ss_spool_t *spool)
{
    for (apr_size_t done = 0; done < spool->out_len && spool->failed == APR_SUCCESS;) {
        ssize_t n = write(spool->fd, spool->out + done, spool->out_len - done);
        if (n < 0 && errno != EINTR) spool->failed = errno;
        if (n > 0) done += (apr_size_t)n;
    }
    spool->len += spool->out_len;
    spool->out_len = 0;
}

static void put(void *self, const char *bytes, apr_size_t len)
{
    ss_spool_t *spool = self;

    while (len) {
        apr_size_t room = OUT - spool->out_len, n = len < room ? len : room;
        memcpy(spool->out + spool->out_len, bytes, n);
        spool->out_len += n;
        bytes += n;
        len -= n;
        if (spool->out_len == OUT) flush(spool);
    }
}

/* ---- the request ---- */

typedef struct { ss_spool_t *spool; apr_pool_t *pool; } taking_t;

/* The header stays; what follows its empty line goes into the file. */
static apr_status_t begin_file(ss_spool_t *spool, apr_pool_t *pool)
{
    const char *bytes = ss_buf_text(&spool->head);
    apr_size_t len = spool->head.len, at = ss_header_len(bytes, len), begin;

    if (at == len) {
        spool->has_no_header_end = 1;
        return APR_SUCCESS;
    }
    begin = at + (bytes[at] == '\r' ? 2 : 1);
    apr_status_t rv = open_file(spool, pool);
    if (rv != APR_SUCCESS) return rv;
    spool->canonical = (ss_stream_canonical_t){ .put = put, .self = spool };
    ss_stream_canonical_add(&spool->canonical, bytes + begin, len - begin);
    ss_buf_t head = spool->head;
    ss_buf_init(&spool->head, head.max);
    rv = ss_buf_append(&spool->head, head.data, at);
    if (rv == APR_SUCCESS) rv = ss_buf_append(&spool->head, "\r\n", 2);
    ss_buf_free(&head);
    return rv;
}

static apr_status_t take(void *self, const char *bytes, apr_size_t len)
{
    const taking_t *taking = self;
    ss_spool_t *spool = taking->spool;

    if (spool->hash) ss_repeat_hash_add(spool->hash, bytes, len);
    /* What went wrong here is said at the end: it is not the client's fault. */
    if (spool->failed != APR_SUCCESS) return APR_SUCCESS;
    if (spool->fd >= 0) {
        ss_stream_canonical_add(&spool->canonical, bytes, len);
    } else {
        spool->failed = ss_buf_append(&spool->head, bytes, len);
        if (spool->failed == APR_SUCCESS && spool->head.len > SS_SPOOL_FROM && !spool->has_no_header_end) spool->failed = begin_file(spool, taking->pool);
    }
    return APR_SUCCESS;
}

int ss_spool_read(request_rec *r, apr_int64_t max, const char *limit_name, ss_repeat_hash_t *hash, ss_spool_t *spool)
{
    taking_t taking = { spool, r->pool };
    ss_canonical_facts_t facts;

    memset(spool, 0, sizeof(*spool));
    spool->fd = -1;
    spool->hash = hash;
    ss_buf_init(&spool->head, (apr_size_t)max * 2 + 1);
    apr_pool_cleanup_register(r->pool, spool, clean, apr_pool_cleanup_null);
    if (!ss_body_each(r, max, limit_name, take, &taking)) return 0;
    if (spool->fd >= 0 && spool->failed == APR_SUCCESS) {
        ss_stream_canonical_end(&spool->canonical);
        flush(spool);
    }
    free(spool->out);
    spool->out = NULL;
    if (spool->failed != APR_SUCCESS) {
        char why[120];
        ss_problem(r, HTTP_SERVICE_UNAVAILABLE, NULL, "a large message waits in the folder for temporary files (TMPDIR), which does not take it: %s", apr_strerror(spool->failed, why, sizeof(why)));
        return 0;
    }
    if (spool->fd < 0) return 1;
    /* A header that has to be re-encoded is looked at together with its body. */
    ss_canonical_scan(spool->head.data, spool->head.len, &facts);
    spool->must_encode = spool->canonical.must_encode || facts.longest_line > SS_LINE_MAX || facts.has_nul;
    return 1;
}

apr_status_t ss_spool_take_back(ss_spool_t *spool)
{
    char *place;
    apr_status_t rv = ss_buf_room(&spool->head, (apr_size_t)spool->len + 1, &place);

    for (apr_uint64_t done = 0; done < spool->len && rv == APR_SUCCESS;) {
        ssize_t n = pread(spool->fd, place + done, (apr_size_t)(spool->len - done), (off_t)done);
        if (n == 0 || (n < 0 && errno != EINTR)) rv = n ? errno : APR_EOF;
        if (n > 0) done += (apr_uint64_t)n;
    }
    if (rv == APR_SUCCESS) ss_buf_added(&spool->head, (apr_size_t)spool->len);
    close(spool->fd);
    spool->fd = -1;
    spool->len = 0;
    return rv;
}
