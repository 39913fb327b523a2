/* test_auth.c: choosing a mechanism, and whole exchanges against libgsasl's server side and
 * published examples. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <gsasl.h>
#include <stdio.h>
#include <string.h>

#include "fill.h"
#include "smtp/auth.h"

void ss_suite_auth(void);

static apr_pool_t *pool;

static int setup(void)
{
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int teardown(void)
{
    apr_pool_destroy(pool);
    return 0;
}

/* flags: t TLS, l loopback, i insecure allowed, c client certificate, b binding, s STARTTLS
 * offered, n AUTH not offered */
typedef struct {
    const char *wanted, *user, *offered, *flags;
    ss_auth_choice_t choice;
    const char *want;
} choice_t;

static const choice_t choices[] = {
    { "auto", "u", "PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "tb", SS_AUTH_CHOSEN,
      "SCRAM-SHA-256-PLUS" },
    { "auto", "u", "PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "t", SS_AUTH_CHOSEN,
      "SCRAM-SHA-256" },
    { "auto", "u", "PLAIN SCRAM-SHA-1-PLUS SCRAM-SHA-1", "tb", SS_AUTH_CHOSEN, "SCRAM-SHA-1-PLUS" },
    { "auto", "u", "LOGIN PLAIN CRAM-MD5", "", SS_AUTH_CHOSEN, "CRAM-MD5" },
    { "auto", "u", "login plain", "t", SS_AUTH_CHOSEN, "PLAIN" },
    { "auto", "u", "LOGIN", "l", SS_AUTH_CHOSEN, "LOGIN" },
    { "auto", "u", "LOGIN", "i", SS_AUTH_CHOSEN, "LOGIN" },
    { "auto", "u", "LOGIN PLAIN", "", SS_AUTH_REFUSED, "auth-needs-tls" },
    /* TLS with nobody knows whom */
    { "auto", "u", "LOGIN PLAIN", "tu", SS_AUTH_REFUSED, "auth-needs-tls" },
    { "XOAUTH2", "u", "XOAUTH2", "tu", SS_AUTH_REFUSED, "auth-needs-tls" },
    { "auto", "u", "LOGIN PLAIN SCRAM-SHA-256", "tu", SS_AUTH_CHOSEN, "SCRAM-SHA-256" },
    { "auto", "u", "LOGIN", "tul", SS_AUTH_CHOSEN, "LOGIN" },
    { "auto", "u", "LOGIN", "tui", SS_AUTH_CHOSEN, "LOGIN" },
    { "auto", "u", "XOAUTH2 OAUTHBEARER", "t", SS_AUTH_REFUSED, "auth-none-common" },
    { "XOAUTH2", "u", "PLAIN XOAUTH2", "t", SS_AUTH_CHOSEN, "XOAUTH2" },
    { "XOAUTH2", "u", "PLAIN XOAUTH2", "", SS_AUTH_REFUSED, "auth-needs-tls" },
    { "auto", "u", "EXTERNAL", "t", SS_AUTH_REFUSED, "auth-none-common" },
    { "auto", "u", "EXTERNAL", "tc", SS_AUTH_CHOSEN, "EXTERNAL" },
    { "EXTERNAL", "", "EXTERNAL", "t", SS_AUTH_CHOSEN, "EXTERNAL" },
    { "LOGIN,PLAIN", "u", "PLAIN LOGIN", "t", SS_AUTH_CHOSEN, "LOGIN" },
    { "SCRAM-SHA-256-PLUS", "u", "SCRAM-SHA-256-PLUS", "t", SS_AUTH_REFUSED, "auth-none-common" },
    { "off", "u", "PLAIN", "t", SS_AUTH_NOT_NEEDED, NULL },
    { "auto", "", "PLAIN", "tc", SS_AUTH_NOT_NEEDED, NULL },
    { "auto", NULL, "EXTERNAL", "tc", SS_AUTH_NOT_NEEDED, NULL },
    { "auto", "u", "", "n", SS_AUTH_REFUSED, "auth-not-offered" },
    { "auto", "u", "", "ns", SS_AUTH_REFUSED, "auth-needs-tls" },
    { "auto", "u", "NTLM GSSAPI", "", SS_AUTH_REFUSED, "auth-none-common" },
    { "auto", "u", "XPLAIN PLAINX", "t", SS_AUTH_REFUSED, "auth-none-common" },
    { "auto", "u", NULL, "t", SS_AUTH_REFUSED, "auth-none-common" },
    /* an empty list is auto */
    { "", "u", "PLAIN", "t", SS_AUTH_CHOSEN, "PLAIN" },
    /* one that we do not know is passed over */
    { "NTLM,PLAIN", "u", "NTLM PLAIN", "t", SS_AUTH_CHOSEN, "PLAIN" },
    /* a password without a name is not used */
    { "EXTERNAL,PLAIN", "", "PLAIN", "t", SS_AUTH_REFUSED, "auth-none-common" },
    { "EXTERNAL", NULL, "EXTERNAL", "t", SS_AUTH_CHOSEN, "EXTERNAL" },
    { "PLAIN", "u", "PLAIN", "s", SS_AUTH_REFUSED, "auth-needs-tls" },
};

