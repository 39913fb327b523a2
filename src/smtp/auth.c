/* auth.c: libgsasl lacks OAUTHBEARER and XOAUTH2: they are here (RFC 7628 3.1; one message each).
 * All copies of the secret are overwritten, libgsasl's own one before the library frees it. */
#include "smtp/auth.h"

#include <apr_base64.h>
#include <apr_strings.h>
#include <gsasl.h>
#include <string.h>

#include "base/text.h"

#define SS_AUTH_ERROR_MAX 512       /* of a server's error challenge; the rest is cut off */
#define SS_AUTH_CHALLENGE_MAX 12288 /* RFC 4954 4: the longest line of an exchange */
/* SCRAM's count is chosen by the server; higher ones would block the thread for seconds */
#define SS_AUTH_ITERATIONS_MAX 1000000

/* Explains in result and returns rv. */
#define FAILED(rv, ...) (ss_result_set(result, "auth", __VA_ARGS__), (rv))

typedef enum { KIND_SASL, KIND_OAUTHBEARER, KIND_XOAUTH2 } ss_auth_kind_t; /* see ss_auth_start */

struct ss_auth_t {
    apr_pool_t *pool;
    Gsasl *library; /* created by the first exchange that needs it */
    Gsasl_session *session;
    ss_auth_kind_t kind;
    char mechanism[GSASL_MAX_MECHANISM_SIZE + 1];
    /* the message with the token, until it was sent */
    ss_buf_t bearer;
    /* the token itself, to remove it from error texts */
    ss_buf_t token;
    int is_started, is_complete, rounds;
    char error[SS_AUTH_ERROR_MAX];
};

ss_auth_t *ss_auth_create(apr_pool_t *pool)
{
    ss_auth_t *auth = apr_pcalloc(pool, sizeof(*auth));
    auth->pool = pool;
    ss_buf_init_secret(&auth->bearer, SS_AUTH_OUT_MAX);
    ss_buf_init_secret(&auth->token, SS_AUTH_OUT_MAX);
    return auth;
}

/* libgsasl frees its properties without overwriting them, but it returns pointers to them. */
static void wipe_property(Gsasl_session *session, Gsasl_property property)
{
    char *text = (char *)gsasl_property_fast(session, property);

    if (text) explicit_bzero(text, strlen(text));
}

void ss_auth_cancel(ss_auth_t *auth)
{
    if (auth->session) {
        wipe_property(auth->session, GSASL_PASSWORD);
        wipe_property(auth->session, GSASL_SCRAM_SALTED_PASSWORD);
        gsasl_finish(auth->session);
        auth->session = NULL;
    }
    ss_buf_wipe(&auth->bearer);
    ss_buf_wipe(&auth->token);
    auth->is_started = 0;
}

void ss_auth_destroy(ss_auth_t *auth)
{
    ss_auth_cancel(auth);
    if (auth->library) gsasl_done(auth->library);
    auth->library = NULL;
}

/* NULL, or what is wrong with a user name or password. */
static const char *text_fault(const char *text, apr_size_t len)
{
    if (memchr(text, '\0', len)) return "contains a NUL byte";
    for (apr_size_t i = 0; i < len;) {
        int n = ss_text_utf8_length((const unsigned char *)text + i, len - i);
        if (!n) return "is not valid UTF-8";
        i += (apr_size_t)n;
    }
    return NULL;
}

/* NULL, or what is wrong with a bearer token (RFC 6750 2.1: printable ASCII without blanks). */
static const char *token_fault(const char *token, apr_size_t len)
{
    if (!len) return "is empty";
    for (apr_size_t i = 0; i < len; i++) {
        if (token[i] <= ' ' || token[i] > '~')
            return "contains a blank, a line end or another byte that is not allowed in a bearer "
                   "token";
    }
    return NULL;
}

static apr_status_t fault(ss_result_t *result, const char *what, const char *why)
{
    return FAILED(APR_EINVAL, "", "auth-secret-malformed", "the %s %s, the login cannot carry it",
                  what, why);
}

static apr_status_t failed_memory(ss_result_t *result)
{
    return FAILED(APR_ENOMEM, "", "auth-temporary",
                  "the login could not be prepared: not enough memory");
}

static apr_status_t failed_room(apr_status_t rv, const char *what, ss_result_t *result)
{
    return rv == APR_ENOSPC ? fault(result, what, "is too long") : failed_memory(result);
}

