/* local_socket.c: the local socket: clients, frames in, answers out. One request of a client at a
 * time; while it is worked on nothing more is read from that client, so a fast one waits in its own
 * socket buffer and not in our memory. */
#include "daemon/daemon.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "intake/staging.h"
#include "mail/submitted.h"
#include "wire/frame.h"

#define READ_SIZE 65536
#define SPARE_MAX (4 * READ_SIZE)
#define FRAME_MAX (SS_FRAME_HEAD + SS_FRAME_HEADER_MAX + SS_FRAME_CONTENT_MAX)
/* of answers that a client does not fetch; past it the client is dropped */
#define ANSWER_MAX (64 * 1024 * 1024)
/* a client that began a request and does not finish it holds its place no longer */
#define REQUEST_TIME (120 * APR_USEC_PER_SEC)
/* nor does one that comes byte by byte; staged parts are kept for longer (store_write.c) */
#define REQUEST_MOST (1800 * APR_USEC_PER_SEC)
#define ACCEPTS_A_TURN 64
/* when there are none left: tried again after */
#define DESCRIPTORS_AGAIN (APR_USEC_PER_SEC / 10)

static void pump(ss_request_t *req);

static void release_charge(ss_request_t *req)
{
    req->daemon->intake_bytes -= req->charged;
    req->charged = 0;
}

static void free_request(ss_request_t *req)
{
    ss_daemon_t *d = req->daemon;

    ss_loop_unwatch(d->loop, &req->watch);
    ss_loop_untimer(d->loop, &req->timer);
    close(req->watch.fd);
    ss_buf_free(&req->in);
    ss_buf_free(&req->out);
    if (req->header) json_decref(req->header);
    if (req->submitting) ss_staging_drop(d, req->submitting);
    if (req->many) ss_local_submit_many_free(req->many);
    release_charge(req);
    if (req->prev)
        req->prev->next = req->next;
    else
        d->clients = req->next;
    if (req->next) req->next->prev = req->prev;
    d->client_count--;
    free(req);
    if (d->is_listening) ss_loop_watch(d->loop, &d->listener, SS_LOOP_READ);
}

/* A client that leaves while its request is worked on is freed when the work comes back. */
static void hang_up(ss_request_t *req)
{
    req->is_closing = 1;
    if (req->is_busy) {
        ss_loop_unwatch(req->daemon->loop, &req->watch);
        if (req->left) {
            void (*left)(ss_request_t *) = req->left;
            req->left = NULL;
            left(req);
        }
        return;
    }
    free_request(req);
}

/* ---- out ---- */

/* A busy client's socket goes on being watched: it says nothing until it is answered, and to tell
 * epoll twice for each request would cost more than the rare one that talks on (busy_ready ends the
 * watching then). */
static void watch_as_needed(ss_request_t *req)
{
    int events = 0;

    if (req->is_closing) return;
    if (req->is_busy)
        events |= req->watch.events & SS_LOOP_READ;
    else if (!req->daemon->is_leaving)
        events |= SS_LOOP_READ;
    if (req->out.len) events |= SS_LOOP_WRITE;
    ss_loop_watch(req->daemon->loop, &req->watch, events);
}

