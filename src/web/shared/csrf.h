/* csrf.h: the page's token against forged requests (CSRF): the same random text in a cookie and in
 * the form. */
#ifndef SS_WEB_SHARED_CSRF_H
#define SS_WEB_SHARED_CSRF_H

#include <httpd.h>

#include "web/shared/params.h"

#define SS_CSRF_NAME "smtp_send_token"

/* The token for a page's forms: the one of the request's cookie, or a new one, whose cookie goes
 * out with the answer. path: the page's. */
const char *ss_csrf_token(request_rec *r, const char *path);
/* Whether an action may be done: a request without Cookie and Origin (a command line tool) needs no
 * token, any other one needs the field "token" to equal the cookie. 1, or 0: the refusal was sent.
 */
int ss_csrf_check(request_rec *r, const ss_params_t *form);

#endif
