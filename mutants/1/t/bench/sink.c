/* sink.c: an SMTP server that takes everything, counts it and finds what came twice or not at all
 * by the field X-Bench-Id. One thread, epoll. It takes commands on its standard input, a line
 * each, answered by a line of JSON: expect FIRST COUNT     counters at zero, these ids are expected
 *   stats                  what came
 *   wait COUNT SECONDS     the same as soon as COUNT different ids have come, or after SECONDS
 *   times FIRST COUNT      arrival times in ns of the machine's monotonic clock
 * The end of standard input ends it.
 * usage: sink [--port N] [--pipelining 0|1] [--chunking 0|1] [--one-mail 1] [--tls starttls|now
 * --cert FILE --key FILE] */
#include "bench.h"
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 256
#define CONNECTIONS_MAX 4096 /* past it new ones are closed at once */

static struct {
    int epoll, listener, is_tls_now;
    SSL_CTX *tls;
    sink_features_t features;
    long wait_for;
    int64_t wait_until; /* 0: nobody waits */
    long open;
} sink = { .features = { 1, 1, 0, 0 } };

static void drop(sink_session_t *s)
{
    if (s->tls) SSL_free(s->tls);
    close(s->fd);
    free(s);
    received_connection(0);
    sink.open--;
}

static void start_tls(sink_session_t *s)
{
    s->tls = SSL_new(sink.tls);
    if (!s->tls) bench_die("no TLS session");
    SSL_set_fd(s->tls, s->fd);
    SSL_set_accept_state(s->tls);
    s->is_tls_wanted = 0;
    s->in_len = 0;
}

