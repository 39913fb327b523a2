/* load_http.c: keep-alive connections, one request outstanding on each; what an application with a
 * pool of workers does. A connection that the server closes (MaxKeepAliveRequests) is opened again,
 * as every client does. */
#include "bench.h"
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX (256 * 1024) /* a longer answer is an error of the server's */

typedef struct {
    int fd, is_busy;
    long messages; /* in the request that is outstanding */
    long answers;  /* on this connection */
    int64_t asked_at;
    size_t sent, len; /* of the request */
    size_t got;
    char *request, *answer;
} connection_t;

static struct {
    int epoll;
    long busy;
    char *message;             /* message/rfc822, or one line of NDJSON */
    size_t message_len, id_at; /* id_at: of NDJSON's line */
    char head[1024];
} http;

/* A line of NDJSON with the same fields and the same number of octets in its text. */
static void make_line(void)
{
    size_t size = (size_t)load_options.size;
    char *line = malloc(size + 512), *at = line;

    if (!line) bench_die("no memory");
    at +=
        snprintf(line, 512,
                 "{\"from\":\"bench@sender.example\",\"to\":\"bench@sink.example\",\"subject\":\"A "
                 "message of the bench\",\"headers\":{\"X-Bench-Id\":\"0000000000\"},\"text\":\"");
    http.id_at = (size_t)(strstr(line, "0000000000") - line);
    for (size_t i = 0; i < size; i++) {
        if (i % 70 == 69 && i + 1 < size) {
            memcpy(at, "\\n", 2);
            at += 2;
        } else {
            *at++ =
                "The quick brown fox jumps over the lazy dog, and so does this line.   "[i % 70];
        }
    }
    memcpy(at, "\"}\n", 3);
    http.message = line;
    http.message_len = (size_t)(at - line) + 3;
}

static void make_head(void)
{
    int is_batch = load_options.batch > 1;

    if (is_batch)
        make_line();
    else
        http.message = load_message(&http.message_len);
    snprintf(http.head, sizeof(http.head), "POST %s%s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\n",
             load_options.path, is_batch ? "" : "?from=bench@sender.example&to=bench@sink.example",
             load_options.to, is_batch ? "application/x-ndjson" : "message/rfc822");
}

static void reconnect(connection_t *c)
{
    if (c->fd >= 0) {
        close(c->fd);
        load_run.reconnects++;
    }
    c->answers = 0;
    c->fd = bench_connect(load_options.to);
    bench_epoll_set(http.epoll, EPOLL_CTL_ADD, c->fd, EPOLLIN | EPOLLOUT | EPOLLET, c);
}

/* 1, or 0 when the connection is lost. */
static int push(connection_t *c)
{
    while (c->sent < c->len) {
        ssize_t n = send(c->fd, c->request + c->sent, c->len - c->sent, MSG_NOSIGNAL);
        if (n < 0) return errno == EAGAIN;
        c->sent += (size_t)n;
    }
    return 1;
}

static void ask(connection_t *c)
{
    long first = load_take(load_options.batch);

    c->is_busy = first >= 0;
    if (!c->is_busy) return;
    http.busy++;
    c->messages = load_options.first + load_run.next - first;
    c->asked_at = bench_now();
    c->len = (size_t)snprintf(c->request, sizeof(http.head) + 64, "%sContent-Length: %zu\r\n\r\n",
                              http.head, (size_t)c->messages * http.message_len);
    for (long i = 0; i < c->messages; i++) {
        char *at = c->request + c->len;
        memcpy(at, http.message, http.message_len);
        if (load_options.batch > 1)
            bench_id_write(at + http.id_at, first + i);
        else
            load_number(at, first + i);
        c->len += http.message_len;
    }
    c->sent = c->got = 0;
    push(c);
}

/* The octets of a whole answer, 0: incomplete, -1: malformed. *body, *is_last (the server
 * closes) are found on the way. */
