/* The token is random: a page of another site can neither read our cookie nor put its value into a
 * form. The web processes therefore share no secret, and tokens stay valid across restarts. */
#include "web/shared/csrf.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <openssl/rand.h>
#include <string.h>

#include "web/shared/problem.h"

const char *ss_csrf_token(request_rec *r, const char *path)
{
    const char *token = ss_csrf_rule_cookie(apr_table_get(r->headers_in, "Cookie"), r->pool);
    const char *made = apr_table_get(r->notes, SS_CSRF_RULE_COOKIE);
    unsigned char bytes[SS_CSRF_RULE_LENGTH / 2];

    if (token || made) return token ? token : made;
    if (RAND_bytes(bytes, sizeof(bytes)) != 1) return "";
    token = apr_pescape_hex(r->pool, bytes, sizeof(bytes), 0);
    /* All forms of a page use the one token of its cookie. */
    apr_table_setn(r->notes, SS_CSRF_RULE_COOKIE, token);
    int is_secure = !strcmp(ap_http_scheme(r), "https");
    apr_table_addn(r->headers_out, "Set-Cookie",
                   apr_pstrcat(r->pool, SS_CSRF_RULE_COOKIE "=", token,
                               "; Path=", *path ? path : "/", "; HttpOnly; SameSite=Strict",
                               is_secure ? "; Secure" : "", NULL));
    return token;
}

int ss_csrf_check(request_rec *r, const ss_params_t *form)
{
    if (ss_csrf_rule_allows(apr_table_get(r->headers_in, "Cookie"),
                            apr_table_get(r->headers_in, "Origin"), ss_params_get(form, "token"),
                            r->pool))
        return 1;
    return ss_problem(
        r, HTTP_FORBIDDEN, "token",
        "this request did not come from our own page, or the page is too old: reload it and "
        "repeat the action");
}
