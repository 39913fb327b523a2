/* smtp_listener.c: see smtp_listener.h. Replies to a pipelined group leave in one write. While a
 * message is on its way to the store, nothing more is read from its client. */
#include "intake/smtp_listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "delivery/delivery_ports.h"
#include "intake/local_share.h"
#include "intake/smtp_envelope.h"
#include "intake/smtp_transaction.h"
#include "base/descriptors.h"
#include "net/listener.h"
#include "net/tcp_owner.h"

/* a client that waits for room is looked at again after */
#define ROOM_AGAIN (APR_USEC_PER_SEC / 50)

typedef struct client_t {
    ss_smtp_listener_t *listener;
    ss_local_share_t *share; /* of its uid */
    ss_loop_watch_t watch;
    ss_timer_t timer;
    /* when the client is dismissed; the timer looks at it when it fires */
    ss_mono_t deadline;
    ss_server_t *server;
    ss_buf_t in; /* read and not used yet */
    /* obey is running: a transaction that is ready at once only changes its state */
    int is_obeying;
    int is_gone;    /* freed when nothing is under way */
    int is_waiting; /* for room: much content is in memory */
    ss_smtp_transaction_t transaction;
    struct client_t *next, *prev;
} client_t;

struct ss_smtp_listener_t {
    ss_intake_t *intake;
    ss_listener_t socket;
    int is_stopped;
    ss_server_options_t options;
    client_t *clients;
    int client_count;
    int diag; /* for ss_tcp_owner_uid */
    ss_local_shares_t shares;
    char bytes[65536]; /* what was read just now, looked at in place */
};

static void free_client(client_t *c)
{
    ss_smtp_listener_t *listener = c->listener;

    ss_loop_unwatch(listener->intake->loop, &c->watch);
    ss_loop_untimer(listener->intake->loop, &c->timer);
    close(c->watch.fd);
    ss_smtp_transaction_reset(&c->transaction);
    ss_smtp_transaction_free(&c->transaction);
    ss_buf_free(&c->in);
    ss_server_destroy(c->server);
    if (c->prev)
        c->prev->next = c->next;
    else
        listener->clients = c->next;
    if (c->next) c->next->prev = c->prev;
    listener->client_count--;
    ss_local_share_leave(&listener->shares, c->share);
    free(c);
}

/* ---- out ---- */

/* 0, or -1: the client is gone. */
static int flush(client_t *c)
{
    return ss_listener_send(c->watch.fd, ss_server_output(c->server));
}

/* ---- in ---- */

/* Carries out the commands in bytes, as far as possible now. */
static ss_server_kind_t obey(client_t *c, const char *bytes, apr_size_t len, apr_size_t *used)
{
    *used = 0;
    for (;;) {
        ss_server_event_t event;
        apr_size_t taken;
        ss_server_kind_t kind =
            ss_server_next(c->server, bytes + *used, len - *used, &taken, &event);
        *used += taken;
        switch (kind) {
        case SS_SERVER_MAIL: ss_smtp_transaction_sender(&c->transaction, &event.envelope); break;
        case SS_SERVER_RCPT: ss_smtp_transaction_recipient(&c->transaction, &event.envelope); break;
        case SS_SERVER_CONTENT:
            ss_smtp_transaction_content(&c->transaction, event.bytes, event.len);
            if (c->transaction.is_busy) return SS_SERVER_MORE;
            break;
        case SS_SERVER_END: ss_smtp_transaction_end(&c->transaction); break;
        case SS_SERVER_RESET: ss_smtp_transaction_reset(&c->transaction); break;
        case SS_SERVER_FLUSH:
            c->is_gone |= flush(c) != 0;
            if (c->is_gone || ss_server_output(c->server)->len) return kind;
            break;
        case SS_SERVER_MORE:
        case SS_SERVER_CLOSE: return kind;
        }
    }
}

