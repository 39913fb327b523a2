/* local_socket.c: see local_socket.h. Each client has one request at a time. While it is worked on,
 * nothing more is read from that client, so that a fast one fills its own socket buffer instead of
 * our memory. */
#include "intake/local_socket.h"
#include "delivery/delivery_ports.h"

#include <apr_ring.h>
#include <apr_strings.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "intake/local_deadline.h"
#include "intake/local_parse.h"
#include "intake/local_share.h"
#include "intake/local_submit.h"
#include "intake/smtp_envelope.h"
#include "base/descriptors.h"
#include "net/listener.h"
#include "wire/frame.h"

#define READ_SIZE 65536
#define SPARE_MAX (4 * READ_SIZE)
#define FRAME_MAX (SS_FRAME_HEAD + SS_FRAME_HEADER_MAX + SS_FRAME_CONTENT_MAX)
/* of one answer; above it the client is dropped */
#define ANSWER_MAX (64 * 1024 * 1024)
/* a client that waits for room is looked at again after */
#define ROOM_AGAIN (APR_USEC_PER_SEC / 20)

typedef struct client_t {
    ss_request_t request; /* first: the one under way */
    ss_local_socket_t *socket;
    ss_loop_watch_t watch;
    ss_timer_t timer;
    ss_buf_t in, out;
    int is_busy;               /* a request is being worked on: nothing more is read */
    int is_closing;            /* the peer left, or a write failed: freed when not busy */
    int *is_freed;             /* of the pump that runs for this client, or NULL */
    ss_local_submit_t *submit; /* the request is a submission */
    ss_local_share_t *share;   /* of its uid */
    /* its parts of the share: a frame that is not complete, an answer that is not read */
    apr_size_t reserved, unread;
    json_t *header; /* of the request under way */
    ss_local_deadline_t deadline;
    ss_mono_t read_by; /* when an answer that it does not read drops it; not set: none waits */
    ss_mono_t idle_since;
    APR_RING_ENTRY(client_t) ring;
} client_t;

struct ss_local_socket_t {
    ss_intake_t *intake;
    ss_local_socket_options_t options;
    ss_listener_t listener;
    /* the one that has been idle for longest comes first; busy ones stand anywhere */
    APR_RING_HEAD(clients_t, client_t) clients;
    int client_count;
    ss_local_shares_t shares;
    ss_timer_t idle_timer; /* the first idle client is closed */
    ss_buf_t spare;        /* a buffer that no client reads into now */
};

static void pump(client_t *client);

ss_request_trust_t ss_local_socket_trust(int uid, const ss_local_socket_options_t *options)
{
    if (uid == 0 || uid == options->owner_uid) return SS_REQUEST_ALL;
    if (uid < 0 || uid != options->web_uid) return SS_REQUEST_OWN;
    return options->web_reads ? SS_REQUEST_ALL : SS_REQUEST_WEB;
}

int ss_local_socket_has_room(apr_size_t bytes, int is_charged)
{
    return bytes <= (is_charged ? 2 : 1) * (apr_size_t)SS_INTAKE_BYTES_MAX;
}

int ss_local_socket_is_full(int clients)
{
    return clients >= SS_LOCAL_SOCKET_CLIENTS_MAX;
}

int ss_local_socket_is_idle_over(ss_mono_t since, apr_interval_time_t most, ss_mono_t now)
{
    return ss_mono_since(now, since) >= most;
}

/* ---- shares ---- */

static void count_unread(client_t *client)
{
    client->share->out += client->out.len - client->unread;
    client->unread = client->out.len;
}

static void reserve(client_t *client, apr_size_t len)
{
    client->share->in += len - client->reserved;
    client->reserved = len;
}

static ss_loop_t *loop_of(const client_t *client)
{
    return client->socket->intake->loop;
}