static apr_array_header_t *list_of(const char *names)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(const char *));
    char *last, *copy = apr_pstrdup(pool, names);
    for (char *name = apr_strtok(copy, ",", &last); name; name = apr_strtok(NULL, ",", &last))
        APR_ARRAY_PUSH(list, const char *) = name;
    return list;
}

static void choosing(void)
{
    for (apr_size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        const choice_t *c = &choices[i];
        ss_auth_wishes_t w = {
            .wanted = list_of(c->wanted),
            .username = c->user,
            .is_tls = !!strchr(c->flags, 't'),
            .is_unverified = !!strchr(c->flags, 'u'),
            .is_loopback = !!strchr(c->flags, 'l'),
            .is_insecure_allowed = !!strchr(c->flags, 'i'),
            .has_client_cert = !!strchr(c->flags, 'c'),
            .has_binding = !!strchr(c->flags, 'b'),
            .auth_offered = !strchr(c->flags, 'n'),
            .offered = c->offered,
            .starttls_offered = !!strchr(c->flags, 's'),
        };
        ss_result_t result;
        const char *mechanism;
        ss_result_clear(&result);
        ss_auth_choice_t got = ss_auth_choose(&w, &mechanism, &result);
        const char *said = got == SS_AUTH_CHOSEN ? mechanism : result.advice;
        int is_right =
            got == c->choice && (c->want ? said && !strcmp(said, c->want) : !said && !mechanism);
        if (!is_right) fprintf(stderr, "\n  row %d: %d %s\n", (int)i, (int)got, said ? said : "-");
        CU_ASSERT(is_right);
    }
    CU_ASSERT_FALSE(ss_auth_needs_secret("EXTERNAL"));
    CU_ASSERT_TRUE(ss_auth_needs_secret("PLAIN"));
    CU_ASSERT_TRUE(ss_auth_needs_secret("NO-SUCH"));
}

/* The sentence names what was wanted and what is offered, however long the lists are. */
static void refusals_in_words(void)
{
    char *many = apr_pstrdup(pool, "");
    ss_result_t result;
    const char *mechanism;
    for (int i = 0; i < 40; i++)
        many = apr_pstrcat(pool, many, i ? "," : "", "X-MECH-", apr_itoa(pool, i + 10), NULL);
    ss_auth_wishes_t w = { .wanted = list_of("GSSAPI,NTLM"),
                           .username = "u",
                           .is_tls = 1,
                           .auth_offered = 1,
                           .offered = "PLAIN" };
    ss_result_clear(&result);
    CU_ASSERT_EQUAL(ss_auth_choose(&w, &mechanism, &result), SS_AUTH_REFUSED);
    CU_ASSERT_STRING_EQUAL(
        result.text,
        "no common login mechanism: the server offers PLAIN, SMTPSendAuth is GSSAPI NTLM");
    w.wanted = list_of(many);
    ss_result_clear(&result);
    CU_ASSERT_EQUAL(ss_auth_choose(&w, &mechanism, &result), SS_AUTH_REFUSED);
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "X-MECH-10 X-MECH-11 "));
    CU_ASSERT_PTR_NULL(strstr(result.text, "X-MECH-49"));
    w = (ss_auth_wishes_t){ .wanted = list_of("PLAIN"),
                            .username = "u",
                            .auth_offered = 1,
                            .offered = "PLAIN",
                            .starttls_offered = 1 };
    ss_result_clear(&result);
    CU_ASSERT_EQUAL(ss_auth_choose(&w, &mechanism, &result), SS_AUTH_REFUSED);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(result.text, "would be sent in plain text; the server offers STARTTLS"));
    w.wanted = NULL;
    w.is_loopback = 1;
    CU_ASSERT_EQUAL(ss_auth_choose(&w, &mechanism, &result), SS_AUTH_CHOSEN);
}

