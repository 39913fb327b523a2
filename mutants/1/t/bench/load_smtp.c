/* load_smtp.c: submission by SMTP on standing connections, as smtp-source does, with MAIL, RCPT and
 * DATA in one group (RFC 2920): the fastest way that a Postfix takes mail in by SMTP. */
#include "bench.h"
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char envelope[] =
    "MAIL FROM:<bench@sender.example>\r\nRCPT TO:<bench@sink.example>\r\nDATA\r\n";

typedef enum { GREETING, HELLO, READY, MAIL, RCPT, DATA, END } step_t;

typedef struct {
    int fd;
    step_t step;
    long id;
    int64_t asked_at;
    size_t got, sent, len;
    const char *out; /* what is being sent */
    char *content, answer[4096];
} connection_t;

static struct {
    int epoll;
    long live; /* connections that work */
    char *message;
    size_t message_len;
} smtp;

static int push(connection_t *c)
{
    while (c->sent < c->len) {
        ssize_t n = send(c->fd, c->out + c->sent, c->len - c->sent, MSG_NOSIGNAL);
        if (n < 0) return errno == EAGAIN;
        c->sent += (size_t)n;
    }
    return 1;
}

static int say(connection_t *c, const char *text, size_t len)
{
    c->out = text;
    c->len = len;
    c->sent = 0;
    return push(c);
}

/* 1, or 0: no message is left and the connection is done. */
static int ask(connection_t *c)
{
    c->step = READY;
    if (load_pause()) return 1;
    c->id = load_take(1);
    if (c->id < 0) return 0;
    c->asked_at = bench_now();
    c->step = MAIL;
    return say(c, envelope, sizeof(envelope) - 1);
}

/* One reply. 1, or 0 when the connection is done. */
static int reply(connection_t *c, const char *line, size_t len)
{
    int is_good = line[0] == '2' || (line[0] == '3' && c->step == DATA);

    if (!is_good) load_trouble(line, len);
    switch (c->step) {
    case GREETING: c->step = HELLO; return is_good && say(c, "EHLO sender.example\r\n", 21);
    case HELLO: return is_good && ask(c);
    case READY: return 0;
    case MAIL: c->step = RCPT; return is_good;
    case RCPT: c->step = DATA; return is_good;
    case DATA:
        if (!is_good) return 0;
        load_number(c->content, c->id);
        c->step = END;
        return say(c, c->content, smtp.message_len + 3);
    case END: load_answered(is_good, !is_good, c->asked_at); return ask(c);
    }
    return 0;
}

/* All whole replies of what was read; lines of a longer reply are skipped. */
static int replies(connection_t *c)
{
    size_t done = 0;
    const char *end;

    while ((end = memchr(c->answer + done, '\n', c->got - done)) != NULL) {
        const char *line = c->answer + done;
        size_t len = (size_t)(end - line);
        done += len + 1;
        if (len > 3 && line[3] == '-') continue;
        if (!reply(c, line, len)) return 0;
    }
    memmove(c->answer, c->answer + done, c->got - done);
    c->got -= done;
    return c->got < sizeof(c->answer);
}

static void end(connection_t *c)
{
    if (c->step != READY && c->id >= 0) load_run.errors++;
    close(c->fd);
    smtp.live--;
}

static void serve(connection_t *c)
{
    for (;;) {
        ssize_t n = recv(c->fd, c->answer + c->got, sizeof(c->answer) - c->got, 0);
        if (n < 0 && errno == EAGAIN) break;
        if (n > 0) c->got += (size_t)n;
        if (n <= 0 || !replies(c)) {
            end(c);
            return;
        }
    }
    if (!push(c)) end(c);
}

static connection_t *open_all(void)
{
    connection_t *all = calloc((size_t)load_options.connections, sizeof(*all));

    if (!all) bench_die("no memory for connections");
    for (long i = 0; i < load_options.connections; i++) {
        connection_t *c = &all[i];
        c->content = malloc(smtp.message_len + 3);
        if (!c->content) bench_die("no memory for a message");
        memcpy(c->content, smtp.message, smtp.message_len);
        memcpy(c->content + smtp.message_len, ".\r\n", 3);
        c->id = -1;
        c->fd = bench_connect(load_options.to);
        bench_epoll_set(smtp.epoll, EPOLL_CTL_ADD, c->fd, EPOLLIN | EPOLLOUT | EPOLLET, c);
        smtp.live++;
    }
    return all;
}

void load_smtp(void)
{
    struct epoll_event events[128];

    smtp.epoll = bench_epoll();
    smtp.message = load_message(&smtp.message_len);
    /* DATA's content must end with a line end. */
    memcpy(smtp.message + smtp.message_len - 2, "\r\n", 2);
    connection_t *all = open_all();
    load_run.started = bench_now();
    while (smtp.live) {
        long pause = load_options.interval_ms && all->step == READY ? load_pause() : 1000;
        int n = epoll_wait(smtp.epoll, events, 128, (int)pause);
        for (int i = 0; i < n; i++) serve(events[i].data.ptr);
        if (smtp.live && load_options.interval_ms && all->step == READY && !load_pause() &&
            !ask(all))
            end(all);
        if (bench_now() > load_run.deadline + 10000000000) {
            load_trouble("an answer never came", 20);
            load_run.errors += smtp.live;
            return;
        }
    }
}