static apr_status_t failed_sasl(ss_auth_t *auth, int rc, ss_result_t *result)
{
    switch (rc) {
    case GSASL_MALLOC_ERROR: return failed_memory(result);
    case GSASL_UNKNOWN_MECHANISM:
        return FAILED(APR_ENOTIMPL, "", "auth-none-common",
                      "the SASL library of this machine does not have %s", auth->mechanism);
    case GSASL_SASLPREP_ERROR:
        return FAILED(APR_EINVAL, "", "auth-secret-malformed",
                      "the user name or password contains a character that %s does not allow (RFC "
                      "4013: control characters, private use, unassigned)",
                      auth->mechanism);
    case GSASL_NO_CB_TLS_UNIQUE:
    case GSASL_NO_CB_TLS_EXPORTER:
        return FAILED(APR_EINVAL, "", "auth-none-common",
                      "%s needs TLS channel binding, which this connection does not have",
                      auth->mechanism);
    case GSASL_AUTHENTICATION_ERROR:
        return FAILED(APR_EACCES, "", "auth-server-unproven",
                      "in %s the server did not prove that it knows the password", auth->mechanism);
    case GSASL_MECHANISM_PARSE_ERROR:
    case GSASL_MECHANISM_CALLED_TOO_MANY_TIMES:
        return FAILED(APR_EGENERAL, "", "auth-malformed",
                      "the server breaks the rules of the %s exchange (%s)", auth->mechanism,
                      gsasl_strerror_name(rc));
    default:
        return FAILED(APR_EGENERAL, "", "auth-malformed", "the %s exchange failed: %s",
                      auth->mechanism, gsasl_strerror(rc));
    }
}

static int set_binding(ss_auth_t *auth, const char *type, const char *bytes, apr_size_t len)
{
    char *text = apr_palloc(auth->pool, (apr_size_t)apr_base64_encode_len((int)len));
    apr_base64_encode_binary(text, (const unsigned char *)bytes, (int)len);
    return gsasl_property_set(
        auth->session, !strcmp(type, "tls-unique") ? GSASL_CB_TLS_UNIQUE : GSASL_CB_TLS_EXPORTER,
        text);
}

/* Channel binding data is given to -PLUS only: with plain SCRAM the library would tell the server
 * "you do not offer -PLUS", which is wrong if SMTPSendAuth prefers the plain one, and the server
 * would end the login as an attack. */
static int start_sasl(ss_auth_t *auth, const char *username, const char *secret,
                      apr_size_t secret_len, const char *type, const char *binding,
                      apr_size_t binding_len)
{
    if (!auth->library && gsasl_init(&auth->library) != GSASL_OK) {
        auth->library = NULL;
        return GSASL_MALLOC_ERROR;
    }
    int rc = gsasl_client_start(auth->library, auth->mechanism, &auth->session);
    if (rc != GSASL_OK) {
        auth->session = NULL;
        return rc;
    }
    if (!strcmp(auth->mechanism, "EXTERNAL"))
        return gsasl_property_set(auth->session, GSASL_AUTHZID, username);
    int is_missing = gsasl_property_set(auth->session, GSASL_AUTHID, username) != GSASL_OK;
    is_missing |=
        gsasl_property_set_raw(auth->session, GSASL_PASSWORD, secret, secret_len) != GSASL_OK;
    apr_size_t len = strlen(auth->mechanism);
    int is_plus = len > 5 && !strcmp(auth->mechanism + len - 5, "-PLUS");
    if (is_plus && binding) is_missing |= set_binding(auth, type, binding, binding_len) != GSASL_OK;
    return is_missing ? GSASL_MALLOC_ERROR : GSASL_OK;
}

/* The name encoded for RFC 5801 4: "," and "=" are escaped. */
static const char *bearer_name(apr_pool_t *pool, const char *username)
{
    char *name = apr_palloc(pool, 3 * strlen(username) + 1), *out = name;
    for (; *username; username++) {
        if (*username == ',' || *username == '=')
            out = apr_cpystrn(out, *username == ',' ? "=2C" : "=3D", 4);
        else
            *out++ = *username;
    }
    *out = '\0';
    return name;
}

static apr_status_t start_bearer(ss_auth_t *auth, const char *username, const char *token,
                                 apr_size_t len, const char *host, int port)
{
    ss_buf_t *b = &auth->bearer;
    const char *head = auth->kind == KIND_XOAUTH2
                           ? apr_pstrcat(auth->pool, "user=", username, NULL)
                           : apr_psprintf(auth->pool, "n,a=%s,\001host=%s\001port=%d",
                                          bearer_name(auth->pool, username), host, port);
    apr_status_t rv = ss_buf_append(&auth->token, token, len);
    if (rv == APR_SUCCESS) rv = ss_buf_puts(b, head);
    if (rv == APR_SUCCESS) rv = ss_buf_puts(b, "\001auth=Bearer ");
    if (rv == APR_SUCCESS) rv = ss_buf_append(b, token, len);
    if (rv == APR_SUCCESS) rv = ss_buf_puts(b, "\001\001");
    return rv;
}

static const char *name_fault(const char *username)
{
    if (ss_text_has_control(username)) return "contains a control character";
    return text_fault(username, strlen(username));
}

