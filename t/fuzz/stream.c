/* stream.c: any bytes as a body that comes in pieces: the same as made canonical whole, or
 * given back unchanged. The first byte says how large the pieces are. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mail/canonical.h"
#include "target.h"

static void put(void *self, const char *bytes, apr_size_t len)
{
    ss_buf_append(self, bytes, len);
}

static void compare(const char *body, size_t len, size_t piece, int is_lf, apr_pool_t *pool)
{
    ss_buf_t out;
    ss_canonical_stream_t stream = { .put = put, .self = &out, .is_lf = is_lf };
    ss_mail_problem_t problem = { 0 };
    char *whole = apr_palloc(pool, len + 2);
    const char *want;
    apr_size_t want_len;

    memcpy(whole, "\r\n", 2);
    memcpy(whole + 2, body, len);
    ss_buf_init(&out, 4 * len + 16);
    for (size_t at = 0; at < len; at += piece)
        ss_canonical_stream_add(&stream, body + at, len - at < piece ? len - at : piece);
    ss_canonical_stream_end(&stream);
    if (stream.must_encode) {
        if (ss_canonical_stream_restore(&stream, out.data, out.len) != len ||
            (len && memcmp(body, out.data, len)))
            abort();
    } else {
        if (ss_canonical_make(&want, &want_len, whole, len + 2, &problem, pool) ||
            want_len != out.len + 2)
            abort();
        if (out.len && memcmp(want + 2, out.data, out.len)) abort();
    }
    ss_buf_free(&out);
}

static void try_input(const char *data, size_t size, apr_pool_t *pool)
{
    for (int is_lf = 0; size && is_lf < 2; is_lf++)
        compare(data + 1, size - 1, (unsigned char)data[0] + 1u, is_lf, pool);
}

FUZZ_TARGET(try_input)