/* 0, or -1: the client is gone. */
static int flush_out(ss_request_t *req)
{
    while (req->out.len) {
        ssize_t sent =
            send(req->watch.fd, req->out.data, req->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
        if (sent < 0) return -1;
        ss_buf_take(&req->out, (apr_size_t)sent);
    }
    return 0;
}

static apr_status_t put_frame(ss_request_t *req, ss_frame_type_t type, unsigned flags,
                              const char *header, apr_size_t header_len, const char *content,
                              apr_size_t content_len)
{
    ss_frame_t frame = { .version = SS_FRAME_VERSION,
                         .type = type,
                         .flags = flags,
                         .header_len = (apr_uint32_t)header_len,
                         .content_len = (apr_uint32_t)content_len,
                         .instance = req->daemon->instance };
    char head[SS_FRAME_HEAD];

    ss_frame_write(&frame, head);
    apr_status_t rv = ss_buf_append(&req->out, head, sizeof(head));
    if (rv == APR_SUCCESS && header_len) rv = ss_buf_append(&req->out, header, header_len);
    if (rv == APR_SUCCESS && content_len) rv = ss_buf_append(&req->out, content, content_len);
    return rv;
}

/* An answer's document in as many frames as it needs. */
static apr_status_t put_answer(ss_request_t *req, const char *header, const char *content,
                               apr_size_t len)
{
    apr_size_t piece = len < SS_FRAME_CONTENT_MAX ? len : SS_FRAME_CONTENT_MAX;
    apr_status_t rv = put_frame(req, SS_FRAME_ANSWER, piece == len ? SS_FRAME_LAST : 0, header,
                                strlen(header), content, piece);

    while (rv == APR_SUCCESS && piece < len) {
        apr_size_t next = len - piece < SS_FRAME_CONTENT_MAX ? len - piece : SS_FRAME_CONTENT_MAX;
        rv = put_frame(req, SS_FRAME_PART, piece + next == len ? SS_FRAME_LAST : 0, NULL, 0,
                       content + piece, next);
        piece += next;
    }
    return rv;
}

void ss_request_answer(ss_request_t *req, int status, json_t *fields, const char *content,
                       apr_size_t len)
{
    json_t *header = fields ? fields : json_object();

    json_object_set_new(header, "status", json_integer(status));
    char *text = json_dumps(header, JSON_COMPACT);
    json_decref(header);
    ss_request_answer_text(req, text, content, len);
    free(text);
}

void ss_request_answer_text(ss_request_t *req, const char *text, const char *content,
                            apr_size_t len)
{
    release_charge(req);
    req->is_busy = 0;
    req->deadline = req->begun = (ss_mono_t){ 0 };
    req->left = NULL;
    req->work = NULL;
    if (req->header) json_decref(req->header);
    req->header = NULL;
    if (req->is_closing || !text || put_answer(req, text, content, len) != APR_SUCCESS ||
        flush_out(req)) {
        free_request(req);
        return;
    }
    if (req->daemon->is_leaving) {
        put_frame(req, SS_FRAME_BYE, SS_FRAME_LAST, NULL, 0, NULL, 0);
        flush_out(req);
    }
    watch_as_needed(req);
    /* What came with the request before: looked at from the loop, so that answers never nest. */
    if (req->in.len && !req->daemon->is_leaving)
        ss_loop_timer(req->daemon->loop, &req->timer, ss_loop_now(req->daemon->loop));
    else
        ss_loop_untimer(req->daemon->loop, &req->timer);
    if (req->daemon->is_leaving) ss_daemon_check_left(req->daemon);
}

void ss_request_document(ss_request_t *req, int status, json_t *document)
{
    char *text = json_dumps(document, JSON_COMPACT);

    json_decref(document);
    ss_request_answer(req, text ? status : 500, NULL, text ? text : "", text ? strlen(text) : 0);
    free(text);
}

void ss_request_refuse(ss_request_t *req, int status, int retry_after, const char *field,
                       const char *format, ...)
{
    char detail[2048];
    va_list args;
    json_t *fields = json_object();

    va_start(args, format);
    apr_vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    json_object_set_new(fields, "detail", json_string(ss_text_utf8(pool, detail, strlen(detail))));
    if (field)
        json_object_set_new(fields, "field", json_string(ss_text_utf8(pool, field, strlen(field))));
    if (retry_after) json_object_set_new(fields, "retryAfter", json_integer(retry_after));
    apr_pool_destroy(pool);
    ss_request_answer(req, status, fields, NULL, 0);
}

void ss_request_step(ss_request_t *req, const char *bytes, apr_size_t len)
{
    if (req->is_closing) return;
    while (len) {
        apr_size_t piece = len < SS_FRAME_CONTENT_MAX ? len : SS_FRAME_CONTENT_MAX;
        if (put_frame(req, SS_FRAME_STEP, 0, NULL, 0, bytes, piece) != APR_SUCCESS) break;
        bytes += piece;
        len -= piece;
    }
    if (flush_out(req)) {
        hang_up(req);
        return;
    }
    watch_as_needed(req);
}

int ss_request_is_trusted(const ss_request_t *req)
{
    return req->uid == 0 || req->uid == req->daemon->owner_uid;
}

/* ---- in ---- */

/* Content of many messages; what is more than announced is no request of ours. */
static void more_of_many(ss_request_t *req, const ss_frame_t *frame, const char *content)
{
    ss_many_t *many = req->many;

    req->is_busy = 1;
    if (!ss_local_submit_many_part(many, content, frame->content_len)) {
        req->many = NULL;
        ss_local_submit_many_free(many);
        ss_request_refuse(req, 400, 0, NULL,
                          "the request has more content than its messages' sizes");
    } else if (!(frame->flags & SS_FRAME_LAST)) {
        req->is_busy = 0;
    } else {
        req->many = NULL;
        ss_local_submit_many_end(many);
    }
}

/* Taken: the message is submitted, or parts follow. */
static void go_on(ss_request_t *req)
{
    ss_message_t *message = req->submitting;

    if (!req->is_last) {
        req->is_busy = 0;
        return;
    }
    req->submitting = NULL;
    ss_local_submit(req, message);
}

static void take_part(ss_request_t *req, const ss_frame_t *frame, const char *content)
{
    req->is_busy = 1;
    req->is_last = (frame->flags & SS_FRAME_LAST) != 0;
    if (ss_local_submit_part(req, content, frame->content_len) && !ss_local_submit_stages(req))
        go_on(req);
}

static void begin_request(ss_request_t *req, const char *header, const ss_frame_t *frame,
                          const char *content)
{
    ss_daemon_t *d = req->daemon;
    json_error_t error;
    const char *verb;

    req->is_busy = 1;
    req->header = json_loadb(header, frame->header_len, JSON_ALLOW_NUL, &error);
    verb = req->header ? json_string_value(json_object_get(req->header, "do")) : NULL;
    if (!verb) {
        ss_request_refuse(req, 400, 0, NULL,
                          "the request's header is not a JSON object with \"do\"");
        return;
    }
    if (frame->instance && frame->instance != d->instance) {
        ss_request_refuse(
            req, 503, 5, NULL,
            "this socket belongs to another httpd's delivery daemon: give each server "
            "an SMTPSendSocket of its own");
        return;
    }
    if (!strcmp(verb, "submitMany")) {
        req->many = ss_local_submit_many_begin(req, req->header);
        if (req->many) more_of_many(req, frame, content);
        return;
    }
    if (strcmp(verb, "submit")) {
        ss_verbs_dispatch(req, verb, req->header);
        return;
    }
    ss_message_t *message = ss_local_submit_begin(req, req->header);
    if (!message) return;
    req->submitting = message;
    take_part(req, frame, content);
}

void ss_local_submit_go_on(ss_request_t *req)
{
    int is_last = req->is_last;

    go_on(req);
    if (!is_last) pump(req);
}

/* One buffer waits for the next client that has something to say: 64 KiB need not be asked of the C
 * library and given back for each request. */
static void keep_spare(ss_daemon_t *d, ss_buf_t *buf)
{
    if (d->spare.data || buf->size > SPARE_MAX) {
        ss_buf_free(buf);
        return;
    }
    ss_buf_clear(buf);
    d->spare = *buf;
}

static void use_spare(ss_request_t *req)
{
    ss_daemon_t *d = req->daemon;

    if (req->in.data || !d->spare.data) return;
    req->in = d->spare;
    ss_buf_init(&d->spare, 0);
}

/* Takes one frame from the front; 0: not whole yet, 1: taken, -1: the client speaks something else.
 */
static int take_frame(ss_request_t *req)
{
    ss_frame_t frame;
    apr_status_t rv = ss_frame_read(&frame, req->in.data, req->in.len);

    if (APR_STATUS_IS_INCOMPLETE(rv)) return 0;
    if (APR_STATUS_IS_ENOTIMPL(rv)) {
        req->is_busy = 1;
        ss_buf_clear(&req->in);
        ss_request_refuse(req, 503, 5, NULL,
                          "the client speaks version %d of the local protocol, the running daemon "
                          "version %d: restart httpd after an upgrade",
                          frame.version, SS_FRAME_VERSION);
        return 0;
    }
    if (rv != APR_SUCCESS) return -1;
    apr_size_t whole = SS_FRAME_HEAD + (apr_size_t)frame.header_len + frame.content_len;
    if (req->in.len < whole) return 0;

    const char *header = req->in.data + SS_FRAME_HEAD;
    const char *content = header + frame.header_len;
    /* The bytes stay valid while the frame is worked on: they are taken from the buffer afterwards,
     * and the req may be gone by then. */
    ss_buf_t taken = req->in;
    apr_size_t rest = taken.len - whole;
    ss_buf_init(&req->in, taken.max);
    if (rest) ss_buf_append(&req->in, taken.data + whole, rest);
    ss_daemon_t *d = req->daemon;
    int ok = 1;
    if (frame.type == SS_FRAME_REQUEST && !req->submitting && !req->many)
        begin_request(req, header, &frame, content);
    else if (frame.type == SS_FRAME_PART && req->submitting)
        take_part(req, &frame, content);
    else if (frame.type == SS_FRAME_PART && req->many)
        more_of_many(req, &frame, content);
    /* a part of a request that was refused at its beginning is dropped */
    else if (frame.type != SS_FRAME_PART)
        ok = -1;
    keep_spare(d, &taken);
    return ok;
}

/* Each piece gives a request another period, but not for ever. */
static void set_deadline(ss_request_t *req, int is_begun)
{
    ss_mono_t now = ss_loop_now(req->daemon->loop);

    if (!is_begun) {
        req->deadline = req->begun = (ss_mono_t){ 0 };
        return;
    }
    if (!ss_mono_is_set(req->begun)) req->begun = now;
    if (!ss_mono_is_set(req->deadline))
        req->deadline =
            ss_mono_min(ss_mono_add(now, REQUEST_TIME), ss_mono_add(req->begun, REQUEST_MOST));
}

static int has_request(const ss_daemon_t *d, const ss_request_t *req)
{
    for (const ss_request_t *a = d->clients; a; a = a->next) {
        if (a == req) return 1;
    }
    return 0;
}

static void pump(ss_request_t *req)
{
    ss_daemon_t *d = req->daemon;
    int taken = 1;

    while (taken == 1 && !req->is_busy && req->in.len) {
        taken = take_frame(req);
        /* A request may be answered, and its client freed, within the call. */
        if (!has_request(d, req)) return;
    }
    if (taken < 0) {
        if (ss_daemon_is_new(d, "clients of the local socket (uid %d) that speak something else",
                             req->uid)) {
            ss_log(d->log, SS_LOG_WARN, 210,
                   "a client of the local socket (uid %d) speaks something else: its connection is "
                   "closed",
                   req->uid);
        }
        hang_up(req);
        return;
    }
    if (!req->is_busy) {
        int is_begun = req->in.len || req->submitting || req->many;
        set_deadline(req, is_begun);
        if (is_begun)
            ss_loop_timer(d->loop, &req->timer, req->deadline);
        else
            ss_loop_untimer(d->loop, &req->timer);
    }
    watch_as_needed(req);
}

/* A request that came with the one before, room for content, or a deadline. */
static void request_timer(ss_timer_t *timer, ss_mono_t now)
{
    ss_request_t *req = timer->self;

    if (req->is_busy) return;
    if (ss_mono_is_set(req->deadline) && ss_mono_reached(req->deadline, now))
        hang_up(req);
    else
        pump(req);
}

/* Nothing is read now; the hang-up of a peer that left is found by a look at the socket. What is
 * there to read waits unwatched. */
static void busy_ready(ss_request_t *req)
{
    char byte;
    ssize_t got = recv(req->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        hang_up(req);
    else
        ss_loop_watch(req->daemon->loop, &req->watch, req->out.len ? SS_LOOP_WRITE : 0);
}

static void request_ready(ss_loop_watch_t *watch, int events, ss_mono_t now)
{
    ss_request_t *req = watch->self;
    char *place;

    (void)now;
    if ((events & SS_LOOP_WRITE) && req->out.len && flush_out(req)) {
        hang_up(req);
        return;
    }
    if (req->is_busy) {
        busy_ready(req);
        return;
    }
    /* What has begun goes on for as much again: if all waited for room, none would ever end and
     * make some. */
    if (req->daemon->intake_bytes > (req->charged ? 2 : 1) * (apr_size_t)SS_DAEMON_INTAKE_MAX) {
        if (!req->charged) req->deadline = (ss_mono_t){ 0 };
        ss_loop_watch(req->daemon->loop, watch, req->out.len ? SS_LOOP_WRITE : 0);
        ss_loop_timer(req->daemon->loop, &req->timer,
                      ss_mono_add(ss_loop_now(req->daemon->loop), APR_USEC_PER_SEC / 20));
        return;
    }
    use_spare(req);
    if (ss_buf_room(&req->in, READ_SIZE, &place) != APR_SUCCESS) {
        hang_up(req);
        return;
    }
    ssize_t got = recv(watch->fd, place, READ_SIZE, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        watch_as_needed(req);
        return;
    }
    if (got <= 0) {
        hang_up(req);
        return;
    }
    ss_buf_added(&req->in, (apr_size_t)got);
    req->deadline = (ss_mono_t){ 0 }; /* it goes on: a new period */
    pump(req);
}

/* ---- the listening socket ---- */

static int peer_uid(int fd)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 ? (int)cred.uid : -1;
}

static void accept_one(ss_daemon_t *d, int fd)
{
    ss_request_t *req = calloc(1, sizeof(*req));

    if (!req) {
        close(fd);
        return;
    }
    req->daemon = d;
    req->uid = peer_uid(fd);
    req->watch = (ss_loop_watch_t){ .fd = fd, .ready = request_ready, .self = req };
    req->timer = (ss_timer_t){ .fired = request_timer, .self = req };
    ss_buf_init(&req->in, FRAME_MAX + READ_SIZE);
    ss_buf_init(&req->out, ANSWER_MAX);
    req->next = d->clients;
    if (req->next) req->next->prev = req;
    d->clients = req;
    d->client_count++;
    if (ss_loop_watch(d->loop, &req->watch, SS_LOOP_READ) != APR_SUCCESS) free_request(req);
}

static void listener_ready(ss_loop_watch_t *watch, int events, ss_mono_t now)
{
    ss_daemon_t *d = watch->self;

    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        if (d->client_count >= SS_DAEMON_CLIENTS_MAX) {
            ss_loop_watch(d->loop, watch, 0);
            return;
        }
        int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
            /* It would be ready again and again. */
            ss_loop_watch(d->loop, watch, 0);
            ss_loop_timer(d->loop, &d->listener_timer, ss_mono_add(now, DESCRIPTORS_AGAIN));
        }
        if (fd < 0) return;
        accept_one(d, fd);
    }
}