apr_status_t ss_auth_start(ss_auth_t *auth, const char *mechanism, const char *username,
                           const char *secret, apr_size_t secret_len, const char *host, int port,
                           const char *binding_type, const char *binding, apr_size_t binding_len,
                           ss_result_t *result)
{
    ss_auth_cancel(auth);
    auth->is_complete = auth->rounds = 0;
    auth->error[0] = '\0';
    auth->kind = (ss_auth_kind_t)(ss_text_word_index("OAUTHBEARER XOAUTH2", mechanism) + 1);
    apr_cpystrn(auth->mechanism, mechanism, sizeof(auth->mechanism));
    if (!username) username = "";
    if (!secret) {
        secret = "";
        secret_len = 0;
    }
    const char *why = name_fault(username);
    if (why) return fault(result, "user name", why);
    if (auth->kind != KIND_SASL) {
        why = token_fault(secret, secret_len);
        if (why) return fault(result, "token", why);
        apr_status_t rv = start_bearer(auth, username, secret, secret_len, host, port);
        if (rv != APR_SUCCESS) {
            ss_auth_cancel(auth);
            return failed_room(rv, "token", result);
        }
    } else {
        why = text_fault(secret, secret_len);
        if (why) return fault(result, "password", why);
        int rc = start_sasl(auth, username, secret, secret_len, binding_type, binding, binding_len);
        if (rc != GSASL_OK) {
            ss_auth_cancel(auth);
            return failed_sasl(auth, rc, result);
        }
    }
    auth->is_started = 1;
    return APR_SUCCESS;
}

static apr_status_t put_base64(ss_buf_t *out, const char *bytes, apr_size_t len)
{
    char *place;
    /* including the terminating NUL */
    apr_size_t size = (apr_size_t)apr_base64_encode_len((int)len);
    apr_status_t rv = ss_buf_room(out, size, &place);
    if (rv != APR_SUCCESS) return rv;
    apr_base64_encode_binary(place, (const unsigned char *)bytes, (int)len);
    ss_buf_added(out, size - 1);
    return APR_SUCCESS;
}

/* {"status":"401","scope":"mail"} as "status: 401, scope: mail": without quotes and braces, control
 * bytes replaced by blanks. */
static void keep_error(ss_auth_t *auth, const char *json, apr_size_t len)
{
    apr_size_t out = 0;
    int is_quoted = 0;
    if (memmem(json, len, auth->token.data, auth->token.len)) return;
    for (apr_size_t i = 0; i < len && out + 3 < sizeof(auth->error); i++) {
        unsigned char c = (unsigned char)json[i];
        if (c == '"') {
            is_quoted = !is_quoted;
        } else if (!is_quoted && (c == ':' || c == ',')) {
            auth->error[out++] = (char)c;
            auth->error[out++] = ' ';
        } else if (!is_quoted && (c <= ' ' || c == '{' || c == '}')) {
            continue;
        } else {
            auth->error[out++] = c < ' ' || c > '~' ? ' ' : (char)c;
        }
    }
    auth->error[out] = '\0';
}

static apr_status_t decode(const char *challenge, char **bytes, apr_size_t *len,
                           ss_result_t *result)
{
    apr_size_t text_len = strlen(challenge);

    *bytes = NULL;
    *len = 0;
    if (!text_len) return APR_SUCCESS;
    if (text_len <= SS_AUTH_CHALLENGE_MAX &&
        gsasl_base64_from(challenge, text_len, bytes, len) == GSASL_OK)
        return APR_SUCCESS;
    *bytes = NULL;
    return FAILED(APR_EGENERAL, "334", "auth-malformed", "the server's challenge is not base64");
}

/* The first call, or an empty challenge after it, is answered with the message with the token; any
 * further challenge is an error in JSON. */
static apr_status_t step_bearer(ss_auth_t *auth, const char *challenge, ss_buf_t *out, int *is_done,
                                ss_result_t *result)
{
    *is_done = 1;
    if (auth->bearer.len) {
        apr_status_t rv = put_base64(out, auth->bearer.data, auth->bearer.len);
        ss_buf_wipe(&auth->bearer);
        if (rv != APR_SUCCESS) return failed_room(rv, "token", result);
        auth->is_complete = 1;
        return APR_SUCCESS;
    }
    char *bytes;
    apr_size_t len;
    apr_status_t rv = decode(challenge, &bytes, &len, result);
    if (rv != APR_SUCCESS) return rv;
    if (len) keep_error(auth, bytes, len);
    gsasl_free(bytes);
    return auth->kind == KIND_OAUTHBEARER ? ss_buf_puts(out, "AQ==") : APR_SUCCESS;
}

static int is_scram(const ss_auth_t *auth)
{
    return !strncmp(auth->mechanism, "SCRAM-", 6);
}

