/* auth.h: the login (RFC 4954): the choice of the mechanism and its exchange (libgsasl; RFC 4616,
 * 5802, 7677, 7628, 2195, draft-murchison-sasl-login, XOAUTH2). No I/O: base64 texts go in and come
 * out. */
#pragma once

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>

#include "base/buf.h"
#include "base/result.h"

/* challenges answered in one exchange; after more, the exchange ends with APR_EGENERAL */
#define SS_AUTH_ROUNDS_MAX 10
/* base64 of the largest response (a token of SS_SECRET_MAX bytes with its frame) */
#define SS_AUTH_OUT_MAX 131072

typedef struct ss_auth_t ss_auth_t;

typedef struct {
    const apr_array_header_t *wanted; /* of const char *: SMTPSendAuth; NULL: auto */
    const char *username; /* NULL or "": no login, except by EXTERNAL if named in wanted */
    int is_tls;
    int is_unverified;       /* whoever is at the other end: TLS does not protect a password */
    int is_loopback;         /* plain-text passwords are harmless here */
    int is_insecure_allowed; /* SMTPSendAuthInsecure */
    int has_client_cert;     /* EXTERNAL may be chosen by "auto" */
    int has_binding;         /* -PLUS may be chosen */
    int auth_offered;        /* EHLO listed AUTH, with or without mechanisms */
    const char *offered;     /* the mechanisms, separated by blanks */
    int starttls_offered;    /* and TLS is off */
    const char *first;       /* with "auto": the mechanism that worked before, preferred; or NULL */
} ss_auth_wishes_t;

typedef enum {
    SS_AUTH_NOT_NEEDED, /* no user name, or "off": continue without a login */
    SS_AUTH_CHOSEN,     /* *mechanism is set (static text) */
    SS_AUTH_REFUSED     /* no login is possible: result gives the reason */
} ss_auth_choice_t;

ss_auth_choice_t ss_auth_choose(const ss_auth_wishes_t *wishes, const char **mechanism,
                                ss_result_t *result);
/* Whether the mechanism needs a secret from ss_client_secret (all but EXTERNAL). */
int ss_auth_needs_secret(const char *mechanism);

/* Everything except SASL's own memory is in the pool. */
ss_auth_t *ss_auth_create(apr_pool_t *pool);
/* Wipes the secret and frees SASL's memory. */
void ss_auth_destroy(ss_auth_t *auth);
/* Starts an exchange (an earlier one is wiped first). Texts and bytes are copied; binding may be
 * NULL. Errors, with result: APR_ENOTIMPL (the library lacks the mechanism), APR_EINVAL (the
 * mechanism cannot carry the user name or secret), APR_ENOMEM. */
apr_status_t ss_auth_start(ss_auth_t *auth, const char *mechanism, const char *username,
                           const char *secret, apr_size_t secret_len, const char *host, int port,
                           const char *binding_type, const char *binding, apr_size_t binding_len,
                           ss_result_t *result);
/* One step. challenge: the base64 text after a 334 ("" for an empty one), or NULL for the initial
 * response. Puts the base64 text to send into out (cleared first; the caller wipes it). *has_out 0:
 * the mechanism has no initial response; *has_out 1 with out empty: an empty one ("="). *is_done:
 * the client has nothing more to send. An error challenge of OAUTHBEARER and XOAUTH2 is kept for
 * ss_auth_error_text. After an error, which result explains, the caller sends "*". */
apr_status_t ss_auth_step(ss_auth_t *auth, const char *challenge, ss_buf_t *out, int *has_out,
                          int *is_done, ss_result_t *result);
/* Whether the mechanism is SMTPSendAuth's own choice: others may be tried where it is refused. */
int ss_auth_is_auto(const apr_array_header_t *wanted);
/* After the 235, whose text some servers put SCRAM's signature into: APR_EACCES and result: the
 * server did not prove that it knows the password, or accepted what was not a whole login. Always
 * wipes the secret. */
apr_status_t ss_auth_finish(ss_auth_t *auth, const char *text, ss_result_t *result);
/* The server's error challenge as one line ("status: 401, scheme: bearer ..."), or NULL. */
const char *ss_auth_error_text(const ss_auth_t *auth);
/* Ends an exchange without success: wipes the secret. */
void ss_auth_cancel(ss_auth_t *auth);
