/* body.h: reading a request's body, within a bound. */
#ifndef SS_WEB_SHARED_BODY_H
#define SS_WEB_SHARED_BODY_H

#include <httpd.h>

/* Reads the whole body into memory that goes with the request. At most max bytes: known from
 * Content-Length nothing is read. 1, or 0: the refusal was sent already. A zero byte stands behind
 * the last one. */
int ss_body_read(request_rec *r, apr_int64_t max, const char *limit_name, const char **bytes,
                 apr_size_t *len);

/* The same in pieces, as they come: nothing is kept. What taker gives besides APR_SUCCESS ends the
 * reading with a refusal. */
int ss_body_each(request_rec *r, apr_int64_t max, const char *limit_name,
                 apr_status_t (*taker)(void *self, const char *bytes, apr_size_t len), void *self);

#endif
