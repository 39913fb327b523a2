/* The bytes are in heap memory, not in the request's pool: a pool keeps its memory, and each child
 * would stay as large as the largest message it ever received. */
#include "web/shared/body.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <util_filter.h>
#include <string.h>

#include "base/text.h"
#include "web/shared/problem.h"

#define PIECE 65536 /* bytes requested from the input filters at once */

static apr_status_t free_buf(void *buf)
{
    ss_buf_free(buf);
    return APR_SUCCESS;
}

static int too_large(request_rec *r, apr_int64_t max, const char *limit_name)
{
    return ss_problem(r, HTTP_REQUEST_ENTITY_TOO_LARGE, NULL,
                      "the request's body is larger than %s (%s)",
                      ss_text_size_print(r->pool, (apr_uint64_t)max), limit_name);
}

/* mod_deflate's filter, which inflates the body (SetInputFilter DEFLATE), or NULL. */
static ap_filter_t *find_inflate(const request_rec *r)
{
    ap_filter_t *f = r->input_filters;

    while (f && !ss_text_same(f->frec->name, "deflate")) f = f->next;
    return f;
}

/* Whether the body can be read as it is encoded. 1, or 0: 415 was sent. */
static int check_encoding(request_rec *r)
{
    const char *encoding = apr_table_get(r->headers_in, "Content-Encoding");
    ap_filter_t *inflate = find_inflate(r);

    if (!encoding || !*encoding || ss_text_same(encoding, "identity")) return 1;
    if (inflate && ss_text_word_index("gzip x-gzip", encoding) >= 0) return 1;
    /* httpd reads the rest of the body, which the filter would fail at. */
    if (inflate) ap_remove_input_filter(inflate);
    apr_table_setn(r->headers_out, "Accept-Encoding", inflate ? "gzip" : "identity");
    return ss_problem(r, SS_PROBLEM_ENCODING, "Content-Encoding",
                      "the Content-Encoding \"%.60s\" is not supported here%s", encoding,
                      inflate ? ", only gzip"
                              : ": send the body uncompressed, or let mod_deflate inflate it "
                                "(SetInputFilter DEFLATE)");
}

typedef struct {
    apr_status_t (*take)(void *self, const char *bytes, apr_size_t len);
    void *self;
    apr_int64_t got, max;
    int has_ended;
} reading_t;

/* Passes on the data of a brigade. APR_ENOSPC: more than the limit. */
static apr_status_t take(reading_t *reading, apr_bucket_brigade *brigade)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(brigade); b != APR_BRIGADE_SENTINEL(brigade);
         b = APR_BUCKET_NEXT(b)) {
        const char *data;
        apr_size_t len;
        if (APR_BUCKET_IS_EOS(b)) {
            reading->has_ended = 1;
            return APR_SUCCESS;
        }
        if (APR_BUCKET_IS_METADATA(b)) continue;
        apr_status_t rv = apr_bucket_read(b, &data, &len, APR_BLOCK_READ);
        if (rv != APR_SUCCESS) return rv;
        reading->got += (apr_int64_t)len;
        if (reading->got > reading->max) return APR_ENOSPC;
        rv = reading->take(reading->self, data, len);
        if (rv != APR_SUCCESS) return rv;
    }
    return APR_SUCCESS;
}

static int explain(request_rec *r, apr_status_t rv, apr_int64_t max, const char *limit_name,
                   int is_encoded)
{
    int status = ap_map_http_request_error(rv, HTTP_BAD_REQUEST);

    if (rv == APR_ENOSPC) return too_large(r, max, limit_name);
    if (status == HTTP_REQUEST_ENTITY_TOO_LARGE)
        return ss_problem(r, status, NULL,
                          "the request's body is larger than LimitRequestBody allows");
    if (rv == AP_FILTER_ERROR) return OK; /* httpd has already answered */
    if (APR_STATUS_IS_TIMEUP(rv) || status == HTTP_REQUEST_TIME_OUT)
        return ss_problem(r, HTTP_REQUEST_TIME_OUT, NULL,
                          "the request's body did not arrive in time");
    return ss_problem(
        r, status == HTTP_BAD_REQUEST ? SS_PROBLEM_BODY : status, NULL,
        is_encoded
            ? "the request's body could not be inflated: it is not complete gzip data, or grows "
              "more than DeflateInflateRatioLimit allows"
            : "the request's body could not be read: it is malformed, or the connection was "
              "lost");
}

/* Content-Length; 0 without one; -1 if it exceeds the limit. */
static apr_int64_t announced_by(request_rec *r, apr_int64_t max)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    apr_int64_t announced = 0;

    if (!length || ss_text_number(length, 0, APR_INT64_MAX, &announced)) return 0;
    return announced > max ? -1 : announced;
}

int ss_body_each(request_rec *r, apr_int64_t max, const char *limit_name,
                 apr_status_t (*taker)(void *self, const char *bytes, apr_size_t len), void *self)
{
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    reading_t reading = { .take = taker, .self = self, .max = max };
    apr_status_t rv = APR_SUCCESS;

    int is_encoded = apr_table_get(r->headers_in, "Content-Encoding") != NULL;

    if (!check_encoding(r)) return 0;
    if (announced_by(r, max) < 0) return too_large(r, max, limit_name);
    while (!reading.has_ended && rv == APR_SUCCESS) {
        rv = ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES, APR_BLOCK_READ, PIECE);
        if (rv == APR_SUCCESS) rv = take(&reading, brigade);
        apr_brigade_cleanup(brigade);
    }
    if (rv == APR_SUCCESS) return 1;
    return explain(r, rv, max, limit_name, is_encoded);
}

static apr_status_t append(void *self, const char *bytes, apr_size_t len)
{
    return ss_buf_append(self, bytes, len);
}

static int read_body(request_rec *r, apr_int64_t max, const char *limit_name, const char **bytes,
                     apr_size_t *len)
{
    ss_buf_t *buf = apr_palloc(r->pool, sizeof(*buf));
    apr_int64_t announced = announced_by(r, max);
    char *place;

    ss_buf_init(buf, (apr_size_t)max + 1);
    apr_pool_cleanup_register(r->pool, buf, free_buf, apr_pool_cleanup_null);
    if (announced > 0) ss_buf_room(buf, (apr_size_t)announced + 1, &place);
    if (!ss_body_each(r, max, limit_name, append, buf)) return 0;
    *len = buf->len;
    *bytes = buf->len ? ss_buf_text(buf) : "";
    return 1;
}

int ss_body_query(request_rec *r, ss_params_t *query)
{
    const char *why = NULL;

    if (!ss_params_parse(query, r->args, &why, r->pool)) return 1;
    return ss_problem(r, SS_PROBLEM_PARAMETER, NULL, "the query string is malformed: %s", why);
}

int ss_body_form(request_rec *r, apr_int64_t max, ss_params_t *form)
{
    const char *bytes, *why = "a zero byte";
    apr_size_t len;

    if (!read_body(r, max, "a form", &bytes, &len)) return 0;
    const char *both =
        r->args && *r->args ? apr_pstrcat(r->pool, r->args, "&", bytes, NULL) : bytes;
    if (strlen(bytes) == len && !ss_params_parse(form, both, &why, r->pool)) return 1;
    return ss_problem(r, SS_PROBLEM_BODY, NULL, "the form is malformed: %s", why);
}

int ss_body_known(request_rec *r, const ss_params_t *params, const char *const *known)
{
    const char *unknown = ss_params_unknown(params, known);

    if (unknown) ss_problem(r, SS_PROBLEM_PARAMETER, unknown, "unknown parameter \"%s\"", unknown);
    return !unknown;
}
