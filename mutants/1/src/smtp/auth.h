/* auth.h: the login (RFC 4954): the choice of the mechanism and its exchange (libgsasl; RFC 4616,
 * 5802, 7677, 7628, 2195, draft-murchison-sasl-login, XOAUTH2). No I/O: base64 texts go in and come
 * out; session.c sends them. One object per session, one thread. */
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
    /* of const char *: SMTPSendAuth ("auto", "off" or mechanisms in order); NULL: auto */
    const apr_array_header_t *wanted;
    /* NULL or "": no login, except by EXTERNAL if named in wanted */
    const char *username;
    int is_tls;
    int is_loopback;         /* plain-text passwords are harmless here */
    int is_insecure_allowed; /* SMTPSendAuthInsecure */
    int has_client_cert;     /* EXTERNAL may be chosen by "auto" */
    int has_binding;         /* channel binding data is available: -PLUS may be chosen */
    /* the reply to EHLO listed AUTH, with or without mechanisms */
    int auth_offered;
    const char *offered;  /* the mechanisms, upper case, separated by blanks */
    int starttls_offered; /* and TLS is off: for the advice */
} ss_auth_wishes_t;

typedef enum {
    SS_AUTH_NOT_NEEDED, /* no user name, or "off": continue without a login */
    SS_AUTH_CHOSEN,     /* *mechanism is set (static text) */
    SS_AUTH_REFUSED     /* no login is possible: result gives the reason (no common mechanism, TLS
                           needed, AUTH not offered ...) */
} ss_auth_choice_t;

/* Chooses the mechanism. result is set only with SS_AUTH_REFUSED. */
ss_auth_choice_t ss_auth_choose(const ss_auth_wishes_t *wishes, const char **mechanism,
                                ss_result_t *result);
/* Whether the mechanism needs a secret from ss_client_secret (all but EXTERNAL). */
int ss_auth_needs_secret(const char *mechanism);

/* Everything except SASL's own memory is in the pool. */
ss_auth_t *ss_auth_create(apr_pool_t *pool);
/* Wipes the secret and frees SASL's memory. */
void ss_auth_destroy(ss_auth_t *auth);
/* Starts an exchange (an earlier one is wiped first). Texts and bytes are copied. binding may be
 * NULL (binding_type too). Errors: APR_ENOTIMPL (the library lacks the mechanism), APR_EINVAL (a
 * user name or secret that the mechanism cannot carry: NUL, not UTF-8), APR_ENOMEM; result has the
 * explanation. */
apr_status_t ss_auth_start(ss_auth_t *auth, const char *mechanism, const char *username,
                           const char *secret, apr_size_t secret_len, const char *host, int port,
                           const char *binding_type, const char *binding, apr_size_t binding_len,
                           ss_result_t *result);
/* One step. challenge: the base64 text after a 334 ("" for an empty one), or NULL for the initial
 * response. Puts the base64 text to send into out (which is cleared first; the caller wipes it).
 * *has_out 0 with challenge NULL: the mechanism has no initial response (only "AUTH LOGIN" is
 * sent); *has_out 1 with out empty: an empty initial response (the caller writes "="). *is_done:
 * the client has nothing more to send; a success reply may follow. An error challenge of
 * OAUTHBEARER and XOAUTH2 (334 with base64 of JSON) is kept for ss_auth_error_text and answered as
 * the mechanism requires ("AQ==" or empty). After any error the caller sends "*" to end the login;
 * result has the explanation. */
apr_status_t ss_auth_step(ss_auth_t *auth, const char *challenge, ss_buf_t *out, int *has_out,
                          int *is_done, ss_result_t *result);
/* After the 235: checks that the exchange is complete (SCRAM's server signature was verified; text:
 * the text of the 235, into which some servers put the signature; or NULL). APR_EACCES: the server
 * did not prove that it knows the password; result is set. Always wipes the secret. */
apr_status_t ss_auth_finish(ss_auth_t *auth, const char *text, ss_result_t *result);
/* The server's error challenge, decoded, as one line ("status: 401, scheme: bearer ..."), or NULL.
 */
const char *ss_auth_error_text(const ss_auth_t *auth);
/* Ends an exchange without success: wipes the secret. */
void ss_auth_cancel(ss_auth_t *auth);
