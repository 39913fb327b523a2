/* csrf_rule.h: the rule that protects actions against forged requests (CSRF). Pure. */
#pragma once

#include <apr_pools.h>

#define SS_CSRF_RULE_COOKIE "smtp_send_token"
#define SS_CSRF_RULE_LENGTH 32 /* hexadecimal digits of a token */

/* The token in a Cookie header (may be NULL), or NULL. */
const char *ss_csrf_rule_cookie(const char *header, apr_pool_t *pool);
/* Whether an action is allowed. cookies, origin: the request's headers; field: the form's token;
 * each may be NULL. A request with neither cookies nor Origin comes from no browser and needs no
 * token; for any other, the field must equal the token in the cookie. */
int ss_csrf_rule_allows(const char *cookies, const char *origin, const char *field,
                        apr_pool_t *pool);
