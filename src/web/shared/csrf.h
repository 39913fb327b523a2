/* csrf.h: protection against forged requests (CSRF): a random number in a cookie, and in each form
 * the server's signature of it. Another site's page can set neither: it cannot read our forms, and
 * a cookie that it plants (as pages of the same domain may) has no signature for this user. */
#pragma once

#include <httpd.h>

#include "web/shared/params.h"

/* The token for the forms of a page, for its user. Adds the cookie to the answer if the request had
 * none. path: the page's path. */
const char *ss_csrf_token(request_rec *r, const char *path);
/* Whether an action is allowed: a request with neither Cookie, Origin nor Sec-Fetch-Site (a
 * command-line tool) needs no token; for any other, the field "token" must belong to its cookie, to
 * the path of the page and to the user. 1, or 0: 403 was sent. */
int ss_csrf_check(request_rec *r, const ss_params_t *form, const char *path);

/* ---- the rule; pure ---- */

#define SS_CSRF_RULE_COOKIE "smtp_send_token"
/* Over TLS: no other host can set a cookie of this name (RFC 6265bis 4.1.3.2). */
#define SS_CSRF_RULE_COOKIE_TLS "__Host-" SS_CSRF_RULE_COOKIE
#define SS_CSRF_RULE_LENGTH 32 /* hexadecimal digits of a cookie's value */

typedef struct {
    const unsigned char *key; /* 16 octets */
    const char *path, *user;
    int is_tls;
} ss_csrf_rule_t;

/* The next cookie of ours in a Cookie header (may be NULL); *header moves behind it. NULL: none. */
const char *ss_csrf_rule_cookie(const char **header, int is_tls, apr_pool_t *pool);
/* The token for a cookie. */
const char *ss_csrf_rule_token(const ss_csrf_rule_t *rule, const char *cookie, apr_pool_t *pool);
/* Whether an action is allowed with that token. Several cookies of the name may be there: one that
 * the token belongs to is enough. cookies, token may be NULL. */
int ss_csrf_rule_allows(const ss_csrf_rule_t *rule, const char *cookies, const char *token,
                        apr_pool_t *pool);
