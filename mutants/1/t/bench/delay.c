/* delay.c: a TCP proxy that is a round trip away: what comes from either side is passed on half a
 * round trip later, in order, without Nagle. The connection itself costs what it costs on a long
 * way: the server is reached one and a half round trips after the client's connect came back, so
 * that its greeting arrives after two. usage: delay --to ADDRESS:PORT [--port N] [--rtt
 * MICROSECONDS]. Prints {"port":N}; the end of standard input ends it. */
#include "bench.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define CHUNK (64 * 1024)
/* octets of one direction; past it its source is not read until some have arrived */
#define UNDERWAY_MAX (8 << 20)

typedef struct pair_t pair_t;
/* len 0: the end */
typedef struct chunk_t {
    struct chunk_t *next, *next_due;
    int64_t due;
    size_t len, sent;
    struct end_t *to;
    char bytes[];
} chunk_t;
typedef struct end_t {
    pair_t *pair;
    struct end_t *other;
    /* ended: nothing more comes from it; shut: nothing more goes to it */
    int fd, is_ended, is_shut;
    size_t underway;                  /* octets on their way to it */
    chunk_t *arrived, **arrived_tail; /* due, and not taken by its socket yet */
} end_t;
struct pair_t {
    end_t client, server;
    long chunks;
};

static struct {
    int epoll, timer, listener;
    const char *to;
    int64_t delay;
    /* all directions: the delay is one, so the order of arrival is that of departure */
    chunk_t *first, **last;
    chunk_t *connects, **connects_last;
} proxy;

static void pair_free(pair_t *p)
{
    end_t *ends[2] = { &p->client, &p->server };

    if (p->chunks || !p->client.is_ended || !p->server.is_ended) return;
    for (int i = 0; i < 2; i++) {
        if (ends[i]->arrived && ends[i]->fd >= 0 && !ends[i]->is_shut) return;
    }
    for (int i = 0; i < 2; i++) {
        while (ends[i]->arrived) {
            chunk_t *c = ends[i]->arrived;
            ends[i]->arrived = c->next;
            free(c);
        }
        if (ends[i]->fd >= 0) close(ends[i]->fd);
    }
    free(p);
}

static chunk_t *chunk_make(end_t *to, size_t len, int64_t delay)
{
    chunk_t *c = calloc(1, sizeof(*c) + len);

    if (!c) bench_die("no memory for what is under way");
    c->to = to;
    c->len = len;
    c->due = bench_now() + delay;
    to->pair->chunks++;
    return c;
}

static void send_off(end_t *to, const char *bytes, size_t len)
{
    chunk_t *c = chunk_make(to, len, proxy.delay);

    if (len) memcpy(c->bytes, bytes, len);
    to->underway += len;
    *proxy.last = c;
    proxy.last = &c->next_due;
}

/* Nothing more comes from it: the other side learns it after what is under way. */
static void ended(end_t *from)
{
    if (from->is_ended) return;
    from->is_ended = 1;
    send_off(from->other, NULL, 0);
}

static void take(end_t *from)
{
    static char bytes[CHUNK];

    while (!from->is_ended && from->other->underway < UNDERWAY_MAX) {
        ssize_t n = recv(from->fd, bytes, sizeof(bytes), 0);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0)
            ended(from);
        else
            send_off(from->other, bytes, (size_t)n);
    }
}

static void deliver(end_t *to)
{
    while (to->arrived && to->fd >= 0) {
        chunk_t *c = to->arrived;
        ssize_t n = c->len && !to->is_shut
                        ? send(to->fd, c->bytes + c->sent, c->len - c->sent, MSG_NOSIGNAL)
                        : 0;
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) {
            to->is_shut = 1;
            ended(to);
        } else if (c->len && !to->is_shut) {
            c->sent += (size_t)n;
            if (c->sent < c->len) continue;
        } else if (!to->is_shut) {
            shutdown(to->fd, SHUT_WR);
            to->is_shut = 1;
        }
        to->underway -= c->len;
        to->arrived = c->next;
        if (!to->arrived) to->arrived_tail = &to->arrived;
        free(c);
    }
}

static void end_init(end_t *end, end_t *other, pair_t *pair, int fd)
{
    end->pair = pair;
    end->other = other;
    end->fd = fd;
    end->arrived_tail = &end->arrived;
}

static void watch(end_t *end)
{
    bench_epoll_set(proxy.epoll, EPOLL_CTL_ADD, end->fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                    end);
}

