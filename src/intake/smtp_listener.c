/* smtp_listener.c: SMTPSendListen: sockets and clients of the SMTP door. What is said is
 * smtp/server's business, what a message is worth door_mail.c's. Replies to a pipelined group leave
 * in one write; while a message is on its way to the store nothing more is taken from its client.
 */
#include "intake/smtp_listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPTS_A_TURN 64
/* when there are none left: tried again after */
#define DESCRIPTORS_AGAIN (APR_USEC_PER_SEC / 10)
/* a client that waits for room looks again after */
#define ROOM_AGAIN (APR_USEC_PER_SEC / 50)

static void free_client(ss_smtp_listener_client_t *c)
{
    ss_smtp_listener_t *door = c->door;

    ss_loop_unwatch(door->daemon->loop, &c->watch);
    ss_loop_untimer(door->daemon->loop, &c->timer);
    close(c->watch.fd);
    ss_smtp_transaction_reset(c);
    ss_incoming_free(&c->incoming);
    ss_buf_free(&c->in);
    ss_server_destroy(c->server);
    if (c->prev)
        c->prev->next = c->next;
    else
        door->clients = c->next;
    if (c->next) c->next->prev = c->prev;
    door->client_count--;
    free(c);
}

/* ---- out ---- */

/* 0, or -1: the client is gone. */
static int flush(ss_smtp_listener_client_t *c)
{
    ss_buf_t *out = ss_server_output(c->server);

    while (out->len) {
        ssize_t sent = send(c->watch.fd, out->data, out->len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
        if (sent < 0) return -1;
        ss_buf_take(out, (apr_size_t)sent);
    }
    return 0;
}

/* ---- in ---- */

/* Does all that the bytes hold, as far as it can be done now. */
static ss_server_kind_t obey(ss_smtp_listener_client_t *c, const char *bytes, apr_size_t len,
                             apr_size_t *used)
{
    *used = 0;
    for (;;) {
        ss_server_event_t event;
        apr_size_t taken;
        ss_server_kind_t kind =
            ss_server_next(c->server, bytes + *used, len - *used, &taken, &event);
        *used += taken;
        switch (kind) {
        case SS_SERVER_MAIL: ss_smtp_transaction_sender(c, &event.envelope); break;
        case SS_SERVER_RCPT: ss_smtp_transaction_recipient(c, &event.envelope); break;
        case SS_SERVER_CONTENT:
            ss_smtp_transaction_content(c, event.bytes, event.len);
            if (c->is_busy) return SS_SERVER_MORE;
            break;
        case SS_SERVER_END: ss_smtp_transaction_end(c); break;
        case SS_SERVER_RESET: ss_smtp_transaction_reset(c); break;
        case SS_SERVER_FLUSH:
            c->is_gone |= flush(c) != 0;
            if (c->is_gone || ss_server_output(c->server)->len) return kind;
            break;
        case SS_SERVER_MORE:
        case SS_SERVER_CLOSE: return kind;
        }
    }
}

/* How long all of the content may take, so much of it being there. */
static apr_interval_time_t content_time(apr_uint64_t got)
{
    apr_interval_time_t time =
        SS_SMTP_LISTENER_IDLE +
        (apr_interval_time_t)(got / SS_SMTP_LISTENER_RATE_MIN) * APR_USEC_PER_SEC;

    return time < SS_SMTP_LISTENER_CONTENT_MOST ? time : SS_SMTP_LISTENER_CONTENT_MOST;
}

/* By when the client must have gone on. */
static void set_deadline(ss_smtp_listener_client_t *c)
{
    ss_smtp_listener_t *door = c->door;
    ss_mono_t now = ss_loop_now(door->daemon->loop);

    if (door->is_stopped) return; /* the grace does not grow */
    if (ss_mono_is_set(c->began))
        c->deadline = ss_mono_add(c->began, content_time(c->incoming.got));
    else
        c->deadline = ss_mono_add(now, SS_SMTP_LISTENER_IDLE);
    /* The timer looks at the deadline when it fires: a busy client does not move it with every
     * command. */
    if (!c->timer.node.place) ss_loop_timer(door->daemon->loop, &c->timer, c->deadline);
}

/* Whether more may be read: new content waits while much is in memory. */
static int has_room(const ss_smtp_listener_client_t *c)
{
    return c->door->daemon->intake_bytes <= SS_SMTP_LISTENER_INTAKE_MAX || c->incoming.got ||
           !ss_server_is_in_mail(c->server);
}

/* After anything that changed: writes, then waits for what can come next, or ends. The client may
 * be freed. */
static void settle(ss_smtp_listener_client_t *c, int is_closing)
{
    ss_smtp_listener_t *door = c->door;
    ss_loop_t *loop = door->daemon->loop;

    if (door->is_stopped && !is_closing && !c->is_busy && !ss_server_is_in_mail(c->server)) {
        ss_server_dismiss(c->server, "4.3.2", "restarting, come again");
        is_closing = 1;
    }
    if (!c->is_gone && flush(c)) c->is_gone = 1;
    int has_output = ss_server_output(c->server)->len != 0;
    if (is_closing && !has_output) c->is_gone = 1;
    if (c->is_gone && c->is_busy) {
        ss_loop_unwatch(loop, &c->watch); /* freed by the store's answer */
        return;
    }
    if (c->is_gone) {
        free_client(c);
        if (door->is_stopped) ss_daemon_check_left(door->daemon);
        return;
    }
    c->is_waiting = !has_output && !c->is_busy && !has_room(c);
    if (c->is_waiting) ss_loop_timer(loop, &c->timer, ss_mono_add(ss_loop_now(loop), ROOM_AGAIN));
    /* While it is busy it stays watched: only a client that goes on talking costs a change of the
     * watch (see client_ready). */
    if (has_output || is_closing)
        ss_loop_watch(loop, &c->watch, SS_LOOP_WRITE);
    else
        ss_loop_watch(loop, &c->watch, c->is_waiting ? 0 : SS_LOOP_READ);
}

/* Goes through bytes, which are c->in's or were just read; keeps what is left. */
static void go_on(ss_smtp_listener_client_t *c, const char *bytes, apr_size_t len)
{
    apr_size_t used;

    c->is_obeying = 1;
    ss_server_kind_t kind = obey(c, len ? bytes : "", len, &used);
    c->is_obeying = 0;
    if (!len)
        used = 0;
    else if (bytes == c->in.data)
        ss_buf_take(&c->in, used);
    else if (used < len && kind != SS_SERVER_CLOSE &&
             ss_buf_append(&c->in, bytes + used, len - used) != APR_SUCCESS)
        c->is_gone = 1;
    if (used) set_deadline(c);
    if (kind == SS_SERVER_CLOSE) ss_buf_clear(&c->in);
    settle(c, kind == SS_SERVER_CLOSE);
}

void ss_smtp_listener_answered(ss_smtp_listener_client_t *c)
{
    if (c->is_obeying) return;
    set_deadline(c);
    if (c->is_gone)
        settle(c, 1);
    else
        go_on(c, c->in.data, c->in.len);
}

static void client_ready(ss_loop_watch_t *watch, int events, ss_mono_t now)
{
    ss_smtp_listener_client_t *c = watch->self;
    ss_smtp_listener_t *door = c->door;

    (void)events;
    (void)now;
    if (c->is_busy) {
        ss_loop_watch(door->daemon->loop, watch, 0);
        return;
    }
    if (ss_server_output(c->server)->len) {
        /* What waited to be written goes first; then the bytes that waited for that. */
        if (flush(c)) c->is_gone = 1;
        if (c->is_gone || ss_server_output(c->server)->len)
            settle(c, c->is_gone);
        else
            go_on(c, c->in.data, c->in.len);
        return;
    }
    ssize_t got = recv(watch->fd, door->bytes, sizeof(door->bytes), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        c->is_gone = 1;
        settle(c, 1);
        return;
    }
    if (!c->in.len) {
        go_on(c, door->bytes, (apr_size_t)got);
    } else if (ss_buf_append(&c->in, door->bytes, (apr_size_t)got) == APR_SUCCESS) {
        go_on(c, c->in.data, c->in.len);
    } else {
        c->is_gone = 1;
        settle(c, 1);
    }
}

static void client_timer(ss_timer_t *timer, ss_mono_t now)
{
    ss_smtp_listener_client_t *c = timer->self;
    ss_smtp_listener_t *door = c->door;

    if (c->is_busy) {
        c->deadline = ss_mono_add(now, SS_SMTP_LISTENER_IDLE);
    } else if (c->is_waiting && has_room(c)) {
        c->is_waiting = 0;
        ss_loop_watch(door->daemon->loop, &c->watch, SS_LOOP_READ);
    }
    if (ss_mono_reached(c->deadline, now)) {
        /* Who does not even take its replies gets no second period. */
        c->is_gone = ss_server_output(c->server)->len != 0;
        ss_server_dismiss(c->server, door->is_stopped ? "4.3.2" : "4.4.2",
                          door->is_stopped           ? "restarting, come again"
                          : ss_mono_is_set(c->began) ? "the message took too long"
                                                     : "nothing came for too long");
        ss_smtp_transaction_reset(c);
        c->deadline = ss_mono_add(now, SS_SMTP_LISTENER_GRACE);
        ss_loop_timer(door->daemon->loop, timer, c->deadline);
        settle(c, 1);
        return;
    }
    ss_loop_timer(door->daemon->loop, timer,
                  c->is_waiting ? ss_mono_min(ss_mono_add(now, ROOM_AGAIN), c->deadline)
                                : c->deadline);
}

/* ---- the listening socket ---- */

static void turn_away(int fd)
{
    static const char words[] = "421 4.7.0 too many connections\r\n";
    ssize_t sent = send(fd, words, sizeof(words) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);

    (void)sent;
    close(fd);
}

static void accept_one(ss_smtp_listener_t *door, int fd)
{
    ss_smtp_listener_client_t *c =
        door->client_count < SS_SMTP_LISTENER_CLIENTS_MAX ? calloc(1, sizeof(*c)) : NULL;
    ss_server_t *server = c ? ss_server_create(&door->options) : NULL;
    int one = 1;

    if (!server) {
        free(c);
        turn_away(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    c->door = door;
    c->server = server;
    c->watch = (ss_loop_watch_t){ .fd = fd, .ready = client_ready, .self = c };
    c->timer = (ss_timer_t){ .fired = client_timer, .self = c };
    ss_buf_init(&c->in, sizeof(door->bytes) * 2);
    ss_incoming_init(&c->incoming, &c->charged);
    c->next = door->clients;
    if (c->next) c->next->prev = c;
    door->clients = c;
    door->client_count++;
    set_deadline(c);
    if (ss_loop_watch(door->daemon->loop, &c->watch, SS_LOOP_READ) != APR_SUCCESS) c->is_gone = 1;
    settle(c, c->is_gone);
}

static void listener_ready(ss_loop_watch_t *watch, int events, ss_mono_t now)
{
    ss_smtp_listener_t *door = watch->self;

    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            accept_one(door, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            /* It would be ready again and again. */
            ss_loop_watch(door->daemon->loop, watch, 0);
            ss_loop_timer(door->daemon->loop, &door->again, ss_mono_add(now, DESCRIPTORS_AGAIN));
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

static void accept_again(ss_timer_t *timer, ss_mono_t now)
{
    ss_smtp_listener_t *door = timer->self;

    (void)now;
    if (!door->is_stopped) ss_loop_watch(door->daemon->loop, &door->listener, SS_LOOP_READ);
}

apr_status_t ss_smtp_listener_start(ss_daemon_t *d, int listen_fd)
{
    const ss_settings_t *first = APR_ARRAY_IDX(d->relays, 0, ss_relay_t *)->settings;

    if (listen_fd < 0) return APR_SUCCESS;
    d->door = apr_pcalloc(d->pool, sizeof(*d->door));
    d->door->daemon = d;
    d->door->options = (ss_server_options_t){ .host = first->helo ? first->helo : "localhost",
                                              .max_rcpts = SS_MAIL_RECIPIENTS_MAX };
    for (int i = 0; i < d->relays->nelts; i++) {
        apr_int64_t size = APR_ARRAY_IDX(d->relays, i, ss_relay_t *)->settings->max_message_size;
        if (size > d->door->options.max_size) d->door->options.max_size = size;
    }
    d->door->listener =
        (ss_loop_watch_t){ .fd = listen_fd, .ready = listener_ready, .self = d->door };
    d->door->again = (ss_timer_t){ .fired = accept_again, .self = d->door };
    ss_log(d->log, SS_LOG_INFO, 212, "SMTP submissions are taken at %s",
           d->config->globals.listen ? d->config->globals.listen : "a socket that was given");
    return ss_loop_watch(d->loop, &d->door->listener, SS_LOOP_READ);
}

void ss_smtp_listener_stop(ss_daemon_t *d)
{
    ss_smtp_listener_t *door = d->door;

    if (!door || door->is_stopped) return;
    door->is_stopped = 1;
    ss_loop_untimer(d->loop, &door->again);
    ss_loop_unwatch(d->loop, &door->listener);
    close(door->listener.fd);
    for (ss_smtp_listener_client_t *c = door->clients, *next; c; c = next) {
        next = c->next;
        c->deadline = ss_mono_add(ss_loop_now(d->loop), SS_SMTP_LISTENER_GRACE);
        ss_loop_timer(d->loop, &c->timer, c->deadline);
        /* What it said already and waits to be looked at is done first. */
        if (!c->is_busy) settle(c, 0);
    }
}

int ss_smtp_listener_is_busy(const ss_daemon_t *d)
{
    return d->door && d->door->client_count;
}

void ss_smtp_listener_destroy(ss_daemon_t *d)
{
    while (d->door && d->door->clients) free_client(d->door->clients);
}
