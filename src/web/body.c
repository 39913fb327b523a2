/* body.c: reading a request's body, within a bound. See body.h.
 *
 * The bytes live in heap memory of their own and not in the request's pool: a pool keeps what it once had, and a child would
 * stay as large as the largest message it ever took. */
#include "web/body.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>

#include "base/buf.h"
#include "base/text.h"
#include "web/problem.h"

static apr_status_t free_buf(void *buf)
{
    ss_buf_free(buf);
    return APR_SUCCESS;
}

static int too_large(request_rec *r, apr_int64_t max, const char *limit_name)
{
    return ss_problem(r, HTTP_REQUEST_ENTITY_TOO_LARGE, NULL, "the request's body is larger than %s (%s)",
                      ss_text_size_print(r->pool, (apr_uint64_t)max), limit_name);
}

/* One brigade's data to the buffer. *ended: nothing follows. APR_ENOSPC: past the bound. */
static apr_status_t take(ss_buf_t *buf, apr_bucket_brigade *brigade, int *ended)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(brigade); b != APR_BRIGADE_SENTINEL(brigade); b = APR_BUCKET_NEXT(b)) {
        const char *data;
        apr_size_t len;
        if (APR_BUCKET_IS_EOS(b)) {
            *ended = 1;
            return APR_SUCCESS;
        }
        if (APR_BUCKET_IS_METADATA(b)) continue;
        apr_status_t rv = apr_bucket_read(b, &data, &len, APR_BLOCK_READ);
        if (rv == APR_SUCCESS) rv = ss_buf_append(buf, data, len);
        if (rv != APR_SUCCESS) return rv;
    }
    return APR_SUCCESS;
}

static int explain(request_rec *r, apr_status_t rv, apr_int64_t max, const char *limit_name)
{
    int status = ap_map_http_request_error(rv, HTTP_BAD_REQUEST);

    if (rv == APR_ENOSPC) return too_large(r, max, limit_name);
    if (status == HTTP_REQUEST_ENTITY_TOO_LARGE) return ss_problem(r, status, NULL, "the request's body is larger than LimitRequestBody allows");
    if (rv == AP_FILTER_ERROR) return OK;   /* httpd answered already */
    if (APR_STATUS_IS_TIMEUP(rv) || status == HTTP_REQUEST_TIME_OUT) return ss_problem(r, HTTP_REQUEST_TIME_OUT, NULL, "the request's body did not arrive in time");
    return ss_problem(r, status, NULL, "the request's body could not be read: it is malformed or the connection was lost");
}

int ss_body_read(request_rec *r, apr_int64_t max, const char *limit_name, const char **bytes, apr_size_t *len)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    ss_buf_t *buf = apr_palloc(r->pool, sizeof(*buf));
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    apr_status_t rv = APR_SUCCESS;
    apr_int64_t announced = 0;
    int ended = 0;
    char *place;

    ss_buf_init(buf, (apr_size_t)max + 1);
    apr_pool_cleanup_register(r->pool, buf, free_buf, apr_pool_cleanup_null);
    if (length && !ss_text_number(length, 0, APR_INT64_MAX, &announced) && announced > max) {
        too_large(r, max, limit_name);
        return 0;
    }
    if (announced) rv = ss_buf_room(buf, (apr_size_t)announced + 1, &place);
    while (!ended && rv == APR_SUCCESS) {
        rv = ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES, APR_BLOCK_READ, HUGE_STRING_LEN);
        if (rv == APR_SUCCESS) rv = take(buf, brigade, &ended);
        if (rv == APR_SUCCESS && buf->len > (apr_size_t)max) rv = APR_ENOSPC;
        apr_brigade_cleanup(brigade);
    }
    if (rv != APR_SUCCESS) {
        explain(r, rv, max, limit_name);
        return 0;
    }
    *len = buf->len;
    *bytes = buf->len ? ss_buf_text(buf) : "";
    return 1;
}