static void accept_again(ss_timer_t *timer, ss_mono_t now)
{
    ss_daemon_t *d = timer->self;

    (void)now;
    if (d->is_listening) ss_loop_watch(d->loop, &d->listener, SS_LOOP_READ);
}

apr_status_t ss_local_socket_start(ss_daemon_t *d, int listen_fd)
{
    d->listener = (ss_loop_watch_t){ .fd = listen_fd, .ready = listener_ready, .self = d };
    d->listener_timer = (ss_timer_t){ .fired = accept_again, .self = d };
    if (listen_fd < 0) return APR_SUCCESS;
    int flags = fcntl(listen_fd, F_GETFL);
    if (flags < 0 || fcntl(listen_fd, F_SETFL, flags | O_NONBLOCK) < 0) return errno;
    d->is_listening = 1;
    return ss_loop_watch(d->loop, &d->listener, SS_LOOP_READ);
}

void ss_local_socket_stop(ss_daemon_t *d)
{
    if (d->is_listening) {
        d->is_listening = 0;
        ss_loop_untimer(d->loop, &d->listener_timer);
        ss_loop_unwatch(d->loop, &d->listener);
        close(d->listener.fd);
    }
    for (ss_request_t *req = d->clients, *next; req; req = next) {
        next = req->next;
        if (req->is_busy) continue;
        /* A request that was begun in parts is dropped here: its client was told nothing and asks
         * the next daemon. */
        put_frame(req, SS_FRAME_BYE, SS_FRAME_LAST, NULL, 0, NULL, 0);
        if (flush_out(req) || !req->out.len)
            free_request(req);
        else
            watch_as_needed(req);
    }
}
