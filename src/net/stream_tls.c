/* stream_tls.c: OpenSSL reads and writes the socket by a BIO of our own: no SIGPIPE, and the first
 * bytes of the server are kept, because "wrong version number" means nothing to a person and "220
 * mail.example.com ESMTP" does. What is written is gathered into one record of at most 16 KiB that
 * stays here until the socket took it. */
#include "net/stream_tls.h"

#include <apr_strings.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/idn.h"
#include "net/loop.h"
#include "net/tls_failure.h"
#include "net/tls_impl.h"
#include "net/tls_verify.h"

#define RECORD_MAX 16384
#define FIRST_MAX 256 /* of the server's first bytes */

typedef struct {
    SSL *ssl;
    const ss_settings_t *settings;
    int fd, system; /* system: errno of the last failure of the socket */
    int is_broken, asked_certificate, is_shaken, asked_anew;
    apr_uint64_t sent; /* octets, until the server answers: the ClientHello */
    char name[256];    /* that the certificate must carry */
    unsigned char first[FIRST_MAX];
    apr_size_t first_len;
    apr_uint64_t received;
    ss_tls_verify_errors_t errors;
    ss_tls_facts_t facts;
    ss_result_t why;
    char binding[64];
    apr_size_t binding_len;
    const char *binding_type;
    unsigned char *record; /* RECORD_MAX bytes */
    apr_size_t record_at, record_len;
} tls_t;

/* ---- the BIO ---- */

static BIO_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

/* The end of a read or write: flag is the one to be retried. */
static int moved(BIO *bio, tls_t *t, ssize_t n, int flag)
{
    BIO_clear_retry_flags(bio);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_flags(bio, flag | BIO_FLAGS_SHOULD_RETRY);
    else if (n < 0)
        t->system = errno;
    return (int)n;
}

static int bio_read(BIO *bio, char *into, int len)
{
    tls_t *t = BIO_get_data(bio);
    ssize_t n = recv(t->fd, into, (size_t)len, 0);

    if (n > 0) {
        apr_size_t room = FIRST_MAX - t->first_len,
                   keep = (apr_size_t)n < room ? (apr_size_t)n : room;
        if (!t->is_shaken) memcpy(t->first + t->first_len, into, keep);
        if (!t->is_shaken) t->first_len += keep;
        t->received += (apr_uint64_t)n;
    }
    return moved(bio, t, n, BIO_FLAGS_READ);
}

static int bio_write(BIO *bio, const char *from, int len)
{
    tls_t *t = BIO_get_data(bio);

    ssize_t n = send(t->fd, from, (size_t)len, MSG_NOSIGNAL);
    if (n > 0 && !t->received) t->sent += (apr_uint64_t)n;
    return moved(bio, t, n, BIO_FLAGS_WRITE);
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

static void make_method(void)
{
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "smtp_send socket");
    if (!method) return;
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_ctrl);
}

static BIO *make_bio(tls_t *t)
{
    pthread_once(&method_once, make_method);
    BIO *bio = method ? BIO_new(method) : NULL;
    if (!bio) return NULL;
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    return bio;
}

/* ---- reading and writing ---- */

/* OpenSSL stops at the five bytes of a record's head; the rest of a greeting is still in the
 * socket. */
static void read_on(tls_t *t)
{
    if (t->is_shaken || !t->first_len || t->first_len >= FIRST_MAX) return;
    ssize_t n = recv(t->fd, t->first + t->first_len, FIRST_MAX - t->first_len, MSG_DONTWAIT);
    if (n > 0) t->first_len += (apr_size_t)n;
}

static void explain(tls_t *t)
{
    read_on(t);
    ss_tls_failure_t failure = { t->settings,          t->first,    t->first_len,
                                 t->asked_certificate, t->received, t->asked_anew };

    t->is_broken = 1;
    if (!ss_result_is_set(&t->why)) ss_tls_failure_explain(&failure, t->system, &t->why);
    ERR_clear_error();
}

static apr_status_t status_of(tls_t *t, int n)
{
    switch (SSL_get_error(t->ssl, n)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return APR_EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        if (t->asked_anew) explain(t);
        return APR_EOF;
    case SSL_ERROR_SYSCALL:
        if (t->asked_anew) explain(t);
        t->is_broken = 1;
        ERR_clear_error();
        return t->system ? t->system : APR_EOF;
    default: explain(t); return APR_EGENERAL;
    }
}

static apr_status_t tls_read(void *self, char *into, apr_size_t *len)
{
    tls_t *t = self;
    int n;

    ERR_clear_error();
    n = SSL_read(t->ssl, into, *len > RECORD_MAX ? RECORD_MAX : (int)*len);
    *len = n > 0 ? (apr_size_t)n : 0;
    return n > 0 ? APR_SUCCESS : status_of(t, n);
}

