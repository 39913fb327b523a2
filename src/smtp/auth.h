/* auth.h: logging in (RFC 4954): which mechanism, and its exchange (libgsasl; RFC 4616, 5802, 7677,
 * 7628, 2195, draft-murchison-sasl-login, XOAUTH2). No I/O: base64 texts come in and go out,
 * session.c puts them on the wire. One object a session, one thread. */
#ifndef SS_SMTP_AUTH_H
#define SS_SMTP_AUTH_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>

#include "base/buf.h"
#include "base/result.h"

/* challenges answered in one exchange; more: the server is broken, the exchange ends with
 * APR_EGENERAL */
#define SS_AUTH_ROUNDS_MAX 10
/* base64 of the largest answer (a token of SS_SECRET_MAX bytes with its frame) */
#define SS_AUTH_OUT_MAX 131072

typedef struct ss_auth_t ss_auth_t;

typedef struct {
    /* of const char *: SMTPSendAuth ("auto", "off" or mechanisms in order); NULL = auto */
    const apr_array_header_t *wanted;
    /* NULL or "": no login, except EXTERNAL where named in wanted */
    const char *username;
    int is_tls;
    int is_loopback;         /* plain text is harmless here */
    int is_insecure_allowed; /* SMTPSendAuthInsecure */
    int has_client_cert;     /* EXTERNAL may be chosen by "auto" */
    int has_binding;         /* channel binding data is there: -PLUS may be chosen */
    /* AUTH stood in EHLO's answer, with or without mechanisms */
    int auth_offered;
    const char *offered;  /* EHLO's mechanisms, upper case, blank separated */
    int starttls_offered; /* and TLS is not on: for the advice */
} ss_auth_wishes_t;

typedef enum {
    SS_AUTH_NOT_NEEDED, /* no user name, or "off": go on without a login */
    SS_AUTH_CHOSEN,     /* *mechanism is set (static text) */
    SS_AUTH_REFUSED     /* the login cannot even begin: result says why (step "auth", advice id: no
                         * common mechanism, needs TLS     first, AUTH not offered ...) */
} ss_auth_choice_t;

/* Chooses the mechanism. result is set only with SS_AUTH_REFUSED. Pure. */
ss_auth_choice_t ss_auth_choose(const ss_auth_wishes_t *wishes, const char **mechanism,
                                ss_result_t *result);
/* Whether the mechanism needs a secret from ss_client_secret (all but EXTERNAL). */
int ss_auth_needs_secret(const char *mechanism);

/* The session's object; everything but SASL's own memory is in the pool. */
ss_auth_t *ss_auth_create(apr_pool_t *pool);
/* Wipes what is left of the secret and frees SASL's memory. */
void ss_auth_destroy(ss_auth_t *auth);
/* Begins an exchange (a former one is wiped first). Texts and bytes are copied. binding may be NULL
 * (binding_type too). Errors: APR_ENOTIMPL (the library lacks the mechanism), APR_EINVAL (a user
 * name or secret the mechanism cannot carry: NUL, not UTF-8), APR_ENOMEM; result then has the
 * sentence. */
apr_status_t ss_auth_start(ss_auth_t *auth, const char *mechanism, const char *username,
                           const char *secret, apr_size_t secret_len, const char *host, int port,
                           const char *binding_type, const char *binding, apr_size_t binding_len,
                           ss_result_t *result);
/* One step. challenge: the base64 text after a 334 ("" for an empty one), or NULL for the initial
 * response. Puts the base64 text to send into out (which is cleared first; the caller wipes it).
 * *has_out: 0 with challenge NULL means that the mechanism has no initial response ("AUTH LOGIN"
 * alone is sent); an empty initial response is out empty with *has_out 1 (the caller writes "=").
 * *is_done: the client has nothing more to say, a success reply may come. An error challenge of
 * OAUTHBEARER and XOAUTH2 (334 with base64 of JSON) is kept for ss_auth_error_text and answered as
 * the mechanism says ("AQ==" or empty). Any error: the caller sends "*" and ends the login: result
 * has the sentence. */
apr_status_t ss_auth_step(ss_auth_t *auth, const char *challenge, ss_buf_t *out, int *has_out,
                          int *is_done, ss_result_t *result);
/* After the 235: checks that the exchange is complete (SCRAM's server signature was verified; some
 * servers put it, base64, into the 235's text: text may be that, NULL else). APR_SUCCESS, or
 * APR_EACCES with result: the server did not prove that it knows the password. Wipes the secret in
 * every case. */
apr_status_t ss_auth_finish(ss_auth_t *auth, const char *text, ss_result_t *result);
/* What the server's error challenge said, decoded and made one line ("status: 401, scheme: bearer
 * ..."), or NULL. */
const char *ss_auth_error_text(const ss_auth_t *auth);
/* Ends an exchange without success: wipes the secret. */
void ss_auth_cancel(ss_auth_t *auth);

#endif