static int server_callback(Gsasl *library, Gsasl_session *s, Gsasl_property property)
{
    (void)library;
    switch (property) {
    case GSASL_PASSWORD: return gsasl_property_set(s, GSASL_PASSWORD, "pencil");
    case GSASL_VALIDATE_SIMPLE:
        return !strcmp(gsasl_property_fast(s, GSASL_AUTHID), "user") &&
                       !strcmp(gsasl_property_fast(s, GSASL_PASSWORD), "pencil")
                   ? GSASL_OK
                   : GSASL_AUTHENTICATION_ERROR;
    case GSASL_VALIDATE_EXTERNAL: return GSASL_OK;
    case GSASL_CB_TLS_EXPORTER:
        /* binding-bytes */
        return gsasl_property_set(s, GSASL_CB_TLS_EXPORTER, "YmluZGluZy1ieXRlcw==");
    default: return GSASL_NO_CALLBACK;
    }
}

/* Plays a login against libgsasl as the server. 1: the server was convinced and the client too.
 * final_in_text: the last word of SCRAM comes in the 235. */
static int login(const char *mechanism, const char *password, const char *binding,
                 int final_in_text)
{
    Gsasl *library;
    Gsasl_session *server;
    ss_result_t result;
    ss_buf_t out;
    int has_out, is_done, is_convinced = 0;
    char *said = NULL;
    ss_auth_t *auth = ss_auth_create(pool);
    ss_result_clear(&result);
    ss_buf_init_secret(&out, SS_AUTH_OUT_MAX);
    gsasl_init(&library);
    gsasl_callback_set(library, server_callback);
    gsasl_server_start(library, mechanism, &server);
    apr_status_t rv = ss_auth_start(auth, mechanism, "user", password, strlen(password),
                                    "mail.a.example", 587, binding ? "tls-exporter" : NULL, binding,
                                    binding ? strlen(binding) : 0, &result);
    const char *challenge = NULL;
    for (int i = 0; i < 8 && rv == APR_SUCCESS; i++) {
        rv = ss_auth_step(auth, challenge, &out, &has_out, &is_done, &result);
        if (rv != APR_SUCCESS) break;
        gsasl_free(said);
        said = NULL;
        int rc = gsasl_step64(server, has_out ? ss_buf_text(&out) : "", &said);
        if (rc == GSASL_OK && (!said || !*said || final_in_text)) {
            is_convinced = 1;
            break;
        }
        if (rc == GSASL_OK) {
            rv = ss_auth_step(auth, said, &out, &has_out, &is_done, &result);
            is_convinced = rv == APR_SUCCESS && is_done && !out.len;
            break;
        }
        if (rc != GSASL_NEEDS_MORE) break;
        challenge = said;
    }
    if (is_convinced && ss_auth_finish(auth, said, &result) != APR_SUCCESS) is_convinced = 0;
    gsasl_free(said);
    gsasl_finish(server);
    gsasl_done(library);
    ss_buf_wipe(&out);
    ss_auth_destroy(auth);
    return is_convinced;
}

static void against_server(void)
{
    static const char *const mechanisms[] = { "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1",
                                              "SCRAM-SHA-256" };
    for (apr_size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
        CU_ASSERT_EQUAL(login(mechanisms[i], "pencil", NULL, 0), 1);
        CU_ASSERT_EQUAL(login(mechanisms[i], "crayon", NULL, 0), 0);
    }
    CU_ASSERT_EQUAL(login("SCRAM-SHA-256", "pencil", NULL, 1), 1);
    CU_ASSERT_EQUAL(login("SCRAM-SHA-256-PLUS", "pencil", "binding-bytes", 0), 1);
    CU_ASSERT_EQUAL(login("SCRAM-SHA-1-PLUS", "pencil", "binding-bytes", 0), 1);
    CU_ASSERT_EQUAL(login("SCRAM-SHA-256-PLUS", "pencil", "other-channel", 0), 0);
    CU_ASSERT_EQUAL(login("SCRAM-SHA-256-PLUS", "pencil", NULL, 0), 0);
}

