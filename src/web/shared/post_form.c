/* post_form.c: small forms that are posted to the pages. */
#include "web/shared/post_form.h"

#include <apr_strings.h>
#include <string.h>

#include "web/shared/body.h"
#include "web/shared/params.h"
#include "web/shared/problem.h"

int ss_post_form_read(request_rec *r, apr_int64_t max, ss_params_t *form)
{
    const char *bytes, *why = "a zero byte";
    apr_size_t len;

    if (!ss_body_read(r, max, "a form", &bytes, &len)) return 0;
    const char *both =
        r->args && *r->args ? apr_pstrcat(r->pool, r->args, "&", bytes, NULL) : bytes;
    if (strlen(bytes) == len && !ss_params_parse(form, both, &why, r->pool)) return 1;
    ss_problem(r, HTTP_BAD_REQUEST, NULL, "the form is malformed: %s", why);
    return 0;
}
