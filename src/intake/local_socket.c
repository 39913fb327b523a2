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

static void pump(ss_asker_t *asker);

static void release_charge(ss_asker_t *asker)
{
    asker->daemon->intake_bytes -= asker->charged;
    asker->charged = 0;
}

static void free_asker(ss_asker_t *asker)
{
    ss_daemon_t *d = asker->daemon;

    ss_loop_unwatch(d->loop, &asker->watch);
    ss_loop_untimer(d->loop, &asker->timer);
    close(asker->watch.fd);
    ss_buf_free(&asker->in);
    ss_buf_free(&asker->out);
    if (asker->header) json_decref(asker->header);
    if (asker->submitting) ss_staging_drop(d, asker->submitting);
    if (asker->many) ss_submit_many_free(asker->many);
    release_charge(asker);
    if (asker->prev)
        asker->prev->next = asker->next;
    else
        d->askers = asker->next;
    if (asker->next) asker->next->prev = asker->prev;
    d->asker_count--;
    free(asker);
    if (d->is_listening) ss_loop_watch(d->loop, &d->listener, SS_LOOP_READ);
}

/* A client that leaves while its request is worked on is freed when the work comes back. */
static void hang_up(ss_asker_t *asker)
{
    asker->is_closing = 1;
    if (asker->is_busy) {
        ss_loop_unwatch(asker->daemon->loop, &asker->watch);
        if (asker->left) {
            void (*left)(ss_asker_t *) = asker->left;
            asker->left = NULL;
            left(asker);
        }
        return;
    }
    free_asker(asker);
}

/* ---- out ---- */

/* A busy client's socket goes on being watched: it says nothing until it is answered, and to tell
 * epoll twice for each request would cost more than the rare one that talks on (busy_ready ends the
 * watching then). */
static void watch_as_needed(ss_asker_t *asker)
{
    int events = 0;

    if (asker->is_closing) return;
    if (asker->is_busy)
        events |= asker->watch.events & SS_LOOP_READ;
    else if (!asker->daemon->is_leaving)
        events |= SS_LOOP_READ;
    if (asker->out.len) events |= SS_LOOP_WRITE;
    ss_loop_watch(asker->daemon->loop, &asker->watch, events);
}