static long answer_length(connection_t *c, const char **body, int *is_last)
{
    char *end = memmem(c->answer, c->got, "\r\n\r\n", 4), *field;

    if (!end) return c->got < ANSWER_MAX ? 0 : -1;
    *end = '\0';
    *body = end + 4;
    *is_last = strcasestr(c->answer, "\nConnection: close") != NULL;
    field = strcasestr(c->answer, "\nContent-Length:");
    int is_chunked = strcasestr(c->answer, "\nTransfer-Encoding: chunked") != NULL;
    size_t head = (size_t)(end - c->answer) + 4, have = c->got - head;
    long whole = -1;
    if (field)
        whole = have >= strtoul(field + 16, NULL, 10) ? (long)(head + strtoul(field + 16, NULL, 10))
                                                      : 0;
    else if (is_chunked)
        whole = have >= 5 && !memcmp(c->answer + c->got - 5, "0\r\n\r\n", 5) ? (long)c->got : 0;
    *end = '\r';
    return whole;
}

static long count_ids(const char *body, const char *end)
{
    long n = 0;

    for (const char *at = body; (at = memmem(at, (size_t)(end - at), "\"id\"", 4)) != NULL; at += 4)
        n++;
    return n;
}

static void answered(connection_t *c, const char *body)
{
    int status = c->got > 12 ? (int)strtol(c->answer + 9, NULL, 10) : 0;
    long accepted = status / 100 != 2        ? 0
                    : load_options.batch > 1 ? count_ids(body, c->answer + c->got)
                                             : 1;

    if (accepted > c->messages) accepted = c->messages;
    if (accepted < c->messages) load_trouble(body, (size_t)(c->answer + c->got - body));
    load_answered(accepted, c->messages - accepted, c->asked_at);
    http.busy--;
    c->is_busy = 0;
    c->answers++;
}

/* A lost connection. A server may close one that was kept alive at the moment the next request
 * leaves (httpd does under load): where nothing was answered on it the request is sent again, once,
 * as HTTP's clients do, and the sink shows if that made a duplicate. Else its messages count as
 * errors. */
static void lost(connection_t *c)
{
    int may_repeat = c->is_busy && c->answers && !c->got;

    reconnect(c);
    if (may_repeat) {
        load_run.repeated++;
        c->sent = 0;
        push(c);
    } else if (c->is_busy) {
        load_run.errors += c->messages;
        load_trouble("connection lost", 15);
        http.busy--;
        c->is_busy = 0;
    }
}

static void serve(connection_t *c)
{
    for (;;) {
        const char *body = NULL;
        int is_last = 0;
        ssize_t n = recv(c->fd, c->answer + c->got, ANSWER_MAX - c->got, 0);
        if (n < 0 && errno == EAGAIN) break;
        if (n > 0) c->got += (size_t)n;
        long whole = n > 0 ? answer_length(c, &body, &is_last) : -1;
        if (whole < 0) {
            lost(c);
        } else if (whole > 0) {
            answered(c, body);
            if (is_last) reconnect(c);
        } else {
            continue;
        }
        if (!c->is_busy && !load_pause()) ask(c);
        /* The server's close may have come with the answer, in the same edge: only reading until
         * nothing is left finds it. */
        if (!c->is_busy) return;
    }
    if (c->is_busy && !push(c)) lost(c);
}

static void connections_make(connection_t *all)
{
    for (long i = 0; i < load_options.connections; i++) {
        connection_t *c = &all[i];
        c->request = malloc(sizeof(http.head) + 64 + (size_t)load_options.batch * http.message_len);
        c->answer = malloc(ANSWER_MAX + 1);
        if (!c->request || !c->answer)
            bench_die("no memory for %ld connections", load_options.connections);
        c->fd = -1;
        reconnect(c);
    }
}

void load_http(void)
{
    connection_t *all = calloc((size_t)load_options.connections, sizeof(*all));
    struct epoll_event events[128];

    if (!all) bench_die("no memory for connections");
    http.epoll = bench_epoll();
    make_head();
    connections_make(all);
    load_run.started = bench_now();
    for (long i = 0; i < load_options.connections; i++) ask(&all[i]);
    while (http.busy || (load_options.interval_ms && load_run.next < load_options.count)) {
        long pause = http.busy ? 1000 : load_pause();
        int n = epoll_wait(http.epoll, events, 128, (int)pause);
        for (int i = 0; i < n; i++) serve(events[i].data.ptr);
        if (!http.busy && !load_pause()) ask(&all[0]);
        if (bench_now() > load_run.deadline + 10000000000) {
            load_trouble("an answer never came", 20);
            load_run.errors += http.busy;
            return;
        }
    }
}