static void accept_all(void)
{
    int fd;

    while ((fd = accept4(proxy.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        pair_t *p = calloc(1, sizeof(*p));
        if (!p) bench_die("no memory for a connection");
        bench_quick(fd);
        end_init(&p->client, &p->server, p, fd);
        end_init(&p->server, &p->client, p, -1);
        chunk_t *c = chunk_make(&p->server, 0, proxy.delay * 3);
        *proxy.connects_last = c;
        proxy.connects_last = &c->next_due;
        watch(&p->client);
    }
}

static void connect_due(int64_t now)
{
    while (proxy.connects && proxy.connects->due <= now) {
        chunk_t *c = proxy.connects;
        pair_t *p = c->to->pair;
        proxy.connects = c->next_due;
        if (!proxy.connects) proxy.connects_last = &proxy.connects;
        free(c);
        p->chunks--;
        p->server.fd = bench_try_connect(proxy.to);
        if (p->server.fd < 0) {
            ended(&p->server);
            p->server.is_shut = 1;
        } else {
            watch(&p->server);
            deliver(&p->server);
        }
        pair_free(p);
    }
}

static void deliver_due(int64_t now)
{
    while (proxy.first && proxy.first->due <= now) {
        chunk_t *c = proxy.first;
        end_t *to = c->to;
        proxy.first = c->next_due;
        if (!proxy.first) proxy.last = &proxy.first;
        c->next = NULL;
        *to->arrived_tail = c;
        to->arrived_tail = &c->next;
        to->pair->chunks--;
        deliver(to);
        if (to->other->fd >= 0) take(to->other);
        pair_free(to->pair);
    }
}

static void set_timer(void)
{
    int64_t due = proxy.first ? proxy.first->due : 0;

    if (proxy.connects && (!due || proxy.connects->due < due)) due = proxy.connects->due;
    struct itimerspec at = { .it_value = { .tv_sec = due / 1000000000,
                                           .tv_nsec = due % 1000000000 } };
    timerfd_settime(proxy.timer, TFD_TIMER_ABSTIME, &at, NULL);
}

/* What happened is looked at before anything is freed: a pair has two ends in one batch of events.
 */
static void turn(void)
{
    struct epoll_event events[64];
    uint64_t expired;
    int n = epoll_wait(proxy.epoll, events, 64, -1);

    for (int i = 0; i < n; i++) {
        void *baton = events[i].data.ptr;
        if (baton == &proxy.listener) {
            accept_all();
        } else if (baton == &proxy.timer) {
            if (read(proxy.timer, &expired, sizeof(expired)) < 0 && errno != EAGAIN)
                bench_die("timer: %s", strerror(errno));
        } else if (baton == &proxy) {
            exit(0);
        } else {
            end_t *end = baton;
            if (!end->is_ended) take(end);
            deliver(end);
        }
    }
    connect_due(bench_now());
    deliver_due(bench_now());
    set_timer();
}

int main(int argc, char **argv)
{
    static const struct option options[] = { { "to", 1, NULL, 't' },
                                             { "port", 1, NULL, 'p' },
                                             { "rtt", 1, NULL, 'r' },
                                             { NULL, 0, NULL, 0 } };
    long rtt = 20000;
    int port = 0, letter;

    while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (letter == 't')
            proxy.to = optarg;
        else if (letter == 'p')
            port = (int)bench_number(optarg, 0, 65535, "--port");
        else if (letter == 'r')
            rtt = bench_number(optarg, 0, 10000000, "--rtt");
        else
            return 2;
    }
    if (!proxy.to) bench_die("usage: delay --to ADDRESS:PORT [--port N] [--rtt MICROSECONDS]");
    signal(SIGPIPE, SIG_IGN);
    proxy.delay = rtt * 1000 / 2;
    proxy.last = &proxy.first;
    proxy.connects_last = &proxy.connects;
    proxy.epoll = bench_epoll();
    proxy.listener = bench_listen(&port);
    proxy.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    bench_epoll_set(proxy.epoll, EPOLL_CTL_ADD, proxy.listener, EPOLLIN, &proxy.listener);
    bench_epoll_set(proxy.epoll, EPOLL_CTL_ADD, proxy.timer, EPOLLIN, &proxy.timer);
    bench_epoll_set(proxy.epoll, EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN | EPOLLRDHUP, &proxy);
    printf("{\"port\":%d}\n", port);
    fflush(stdout);
    for (;;) turn();
}