/* 0, or -1: the client is gone. */
static int flush_out(ss_asker_t *asker)
{
    while (asker->out.len) {
        ssize_t sent =
            send(asker->watch.fd, asker->out.data, asker->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
        if (sent < 0) return -1;
        ss_buf_take(&asker->out, (apr_size_t)sent);
    }
    return 0;
}

static apr_status_t put_frame(ss_asker_t *asker, ss_frame_type_t type, unsigned flags,
                              const char *header, apr_size_t header_len, const char *content,
                              apr_size_t content_len)
{
    ss_frame_t frame = { .version = SS_FRAME_VERSION,
                         .type = type,
                         .flags = flags,
                         .header_len = (apr_uint32_t)header_len,
                         .content_len = (apr_uint32_t)content_len,
                         .instance = asker->daemon->instance };
    char head[SS_FRAME_HEAD];

    ss_frame_write(&frame, head);
    apr_status_t rv = ss_buf_append(&asker->out, head, sizeof(head));
    if (rv == APR_SUCCESS && header_len) rv = ss_buf_append(&asker->out, header, header_len);
    if (rv == APR_SUCCESS && content_len) rv = ss_buf_append(&asker->out, content, content_len);
    return rv;
}

/* An answer's document in as many frames as it needs. */
static apr_status_t put_answer(ss_asker_t *asker, const char *header, const char *content,
                               apr_size_t len)
{
    apr_size_t piece = len < SS_FRAME_CONTENT_MAX ? len : SS_FRAME_CONTENT_MAX;
    apr_status_t rv = put_frame(asker, SS_FRAME_ANSWER, piece == len ? SS_FRAME_LAST : 0, header,
                                strlen(header), content, piece);

    while (rv == APR_SUCCESS && piece < len) {
        apr_size_t next = len - piece < SS_FRAME_CONTENT_MAX ? len - piece : SS_FRAME_CONTENT_MAX;
        rv = put_frame(asker, SS_FRAME_PART, piece + next == len ? SS_FRAME_LAST : 0, NULL, 0,
                       content + piece, next);
        piece += next;
    }
    return rv;
}

void ss_asker_answer(ss_asker_t *asker, int status, json_t *fields, const char *content,
                     apr_size_t len)
{
    json_t *header = fields ? fields : json_object();

    json_object_set_new(header, "status", json_integer(status));
    char *text = json_dumps(header, JSON_COMPACT);
    json_decref(header);
    ss_asker_answer_text(asker, text, content, len);
    free(text);
}

void ss_asker_answer_text(ss_asker_t *asker, const char *text, const char *content, apr_size_t len)
{
    release_charge(asker);
    asker->is_busy = 0;
    asker->deadline = asker->begun = 0;
    asker->left = NULL;
    asker->work = NULL;
    if (asker->header) json_decref(asker->header);
    asker->header = NULL;
    if (asker->is_closing || !text || put_answer(asker, text, content, len) != APR_SUCCESS ||
        flush_out(asker)) {
        free_asker(asker);
        return;
    }
    if (asker->daemon->is_leaving) {
        put_frame(asker, SS_FRAME_BYE, SS_FRAME_LAST, NULL, 0, NULL, 0);
        flush_out(asker);
    }
    watch_as_needed(asker);
    /* What came with the request before: looked at from the loop, so that answers never nest. */
    if (asker->in.len && !asker->daemon->is_leaving)
        ss_loop_timer(asker->daemon->loop, &asker->timer, ss_loop_now(asker->daemon->loop));
    else
        ss_loop_untimer(asker->daemon->loop, &asker->timer);
    if (asker->daemon->is_leaving) ss_daemon_check_left(asker->daemon);
}

void ss_asker_document(ss_asker_t *asker, int status, json_t *document)
{
    char *text = json_dumps(document, JSON_COMPACT);

    json_decref(document);
    ss_asker_answer(asker, text ? status : 500, NULL, text ? text : "", text ? strlen(text) : 0);
    free(text);
}

void ss_asker_refuse(ss_asker_t *asker, int status, int retry_after, const char *field,
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
    ss_asker_answer(asker, status, fields, NULL, 0);
}

void ss_asker_step(ss_asker_t *asker, const char *bytes, apr_size_t len)
{
    if (asker->is_closing) return;
    while (len) {
        apr_size_t piece = len < SS_FRAME_CONTENT_MAX ? len : SS_FRAME_CONTENT_MAX;
        if (put_frame(asker, SS_FRAME_STEP, 0, NULL, 0, bytes, piece) != APR_SUCCESS) break;
        bytes += piece;
        len -= piece;
    }
    if (flush_out(asker)) {
        hang_up(asker);
        return;
    }
    watch_as_needed(asker);
}

int ss_asker_is_trusted(const ss_asker_t *asker)
{
    return asker->uid == 0 || asker->uid == asker->daemon->owner_uid;
}

/* ---- in ---- */

/* Content of many messages; what is more than announced is no request of ours. */
static void more_of_many(ss_asker_t *asker, const ss_frame_t *frame, const char *content)
{
    ss_many_t *many = asker->many;

    asker->is_busy = 1;
    if (!ss_submit_many_part(many, content, frame->content_len)) {
        asker->many = NULL;
        ss_submit_many_free(many);
        ss_asker_refuse(asker, 400, 0, NULL,
                        "the request has more content than its messages' sizes");
    } else if (!(frame->flags & SS_FRAME_LAST)) {
        asker->is_busy = 0;
    } else {
        asker->many = NULL;
        ss_submit_many_end(many);
    }
}

/* Taken: the message is submitted, or parts follow. */
static void go_on(ss_asker_t *asker)
{
    ss_message_t *message = asker->submitting;

    if (!asker->is_last) {
        asker->is_busy = 0;
        return;
    }
    asker->submitting = NULL;
    ss_submit(asker, message);
}

static void take_part(ss_asker_t *asker, const ss_frame_t *frame, const char *content)
{
    asker->is_busy = 1;
    asker->is_last = (frame->flags & SS_FRAME_LAST) != 0;
    if (ss_submit_part(asker, content, frame->content_len) && !ss_submit_stages(asker))
        go_on(asker);
}

static void begin_request(ss_asker_t *asker, const char *header, const ss_frame_t *frame,
                          const char *content)
{
    ss_daemon_t *d = asker->daemon;
    json_error_t error;
    const char *verb;

    asker->is_busy = 1;
    asker->header = json_loadb(header, frame->header_len, JSON_ALLOW_NUL, &error);
    verb = asker->header ? json_string_value(json_object_get(asker->header, "do")) : NULL;
    if (!verb) {
        ss_asker_refuse(asker, 400, 0, NULL,
                        "the request's header is not a JSON object with \"do\"");
        return;
    }
    if (frame->instance && frame->instance != d->instance) {
        ss_asker_refuse(asker, 503, 5, NULL,
                        "this socket belongs to another httpd's delivery daemon: give each server "
                        "an SMTPSendSocket of its own");
        return;
    }
    if (!strcmp(verb, "submitMany")) {
        asker->many = ss_submit_many_begin(asker, asker->header);
        if (asker->many) more_of_many(asker, frame, content);
        return;
    }
    if (strcmp(verb, "submit")) {
        ss_control(asker, verb, asker->header);
        return;
    }
    ss_message_t *message = ss_submit_begin(asker, asker->header);
    if (!message) return;
    asker->submitting = message;
    take_part(asker, frame, content);
}

void ss_submit_go_on(ss_asker_t *asker)
{
    int is_last = asker->is_last;

    go_on(asker);
    if (!is_last) pump(asker);
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

static void use_spare(ss_asker_t *asker)
{
    ss_daemon_t *d = asker->daemon;

    if (asker->in.data || !d->spare.data) return;
    asker->in = d->spare;
    ss_buf_init(&d->spare, 0);
}

/* Takes one frame from the front; 0: not whole yet, 1: taken, -1: the client speaks something else.
 */
static int take_frame(ss_asker_t *asker)
{
    ss_frame_t frame;
    apr_status_t rv = ss_frame_read(&frame, asker->in.data, asker->in.len);

    if (APR_STATUS_IS_INCOMPLETE(rv)) return 0;
    if (APR_STATUS_IS_ENOTIMPL(rv)) {
        asker->is_busy = 1;
        ss_buf_clear(&asker->in);
        ss_asker_refuse(asker, 503, 5, NULL,
                        "the client speaks version %d of the local protocol, the running daemon "
                        "version %d: restart httpd after an upgrade",
                        frame.version, SS_FRAME_VERSION);
        return 0;
    }
    if (rv != APR_SUCCESS) return -1;
    apr_size_t whole = SS_FRAME_HEAD + (apr_size_t)frame.header_len + frame.content_len;
    if (asker->in.len < whole) return 0;

    const char *header = asker->in.data + SS_FRAME_HEAD;
    const char *content = header + frame.header_len;
    /* The bytes stay valid while the frame is worked on: they are taken from the buffer afterwards,
     * and the asker may be gone by then. */
    ss_buf_t taken = asker->in;
    apr_size_t rest = taken.len - whole;
    ss_buf_init(&asker->in, taken.max);
    if (rest) ss_buf_append(&asker->in, taken.data + whole, rest);
    ss_daemon_t *d = asker->daemon;
    int ok = 1;
    if (frame.type == SS_FRAME_REQUEST && !asker->submitting && !asker->many)
        begin_request(asker, header, &frame, content);
    else if (frame.type == SS_FRAME_PART && asker->submitting)
        take_part(asker, &frame, content);
    else if (frame.type == SS_FRAME_PART && asker->many)
        more_of_many(asker, &frame, content);
    /* a part of a request that was refused at its beginning is dropped */
    else if (frame.type != SS_FRAME_PART)
        ok = -1;
    keep_spare(d, &taken);
    return ok;
}

/* Each piece gives a request another period, but not for ever. */
static void set_deadline(ss_asker_t *asker, int is_begun)
{
    apr_time_t now = ss_loop_now(asker->daemon->loop), most;

    if (!is_begun) {
        asker->deadline = asker->begun = 0;
        return;
    }
    if (!asker->begun) asker->begun = now;
    most = asker->begun + REQUEST_MOST;
    if (!asker->deadline) asker->deadline = now + REQUEST_TIME < most ? now + REQUEST_TIME : most;
}

static int has_asker(const ss_daemon_t *d, const ss_asker_t *asker)
{
    for (const ss_asker_t *a = d->askers; a; a = a->next) {
        if (a == asker) return 1;
    }
    return 0;
}

static void pump(ss_asker_t *asker)
{
    ss_daemon_t *d = asker->daemon;
    int taken = 1;

    while (taken == 1 && !asker->is_busy && asker->in.len) {
        taken = take_frame(asker);
        /* A request may be answered, and its client freed, within the call. */
        if (!has_asker(d, asker)) return;
    }
    if (taken < 0) {
        if (ss_daemon_is_new(d, "clients of the local socket (uid %d) that speak something else",
                             asker->uid)) {
            ss_log(d->log, SS_LOG_WARN, 210,
                   "a client of the local socket (uid %d) speaks something else: its connection is "
                   "closed",
                   asker->uid);
        }
        hang_up(asker);
        return;
    }
    if (!asker->is_busy) {
        int is_begun = asker->in.len || asker->submitting || asker->many;
        set_deadline(asker, is_begun);
        if (is_begun)
            ss_loop_timer(d->loop, &asker->timer, asker->deadline);
        else
            ss_loop_untimer(d->loop, &asker->timer);
    }
    watch_as_needed(asker);
}

/* A request that came with the one before, room for content, or a deadline. */
static void asker_timer(ss_timer_t *timer, apr_time_t now)
{
    ss_asker_t *asker = timer->self;

    if (asker->is_busy) return;
    if (asker->deadline && now >= asker->deadline)
        hang_up(asker);
    else
        pump(asker);
}

/* Nothing is read now; the hang-up of a peer that left is found by a look at the socket. What is
 * there to read waits unwatched. */
static void busy_ready(ss_asker_t *asker)
{
    char byte;
    ssize_t got = recv(asker->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        hang_up(asker);
    else
        ss_loop_watch(asker->daemon->loop, &asker->watch, asker->out.len ? SS_LOOP_WRITE : 0);
}

static void asker_ready(ss_watch_t *watch, int events, apr_time_t now)
{
    ss_asker_t *asker = watch->self;
    char *place;

    (void)now;
    if ((events & SS_LOOP_WRITE) && asker->out.len && flush_out(asker)) {
        hang_up(asker);
        return;
    }
    if (asker->is_busy) {
        busy_ready(asker);
        return;
    }
    /* What has begun goes on for as much again: if all waited for room, none would ever end and
     * make some. */
    if (asker->daemon->intake_bytes > (asker->charged ? 2 : 1) * (apr_size_t)SS_DAEMON_INTAKE_MAX) {
        if (!asker->charged) asker->deadline = 0;
        ss_loop_watch(asker->daemon->loop, watch, asker->out.len ? SS_LOOP_WRITE : 0);
        ss_loop_timer(asker->daemon->loop, &asker->timer,
                      ss_loop_now(asker->daemon->loop) + APR_USEC_PER_SEC / 20);
        return;
    }
    use_spare(asker);
    if (ss_buf_room(&asker->in, READ_SIZE, &place) != APR_SUCCESS) {
        hang_up(asker);
        return;
    }
    ssize_t got = recv(watch->fd, place, READ_SIZE, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        watch_as_needed(asker);
        return;
    }
    if (got <= 0) {
        hang_up(asker);
        return;
    }
    ss_buf_added(&asker->in, (apr_size_t)got);
    asker->deadline = 0; /* it goes on: a new period */
    pump(asker);
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
    ss_asker_t *asker = calloc(1, sizeof(*asker));

    if (!asker) {
        close(fd);
        return;
    }
    asker->daemon = d;
    asker->uid = peer_uid(fd);
    asker->watch = (ss_watch_t){ .fd = fd, .ready = asker_ready, .self = asker };
    asker->timer = (ss_timer_t){ .fired = asker_timer, .self = asker };
    ss_buf_init(&asker->in, FRAME_MAX + READ_SIZE);
    ss_buf_init(&asker->out, ANSWER_MAX);
    asker->next = d->askers;
    if (asker->next) asker->next->prev = asker;
    d->askers = asker;
    d->asker_count++;
    if (ss_loop_watch(d->loop, &asker->watch, SS_LOOP_READ) != APR_SUCCESS) free_asker(asker);
}

static void listener_ready(ss_watch_t *watch, int events, apr_time_t now)
{
    ss_daemon_t *d = watch->self;

    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        if (d->asker_count >= SS_DAEMON_CLIENTS_MAX) {
            ss_loop_watch(d->loop, watch, 0);
            return;
        }
        int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
            /* It would be ready again and again. */
            ss_loop_watch(d->loop, watch, 0);
            ss_loop_timer(d->loop, &d->listener_timer, now + DESCRIPTORS_AGAIN);
        }
        if (fd < 0) return;
        accept_one(d, fd);
    }
}

static void accept_again(ss_timer_t *timer, apr_time_t now)
{
    ss_daemon_t *d = timer->self;

    (void)now;
    if (d->is_listening) ss_loop_watch(d->loop, &d->listener, SS_LOOP_READ);
}

apr_status_t ss_intake_start(ss_daemon_t *d, int listen_fd)
{
    d->listener = (ss_watch_t){ .fd = listen_fd, .ready = listener_ready, .self = d };
    d->listener_timer = (ss_timer_t){ .fired = accept_again, .self = d };
    if (listen_fd < 0) return APR_SUCCESS;
    int flags = fcntl(listen_fd, F_GETFL);
    if (flags < 0 || fcntl(listen_fd, F_SETFL, flags | O_NONBLOCK) < 0) return errno;
    d->is_listening = 1;
    return ss_loop_watch(d->loop, &d->listener, SS_LOOP_READ);
}

void ss_intake_stop(ss_daemon_t *d)
{
    if (d->is_listening) {
        d->is_listening = 0;
        ss_loop_untimer(d->loop, &d->listener_timer);
        ss_loop_unwatch(d->loop, &d->listener);
        close(d->listener.fd);
    }
    for (ss_asker_t *asker = d->askers, *next; asker; asker = next) {
        next = asker->next;
        if (asker->is_busy) continue;
        /* A request that was begun in parts is dropped here: its client was told nothing and asks
         * the next daemon. */
        put_frame(asker, SS_FRAME_BYE, SS_FRAME_LAST, NULL, 0, NULL, 0);
        if (flush_out(asker) || !asker->out.len)
            free_asker(asker);
        else
            watch_as_needed(asker);
    }
}