static void free_client(client_t *client)
{
    ss_local_socket_t *s = client->socket;

    if (client->is_freed) *client->is_freed = 1;
    ss_loop_unwatch(loop_of(client), &client->watch);
    ss_loop_untimer(loop_of(client), &client->timer);
    if (client->watch.fd >= 0) close(client->watch.fd);
    ss_buf_free(&client->in);
    ss_buf_free(&client->out);
    if (client->header) json_decref(client->header);
    if (client->submit) ss_local_submit_free(client->submit);
    count_unread(client);
    reserve(client, 0);
    ss_local_share_leave(&s->shares, client->share);
    APR_RING_REMOVE(client, ring);
    s->client_count--;
    free(client);
    ss_listener_resume(&s->listener);
}

/* A leaving daemon may be done now. */
static void end_client(client_t *client)
{
    const ss_intake_t *intake = client->socket->intake;

    free_client(client);
    if (intake->is_leaving) intake->went_idle(intake->self);
}

/* A client that leaves while its request is worked on is freed with the answer; its descriptor is
 * free at once. */
static void hang_up(client_t *client)
{
    ss_request_t *req = &client->request;

    client->is_closing = 1;
    if (!client->is_busy) {
        end_client(client);
        return;
    }
    req->has_left = 1;
    ss_loop_unwatch(loop_of(client), &client->watch);
    close(client->watch.fd);
    client->watch.fd = -1;
    if (!ss_local_socket_is_full(client->socket->client_count))
        ss_listener_resume(&client->socket->listener);
    if (req->left) {
        void (*left)(ss_request_t *) = req->left;
        req->left = NULL;
        left(req);
    }
}

/* ---- out ---- */

/* A busy client's socket stays watched: it normally sends nothing before the answer, and two calls
 * of epoll_ctl for each request would cost more than the rare client that does (see busy_ready).
 * From one that does not read its answer nothing is read, and it has a deadline. */
static void watch_as_needed(client_t *client)
{
    int events = 0;

    if (client->is_closing) return;
    if (client->is_busy) {
        events |= client->watch.events & (SS_LOOP_READ | SS_LOOP_GONE | SS_LOOP_LOST);
    } else if (client->out.len) {
        if (!ss_mono_is_set(client->read_by))
            client->read_by = ss_mono_add(ss_loop_now(loop_of(client)), SS_LOCAL_DEADLINE_UNREAD);
        ss_loop_timer(loop_of(client), &client->timer, client->read_by);
    } else if (!client->socket->intake->is_leaving) {
        events |= SS_LOOP_READ;
    }
    if (client->out.len) events |= SS_LOOP_WRITE;
    ss_loop_watch(loop_of(client), &client->watch, events);
}

/* 0, or -1: the client is gone. */
static int flush_out(client_t *client)
{
    apr_size_t before = client->out.len;
    int rv = ss_listener_send(client->watch.fd, &client->out);

    count_unread(client);
    if (client->out.len != before) client->read_by = (ss_mono_t){ 0 };
    return rv;
}

static apr_status_t put_frame(client_t *client, ss_frame_type_t type, unsigned flags,
                              const char *header, apr_size_t header_len, const char *content,
                              apr_size_t content_len)
{
    ss_frame_t frame = { .version = SS_FRAME_VERSION,
                         .type = type,
                         .flags = flags,
                         .header_len = (apr_uint32_t)header_len,
                         .content_len = (apr_uint32_t)content_len,
                         .instance = client->socket->options.instance };
    char head[SS_FRAME_HEAD];

    ss_frame_write(&frame, head);
    apr_status_t rv = ss_buf_append(&client->out, head, sizeof(head));
    if (rv == APR_SUCCESS && header_len) rv = ss_buf_append(&client->out, header, header_len);
    if (rv == APR_SUCCESS && content_len) rv = ss_buf_append(&client->out, content, content_len);
    return rv;
}

