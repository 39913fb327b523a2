/* body.h: reading a request's body, up to a limit. */
#ifndef SS_WEB_SHARED_BODY_H
#define SS_WEB_SHARED_BODY_H

#include <httpd.h>

/* Reads the whole body into memory that is freed with the request, and adds a zero byte. More than
 * max bytes are refused; nothing is read if Content-Length exceeds max. limit_name: for the
 * refusal. 1, or 0: the refusal was sent. */
int ss_body_read(request_rec *r, apr_int64_t max, const char *limit_name, const char **bytes,
                 apr_size_t *len);

/* The same, but passes the body to taker piece by piece. An error of taker ends the reading with a
 * refusal. */
int ss_body_each(request_rec *r, apr_int64_t max, const char *limit_name,
                 apr_status_t (*taker)(void *self, const char *bytes, apr_size_t len), void *self);

#endif