static apr_status_t tls_flush(void *self)
{
    tls_t *t = self;

    while (t->record_len) {
        ERR_clear_error();
        int n = SSL_write(t->ssl, t->record + t->record_at, (int)t->record_len);
        if (n <= 0) return status_of(t, n);
        t->record_at += (apr_size_t)n;
        t->record_len -= (apr_size_t)n;
    }
    t->record_at = 0;
    return APR_SUCCESS;
}

static apr_status_t tls_write(void *self, const struct iovec *pieces, int count, apr_size_t *len)
{
    tls_t *t = self;
    apr_status_t rv = tls_flush(t);

    *len = 0;
    if (rv != APR_SUCCESS) return rv;
    for (int i = 0; i < count && t->record_len < RECORD_MAX; i++) {
        apr_size_t room = RECORD_MAX - t->record_len;
        apr_size_t n = pieces[i].iov_len < room ? pieces[i].iov_len : room;
        memcpy(t->record + t->record_len, pieces[i].iov_base, n);
        t->record_len += n;
    }
    *len = t->record_len;
    rv = tls_flush(t);
    /* Taken, even where the socket did not: flush moves the rest. */
    return rv == APR_EAGAIN ? APR_SUCCESS : rv;
}

static const ss_result_t *tls_why(void *self)
{
    tls_t *t = self;

    return ss_result_is_set(&t->why) ? &t->why : NULL;
}

static void tls_close(void *self)
{
    tls_t *t = self;

    ERR_clear_error();
    /* After a failure OpenSSL forbids it; the answer is not waited for. */
    if (t->is_shaken && !t->is_broken && !t->record_len) SSL_shutdown(t->ssl);
    ERR_clear_error();
    SSL_free(t->ssl);
    close(t->fd);
    if (t->record) OPENSSL_cleanse(t->record, RECORD_MAX);
    free(t->record);
    OPENSSL_cleanse(t->binding, sizeof(t->binding));
    free(t);
}

static const ss_stream_ops_t tls_ops = { tls_read, tls_write, tls_flush, tls_why, tls_close };

/* ---- the handshake ---- */

/* Keeps every error and goes on: the judgement comes after the handshake, with all of them at hand,
 * before anything is sent. */
static int on_verify(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    tls_t *t = ssl ? SSL_get_app_data(ssl) : NULL;

    if (ok || !t) return ok;
    if (t->errors.count < SS_TLS_VERIFY_ERRORS_MAX) {
        t->errors.errors[t->errors.count++] =
            (ss_tls_verify_error_t){ X509_STORE_CTX_get_error(store),
                                     X509_STORE_CTX_get_error_depth(store) };
    }
    return 1;
}

static int on_certificate_asked(SSL *ssl, void *baton)
{
    tls_t *t = SSL_get_app_data(ssl);

    (void)baton;
    if (t) t->asked_certificate = 1;
    return 1;
}

/* OpenSSL answers a request to negotiate again with this alert (SSL_OP_NO_RENEGOTIATION). */
static void on_alert(const SSL *ssl, int where, int value)
{
    tls_t *t = SSL_get_app_data(ssl);

    if (t && where == SSL_CB_WRITE_ALERT && (value & 0xff) == SSL_AD_NO_RENEGOTIATION)
        t->asked_anew = 1;
}

/* RFC 6066 3: neither an address nor a final dot in SNI. */
static int set_name(tls_t *t, const char *name)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
    apr_size_t len;

    ss_idn_ascii(name, t->name, sizeof(t->name));
    len = strlen(t->name);
    if (len && t->name[len - 1] == '.') t->name[len - 1] = '\0';
    if (X509_VERIFY_PARAM_set1_ip_asc(param, t->name)) return 1;
    ERR_clear_error();
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, t->name, 0) &&
           SSL_set_tlsext_host_name(t->ssl, t->name);
}

static int prepare(tls_t *t, ss_tls_t *tls, const char *host, int is_small)
{
    BIO *bio;

    t->record = malloc(RECORD_MAX);
    t->ssl = SSL_new(tls->context);
    bio = t->ssl && t->record ? make_bio(t) : NULL;
    if (!bio) return 0;
    SSL_set_bio(t->ssl, bio, bio);
    SSL_set_app_data(t->ssl, t);
    SSL_set_verify(t->ssl, SSL_VERIFY_PEER, on_verify);
    SSL_set_cert_cb(t->ssl, on_certificate_asked, NULL);
    SSL_set_info_callback(t->ssl, on_alert);
    if (is_small) SSL_set1_groups_list(t->ssl, SS_TLS_SMALL_GROUPS);
    SSL_set_connect_state(t->ssl);
    return set_name(t, tls->settings->tls_name ? tls->settings->tls_name : host);
}

