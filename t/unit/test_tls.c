/* test_tls.c: handshakes with a server in a thread, over a socket pair, with certificates made
 * here: what is accepted, and what is said of what is not. */
#include <CUnit/CUnit.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/option.h"
#include "net/loop.h"
#include "net/stream_tls.h"

void ss_suite_tls(void);

#define DAY 86400L
#define POLL_MS 5000

typedef enum {
    GOOD,
    SELF_SIGNED,
    OTHER_NAME,
    EXPIRED,
    NOT_YET,
    INCOMPLETE,
    COMPLETE,
    UNTRUSTED,
    INTERCEPTED,
    CERTIFICATES
} certificate_t;
typedef enum {
    SHAKE,
    SHAKE_TLSV1,
    SHAKE_TLSV1_2,
    ASK_TLSV1_2,
    ASK_TLSV1_3,
    SAY_GREETING,
    SAY_HTTP,
    HANG_UP,
    ASK_ANEW /* TLS 1.2: another handshake after the first line */
} behaviour_t;

static EVP_PKEY *key;
static X509 *root, *other_root, *scanner, *middle, *leaves[CERTIFICATES];
static char root_file[] = "/tmp/ss_tls_rootXXXXXX";
static apr_pool_t *pool;

/* ---- certificates ---- */

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static X509 *make(const char *name, X509 *issuer, const char *alternative, long from, long until)
{
    static long serial = 1;
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);

    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from);
    X509_gmtime_adj(X509_getm_notAfter(certificate), until);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : subject);
    X509_set_pubkey(certificate, key);
    add_extension(certificate, NID_basic_constraints,
                  alternative ? "CA:FALSE" : "critical,CA:TRUE");
    if (alternative) add_extension(certificate, NID_subject_alt_name, alternative);
    X509_sign(certificate, key, EVP_sha256());
    return certificate;
}

static int set_up(void)
{
    const char *good = "DNS:mail.example.com,DNS:*.example.net,IP:192.0.2.1";

    apr_pool_create(&pool, NULL);
    key = EVP_RSA_gen(2048);
    root = make("Test Root", NULL, NULL, -DAY, 30 * DAY);
    other_root = make("Unknown Root", NULL, NULL, -DAY, 30 * DAY);
    scanner = make("Avast Web/Mail Shield Root", NULL, NULL, -DAY, 30 * DAY);
    middle = make("Test Middle", root, NULL, -DAY, 30 * DAY);
    leaves[GOOD] = make("mail.example.com", root, good, -DAY, 20 * DAY);
    leaves[SELF_SIGNED] = make("mail.example.com", NULL, good, -DAY, 20 * DAY);
    leaves[OTHER_NAME] =
        make("mail.other.com", root, "DNS:mail.other.com,DNS:smtp.other.com", -DAY, 20 * DAY);
    leaves[EXPIRED] = make("mail.example.com", root, good, -10 * DAY, -DAY);
    leaves[NOT_YET] = make("mail.example.com", root, good, 5 * DAY, 10 * DAY);
    leaves[INCOMPLETE] = make("mail.example.com", middle, good, -DAY, 20 * DAY);
    leaves[COMPLETE] = leaves[INCOMPLETE];
    leaves[UNTRUSTED] = make("mail.example.com", other_root, good, -DAY, 20 * DAY);
    leaves[INTERCEPTED] = make("mail.example.com", scanner, good, -DAY, 20 * DAY);
    int fd = mkstemp(root_file);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file || !PEM_write_X509(file, root)) return -1;
    return fclose(file);
}

static int tear_down(void)
{
    for (int i = 0; i < CERTIFICATES; i++)
        if (i != COMPLETE) X509_free(leaves[i]);
    X509_free(root);
    X509_free(other_root);
    X509_free(scanner);
    X509_free(middle);
    EVP_PKEY_free(key);
    apr_pool_destroy(pool);
    return unlink(root_file);
}