apr_interval_time_t ss_smtp_listener_content_time(apr_uint64_t got)
{
    apr_interval_time_t time =
        SS_SMTP_LISTENER_IDLE +
        (apr_interval_time_t)(got / SS_SMTP_LISTENER_RATE_MIN) * APR_USEC_PER_SEC;

    return time < SS_SMTP_LISTENER_CONTENT_MOST ? time : SS_SMTP_LISTENER_CONTENT_MOST;
}

ss_mono_t ss_smtp_listener_deadline(ss_mono_t began, apr_uint64_t got, ss_mono_t now)
{
    return ss_mono_is_set(began) ? ss_mono_add(began, ss_smtp_listener_content_time(got))
                                 : ss_mono_add(now, SS_SMTP_LISTENER_IDLE);
}

/* Sets until when the client must have sent more. */
static void set_deadline(client_t *c)
{
    ss_smtp_listener_t *listener = c->listener;
    ss_mono_t now = ss_loop_now(listener->intake->loop);

    if (listener->is_stopped) return; /* the grace period is not extended */
    c->deadline = ss_smtp_listener_deadline(c->transaction.began, c->transaction.incoming.got, now);
    /* The timer looks at the deadline when it fires: a busy client does not move it with every
     * command. */
    if (!c->timer.node.place) ss_loop_timer(listener->intake->loop, &c->timer, c->deadline);
}

int ss_smtp_listener_is_full(int clients, apr_uint64_t descriptors)
{
    return clients >= SS_SMTP_LISTENER_CLIENTS_MAX ||
           (apr_uint64_t)clients >= descriptors / SS_SMTP_LISTENER_FILES;
}

int ss_smtp_listener_has_room(apr_size_t bytes)
{
    return bytes <= SS_SMTP_LISTENER_BYTES_MAX;
}

int ss_smtp_listener_may_read(apr_size_t of_uid, apr_size_t own, apr_size_t most)
{
    return ss_local_share_may_content(of_uid, 0, own != 0) || (own && own == most);
}

/* Whether more may be read: content waits while too much is in memory. */
static int has_room(const client_t *c)
{
    const ss_intake_t *intake = c->listener->intake;
    apr_size_t own = c->transaction.charged, most = own, of_uid = 0;

    if (!ss_server_is_in_mail(c->server)) return 1;
    if (!ss_smtp_listener_has_room(intake->bytes) && !c->transaction.incoming.got) return 0;
    if (intake->bytes <= SS_LOCAL_SHARE_CONTENT) return 1;
    for (const client_t *other = c->listener->clients; other; other = other->next) {
        if (other->share != c->share) continue;
        of_uid += other->transaction.charged;
        if (other->transaction.charged > most) most = other->transaction.charged;
    }
    return ss_smtp_listener_may_read(of_uid, own, most);
}

/* After each change: writes, then waits for the next event, or ends. The client may be freed. */
static void settle(client_t *c, int is_closing)
{
    ss_smtp_listener_t *listener = c->listener;
    ss_loop_t *loop = listener->intake->loop;

    if (listener->is_stopped && !is_closing && !c->transaction.is_busy &&
        !ss_server_is_in_mail(c->server)) {
        ss_server_dismiss(c->server, "4.3.2", "restarting, come again");
        is_closing = 1;
    }
    if (!c->is_gone && flush(c)) c->is_gone = 1;
    int has_output = ss_server_output(c->server)->len != 0;
    if (is_closing && !has_output) c->is_gone = 1;
    if (c->is_gone && c->transaction.is_busy) {
        ss_loop_unwatch(loop, &c->watch); /* freed by the store's answer */
        return;
    }
    if (c->is_gone) {
        ss_intake_t *intake = listener->intake;
        free_client(c);
        if (listener->is_stopped) intake->went_idle(intake->self);
        return;
    }
    c->is_waiting = !has_output && !c->transaction.is_busy && !has_room(c);
    if (c->is_waiting) ss_loop_timer(loop, &c->timer, ss_mono_add(ss_loop_now(loop), ROOM_AGAIN));
    /* A busy client stays watched: only one that sends more costs a change of the watch (see
     * client_ready). */
    if (has_output || is_closing)
        ss_loop_watch(loop, &c->watch, SS_LOOP_WRITE);
    else
        ss_loop_watch(loop, &c->watch, c->is_waiting ? 0 : SS_LOOP_READ);
}