typedef struct {
    ss_auth_t *auth;
    ss_buf_t out;
    ss_result_t result;
    int has_out, is_done;
} exchange_t;

static apr_status_t begin(exchange_t *x, const char *mechanism, const char *user,
                          const char *secret, apr_size_t len)
{
    x->auth = ss_auth_create(pool);
    ss_buf_init_secret(&x->out, SS_AUTH_OUT_MAX);
    ss_result_clear(&x->result);
    return ss_auth_start(x->auth, mechanism, user, secret, len, "server.example.com", 143, NULL,
                         NULL, 0, &x->result);
}

static const char *step(exchange_t *x, const char *challenge)
{
    if (ss_auth_step(x->auth, challenge, &x->out, &x->has_out, &x->is_done, &x->result) !=
        APR_SUCCESS)
        return "error";
    return x->out.len ? ss_buf_text(&x->out) : "";
}

static void end(exchange_t *x)
{
    ss_auth_destroy(x->auth);
    ss_buf_wipe(&x->out);
}

/* RFC 2195 2, RFC 7628 4.1, RFC 4616 in base64, Google's description of XOAUTH2. */
static void examples(void)
{
    exchange_t x;
    begin(&x, "CRAM-MD5", "tim", "tanstaaftanstaaf", 16);
    step(&x, NULL);
    CU_ASSERT_EQUAL(x.has_out, 0);
    CU_ASSERT_STRING_EQUAL(step(&x, "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"),
                           "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw");
    end(&x);
    begin(&x, "OAUTHBEARER", "user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", 42);
    CU_ASSERT_STRING_EQUAL(step(&x, NULL),
                           "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQ"
                           "zAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNS"
                           "bGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB");
    CU_ASSERT_EQUAL(x.is_done, 1);
    CU_ASSERT_STRING_EQUAL(
        step(&x, "eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxlX3Njb3BlIn0="), "AQ==");
    CU_ASSERT_STRING_EQUAL(ss_auth_error_text(x.auth),
                           "status: invalid_token, scope: example_scope");
    end(&x);
    begin(&x, "XOAUTH2", "someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
          45);
    CU_ASSERT_STRING_EQUAL(step(&x, NULL),
                           "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVR"
                           "jMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==");
    CU_ASSERT_STRING_EQUAL(step(&x, "eyJzdGF0dXMiOiI0MDEifQ=="), "");
    CU_ASSERT_EQUAL(x.has_out, 1);
    end(&x);
    begin(&x, "PLAIN", "tim", "tanstaaftanstaaf", 16);
    CU_ASSERT_STRING_EQUAL(step(&x, NULL), "AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
    CU_ASSERT_EQUAL(x.is_done, 1);
    end(&x);
    begin(&x, "LOGIN", "user", "pencil", 6);
    step(&x, NULL);
    CU_ASSERT_EQUAL(x.has_out, 0);
    CU_ASSERT_STRING_EQUAL(step(&x, "VXNlcm5hbWU6"), "dXNlcg==");
    CU_ASSERT_STRING_EQUAL(step(&x, "UGFzc3dvcmQ6"), "cGVuY2ls");
    end(&x);
    /* n,a=a=3Db=2Cc,^Ahost=server.example.com^Aport=143^Aauth=Bearer t^A^A */
    begin(&x, "OAUTHBEARER", "a=b,c", "t", 1);
    CU_ASSERT_STRING_EQUAL(
        step(&x, NULL),
        "bixhPWE9M0RiPTJDYywBaG9zdD1zZXJ2ZXIuZXhhbXBsZS5jb20BcG9ydD0xNDMBYXV0aD1CZWFyZXIgdAEB");
    end(&x);
    begin(&x, "EXTERNAL", NULL, NULL, 0);
    CU_ASSERT_STRING_EQUAL(step(&x, NULL), "");
    CU_ASSERT(x.has_out && x.is_done);
    end(&x);
}

/* RFC 3629: what is UTF-8, and what only looks like it: overlong forms, surrogates, past the last
 * code point, cut characters. */
static void passwords_are_utf8(void)
{
    static const struct {
        const char *password;
        int is_good;
    } cases[] = {
        { "\xc2\x80", 1 },
        { "\xdf\xbf", 1 },
        { "\xe0\xa0\x80", 1 },
        { "\xe2\x82\xac", 1 },
        { "\xed\x9f\xbf", 1 },
        { "\xee\x80\x80", 1 },
        { "\xef\xbf\xbd", 1 },
        { "\xf0\x90\x80\x80", 1 },
        { "\xf3\xa0\x80\x80", 1 },
        { "\xf4\x8f\xbf\xbf", 1 },
        { "a\xc3\xa4z", 1 },
        { "\x80", 0 },
        { "\xc0\x80", 0 },
        { "\xc1\xbf", 0 },
        { "\xc3", 0 },
        { "\xc3z", 0 },
        { "\xe0\x9f\xbf", 0 },
        { "\xed\xa0\x80", 0 },
        { "\xe2\x82", 0 },
        { "\xe2\x82z", 0 },
        { "\xf0\x8f\xbf\xbf", 0 },
        { "\xf4\x90\x80\x80", 0 },
        { "\xf5\x80\x80\x80", 0 },
        { "\xff", 0 },
    };
    for (apr_size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        exchange_t x;
        CU_ASSERT_EQUAL(begin(&x, "PLAIN", "u", cases[i].password, strlen(cases[i].password)),
                        cases[i].is_good ? APR_SUCCESS : APR_EINVAL);
        CU_ASSERT_STRING_EQUAL(
            x.result.text,
            cases[i].is_good ? "" : "the password is not valid UTF-8, the login cannot carry it");
        end(&x);
    }
}

/* SS_AUTH_OUT_MAX bounds a message and its base64; what passes it is said, not sent. */
static void too_long_for_a_login(void)
{
    static const struct {
        const char *mechanism;
        apr_size_t len;
        int is_at_start;
        const char *want;
    } cases[] = {
        { "XOAUTH2", SS_AUTH_OUT_MAX + 1, 1, "the token is too long, the login cannot carry it" },
        { "OAUTHBEARER", SS_AUTH_OUT_MAX, 1, "the token is too long, the login cannot carry it" },
        { "XOAUTH2", SS_AUTH_OUT_MAX - 10, 1, "the token is too long, the login cannot carry it" },
        { "XOAUTH2", SS_AUTH_OUT_MAX - 24, 0, "the token is too long, the login cannot carry it" },
        { "PLAIN", SS_AUTH_OUT_MAX - 10, 0, "the password is too long, the login cannot carry it" },
    };
    for (apr_size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        exchange_t x;
        apr_status_t rv =
            begin(&x, cases[i].mechanism, "user", fill(pool, 't', cases[i].len), cases[i].len);
        CU_ASSERT_EQUAL(rv, cases[i].is_at_start ? APR_EINVAL : APR_SUCCESS);
        if (rv == APR_SUCCESS) CU_ASSERT_STRING_EQUAL(step(&x, NULL), "error");
        CU_ASSERT_STRING_EQUAL(x.result.text, cases[i].want);
        CU_ASSERT_EQUAL(x.out.len, 0);
        end(&x);
    }
}

static void refused_secrets(void)
{
    static const struct {
        const char *mechanism, *user, *secret;
        apr_size_t len;
    } bad[] = {
        { "PLAIN", "u", "a\0b", 3 },          { "PLAIN", "u", "\xff\xfe", 2 },
        { "PLAIN", "u\nx", "p", 1 },          { "PLAIN", "u\xc0\xaf", "p", 1 },
        { "PLAIN", "u\x7f", "p", 1 },         { "XOAUTH2", "u", "tok\xc3\xa4", 5 },
        { "XOAUTH2", "u", "tok\x7f", 4 },     { "XOAUTH2", "u", "tok en", 6 },
        { "XOAUTH2", "u\001auth=x", "t", 1 }, { "OAUTHBEARER", "u", "tok\n", 4 },
        { "OAUTHBEARER", "u", "", 0 },
    };
    for (apr_size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        exchange_t x;
        CU_ASSERT_EQUAL(begin(&x, bad[i].mechanism, bad[i].user, bad[i].secret, bad[i].len),
                        APR_EINVAL);
        CU_ASSERT(ss_result_is_set(&x.result) && !strcmp(x.result.advice, "auth-secret-malformed"));
        CU_ASSERT_STRING_EQUAL(step(&x, NULL), "error");
        end(&x);
    }
    exchange_t x;
    CU_ASSERT_EQUAL(begin(&x, "NO-SUCH", "u", "p", 1), APR_ENOTIMPL);
    end(&x);
    /* U+0080: SASLprep forbids it */
    CU_ASSERT_EQUAL(begin(&x, "CRAM-MD5", "u", "p\xc2\x80", 3), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(step(&x, "PDEyQGE+"), "error");
    CU_ASSERT_STRING_EQUAL(x.result.advice, "auth-secret-malformed");
    end(&x);
}

/* The first answer of SCRAM's server, and a success that comes too early. */
static void broken_scram(void)
{
    exchange_t x;
    begin(&x, "SCRAM-SHA-256", "user", "pencil", 6);
    step(&x, NULL);
    CU_ASSERT_STRING_EQUAL(step(&x, "cj1hLHM9Yixp"), "error");
    CU_ASSERT_STRING_EQUAL(x.result.advice, "auth-malformed");
    end(&x);
    /* i=12, i=12 with more behind it, i=1x, i= alone: not too much, but the nonce is not ours */
    static const char *const counts[] = { "cj14LHM9UVE9PSxpPTEy",
                                          "cj14LHM9UVE9PSxpPTEyLG09eA==", "cj14LHM9UVE9PSxpPTF4",
                                          "cj14LHM9UVE9PSxpPQ==" };
    for (apr_size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        begin(&x, "SCRAM-SHA-256", "user", "pencil", 6);
        step(&x, NULL);
        CU_ASSERT_STRING_EQUAL(step(&x, counts[i]), "error");
        CU_ASSERT_PTR_NULL(strstr(x.result.text, "iterations"));
        end(&x);
    }
    begin(&x, "SCRAM-SHA-256-PLUS", "user", "pencil", 6);
    CU_ASSERT_STRING_EQUAL(step(&x, NULL), "error");
    CU_ASSERT_STRING_EQUAL(
        x.result.text,
        "SCRAM-SHA-256-PLUS needs TLS channel binding, which this connection does not have");
    end(&x);
    begin(&x, "SCRAM-SHA-256", "user", "pencil", 6); /* r=x,s=QQ==,i=2000000000 */
    step(&x, NULL);
    CU_ASSERT_STRING_EQUAL(step(&x, "cj14LHM9UVE9PSxpPTIwMDAwMDAwMDA="), "error");
    CU_ASSERT_PTR_NOT_NULL(strstr(x.result.text, "iterations"));
    end(&x);
    begin(&x, "SCRAM-SHA-256", "user", "pencil", 6); /* 235 at once: nothing was proven */
    step(&x, NULL);
    CU_ASSERT_EQUAL(ss_auth_finish(x.auth, "2.7.0 ok", &x.result), APR_EACCES);
    CU_ASSERT_STRING_EQUAL(x.result.advice, "auth-server-unproven");
    /* nor afterwards */
    CU_ASSERT_EQUAL(ss_auth_finish(x.auth, "2.7.0 ok", &x.result), APR_EACCES);
    end(&x);
    static const char *const texts[] = { "", NULL };
    /* 235 without a word, or without a text */
    for (int i = 0; i < 2; i++) {
        begin(&x, "SCRAM-SHA-256", "user", "pencil", 6);
        step(&x, NULL);
        CU_ASSERT_EQUAL(ss_auth_finish(x.auth, texts[i], &x.result), APR_EACCES);
        end(&x);
    }
}

static void broken_servers(void)
{
    exchange_t x;
    begin(&x, "SCRAM-SHA-256", "user", "pencil", 6);
    step(&x, NULL);
    CU_ASSERT_STRING_EQUAL(step(&x, "not base64!"), "error");
    end(&x);
    /* no challenge may be longer than a line of an exchange */
    begin(&x, "CRAM-MD5", "user", "pencil", 6);
    step(&x, NULL);
    CU_ASSERT_STRING_EQUAL(step(&x, fill(pool, 'A', 12292)), "error");
    CU_ASSERT_STRING_EQUAL(x.result.text, "the server's challenge is not base64");
    end(&x);
    begin(&x, "LOGIN", "user", "pencil", 6); /* asked once more when all is said */
    step(&x, NULL);
    step(&x, "VXNlcm5hbWU6");
    step(&x, "UGFzc3dvcmQ6");
    CU_ASSERT_STRING_EQUAL(step(&x, "VXNlcm5hbWU6"), "error");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(x.result.text, "the server breaks the rules of the LOGIN exchange"));
    end(&x);
    begin(&x, "XOAUTH2", "user", "token", 5);
    for (int i = 0; i < SS_AUTH_ROUNDS_MAX; i++) CU_ASSERT_STRING_NOT_EQUAL(step(&x, ""), "error");
    CU_ASSERT_STRING_EQUAL(step(&x, ""), "error");
    end(&x);
    /* an error that repeats the token is not kept: {"a":"token"} */
    begin(&x, "XOAUTH2", "user", "token", 5);
    step(&x, NULL);
    step(&x, "eyJhIjoidG9rZW4ifQ==");
    CU_ASSERT_PTR_NULL(ss_auth_error_text(x.auth));
    ss_auth_cancel(x.auth);
    CU_ASSERT_STRING_EQUAL(step(&x, ""), "error");
    end(&x);
    begin(&x, "XOAUTH2", "user", "token", 5);
    step(&x, NULL);
    CU_ASSERT_STRING_EQUAL(step(&x, "not base64!"), "error");
    end(&x);
}

/* A server's error as one line for people: {"a":"b, {c}\n\x7f\xe4d", "e":{"f":1}} and one past the
 * bound. */
static void errors_in_words(void)
{
    exchange_t x;
    begin(&x, "OAUTHBEARER", "user", "token", 5);
    step(&x, NULL);
    CU_ASSERT_STRING_EQUAL(step(&x, "eyJhIjoiYiwge2N9Cn/kZCIsICJlIjp7ImYiOjF9fQ=="), "AQ==");
    CU_ASSERT_STRING_EQUAL(ss_auth_error_text(x.auth), "a: b, {c}   d, e: f: 1");
    CU_ASSERT_STRING_EQUAL(step(&x, fill(pool, 'Y', 4000)), "AQ==");
    CU_ASSERT(strlen(ss_auth_error_text(x.auth)) < 512);
    CU_ASSERT_STRING_EQUAL(step(&x, ""), "AQ=="); /* an empty one says nothing new */
    CU_ASSERT(strlen(ss_auth_error_text(x.auth)) > 500);
    end(&x);
}

/* One object serves another exchange after a failed one: nothing of the first is left. */
static void begun_anew(void)
{
    exchange_t x;
    begin(&x, "CRAM-MD5", "tim", "wrong", 5);
    step(&x, NULL);
    CU_ASSERT_STRING_EQUAL(step(&x, "not base64!"), "error");
    CU_ASSERT_EQUAL(ss_auth_start(x.auth, "PLAIN", "tim", "tanstaaftanstaaf", 16,
                                  "server.example.com", 143, NULL, NULL, 0, &x.result),
                    APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(step(&x, NULL), "AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
    CU_ASSERT_EQUAL(ss_auth_start(x.auth, "PLAIN", "tim", "tanstaaftanstaaf", 16,
                                  "server.example.com", 143, "tls-unique", "bytes", 5, &x.result),
                    APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(step(&x, NULL), "AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
    /* p=tls-unique,,n=tim,r= */
    CU_ASSERT_EQUAL(ss_auth_start(x.auth, "SCRAM-SHA-1-PLUS", "tim", "tanstaaf", 8,
                                  "server.example.com", 143, "tls-unique", "bytes", 5, &x.result),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(strncmp(step(&x, NULL), "cD10bHMtdW5pcXVlLCxuPXRpbSxyP", 29), 0);
    end(&x);
}

void ss_suite_auth(void)
{
    CU_pSuite suite = CU_add_suite("auth", setup, teardown);
    CU_add_test(suite, "choosing", choosing);
    CU_add_test(suite, "refusals in words", refusals_in_words);
    CU_add_test(suite, "against a server", against_server);
    CU_add_test(suite, "published examples", examples);
    CU_add_test(suite, "secrets that cannot be carried", refused_secrets);
    CU_add_test(suite, "passwords are UTF-8", passwords_are_utf8);
    CU_add_test(suite, "too long for a login", too_long_for_a_login);
    CU_add_test(suite, "broken servers", broken_servers);
    CU_add_test(suite, "broken SCRAM", broken_scram);
    CU_add_test(suite, "errors in words", errors_in_words);
    CU_add_test(suite, "begun anew", begun_anew);
}
