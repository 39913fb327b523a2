/* body.h: reading a request's parameters and body. */
#pragma once

#include <httpd.h>

#include "web/shared/params.h"

/* All functions: 1, or 0: the refusal was sent. */

/* Reads the query string. */
int ss_body_query(request_rec *r, ss_params_t *query);
/* Reads the body as application/x-www-form-urlencoded of at most max bytes. Parameters of the query
 * string precede those of the body. */
int ss_body_form(request_rec *r, apr_int64_t max, ss_params_t *form);
/* Refuses names that are not in known, a list ended by NULL. */
int ss_body_known(request_rec *r, const ss_params_t *params, const char *const *known);
/* Passes the body to taker piece by piece. More than max bytes are refused; nothing is read if
 * Content-Length exceeds max. limit_name: for the refusal. An error of taker ends the reading with
 * a refusal. */
int ss_body_each(request_rec *r, apr_int64_t max, const char *limit_name,
                 apr_status_t (*taker)(void *self, const char *bytes, apr_size_t len), void *self);