/* Carries out bytes, which are c->in's or were just read; keeps the rest. */
static void go_on(client_t *c, const char *bytes, apr_size_t len)
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

static void transaction_ready(void *self)
{
    client_t *c = self;

    if (c->is_obeying) return;
    set_deadline(c);
    if (c->is_gone)
        settle(c, 1);
    else
        go_on(c, c->in.data, c->in.len);
}

static void client_ready(ss_loop_watch_t *watch, int events, ss_mono_t now)
{
    client_t *c = watch->self;
    ss_smtp_listener_t *listener = c->listener;

    (void)events;
    (void)now;
    if (c->transaction.is_busy) {
        ss_loop_watch(listener->intake->loop, watch, 0);
        return;
    }
    if (ss_server_output(c->server)->len) {
        /* Pending output first, then the input that waited for it. */
        if (flush(c)) c->is_gone = 1;
        if (c->is_gone || ss_server_output(c->server)->len)
            settle(c, c->is_gone);
        else
            go_on(c, c->in.data, c->in.len);
        return;
    }
    ssize_t got = recv(watch->fd, listener->bytes, sizeof(listener->bytes), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        c->is_gone = 1;
        settle(c, 1);
        return;
    }
    if (!c->in.len) {
        go_on(c, listener->bytes, (apr_size_t)got);
    } else if (ss_buf_append(&c->in, listener->bytes, (apr_size_t)got) == APR_SUCCESS) {
        go_on(c, c->in.data, c->in.len);
    } else {
        c->is_gone = 1;
        settle(c, 1);
    }
}