static void accept_all(void)
{
    int fd;

    while ((fd = accept4(sink.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        sink_session_t *s = sink.open < CONNECTIONS_MAX ? malloc(sizeof(*s)) : NULL;
        if (!s) {
            close(fd);
            continue;
        }
        memset(s, 0, offsetof(sink_session_t, in));
        s->fd = fd;
        bench_quick(fd);
        sink.open++;
        received_connection(1);
        if (sink.is_tls_now) start_tls(s);
        session_greet(s);
        bench_epoll_set(sink.epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                        s);
    }
}

/* As read(2) and write(2): octets, 0 at the end, -1 with EAGAIN where it must wait. */
static ssize_t tls_result(sink_session_t *s, int n)
{
    if (n > 0) return n;
    int error = SSL_get_error(s->tls, n);
    ERR_clear_error();
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
    return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static ssize_t session_read(sink_session_t *s)
{
    char *to = s->in + s->in_len;
    size_t room = sizeof(s->in) - s->in_len;

    if (s->tls) return tls_result(s, SSL_read(s->tls, to, (int)room));
    return recv(s->fd, to, room, 0);
}

/* 1, or 0 when the connection is gone. */
static int flush(sink_session_t *s)
{
    while (s->out_sent < s->out_len) {
        const char *from = s->out + s->out_sent;
        size_t len = s->out_len - s->out_sent;
        ssize_t n = s->tls ? tls_result(s, SSL_write(s->tls, from, (int)len))
                           : send(s->fd, from, len, MSG_NOSIGNAL);
        if (n <= 0) return n < 0 && errno == EAGAIN;
        s->out_sent += (size_t)n;
    }
    s->out_len = s->out_sent = 0;
    return 1;
}

/* Reads until there is nothing more, answers once: the client's group of commands gets a group of
 * answers. */
static void serve(sink_session_t *s, uint32_t what)
{
    int is_open = 1, is_ending = (what & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;

    for (;;) {
        ssize_t n = session_read(s);
        if (n <= 0) {
            is_open = n < 0 && errno == EAGAIN;
            break;
        }
        s->in_len += (size_t)n;
        session_feed(s, &sink.features);
        if (s->is_closing) break;
        if (s->is_tls_wanted) {
            if (!flush(s)) break;
            start_tls(s);
        } else if (!s->tls && !is_ending && (size_t)n < sizeof(s->in) / 2) {
            /* a short read empties the socket; the next edge tells of more */
            break;
        } else if (s->out_len > sizeof(s->out) / 2 && !flush(s)) {
            break;
        }
    }
    if (!flush(s) || !is_open || s->is_closing) drop(s);
}

/* ---- standard input ---- */

static void command(char *line)
{
    char *save = NULL, *word = strtok_r(line, " \n", &save), *a = strtok_r(NULL, " \n", &save),
         *b = strtok_r(NULL, " \n", &save);

    if (!word) return;
    if (!strcmp(word, "expect")) {
        received_expect(bench_number(a, 0, 1000000000, "first"),
                        bench_number(b, 0, BENCH_MESSAGES_MAX, "count"));
        received_print();
    } else if (!strcmp(word, "stats")) {
        received_print();
    } else if (!strcmp(word, "wait")) {
        sink.wait_for = bench_number(a, 0, BENCH_MESSAGES_MAX, "count");
        sink.wait_until = bench_now() + bench_number(b, 0, 3600, "seconds") * 1000000000;
    } else if (!strcmp(word, "times")) {
        received_times(bench_number(a, 0, 1000000000, "first"),
                       bench_number(b, 0, BENCH_MESSAGES_MAX, "count"));
    } else {
        bench_die("unknown command \"%s\"", word);
    }
}

/* 1, or 0 at the end of the input. */
static int listen_to_orders(void)
{
    static char line[256];
    static size_t len;
    ssize_t n = read(STDIN_FILENO, line + len, sizeof(line) - 1 - len);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 1;
    if (n <= 0) return 0;
    len += (size_t)n;
    line[len] = '\0';
    for (char *end; (end = strchr(line, '\n')) != NULL;) {
        size_t used = (size_t)(end - line) + 1;
        *end = '\0';
        command(line);
        memmove(line, line + used, len - used + 1);
        len -= used;
    }
    if (len == sizeof(line) - 1) bench_die("a command is too long");
    return 1;
}

static void end_wait(void)
{
    if (!sink.wait_until || (received_unique() < sink.wait_for && bench_now() < sink.wait_until))
        return;
    sink.wait_until = 0;
    received_print();
}

static void run(void)
{
    struct epoll_event events[EVENTS];
    static int orders;

    bench_epoll_set(sink.epoll, EPOLL_CTL_ADD, sink.listener, EPOLLIN, &sink.listener);
    bench_epoll_set(sink.epoll, EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN, &orders);
    for (;;) {
        int64_t left = sink.wait_until ? (sink.wait_until - bench_now()) / 1000000 + 1 : -1;
        int n = epoll_wait(sink.epoll, events, EVENTS, (int)(left > 60000 ? 60000 : left));
        for (int i = 0; i < n; i++) {
            void *baton = events[i].data.ptr;
            if (baton == &sink.listener)
                accept_all();
            else if (baton != &orders)
                serve(baton, events[i].events);
            else if (!listen_to_orders())
                return;
        }
        end_wait();
    }
}

static SSL_CTX *load_tls(const char *cert, const char *key)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

    if (!tls || !cert || !key || SSL_CTX_use_certificate_chain_file(tls, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
        bench_die("TLS needs --cert and --key that belong together");
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return tls;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "port", 1, NULL, 'p' },     { "pipelining", 1, NULL, 'P' },
        { "chunking", 1, NULL, 'C' }, { "one-mail", 1, NULL, 'o' },
        { "tls", 1, NULL, 't' },      { "cert", 1, NULL, 'c' },
        { "key", 1, NULL, 'k' },      { NULL, 0, NULL, 0 }
    };
    const char *tls = NULL, *cert = NULL, *key = NULL;
    int port = 0, letter;

    while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (letter == 'p')
            port = (int)bench_number(optarg, 0, 65535, "--port");
        else if (letter == 'P')
            sink.features.pipelining = (int)bench_number(optarg, 0, 1, "--pipelining");
        else if (letter == 'C')
            sink.features.chunking = (int)bench_number(optarg, 0, 1, "--chunking");
        else if (letter == 'o')
            sink.features.is_one_mail = (int)bench_number(optarg, 0, 1, "--one-mail");
        else if (letter == 't')
            tls = optarg;
        else if (letter == 'c')
            cert = optarg;
        else if (letter == 'k')
            key = optarg;
        else
            return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    if (tls) {
        sink.tls = load_tls(cert, key);
        sink.is_tls_now = !strcmp(tls, "now");
        sink.features.starttls = !sink.is_tls_now;
    }
    sink.epoll = bench_epoll();
    sink.listener = bench_listen(&port);
    received_expect(0, 0);
    printf("{\"port\":%d}\n", port);
    fflush(stdout);
    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    run();
    return 0;
}