/* ---- the server ---- */

typedef struct {
    int fd;
    certificate_t certificate;
    behaviour_t behaviour;
    unsigned char binding[64];
    size_t binding_len;
} server_t;

static void limit(SSL_CTX *context, int version)
{
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0");
}

static SSL_CTX *server_context(const server_t *server)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    SSL_CTX_use_certificate(context, leaves[server->certificate]);
    SSL_CTX_use_PrivateKey(context, key);
    if (server->certificate == COMPLETE) SSL_CTX_add1_chain_cert(context, middle);
    if (server->certificate == UNTRUSTED) SSL_CTX_add1_chain_cert(context, other_root);
    if (server->behaviour == SHAKE_TLSV1) limit(context, TLS1_VERSION);
    if (server->behaviour == ASK_ANEW) limit(context, TLS1_2_VERSION);
    if (server->behaviour == SHAKE_TLSV1_2 || server->behaviour == ASK_TLSV1_2)
        limit(context, TLS1_2_VERSION);
    if (server->behaviour == ASK_TLSV1_2 || server->behaviour == ASK_TLSV1_3)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return context;
}

static void shake(server_t *server)
{
    SSL_CTX *context = server_context(server);
    SSL *ssl = SSL_new(context);
    char line[64];

    SSL_set_fd(ssl, server->fd);
    if (SSL_accept(ssl) == 1) {
        if (SSL_version(ssl) == TLS1_3_VERSION) {
            server->binding_len = 32;
            SSL_export_keying_material(ssl, server->binding, 32, "EXPORTER-Channel-Binding", 24,
                                       (const unsigned char *)"", 0, 1);
        } else {
            server->binding_len =
                SSL_get_peer_finished(ssl, server->binding, sizeof(server->binding));
        }
        int n = SSL_read(ssl, line, sizeof(line));
        if (server->behaviour == ASK_ANEW) {
            SSL_renegotiate(ssl);
            SSL_do_handshake(ssl);
        } else if (n > 0) {
            SSL_write(ssl, line, n);
        }
        /* Until the client leaves. */
        SSL_read(ssl, line, sizeof(line));
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
}

static void *serve(void *baton)
{
    server_t *server = baton;
    const char *words = server->behaviour == SAY_GREETING ? "220 mail.example.com ESMTP ready\r\n"
                                                          : "HTTP/1.1 400 Bad Request\r\n\r\n";
    sigset_t pipe_signal;
    char byte;

    /* OpenSSL's own socket writes raise it here; the client's must not, and its thread would die of
     * it. */
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
    if (server->behaviour == HANG_UP) {
        if (read(server->fd, &byte, 1) < 0) return NULL;
    } else if (server->behaviour == SAY_GREETING || server->behaviour == SAY_HTTP) {
        if (write(server->fd, words, strlen(words)) < 0 || read(server->fd, &byte, 1) < 0)
            return NULL;
    } else {
        shake(server);
    }
    shutdown(server->fd, SHUT_RDWR);
    return NULL;
}

/* ---- the client ---- */

typedef struct {
    server_t server;
    pthread_t thread;
    ss_settings_t settings;
    ss_tls_t *tls;
    ss_stream_t stream;
    ss_result_t result;
    apr_status_t rv;
} talk_t;

static void wait_for(int fd, int events)
{
    struct pollfd p = { .fd = fd, .events = events == SS_LOOP_WRITE ? POLLOUT : POLLIN };

    poll(&p, 1, POLL_MS);
}

static void begin(talk_t *t, certificate_t certificate, behaviour_t behaviour)
{
    memset(t, 0, sizeof(*t));
    t->server.certificate = certificate;
    t->server.behaviour = behaviour;
    ss_settings_clear(&t->settings);
    t->settings.tls = SS_TLS_TLS;
    t->settings.tls_ca_file = root_file;
    ss_settings_finish(&t->settings, pool);
}

static int is_small_hello;

static void shake_hands(talk_t *t, const char *host)
{
    int fds[2], events = SS_LOOP_READ;

    ss_result_clear(&t->result);
    CU_ASSERT_EQUAL_FATAL(ss_tls_create(&t->tls, &t->settings, &t->result, pool), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    t->server.fd = fds[1];
    CU_ASSERT_EQUAL_FATAL(pthread_create(&t->thread, NULL, serve, &t->server), 0);
    ss_stream_tcp(&t->stream, fds[0]);
    CU_ASSERT_EQUAL_FATAL(ss_stream_tls(&t->stream, t->tls, host, is_small_hello), APR_SUCCESS);
    /* The server's words are there before the handshake begins: no race about who speaks first. */
    if (t->server.behaviour == SAY_GREETING || t->server.behaviour == SAY_HTTP)
        wait_for(fds[0], SS_LOOP_READ);
    while (t->rv = ss_stream_handshake(&t->stream, &events, &t->result),
           APR_STATUS_IS_EAGAIN(t->rv))
        wait_for(fds[0], events);
}

static void hang_up(talk_t *t)
{
    ss_stream_close(&t->stream);
    pthread_join(t->thread, NULL);
    close(t->server.fd);
}

static apr_status_t read_reply(talk_t *t, char *into, apr_size_t *len)
{
    apr_size_t room = *len;
    apr_status_t rv;

    while (*len = room, rv = ss_stream_read(&t->stream, into, len), APR_STATUS_IS_EAGAIN(rv))
        wait_for(t->stream.fd, SS_LOOP_READ);
    return rv;
}

/* ---- tests ---- */

static const struct {
    const char *label;
    certificate_t certificate;
    behaviour_t behaviour;
    /* advice NULL: accepted; words: part of the sentence */
    const char *host, *versions, *advice, *words;
} cases[] = {
    { "verified", GOOD, SHAKE, "mail.example.com", NULL, NULL, NULL },
    { "verified, final dot", GOOD, SHAKE, "mail.example.com.", NULL, NULL, NULL },
    { "verified by wildcard", GOOD, SHAKE, "mx.example.net", NULL, NULL, NULL },
    { "verified by address", GOOD, SHAKE, "192.0.2.1", NULL, NULL, NULL },
    { "verified with intermediate", COMPLETE, SHAKE, "mail.example.com", NULL, NULL, NULL },
    { "TLS 1.2 only", GOOD, SHAKE_TLSV1_2, "mail.example.com", NULL, NULL, NULL },
    { "TLS 1.0 named", GOOD, SHAKE_TLSV1, "mail.example.com", "TLSv1", NULL, NULL },
    { "other name", OTHER_NAME, SHAKE, "mail.example.com", NULL, "cert-name",
      "is for mail.other.com smtp.other.com, not for mail.example.com" },
    { "wildcard covers one label", GOOD, SHAKE, "a.mx.example.net", NULL, "cert-name",
      "not for a.mx.example.net" },
    { "other address", GOOD, SHAKE, "192.0.2.2", NULL, "cert-name", "not for 192.0.2.2" },
    { "self-signed", SELF_SIGNED, SHAKE, "mail.example.com", NULL, "cert-self-signed", "sha256:" },
    { "expired", EXPIRED, SHAKE, "mail.example.com", NULL, "cert-expired", "expired on 20" },
    { "not yet valid", NOT_YET, SHAKE, "mail.example.com", NULL, "cert-not-yet",
      "not valid before 20" },
    { "intermediate missing", INCOMPLETE, SHAKE, "mail.example.com", NULL, "cert-incomplete",
      "Test Middle" },
    { "authority unknown", UNTRUSTED, SHAKE, "mail.example.com", NULL, "cert-untrusted",
      "Unknown Root" },
    { "virus scanner", INTERCEPTED, SHAKE, "mail.example.com", NULL, "cert-intercepted", "Avast" },
    { "server too old", GOOD, SHAKE_TLSV1, "mail.example.com", NULL, "tls-old-server", "" },
    { "versions without common one", GOOD, SHAKE_TLSV1_2, "mail.example.com", "TLSv1.3",
      "tls-version", "SMTPSendTLS" },
    { "client certificate wanted", GOOD, ASK_TLSV1_2, "mail.example.com", NULL, "tls-client-cert",
      "client certificate" },
    { "plain port", GOOD, SAY_GREETING, "mail.example.com", NULL, "tls-plain-port",
      "\"220 mail.example.com ESMTP ready\"" },
    { "web server", GOOD, SAY_HTTP, "mail.example.com", NULL, "not-smtp", "HTTP/1.1 400" },
    { "hangs up", GOOD, HANG_UP, "mail.example.com", NULL, "tls-handshake",
      "closed the connection" }
};

static void each_case_is_judged_and_named(void)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        talk_t t;
        begin(&t, cases[i].certificate, cases[i].behaviour);
        if (cases[i].versions) {
            const char *arguments[] = { "tls", cases[i].versions };
            CU_ASSERT_PTR_NULL(ss_option_set(ss_option_find("SMTPSendTLS"), &t.settings, 2,
                                             arguments, NULL, pool));
        }
        shake_hands(&t, cases[i].host);
        const char *advice = t.rv == APR_SUCCESS ? NULL : t.result.advice;
        int is_right = cases[i].advice ? advice && !strcmp(advice, cases[i].advice) &&
                                             strstr(t.result.text, cases[i].words)
                                       : t.rv == APR_SUCCESS;
        if (!is_right)
            fprintf(stderr, "tls %s: got %s (%s)\n", cases[i].label, advice ? advice : "accepted",
                    t.result.text);
        CU_ASSERT(is_right);
        if (t.rv == APR_SUCCESS)
            CU_ASSERT_STRING_EQUAL(ss_stream_facts(&t.stream)->verify, "verified");
        hang_up(&t);
    }
}