static void client_timer(ss_timer_t *timer, ss_mono_t now)
{
    client_t *c = timer->self;
    ss_smtp_listener_t *listener = c->listener;

    if (c->transaction.is_busy) {
        c->deadline = ss_mono_add(now, SS_SMTP_LISTENER_IDLE);
    } else if (c->is_waiting && has_room(c)) {
        c->is_waiting = 0;
        ss_loop_watch(listener->intake->loop, &c->watch, SS_LOOP_READ);
    }
    if (ss_mono_reached(c->deadline, now)) {
        /* A client that does not even read its replies gets no second period. */
        c->is_gone = ss_server_output(c->server)->len != 0;
        ss_server_dismiss(c->server, listener->is_stopped ? "4.3.2" : "4.4.2",
                          listener->is_stopped                   ? "restarting, come again"
                          : ss_mono_is_set(c->transaction.began) ? "the message took too long"
                                                                 : "nothing came for too long");
        ss_smtp_transaction_reset(&c->transaction);
        c->deadline = ss_mono_add(now, SS_SMTP_LISTENER_GRACE);
        ss_loop_timer(listener->intake->loop, timer, c->deadline);
        settle(c, 1);
        return;
    }
    ss_loop_timer(listener->intake->loop, timer,
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

/* Whether another client of this uid may come: there is room, or one of the uid with the most
 * clients makes it. */
static int may_come(ss_smtp_listener_t *listener, const ss_local_share_t *share, int fd)
{
    const ss_local_share_t *most = ss_local_share_most(&listener->shares);
    apr_uint64_t files = ss_descriptors_limit();
    client_t *silent = NULL;

    if (!ss_smtp_listener_is_full(listener->client_count, files) && ss_descriptors_allow(fd, files))
        return 1;
    if (ss_delivery_may_log(listener->intake->delivery, "SMTPSendListen is full"))
        ss_log(listener->intake->log, SS_LOG_WARN, 265,
               "SMTPSendListen has %d clients, as many as it may, %d of them of uid %d: further "
               "ones of that user are refused, and its longest silent ones make room for others",
               listener->client_count, most->clients, most->uid);
    if (!ss_local_share_displaces(share, most)) return 0;
    for (client_t *c = listener->clients; c; c = c->next)
        if (c->share == most && !c->transaction.is_busy &&
            (!silent || c->deadline.us < silent->deadline.us))
            silent = c;
    if (!silent) return 0;
    ss_server_dismiss(silent->server, "4.7.0", "too many connections");
    flush(silent);
    silent->is_gone = 1;
    settle(silent, 1);
    return 1;
}

/* A client's memory, of which it has its share; NULL: it may not come. */
static client_t *create_client(ss_smtp_listener_t *listener, int fd)
{
    int uid = ss_tcp_owner_uid(listener->diag, fd);
    ss_local_share_t *share = ss_local_share_of(&listener->shares, uid, 0);
    client_t *c = share && may_come(listener, share, fd) ? calloc(1, sizeof(*c)) : NULL;

    if (c && (c->server = ss_server_create(&listener->options)) == NULL) {
        free(c);
        c = NULL;
    }
    if (!c) {
        if (share && !share->clients) ss_local_share_leave(&listener->shares, share);
        return NULL;
    }
    ss_local_share_enter(&listener->shares, share);
    c->share = share;
    c->listener = listener;
    return c;
}

static void accepted(void *self, int fd)
{
    ss_smtp_listener_t *listener = self;
    client_t *c = create_client(listener, fd);
    int one = 1;

    if (!c) {
        turn_away(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    c->watch = (ss_loop_watch_t){ .fd = fd, .ready = client_ready, .self = c };
    c->timer = (ss_timer_t){ .fired = client_timer, .self = c };
    ss_buf_init(&c->in, sizeof(listener->bytes) * 2);
    c->transaction = (ss_smtp_transaction_t){ .intake = listener->intake,
                                              .server = c->server,
                                              .max_size = listener->options.max_size,
                                              .ready = transaction_ready,
                                              .self = c };
    ss_smtp_transaction_init(&c->transaction);
    c->next = listener->clients;
    if (c->next) c->next->prev = c;
    listener->clients = c;
    listener->client_count++;
    set_deadline(c);
    if (ss_loop_watch(listener->intake->loop, &c->watch, SS_LOOP_READ) != APR_SUCCESS)
        c->is_gone = 1;
    settle(c, c->is_gone);
}

apr_status_t ss_smtp_listener_start(ss_smtp_listener_t **listener, ss_intake_t *intake, int fd)
{
    *listener = NULL;
    if (fd < 0) return APR_SUCCESS;
    ss_smtp_listener_t *l = apr_pcalloc(intake->pool, sizeof(*l));
    *listener = l;
    l->intake = intake;
    l->diag = ss_tcp_owner_open();
    l->options = ss_smtp_envelope_options(intake);
    ss_log(intake->log, SS_LOG_INFO, 212, "SMTP submissions are accepted at %s",
           intake->config->globals.listen ? intake->config->globals.listen : "an inherited socket");
    return ss_listener_start(&l->socket, intake->loop, fd, accepted, l);
}

void ss_smtp_listener_stop(ss_smtp_listener_t *listener)
{
    if (!listener || listener->is_stopped) return;
    ss_loop_t *loop = listener->intake->loop;
    listener->is_stopped = 1;
    ss_listener_stop(&listener->socket);
    if (listener->diag >= 0) close(listener->diag);
    listener->diag = -1;
    for (client_t *c = listener->clients, *next; c; c = next) {
        next = c->next;
        c->deadline = ss_mono_add(ss_loop_now(loop), SS_SMTP_LISTENER_GRACE);
        ss_loop_timer(loop, &c->timer, c->deadline);
        /* Commands that were received already are carried out first. */
        if (!c->transaction.is_busy) settle(c, 0);
    }
}

int ss_smtp_listener_is_busy(const ss_smtp_listener_t *listener)
{
    return listener && listener->client_count;
}

void ss_smtp_listener_destroy(ss_smtp_listener_t *listener)
{
    /* A thread may still compute for a busy one. */
    for (client_t *c = listener ? listener->clients : NULL, *next; c; c = next) {
        next = c->next;
        if (!c->transaction.is_busy) free_client(c);
    }
}