apr_status_t ss_stream_tls(ss_stream_t *stream, ss_tls_t *tls, const char *host, int is_small)
{
    tls_t *t = calloc(1, sizeof(*t));

    if (!t) return APR_ENOMEM;
    t->settings = tls->settings;
    t->fd = stream->fd;
    if (!prepare(t, tls, host, is_small)) {
        SSL_free(t->ssl);
        free(t->record);
        free(t);
        ERR_clear_error();
        return APR_ENOMEM;
    }
    *stream = (ss_stream_t){ &tls_ops, t, stream->fd };
    return APR_SUCCESS;
}

/* RFC 9266 2; RFC 5929 3.1: the first Finished message, which is the client's except where a
 * session was resumed (never here). */
static void bind_channel(tls_t *t)
{
    static const char label[] = "EXPORTER-Channel-Binding";

    if (SSL_version(t->ssl) >= TLS1_3_VERSION) {
        if (!SSL_export_keying_material(t->ssl, (unsigned char *)t->binding, 32, label,
                                        sizeof(label) - 1, (const unsigned char *)"", 0, 1))
            return;
        t->binding_len = 32;
        t->binding_type = "tls-exporter";
        return;
    }
    /* Without the extended master secret tls-unique can be made equal on two connections (RFC
     * 7627): then there is no binding. */
    if (!SSL_get_extms_support(t->ssl)) return;
    t->binding_len = SSL_get_finished(t->ssl, t->binding, sizeof(t->binding));
    if (t->binding_len > sizeof(t->binding)) t->binding_len = 0;
    if (t->binding_len) t->binding_type = "tls-unique";
}

static apr_status_t finish(tls_t *t, ss_result_t *result)
{
    t->is_shaken = 1;
    ss_tls_verify_describe(t->ssl, &t->facts);
    apr_status_t rv = ss_tls_verify(t->settings, t->ssl, t->name, &t->errors, &t->facts, result);
    if (rv == APR_SUCCESS) bind_channel(t);
    return rv;
}

apr_status_t ss_stream_handshake(ss_stream_t *stream, int *events, ss_result_t *result)
{
    tls_t *t = stream->self;
    int n;

    ERR_clear_error();
    n = SSL_do_handshake(t->ssl);
    if (n == 1) return finish(t, result);
    int error = SSL_get_error(t->ssl, n);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        *events = error == SSL_ERROR_WANT_READ ? SS_LOOP_READ : SS_LOOP_WRITE;
        return APR_EAGAIN;
    }
    explain(t);
    *result = t->why;
    return APR_EGENERAL;
}

void ss_stream_handshake_timeout(ss_stream_t *stream, apr_interval_time_t after,
                                 ss_result_t *result)
{
    tls_t *t = stream->self;
    long seconds = (long)apr_time_sec(after);

    read_on(t);
    if (ss_tls_failure_is_greeting(t->first, t->first_len)) {
        ss_tls_failure_t failure = { t->settings, t->first, t->first_len, 0, t->received, 0 };
        ss_tls_failure_explain(&failure, 0, result);
    } else if (!t->received) {
        ss_result_set(
            result, "tls", "ETIMEDOUT", "tls-silent",
            "the server did not answer the TLS handshake within %ld s: no data was received",
            seconds);
    } else {
        ss_result_set(result, "tls", "ETIMEDOUT", "tls-handshake",
                      "the TLS handshake was not complete after %ld s (%" APR_UINT64_T_FMT
                      " bytes received)",
                      seconds, t->received);
    }
}

apr_uint64_t ss_stream_unanswered(const ss_stream_t *stream)
{
    const tls_t *t = stream->self;

    return stream->ops == &tls_ops && !t->received ? t->sent : 0;
}

int ss_stream_is_plain(const ss_stream_t *stream)
{
    const tls_t *t = stream->self;

    return stream->ops == &tls_ops && !t->is_shaken &&
           ss_tls_failure_is_greeting(t->first, t->first_len);
}

const ss_tls_facts_t *ss_stream_facts(const ss_stream_t *stream)
{
    const tls_t *t = stream->self;

    return stream->ops == &tls_ops && t->is_shaken ? &t->facts : NULL;
}

void ss_stream_binding(const ss_stream_t *stream, const char **type, const char **bytes,
                       apr_size_t *len)
{
    const tls_t *t = stream->self;

    *type = stream->ops == &tls_ops ? t->binding_type : NULL;
    *bytes = *type ? t->binding : NULL;
    *len = *type ? t->binding_len : 0;
}