/* TLS 1.3: the server's refusal comes after the handshake, with the first bytes. */
static void a_client_certificate_asked_late_is_named_too(void)
{
    char got[16];
    apr_size_t len = sizeof(got);
    talk_t t;

    begin(&t, GOOD, ASK_TLSV1_3);
    shake_hands(&t, "mail.example.com");
    CU_ASSERT_EQUAL(t.rv, APR_SUCCESS);
    CU_ASSERT_NOT_EQUAL(read_reply(&t, got, &len), APR_SUCCESS);
    const ss_result_t *why = ss_stream_why(&t.stream);
    CU_ASSERT_PTR_NOT_NULL_FATAL(why);
    CU_ASSERT_STRING_EQUAL(why->advice, "tls-client-cert");
    hang_up(&t);
}

static void bytes_go_both_ways_and_channels_are_bound(void)
{
    static const behaviour_t behaviours[] = { SHAKE, SHAKE_TLSV1_2 };
    static const char *const types[] = { "tls-exporter", "tls-unique" };

    for (int i = 0; i < 2; i++) {
        char line[] = "EHLO there\r\n", got[32];
        struct iovec pieces[] = { { line, 5 }, { line + 5, sizeof(line) - 6 } };
        const char *type, *bytes;
        apr_size_t len, binding_len;
        talk_t t;

        begin(&t, GOOD, behaviours[i]);
        shake_hands(&t, "mail.example.com");
        CU_ASSERT_EQUAL_FATAL(t.rv, APR_SUCCESS);
        CU_ASSERT_EQUAL(ss_stream_write(&t.stream, pieces, 2, &len), APR_SUCCESS);
        CU_ASSERT_EQUAL(len, 12);
        CU_ASSERT_EQUAL(ss_stream_flush(&t.stream), APR_SUCCESS);
        len = sizeof(got);
        CU_ASSERT_EQUAL(read_reply(&t, got, &len), APR_SUCCESS);
        CU_ASSERT_EQUAL(len, 12);
        CU_ASSERT_EQUAL(memcmp(got, "EHLO there\r\n", 12), 0);
        ss_stream_binding(&t.stream, &type, &bytes, &binding_len);
        CU_ASSERT_PTR_NOT_NULL_FATAL(type);
        CU_ASSERT_STRING_EQUAL(type, types[i]);
        char mine[64];
        CU_ASSERT_FATAL(binding_len <= sizeof(mine));
        memcpy(mine, bytes, binding_len);
        hang_up(&t);
        CU_ASSERT_EQUAL(binding_len, t.server.binding_len);
        CU_ASSERT_EQUAL(memcmp(mine, t.server.binding, binding_len), 0);
    }
}

