/* post_form.h: small forms that are posted to the pages. */
#ifndef SS_WEB_SHARED_POST_FORM_H
#define SS_WEB_SHARED_POST_FORM_H

#include <httpd.h>

#include "web/shared/params.h"

/* Reads the request's body as application/x-www-form-urlencoded of at most max bytes. Parameters of
 * the query string precede those of the body. 1, or 0: the refusal was sent. */
int ss_post_form_read(request_rec *r, apr_int64_t max, ss_params_t *form);

#endif