/* Whether the server's first SCRAM message demands an excessive iteration count:
 * "r=...,s=...,i=4096". */
static int is_too_costly(const ss_auth_t *auth, const char *bytes, apr_size_t len)
{
    if (!is_scram(auth)) return 0;
    for (apr_size_t i = 0; i + 3 <= len; i++) {
        if (memcmp(bytes + i, ",i=", 3)) continue;
        unsigned long count = 0;
        for (i += 3;
             i < len && bytes[i] >= '0' && bytes[i] <= '9' && count <= SS_AUTH_ITERATIONS_MAX;
             i++) {
            count = count * 10 + (unsigned long)(bytes[i] - '0');
        }
        if (count > SS_AUTH_ITERATIONS_MAX) return 1;
    }
    return 0;
}

static apr_status_t step_sasl(ss_auth_t *auth, const char *challenge, ss_buf_t *out, int *is_done,
                              ss_result_t *result)
{
    char *in, *answer = NULL;
    apr_size_t in_len, answer_len = 0;
    apr_status_t rv = decode(challenge, &in, &in_len, result);
    if (rv != APR_SUCCESS) return rv;
    if (is_too_costly(auth, in, in_len)) {
        gsasl_free(in);
        return FAILED(APR_EGENERAL, "334", "auth-malformed",
                      "the server demands more than %d iterations in %s", SS_AUTH_ITERATIONS_MAX,
                      auth->mechanism);
    }
    int rc = gsasl_step(auth->session, in, in_len, &answer, &answer_len);
    gsasl_free(in);
    if (rc != GSASL_OK && rc != GSASL_NEEDS_MORE) return failed_sasl(auth, rc, result);
    rv = put_base64(out, answer, answer_len);
    if (answer) explicit_bzero(answer, answer_len);
    gsasl_free(answer);
    if (rv != APR_SUCCESS) return failed_room(rv, "password", result);
    auth->is_complete = *is_done = rc == GSASL_OK;
    return APR_SUCCESS;
}

apr_status_t ss_auth_step(ss_auth_t *auth, const char *challenge, ss_buf_t *out, int *has_out,
                          int *is_done, ss_result_t *result)
{
    ss_buf_clear(out);
    *has_out = *is_done = 0;
    if (!auth->is_started) {
        return FAILED(APR_EGENERAL, "334", "auth-malformed",
                      "the server continues a login that has ended");
    }
    if (challenge && ++auth->rounds > SS_AUTH_ROUNDS_MAX) {
        return FAILED(APR_EGENERAL, "334", "auth-malformed",
                      "the server sent %d challenges in one login and does not finish it",
                      auth->rounds);
    }
    if (!challenge) {
        /* These wait for the server's first challenge; libgsasl's LOGIN would respond before it. */
        if (!strcmp(auth->mechanism, "LOGIN") || !strcmp(auth->mechanism, "CRAM-MD5"))
            return APR_SUCCESS;
        challenge = "";
    }
    *has_out = 1;
    /* The prompts are for people, and some servers do not encode them: only their order counts. */
    if (!strcmp(auth->mechanism, "LOGIN")) challenge = "";
    if (auth->kind != KIND_SASL) return step_bearer(auth, challenge, out, is_done, result);
    return step_sasl(auth, challenge, out, is_done, result);
}

/* RFC 4954 does not allow SCRAM's final server message in a 235, but some servers put it there. */
static void finish_from_text(ss_auth_t *auth, const char *text)
{
    ss_result_t ignored = { 0 };
    ss_buf_t out;
    int is_done = 0;
    char word[SS_AUTH_ERROR_MAX];
    apr_cpystrn(word, text, sizeof(word));
    word[strcspn(word, " \r\n")] = '\0';
    ss_buf_init(&out, SS_AUTH_OUT_MAX);
    if (step_sasl(auth, word, &out, &is_done, &ignored) != APR_SUCCESS) auth->is_complete = 0;
    ss_buf_wipe(&out);
}

apr_status_t ss_auth_finish(ss_auth_t *auth, const char *text, ss_result_t *result)
{
    int must_prove = auth->kind == KIND_SASL && is_scram(auth);
    if (must_prove && auth->session && !auth->is_complete && text && *text)
        finish_from_text(auth, text);
    int is_whole = auth->is_complete && !*auth->error;
    ss_auth_cancel(auth);
    if (is_whole) return APR_SUCCESS;
    if (!must_prove)
        return FAILED(APR_EACCES, "235", "auth-malformed",
                      "the server accepted a login by %s that was not complete: that is no login",
                      auth->mechanism);
    return FAILED(APR_EACCES, "235", "auth-server-unproven",
                  "the server accepted the login by %s without proving that it knows the password",
                  auth->mechanism);
}

const char *ss_auth_error_text(const ss_auth_t *auth)
{
    return *auth->error ? auth->error : NULL;
}
