/* common.c: clock, numbers, ids and sockets of the bench's programs. */
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int64_t bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void bench_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(2);
}

long bench_number(const char *text, long least, long most, const char *what)
{
    char *end = NULL;
    long value;

    errno = 0;
    value = strtol(text ? text : "", &end, 10);
    if (errno || !text || !*text || *end || value < least || value > most)
        bench_die("%s: \"%s\" is no number from %ld to %ld", what, text ? text : "", least, most);
    return value;
}

void bench_id_write(char *to, long id)
{
    for (int i = BENCH_ID_DIGITS - 1; i >= 0; i--, id /= 10) to[i] = (char)('0' + id % 10);
}

long bench_id_read(const char *head, size_t len)
{
    const size_t name = sizeof(BENCH_ID_FIELD) - 1;
    const char *at = memmem(head, len, BENCH_ID_FIELD, name);
    long id = 0;

    if (!at || (size_t)(head + len - at) < name + BENCH_ID_DIGITS) return -1;
    at += name;
    for (int i = 0; i < BENCH_ID_DIGITS; i++) {
        if (at[i] < '0' || at[i] > '9') return -1;
        id = id * 10 + (at[i] - '0');
    }
    return id;
}

void bench_quick(int fd)
{
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

int bench_try_connect(const char *address)
{
    char host[64];
    const char *colon = strrchr(address, ':');
    struct sockaddr_in to = { .sin_family = AF_INET };
    size_t len = colon ? (size_t)(colon - address) : sizeof(host);

    if (len >= sizeof(host)) bench_die("\"%s\" is no address:port", address);
    memcpy(host, address, len);
    host[len] = '\0';
    to.sin_port = htons((uint16_t)bench_number(colon + 1, 1, 65535, "port"));
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1) bench_die("\"%s\" is no IPv4 address", host);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (connect(fd, (struct sockaddr *)&to, sizeof(to))) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    bench_quick(fd);
    return fd;
}

int bench_connect(const char *address)
{
    int fd = bench_try_connect(address);

    if (fd < 0) bench_die("no connection to %s: %s", address, strerror(errno));
    return fd;
}

int bench_listen(int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)*port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(at);
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) bench_die("socket: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&at, len) || listen(fd, 1024) ||
        getsockname(fd, (struct sockaddr *)&at, &len))
        bench_die("listen: %s", strerror(errno));
    *port = ntohs(at.sin_port);
    return fd;
}

int bench_epoll(void)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);

    if (fd < 0) bench_die("epoll: %s", strerror(errno));
    return fd;
}

void bench_epoll_set(int epoll, int operation, int fd, uint32_t events, void *baton)
{
    struct epoll_event event = { .events = events, .data.ptr = baton };

    if (epoll_ctl(epoll, operation, fd, &event)) bench_die("epoll_ctl: %s", strerror(errno));
}
