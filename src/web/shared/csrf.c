/* csrf.c: protection against forged requests (CSRF) by a double-submit cookie.
 *
 * The token is random: a page of another site can neither read our cookie nor put its value into a
 * form. The web processes therefore share no secret, and tokens stay valid across restarts. */
#include "web/shared/csrf.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <http_request.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#include "web/shared/params.h"
#include "web/shared/problem.h"

#define TOKEN_BYTES 16
#define TOKEN_TEXT (TOKEN_BYTES * 2)

static int is_token(const char *text, apr_size_t len)
{
    return len == TOKEN_TEXT && strspn(text, "0123456789abcdef") >= len;
}

/* The cookie's value, or NULL. */
static const char *cookie_of(const request_rec *r)
{
    const char *header = apr_table_get(r->headers_in, "Cookie");
    apr_size_t name_len = strlen(SS_CSRF_NAME);

    while (header && *header) {
        header += strspn(header, "; \t");
        apr_size_t len = strcspn(header, ";");
        if (len > name_len && header[name_len] == '=' && !strncmp(header, SS_CSRF_NAME, name_len) &&
            is_token(header + name_len + 1, len - name_len - 1)) {
            return apr_pstrmemdup(r->pool, header + name_len + 1, TOKEN_TEXT);
        }
        header += len;
    }
    return NULL;
}

const char *ss_csrf_token(request_rec *r, const char *path)
{
    const char *token = cookie_of(r);
    const char *made = apr_table_get(r->notes, SS_CSRF_NAME);
    unsigned char bytes[TOKEN_BYTES];

    if (token || made) return token ? token : made;
    if (RAND_bytes(bytes, sizeof(bytes)) != 1) return "";
    token = apr_pescape_hex(r->pool, bytes, sizeof(bytes), 0);
    /* All forms of a page use the one token of its cookie. */
    apr_table_setn(r->notes, SS_CSRF_NAME, token);
    int is_secure = !strcmp(ap_http_scheme(r), "https");
    apr_table_addn(r->headers_out, "Set-Cookie",
                   apr_pstrcat(r->pool, SS_CSRF_NAME "=", token, "; Path=", *path ? path : "/",
                               "; HttpOnly; SameSite=Strict", is_secure ? "; Secure" : "", NULL));
    return token;
}

int ss_csrf_check(request_rec *r, const ss_params_t *form)
{
    const char *cookie = cookie_of(r), *field = ss_params_get(form, "token");

    if (!apr_table_get(r->headers_in, "Cookie") && !apr_table_get(r->headers_in, "Origin"))
        return 1;
    if (cookie && field && is_token(field, strlen(field)) &&
        !CRYPTO_memcmp(cookie, field, TOKEN_TEXT))
        return 1;
    ss_problem(r, HTTP_FORBIDDEN, "token",
               "this request did not come from our own page, or the page is too old: reload it and "
               "repeat the action");
    return 0;
}