/* An answer, in as many frames as its content needs. */
static apr_status_t put_answer(client_t *client, const char *header, const char *content,
                               apr_size_t len)
{
    apr_size_t piece = len < SS_FRAME_CONTENT_MAX ? len : SS_FRAME_CONTENT_MAX;
    char *place;

    /* All room at once: growing step by step would copy a large one several times. */
    if (len > piece)
        ss_buf_room(&client->out, len + (len / SS_FRAME_CONTENT_MAX + 2) * SS_FRAME_HEAD, &place);
    apr_status_t rv = put_frame(client, SS_FRAME_ANSWER, piece == len ? SS_FRAME_LAST : 0, header,
                                strlen(header), content, piece);

    while (rv == APR_SUCCESS && piece < len) {
        apr_size_t next = len - piece < SS_FRAME_CONTENT_MAX ? len - piece : SS_FRAME_CONTENT_MAX;
        rv = put_frame(client, SS_FRAME_PART, piece + next == len ? SS_FRAME_LAST : 0, NULL, 0,
                       content + piece, next);
        piece += next;
    }
    return rv;
}

/* ---- idle clients ---- */

/* Nothing of a request has come, and nothing of an answer is left to be sent. */
static int is_idle(const client_t *client)
{
    char byte;

    return !client->is_busy && !client->submit && !client->in.len && !client->out.len &&
           recv(client->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* BYE: a request that is on its way at this moment may be repeated on a new connection. */
static void close_idle(client_t *client)
{
    put_frame(client, SS_FRAME_BYE, SS_FRAME_LAST, NULL, 0, NULL, 0);
    flush_out(client);
    free_client(client);
}

static void went_idle(client_t *client)
{
    ss_local_socket_t *s = client->socket;
    ss_loop_t *loop = s->intake->loop;

    client->idle_since = ss_loop_now(loop);
    APR_RING_REMOVE(client, ring);
    APR_RING_INSERT_TAIL(&s->clients, client, client_t, ring);
    if (!s->idle_timer.node.place)
        ss_loop_timer(loop, &s->idle_timer, ss_mono_add(client->idle_since, s->options.idle));
}

static void idle_over(ss_timer_t *timer, ss_mono_t now)
{
    ss_local_socket_t *s = timer->self;
    client_t *client, *next;

    APR_RING_FOREACH_SAFE(client, next, &s->clients, client_t, ring)
    {
        if (!ss_local_socket_is_idle_over(client->idle_since, s->options.idle, now)) {
            ss_loop_timer(s->intake->loop, timer, ss_mono_add(client->idle_since, s->options.idle));
            return;
        }
        if (is_idle(client)) close_idle(client);
    }
}

int ss_local_socket_make_room(ss_local_socket_t *s, int count)
{
    client_t *client, *next;
    int closed = 0;

    APR_RING_FOREACH_SAFE(client, next, &s->clients, client_t, ring)
    {
        if (closed == count) break;
        if (!is_idle(client)) continue;
        close_idle(client);
        closed++;
    }
    return closed;
}

/* The daemon leaves: freed when everything is sent. */
static void part_with(client_t *client)
{
    put_frame(client, SS_FRAME_BYE, SS_FRAME_LAST, NULL, 0, NULL, 0);
    if (flush_out(client) || !client->out.len)
        free_client(client);
    else
        watch_as_needed(client);
}

/* ---- answers ---- */

/* Refuses what was not read: the connection ends with it. header: the answer's. */
static void turn_away(const ss_local_socket_t *s, int fd, const char *header)
{
    ss_frame_t frame = { .version = SS_FRAME_VERSION,
                         .type = SS_FRAME_ANSWER,
                         .flags = SS_FRAME_LAST,
                         .header_len = (apr_uint32_t)strlen(header),
                         .instance = s->options.instance };
    char bytes[SS_FRAME_HEAD + 512];

    ss_frame_write(&frame, bytes);
    apr_cpystrn(bytes + SS_FRAME_HEAD, header, sizeof(bytes) - SS_FRAME_HEAD);
    ssize_t sent = send(fd, bytes, SS_FRAME_HEAD + strlen(header), MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent;
}

static void answer(ss_request_t *req, const char *header, const char *content, apr_size_t len)
{
    client_t *client = (client_t *)req;
    ss_intake_t *intake = client->socket->intake;

    client->is_busy = 0;
    ss_local_deadline_clear(&client->deadline);
    /* What was done is always reported. */
    if (len && !client->submit && !ss_local_share_may_answer(client->share, len)) {
        header = "{\"status\":503,\"retryAfter\":5,\"detail\":\"other connections of this user do "
                 "not read their answers\"}";
        len = 0;
    }
    client->submit = NULL; /* it ends with this answer */
    req->left = NULL;
    req->work = NULL;
    if (client->header) json_decref(client->header);
    client->header = NULL;
    if (client->is_closing || !header || put_answer(client, header, content, len) != APR_SUCCESS ||
        flush_out(client)) {
        end_client(client);
        return;
    }
    if (intake->is_leaving) {
        part_with(client);
        intake->went_idle(intake->self);
        return;
    }
    watch_as_needed(client);
    /* The next request was read already: it is taken from the loop, so that answers never nest. One
     * that was not read waits (watch_as_needed). */
    if (client->in.len && !client->out.len)
        ss_loop_timer(intake->loop, &client->timer, ss_loop_now(intake->loop));
    else if (!client->out.len)
        ss_loop_untimer(intake->loop, &client->timer);
    went_idle(client);
    /* Others wait for its place. */
    if (client->socket->listener.is_paused && is_idle(client)) close_idle(client);
}

static void step(ss_request_t *req, const char *bytes, apr_size_t len)
{
    client_t *client = (client_t *)req;

    if (client->is_closing) return;
    while (len) {
        apr_size_t piece = len < SS_FRAME_CONTENT_MAX ? len : SS_FRAME_CONTENT_MAX;
        if (put_frame(client, SS_FRAME_STEP, 0, NULL, 0, bytes, piece) != APR_SUCCESS) break;
        bytes += piece;
        len -= piece;
    }
    if (flush_out(client)) {
        hang_up(client);
        return;
    }
    watch_as_needed(client);
}

/* ---- in ---- */

/* The next part of a submission may come. If pump is running, it goes on reading. */
static void more(ss_request_t *req)
{
    client_t *client = (client_t *)req;

    client->is_busy = 0;
    if (!client->is_freed) pump(client);
}

static void take_part(client_t *client, const ss_frame_t *frame, const char *content)
{
    client->is_busy = 1;
    ss_local_submit_part(client->submit, content, frame->content_len,
                         (frame->flags & SS_FRAME_LAST) != 0);
}

static void begin_request(client_t *client, const ss_frame_t *frame, const char *content,
                          const char *wrong)
{
    ss_local_socket_t *s = client->socket;
    ss_request_t *req = &client->request;
    const char *verb = ss_json_text(client->header, "do");

    if (!verb) {
        ss_request_refuse(req, 400, 0, NULL, "%s", wrong);
    } else if (frame->instance && frame->instance != s->options.instance) {
        ss_request_refuse(req, 503, 5, NULL,
                          "this socket belongs to another httpd's delivery daemon: give each "
                          "server an SMTPSendSocket of its own");
    } else if (!strcmp(verb, "testmail")) {
        ss_local_submit_test(s->intake, req, client->header);
    } else if (!strcmp(verb, "verify")) {
        ss_smtp_envelope_verify(s->intake, req, client->header);
    } else if (ss_local_submit_is_verb(verb)) {
        ss_local_submit_t *submit =
            ss_local_submit_begin(s->intake, req, verb, client->header, more);
        if (!submit) return; /* answered: the client may be gone */
        client->submit = submit;
        take_part(client, frame, content);
    } else {
        req->verb = verb;
        req->header = client->header;
        s->options.command(s->options.self, req);
    }
}

/* A large header, read by a computing thread. The client is busy, so it is there when that ends. */
typedef struct {
    client_t *client;
    ss_buf_t taken; /* with the frame at its begin */
    ss_frame_t frame;
    json_t *header;
    const char *wrong;
} parse_t;

static void work(void *baton)
{
    parse_t *p = baton;

    p->header = ss_local_parse(p->taken.data + SS_FRAME_HEAD, p->frame.header_len, &p->wrong);
}

static void parsed(void *baton)
{
    parse_t *p = baton;
    client_t *client = p->client;
    int is_freed = 0;

    client->header = p->header;
    client->is_freed = &is_freed;
    if (client->is_closing)
        ss_request_refuse(&client->request, 499, 0, NULL, "the client left");
    else
        begin_request(client, &p->frame, p->taken.data + SS_FRAME_HEAD + p->frame.header_len,
                      p->wrong);
    ss_buf_free(&p->taken);
    free(p);
    if (is_freed) return;
    client->is_freed = NULL;
    pump(client);
}

/* 1: it is read, and taken is its; 0: small, or no thread can be had. */
static int parse_later(client_t *client, const ss_frame_t *frame, const ss_buf_t *taken)
{
    parse_t *p = frame->header_len > SS_LOCAL_PARSE_AT_ONCE ? malloc(sizeof(*p)) : NULL;

    if (!p) return 0;
    *p = (parse_t){ .client = client, .taken = *taken, .frame = *frame };
    client->is_busy = 1;
    if (ss_loop_compute(loop_of(client), work, parsed, p) == APR_SUCCESS) return 1;
    free(p);
    return 0;
}

/* One buffer is kept for the next client that sends something, which saves an allocation of 64 KiB
 * for each request. */
static void keep_spare(ss_local_socket_t *s, ss_buf_t *buf)
{
    if (s->spare.data || buf->size > SPARE_MAX) {
        ss_buf_free(buf);
        return;
    }
    ss_buf_clear(buf);
    s->spare = *buf;
}

static void use_spare(client_t *client)
{
    ss_local_socket_t *s = client->socket;

    if (client->in.data || !s->spare.data) return;
    client->in = s->spare;
    ss_buf_init(&s->spare, 0);
}

static apr_size_t whole_of(const ss_frame_t *frame)
{
    return SS_FRAME_HEAD + (apr_size_t)frame->header_len + frame->content_len;
}

/* Whether the rest of a frame may be read: a large one is part of its uid's share until it is
 * complete. */
static int frame_has_room(client_t *client)
{
    ss_frame_t frame;

    if (client->reserved || ss_frame_read(&frame, client->in.data, client->in.len) != APR_SUCCESS ||
        whole_of(&frame) <= SS_LOCAL_SHARE_FRAME)
        return 1;
    if (!ss_local_share_may_read(client->share, whole_of(&frame))) return 0;
    reserve(client, whole_of(&frame));
    return 1;
}

/* The frame at the front is there. 1: taken, -1: another protocol. */
static int take_whole(client_t *client, const ss_frame_t *frame)
{
    ss_local_socket_t *s = client->socket;
    /* The octets stay valid while the frame is worked on, although the client may be freed
     * meanwhile. */
    ss_buf_t taken = client->in;
    const char *header = taken.data + SS_FRAME_HEAD, *content = header + frame->header_len;
    apr_size_t whole = whole_of(frame), rest = taken.len - whole;
    const char *wrong = NULL;
    int ok = 1;

    ss_buf_init(&client->in, taken.max);
    if (rest) ss_buf_append(&client->in, taken.data + whole, rest);
    if (frame->type == SS_FRAME_REQUEST && !client->submit) {
        if (parse_later(client, frame, &taken)) return 1;
        client->is_busy = 1;
        client->header = ss_local_parse(header, frame->header_len, &wrong);
        begin_request(client, frame, content, wrong);
    } else if (frame->type == SS_FRAME_PART && client->submit) {
        take_part(client, frame, content);
    } else if (frame->type != SS_FRAME_PART) {
        ok = -1; /* a part of a request that was refused early is ignored */
    }
    keep_spare(s, &taken);
    return ok;
}

/* Takes one frame from the front; 0: not complete yet, 1: taken, -1: another protocol. */
static int take_frame(client_t *client)
{
    ss_frame_t frame;
    apr_status_t rv = ss_frame_read(&frame, client->in.data, client->in.len);

    if (APR_STATUS_IS_INCOMPLETE(rv)) return 0;
    /* In the middle of a submission it is no other version, but nonsense. */
    if (APR_STATUS_IS_ENOTIMPL(rv) && !client->submit) {
        client->is_busy = 1;
        ss_buf_clear(&client->in);
        ss_request_refuse(&client->request, 503, 5, NULL,
                          "the client speaks version %d of the local protocol, the running daemon "
                          "version %d: restart httpd after an upgrade",
                          frame.version, SS_FRAME_VERSION);
        return 0;
    }
    if (rv != APR_SUCCESS) return -1;
    if (!ss_local_share_may_head(client->share, frame.header_len)) {
        turn_away(client->socket, client->watch.fd,
                  "{\"status\":413,\"detail\":\"the request's header is larger than any that this "
                  "user needs\"}");
        end_client(client);
        return 0;
    }
    if (client->in.len < whole_of(&frame)) return 0;
    reserve(client, 0);
    return take_whole(client, &frame);
}

static void pump(client_t *client)
{
    ss_intake_t *intake = client->socket->intake;
    int taken = 1, is_freed = 0;

    client->is_freed = &is_freed;
    while (taken == 1 && !client->is_busy && client->in.len && !client->out.len) {
        taken = take_frame(client);
        if (is_freed) return;
    }
    client->is_freed = NULL;
    if (taken < 0) {
        int uid = client->request.uid;
        if (ss_delivery_may_log(intake->delivery,
                                "clients of the local socket (uid %d) with another protocol",
                                uid)) {
            ss_log(intake->log, SS_LOG_WARN, 210,
                   "a client of the local socket (uid %d) speaks another protocol: its connection "
                   "is closed",
                   uid);
        }
        hang_up(client);
        return;
    }
    /* The rest of a request is not waited for: its client asks the next daemon. */
    if (!client->is_busy && intake->is_leaving) {
        part_with(client);
        intake->went_idle(intake->self);
        return;
    }
    if (client->out.len) {
        watch_as_needed(client);
        return;
    }
    if (!client->is_busy && (client->in.len || client->submit)) {
        ss_local_deadline_run(&client->deadline, ss_loop_now(intake->loop));
        ss_loop_timer(intake->loop, &client->timer, client->deadline.deadline);
    } else if (!client->is_busy) {
        ss_local_deadline_clear(&client->deadline);
        ss_loop_untimer(intake->loop, &client->timer);
    }
    watch_as_needed(client);
}

/* Another request was read already, there may be room for content, or the deadline is over. */
static void client_timer(ss_timer_t *timer, ss_mono_t now)
{
    client_t *client = timer->self;

    if (client->is_busy) return;
    if (client->out.len) {
        if (ss_mono_reached(client->read_by, now)) hang_up(client);
        return;
    }
    if (ss_local_deadline_is_over(&client->deadline, now))
        hang_up(client);
    else
        pump(client);
}

/* Not if it only sends nothing more (shutdown). */
static int has_left(int fd)
{
    struct pollfd peer = { .fd = fd };

    return poll(&peer, 1, 0) == 1 && (peer.revents & POLLHUP);
}

/* Nothing is read from a busy client, but a peek shows whether it has left. If it has sent more, or
 * sends nothing more, only its leaving is watched until the answer. */
static void busy_ready(client_t *client, int is_gone)
{
    char byte;
    ssize_t got = recv(client->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    if ((got < 0 && errno != EAGAIN && errno != EINTR) || has_left(client->watch.fd))
        hang_up(client);
    else
        ss_loop_watch(loop_of(client), &client->watch,
                      (is_gone || !got ? SS_LOOP_LOST : SS_LOOP_GONE) |
                          (client->out.len ? SS_LOOP_WRITE : 0));
}

/* Whether content may be read: of all clients, and of those whose uid is not trusted. */
static int content_has_room(const client_t *client)
{
    const ss_local_socket_t *s = client->socket;
    int is_charged = client->submit && ss_local_submit_charged(client->submit);
    apr_size_t own = 0, all = 0;
    const client_t *other;

    if (!ss_local_socket_has_room(s->intake->bytes, is_charged)) return 0;
    if (client->share->is_trusted || s->intake->bytes <= SS_LOCAL_SHARE_CONTENT) return 1;
    APR_RING_FOREACH(other, &s->clients, client_t, ring)
    {
        if (other->share->is_trusted || !other->submit) continue;
        all += ss_local_submit_charged(other->submit);
        if (other->share == client->share) own += ss_local_submit_charged(other->submit);
    }
    return ss_local_share_may_content(own, all, is_charged);
}

/* 1: more may be read; 0: it is looked at again a little later. */
static int has_room(client_t *client)
{
    if (content_has_room(client) && frame_has_room(client)) return 1;
    if (!client->submit || !ss_local_submit_charged(client->submit))
        ss_local_deadline_renew(&client->deadline);
    ss_loop_watch(loop_of(client), &client->watch, 0);
    ss_loop_timer(loop_of(client), &client->timer,
                  ss_mono_add(ss_loop_now(loop_of(client)), ROOM_AGAIN));
    return 0;
}

static void read_more(client_t *client)
{
    char *place;

    use_spare(client);
    if (ss_buf_room(&client->in, READ_SIZE, &place) != APR_SUCCESS) {
        hang_up(client);
        return;
    }
    ssize_t got = recv(client->watch.fd, place, READ_SIZE, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        watch_as_needed(client);
        return;
    }
    if (got <= 0) {
        hang_up(client);
        return;
    }
    ss_buf_added(&client->in, (apr_size_t)got);
    ss_local_deadline_renew(&client->deadline);
    pump(client);
}

static void client_ready(ss_loop_watch_t *watch, int events, ss_mono_t now)
{
    client_t *client = watch->self;
    int was_unread = client->out.len != 0;

    (void)now;
    if (was_unread && (events & SS_LOOP_WRITE) && flush_out(client))
        hang_up(client);
    else if (client->is_busy)
        busy_ready(client, events & SS_LOOP_GONE);
    else if (client->out.len)
        watch_as_needed(client);
    else if (client->socket->intake->is_leaving)
        end_client(client);
    else if (was_unread)
        pump(client); /* what came before the answer was read */
    else if (has_room(client))
        read_more(client);
}

/* ---- the listening socket ---- */

static int peer_uid(int fd)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 ? (int)cred.uid : -1;
}

/* Whether there is room for a client of this uid, or an idle one of the same uid makes it. */
static int may_come(ss_local_socket_t *s, const ss_local_share_t *share)
{
    client_t *client, *next;

    if (ss_local_share_may_come(&s->shares, share, s->options.descriptors)) return 1;
    APR_RING_FOREACH_SAFE(client, next, &s->clients, client_t, ring)
    {
        if (client->share != share || share->clients == 1 || !is_idle(client)) continue;
        close_idle(client);
        return 1;
    }
    if (ss_delivery_may_log(s->intake->delivery, "uid %d has too many connections", share->uid)) {
        ss_log(s->intake->log, SS_LOG_WARN, 279,
               "uid %d has %d connections to the local socket, and opens more: they are refused "
               "until it closes some",
               share->uid, share->clients);
    }
    return 0;
}

/* Whether no further client is accepted after the one with descriptor fd, since none of those that
 * are there is idle and makes room. */
static int is_last(ss_local_socket_t *s, int fd)
{
    const ss_delivery_t *d = s->intake->delivery;
    int is_short = !ss_descriptors_allow(ss_descriptors_lowest(fd), s->options.descriptors);

    if (is_short && ss_delivery_may_log(d, "the daemon's open files run short")) {
        ss_log(s->intake->log, SS_LOG_WARN, 293,
               "the delivery daemon has nearly as many files open as it may, %" APR_UINT64_T_FMT
               ": idle connections of web processes are closed, and further clients wait; raise "
               "the limit (LimitNOFILE of the httpd service, or ulimit -n)",
               s->options.descriptors);
    }
    return (is_short || ss_local_socket_is_full(s->client_count + 1)) &&
           !ss_local_socket_make_room(s, 1);
}

static client_t *client_create(ss_local_socket_t *s, int fd, ss_local_share_t *share)
{
    static const ss_request_ops_t ops = { answer, step };
    client_t *client = calloc(1, sizeof(*client));

    if (!client) return NULL;
    client->socket = s;
    client->share = share;
    client->request.ops = &ops;
    client->request.uid = share->uid;
    client->request.is_trusted = share->is_trusted;
    client->watch = (ss_loop_watch_t){ .fd = fd, .ready = client_ready, .self = client };
    client->timer = (ss_timer_t){ .fired = client_timer, .self = client };
    ss_buf_init(&client->in, FRAME_MAX + READ_SIZE);
    ss_buf_init(&client->out, ANSWER_MAX);
    APR_RING_ELEM_INIT(client, ring);
    return client;
}

static void accepted(void *self, int fd)
{
    ss_local_socket_t *s = self;

    /* Who gave up before anybody was there reported that nothing was done: so it has to be. */
    if (has_left(fd)) {
        close(fd);
        return;
    }
    int uid = peer_uid(fd);
    ss_local_share_t *share =
        ss_local_share_of(&s->shares, uid, (int)ss_local_socket_trust(uid, &s->options));
    int is_refused = share && !may_come(s, share);
    client_t *client = share && !is_refused ? client_create(s, fd, share) : NULL;

    if (is_refused)
        turn_away(s, fd,
                  "{\"status\":503,\"retryAfter\":5,\"detail\":\"this user has too many "
                  "connections to the delivery daemon\"}");
    if (!client) {
        if (share && !share->clients) ss_local_share_leave(&s->shares, share);
        close(fd);
        return;
    }
    ss_local_share_enter(&s->shares, share);
    if (is_last(s, fd)) ss_listener_pause(&s->listener);
    s->client_count++;
    went_idle(client);
    if (ss_loop_watch(s->intake->loop, &client->watch, SS_LOOP_READ) != APR_SUCCESS)
        free_client(client);
}

apr_status_t ss_local_socket_start(ss_local_socket_t **socket, ss_intake_t *intake,
                                   const ss_local_socket_options_t *options)
{
    ss_local_socket_t *s = apr_pcalloc(intake->pool, sizeof(*s));

    *socket = s;
    s->intake = intake;
    s->options = *options;
    s->idle_timer = (ss_timer_t){ .fired = idle_over, .self = s };
    APR_RING_INIT(&s->clients, client_t, ring);
    return options->fd < 0
               ? APR_SUCCESS
               : ss_listener_start(&s->listener, intake->loop, options->fd, accepted, s);
}

int ss_local_socket_is_busy(const ss_local_socket_t *socket)
{
    const client_t *client;

    APR_RING_FOREACH(client, &socket->clients, client_t, ring)
    {
        if (client->is_busy || client->out.len) return 1;
    }
    return 0;
}

void ss_local_socket_stop(ss_local_socket_t *socket)
{
    client_t *client, *next;

    ss_listener_stop(&socket->listener);
    ss_loop_untimer(socket->intake->loop, &socket->idle_timer);
    APR_RING_FOREACH_SAFE(client, next, &socket->clients, client_t, ring)
    {
        if (client->is_busy) continue;
        /* A request that was begun in parts is dropped here: its client got no answer and asks the
         * next daemon. */
        part_with(client);
    }
}

void ss_local_socket_destroy(ss_local_socket_t *socket)
{
    client_t *client, *next;

    /* A thread may still compute for a busy one. */
    APR_RING_FOREACH_SAFE(client, next, &socket->clients, client_t, ring)
    {
        if (!client->is_busy) free_client(client);
    }
    ss_buf_free(&socket->spare);
}