static void a_renegotiation_is_refused_and_named(void)
{
    char line[] = "EHLO there\r\n", got[32];
    struct iovec piece = { line, sizeof(line) - 1 };
    apr_size_t len;
    talk_t t;

    begin(&t, GOOD, ASK_ANEW);
    shake_hands(&t, "mail.example.com");
    CU_ASSERT_EQUAL_FATAL(t.rv, APR_SUCCESS);
    CU_ASSERT_EQUAL(ss_stream_write(&t.stream, &piece, 1, &len), APR_SUCCESS);
    len = sizeof(got);
    CU_ASSERT_NOT_EQUAL(read_reply(&t, got, &len), APR_SUCCESS);
    const ss_result_t *why = ss_stream_why(&t.stream);
    CU_ASSERT_PTR_NOT_NULL_FATAL(why);
    CU_ASSERT_STRING_EQUAL(why->advice, "tls-renegotiation");
    CU_ASSERT_PTR_NOT_NULL(strstr(why->text, "asked to negotiate TLS anew"));
    hang_up(&t);
}

static void the_group_is_reported_and_can_be_set(void)
{
    talk_t t;

    begin(&t, GOOD, SHAKE);
    t.settings.tls_groups = "P-384";
    shake_hands(&t, "mail.example.com");
    CU_ASSERT_EQUAL(t.rv, APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(ss_stream_facts(&t.stream)->group, "secp384r1");
    CU_ASSERT_EQUAL(ss_stream_unanswered(&t.stream), 0);
    hang_up(&t);
}

static void an_unanswered_hello_is_measured(void)
{
    apr_uint64_t size[2];

    for (int is_small = 0; is_small < 2; is_small++) {
        talk_t t;
        begin(&t, GOOD, HANG_UP);
        t.settings.tls_groups = "ffdhe8192:X25519"; /* a key share of 1,024 octets */
        is_small_hello = is_small;
        shake_hands(&t, "mail.example.com");
        is_small_hello = 0;
        CU_ASSERT_NOT_EQUAL(t.rv, APR_SUCCESS);
        size[is_small] = ss_stream_unanswered(&t.stream);
        hang_up(&t);
    }
    CU_ASSERT(size[0] > 1024);
    CU_ASSERT(size[1] > 0 && size[1] < 500);
}

static void a_fingerprint_takes_the_place_of_verification(void)
{
    char pin[80];
    talk_t t;

    begin(&t, SELF_SIGNED, SHAKE);
    shake_hands(&t, "anything.example.org");
    apr_cpystrn(pin, ss_stream_facts(&t.stream)->fingerprint, sizeof(pin));
    CU_ASSERT_EQUAL(strlen(pin), 71);
    hang_up(&t);

    begin(&t, SELF_SIGNED, SHAKE);
    t.settings.tls_fingerprint = pin;
    shake_hands(&t, "anything.example.org");
    CU_ASSERT_EQUAL(t.rv, APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(ss_stream_facts(&t.stream)->verify, "pinned");
    hang_up(&t);

    begin(&t, GOOD, SHAKE);
    t.settings.tls_fingerprint = pin;
    shake_hands(&t, "mail.example.com");
    CU_ASSERT_NOT_EQUAL(t.rv, APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(t.result.advice, "cert-fingerprint");
    hang_up(&t);
}

static void without_verification_the_reason_is_still_reported(void)
{
    talk_t t;

    begin(&t, OTHER_NAME, SHAKE);
    t.settings.tls_verify = 0;
    shake_hands(&t, "mail.example.com");
    CU_ASSERT_EQUAL(t.rv, APR_SUCCESS);
    CU_ASSERT_FALSE(ss_stream_facts(&t.stream)->is_verified);
    CU_ASSERT_PTR_NOT_NULL(strstr(ss_stream_facts(&t.stream)->verify,
                                  "not verified (the certificate is for mail.other.com"));
    hang_up(&t);
}

static void the_configured_name_goes_before_the_host(void)
{
    talk_t t;

    begin(&t, OTHER_NAME, SHAKE);
    t.settings.tls_name = "smtp.other.com";
    shake_hands(&t, "192.0.2.9");
    CU_ASSERT_EQUAL(t.rv, APR_SUCCESS);
    hang_up(&t);
}

static const struct {
    const char *label, *directive, *value;
} bad[] = { { "CA file", "SMTPSendTLSCACertificateFile", "/nonexistent/ca.pem" },
            { "ciphers", "SMTPSendTLSCipherSuite", "NO-SUCH-CIPHER" },
            { "client certificate", "SMTPSendTLSCertificateFile", "/nonexistent/client.pem" },
            { "groups", "SMTPSendTLSGroups", "X25519:no-such-group" } };

static void unusable_settings_name_their_directive(void)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ss_tls_t *tls = NULL;
        talk_t t;
        begin(&t, GOOD, SHAKE);
        if (i == 0) t.settings.tls_ca_file = bad[i].value;
        if (i == 1) t.settings.tls_ciphers = bad[i].value;
        if (i == 2) t.settings.tls_cert_file = bad[i].value;
        if (i == 3) t.settings.tls_groups = bad[i].value;
        ss_result_clear(&t.result);
        CU_ASSERT_NOT_EQUAL(ss_tls_create(&tls, &t.settings, &t.result, pool), APR_SUCCESS);
        CU_ASSERT_PTR_NOT_NULL(strstr(t.result.text, bad[i].directive));
        CU_ASSERT_PTR_NOT_NULL(strstr(t.result.text, bad[i].value));
    }
}

void ss_suite_tls(void)
{
    CU_pSuite suite = CU_add_suite("tls", set_up, tear_down);

    CU_add_test(suite, "each_case_is_judged_and_named", each_case_is_judged_and_named);
    CU_add_test(suite, "a_client_certificate_asked_late_is_named_too",
                a_client_certificate_asked_late_is_named_too);
    CU_add_test(suite, "bytes_go_both_ways_and_channels_are_bound",
                bytes_go_both_ways_and_channels_are_bound);
    CU_add_test(suite, "a renegotiation is refused and named",
                a_renegotiation_is_refused_and_named);
    CU_add_test(suite, "the group is reported and can be set",
                the_group_is_reported_and_can_be_set);
    CU_add_test(suite, "an unanswered hello is measured", an_unanswered_hello_is_measured);
    CU_add_test(suite, "a_fingerprint_takes_the_place_of_verification",
                a_fingerprint_takes_the_place_of_verification);
    CU_add_test(suite, "without_verification_the_reason_is_still_reported",
                without_verification_the_reason_is_still_reported);
    CU_add_test(suite, "the_configured_name_goes_before_the_host",
                the_configured_name_goes_before_the_host);
    CU_add_test(suite, "unusable_settings_name_their_directive",
                unusable_settings_name_their_directive);
}
