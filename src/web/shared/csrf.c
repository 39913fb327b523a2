#include "web/shared/csrf.h"

#include <apr_escape.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "web/shared/area.h"
#include "web/shared/problem.h"

/* TLS may end at a proxy. A client that lies about that only loses its own cookie. */
static int is_tls(const request_rec *r)
{
    const char *forwarded = apr_table_get(r->headers_in, "X-Forwarded-Proto");

    return !strcmp(ap_http_scheme(r), "https") || (forwarded && !strcasecmp(forwarded, "https"));
}

static ss_csrf_rule_t rule_of(const request_rec *r, const char *path)
{
    return (ss_csrf_rule_t){
        .key = ss_area()->key, .path = path, .user = r->user ? r->user : "", .is_tls = is_tls(r)
    };
}

/* All forms of a page use its one cookie. The cookie is for all paths: a path would have to be
 * taken from the request, and could then add attributes. */
static const char *make_cookie(request_rec *r, int tls)
{
    const char *made = apr_table_get(r->notes, SS_CSRF_RULE_COOKIE);
    unsigned char bytes[SS_CSRF_RULE_LENGTH / 2];

    if (made) return made;
    if (apr_generate_random_bytes(bytes, sizeof(bytes)) != APR_SUCCESS) return NULL;
    made = apr_pescape_hex(r->pool, bytes, sizeof(bytes), 0);
    apr_table_setn(r->notes, SS_CSRF_RULE_COOKIE, made);
    apr_table_addn(r->headers_out, "Set-Cookie",
                   apr_pstrcat(r->pool, tls ? SS_CSRF_RULE_COOKIE_TLS : SS_CSRF_RULE_COOKIE, "=",
                               made, "; Path=/; HttpOnly; SameSite=Strict", tls ? "; Secure" : "",
                               NULL));
    return made;
}

const char *ss_csrf_token(request_rec *r, const char *path)
{
    ss_csrf_rule_t rule = rule_of(r, path);
    const char *cookies = apr_table_get(r->headers_in, "Cookie");
    const char *cookie = ss_csrf_rule_cookie(&cookies, rule.is_tls, r->pool);

    if (!cookie) cookie = make_cookie(r, rule.is_tls);
    return cookie ? ss_csrf_rule_token(&rule, cookie, r->pool) : "";
}

int ss_csrf_check(request_rec *r, const ss_params_t *form, const char *path)
{
    ss_csrf_rule_t rule = rule_of(r, path);
    const char *cookies = apr_table_get(r->headers_in, "Cookie");

    if (!cookies && !apr_table_get(r->headers_in, "Origin") &&
        !apr_table_get(r->headers_in, "Sec-Fetch-Site"))
        return 1;
    if (ss_csrf_rule_allows(&rule, cookies, ss_params_get(form, "token"), r->pool)) return 1;
    return ss_problem(
        r, SS_PROBLEM_TOKEN, "token",
        "this request did not come from our own page, or the page is too old: reload it and "
        "repeat the action");
}
