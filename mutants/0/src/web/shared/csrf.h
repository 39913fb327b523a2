/* csrf.h: protection against forged requests (CSRF): the same random token in a cookie and in each
 * form. */
#pragma once

#include <httpd.h>

#include "web/shared/params.h"

/* The token for the forms of a page: the one of the request's cookie, or a new one, whose cookie is
 * added to the answer. path: the page's path, for the cookie. */
const char *ss_csrf_token(request_rec *r, const char *path);
/* Whether an action is allowed: a request with neither Cookie nor Origin (a command-line tool)
 * needs no token; for any other, the field "token" must equal the cookie. 1, or 0: 403 was sent. */
int ss_csrf_check(request_rec *r, const ss_params_t *form);
