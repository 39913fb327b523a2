/* peer.c: see peer.h.
 *
 * A request on an open connection costs one sendmsg and one recv. The socket stays blocking; the
 * kernel's own timeouts (SO_RCVTIMEO, SO_SNDTIMEO) end each wait after SLICE at most, after
 * which the deadline is looked at. They are set again only at the end of a deadline.
 *
 * A request may be repeated when the daemon cannot have had all of it: nothing answers on the
 * socket, the write broke off before its last octet (a UNIX socket whose peer is gone refuses at
 * once), or the daemon sent SS_FRAME_BYE instead of an answer. If a connection ends otherwise after
 * the whole request, the outcome is unknown, and the error says so. */
#include "wire/peer.h"

#include <apr_strings.h>
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/object.h"
#include "base/trouble.h"

/* the longest wait in the kernel before the deadline is looked at */
#define SLICE SS_TROUBLE_LOOK
#define READ_SIZE 4096
/* of one answer's document; past it the daemon is broken */
#define ANSWER_MAX (64 * 1024 * 1024)
#define FILE_PIECE (SS_FRAME_CONTENT_MAX / 2) /* content of a frame that comes from a file */
#define TRIES 4                               /* of one call ... */
#define CONNECT_WAIT (10 * APR_USEC_PER_SEC)  /* ... and for how long it tries to connect */
#define KEPT_MEMORY 65536                     /* a kept connection gives back what it has more */
/* between two tries to connect; doubles up to WAIT_LAST */
#define WAIT_FIRST 20000
#define WAIT_LAST 500000

struct ss_peer_t {
    int fd;
    apr_uint64_t instance;
    ss_buf_t in;                                 /* read, not yet used */
    ss_buf_t document;                           /* an answer's content so far */
    apr_interval_time_t read_slice, write_slice; /* as set in the kernel */
    int has_bye;                                 /* the daemon leaves */
    int is_broken;                               /* nothing more can be written */
    int is_sent;                                 /* the whole request was written */
    int (*is_wanted)(void *self);                /* or NULL */
    void *wanted_self;
    apr_pool_t *pool; /* its cleanup closes; or NULL */
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* ---- connecting ---- */

static void release(ss_peer_t *peer)
{
    if (peer->fd >= 0) close(peer->fd);
    ss_buf_free(&peer->in);
    ss_buf_free(&peer->document);
    free(peer);
}

static apr_status_t release_with_pool(void *peer)
{
    release(peer);
    return APR_SUCCESS;
}

/* What lets a user open the socket. */
static const char *allow(const char *path, char *text, apr_size_t size)
{
    const struct passwd *user = getpwuid(geteuid());
    const char *name = user ? user->pw_name : "this user";
    const struct group *group;
    struct stat info;

    if (stat(path, &info))
        apr_snprintf(text, size, "%s may not enter a folder of this path", name);
    else if (!(info.st_mode & S_IWGRP) || !info.st_gid || !(group = getgrgid(info.st_gid)))
        apr_snprintf(text, size, "%s may not open it; SMTPSendSocket sets who may", name);
    else
        apr_snprintf(
            text, size,
            "%s may not open it; add the user to the group %s (usermod -aG %s %s, then log "
            "in again), or set another mode with SMTPSendSocket",
            name, group->gr_name, group->gr_name, name);
    return text;
}

/* For people: why the socket cannot be reached, and what to do. */
static void explain(ss_result_t *result, const char *path, int error)
{
    const char *hint = "is httpd running, with mod_smtp_send and SMTPSendEngine On? If it is, its "
                       "error log says why the socket could not be opened";
    char text[400];

    if (error == EACCES || error == EPERM)
        hint = allow(path, text, sizeof(text));
    else if (error == ECONNREFUSED)
        hint = "nobody listens there any more: is httpd running?";
    else if (error == EAGAIN || error == ETIMEDOUT)
        hint = "its queue of callers is full: the delivery daemon hangs or is overloaded (see the "
               "error log)";
    else if (error == ENAMETOOLONG)
        hint = "the path is too long for a socket";
    else if (error == ENOTSOCK || error == EPROTOTYPE)
        hint = "that is not this module's socket";
    else if (error != ENOENT && error != ENOTDIR)
        hint = "see the error log";
    ss_result_set(result, "socket", "", NULL, "cannot reach the delivery daemon at %s: %s: %s",
                  path, strerror(error), hint);
}

static void set_timeout(int fd, int option, apr_interval_time_t wait)
{
    struct timeval value = { .tv_sec = (time_t)(wait / APR_USEC_PER_SEC),
                             .tv_usec = (suseconds_t)(wait % APR_USEC_PER_SEC) };

    setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value));
}

/* One try; the errno, or 0 with the descriptor. A full backlog (the daemon restarts) is waited for
 * by connect itself. */
static int connect_once(int *fd, const struct sockaddr_un *address, apr_interval_time_t wait)
{
    int error;

    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0) return errno;
    set_timeout(*fd, SO_SNDTIMEO, wait < 1000 ? 1000 : wait);
    do error = connect(*fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? errno : 0;
    while (error == EINTR);
    if (!error) return 0;
    close(*fd);
    *fd = -1;
    return error;
}

static int may_come(int error)
{
    return error == ENOENT || error == ECONNREFUSED || error == EAGAIN;
}

/* call: whose is_wanted is asked between tries; or NULL. */
static apr_status_t open_for(ss_peer_t **peer, const ss_peer_call_t *call, const char *path,
                             apr_uint64_t instance, apr_interval_time_t connect_wait,
                             ss_result_t *result, apr_pool_t *pool)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    ss_mono_t deadline = ss_mono_add(ss_mono_now(), connect_wait);
    apr_interval_time_t pause = WAIT_FIRST, left;
    int fd = -1, error;

    *peer = NULL;
    if (strlen(path) >= sizeof(address.sun_path)) {
        explain(result, path, ENAMETOOLONG);
        return APR_ENAMETOOLONG;
    }
    apr_cpystrn(address.sun_path, path, sizeof(address.sun_path));
    for (;;) {
        left = ss_mono_since(deadline, ss_mono_now());
        error = connect_once(&fd, &address, left < SLICE ? left : SLICE);
        left = ss_mono_since(deadline, ss_mono_now());
        if (!may_come(error) || left <= 0) break;
        if (call && call->is_wanted && !call->is_wanted(call->self)) break;
        apr_sleep(pause < left ? pause : left);
        pause = pause * 2 < WAIT_LAST ? pause * 2 : WAIT_LAST;
    }
    if (error) {
        explain(result, path, error);
        return error;
    }
    ss_peer_t *p = calloc(1, sizeof(*p));
    if (!p) {
        close(fd);
        return APR_ENOMEM;
    }
    p->fd = fd;
    p->instance = instance;
    ss_buf_init(&p->in, SS_FRAME_HEAD + SS_FRAME_HEADER_MAX + SS_FRAME_CONTENT_MAX + READ_SIZE);
    ss_buf_init(&p->document, ANSWER_MAX);
    apr_cpystrn(p->path, path, sizeof(p->path));
    p->pool = pool;
    if (pool) apr_pool_cleanup_register(pool, p, release_with_pool, apr_pool_cleanup_null);
    *peer = p;
    return APR_SUCCESS;
}

apr_status_t ss_peer_open(ss_peer_t **peer, const char *path, apr_uint64_t instance,
                          apr_interval_time_t connect_wait, ss_result_t *result, apr_pool_t *pool)
{
    return open_for(peer, NULL, path, instance, connect_wait, result, pool);
}

void ss_peer_close(ss_peer_t *peer)
{
    if (!peer) return;
    if (peer->pool) apr_pool_cleanup_kill(peer->pool, peer, release_with_pool);
    release(peer);
}

/* ---- bytes ---- */

/* Tells the kernel how long to wait, if that is not what it knows. APR_TIMEUP: the deadline is
 * over. */
static apr_status_t limit(ss_peer_t *peer, int option, apr_interval_time_t *current,
                          ss_mono_t deadline)
{
    apr_interval_time_t left = ss_mono_since(deadline, ss_mono_now());

    if (left <= 0) return APR_TIMEUP;
    if (left > SLICE) left = SLICE;
    if (left < 1000) left = 1000;
    if (left != *current) set_timeout(peer->fd, option, left);
    *current = left;
    return APR_SUCCESS;
}

void ss_peer_set_wanted(ss_peer_t *peer, int (*is_wanted)(void *self), void *self)
{
    peer->is_wanted = is_wanted;
    peer->wanted_self = self;
}

/* Reads once what there is. APR_EOF, APR_TIMEUP, errno. */
static apr_status_t fill(ss_peer_t *peer, apr_size_t want, ss_mono_t deadline)
{
    char *place;
    apr_size_t room = want > READ_SIZE ? want : READ_SIZE;
    apr_status_t rv = ss_buf_room(&peer->in, room, &place);

    while (rv == APR_SUCCESS) {
        rv = limit(peer, SO_RCVTIMEO, &peer->read_slice, deadline);
        if (rv != APR_SUCCESS) break;
        ssize_t got = recv(peer->fd, place, room, 0);
        if (got > 0) {
            ss_buf_added(&peer->in, (apr_size_t)got);
            return APR_SUCCESS;
        }
        if (got == 0 || errno == ECONNRESET) return APR_EOF;
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return errno;
        if (peer->is_wanted && !peer->is_wanted(peer->wanted_self)) return APR_ECONNRESET;
    }
    return rv;
}

/* The daemon hung up while we wrote. What it said before (an early refusal, a goodbye) is still to
 * be read: then the writing counts as done and ss_peer_receive finds it. */
static apr_status_t broke_off(ss_peer_t *peer, int error)
{
    char *place;

    peer->is_broken = 1;
    if (!peer->in.len && ss_buf_room(&peer->in, READ_SIZE, &place) == APR_SUCCESS) {
        ssize_t got = recv(peer->fd, place, READ_SIZE, MSG_DONTWAIT);
        if (got > 0) ss_buf_added(&peer->in, (apr_size_t)got);
    }
    return peer->in.len ? APR_SUCCESS : error;
}

static apr_status_t write_all(ss_peer_t *peer, struct iovec *pieces, int count, ss_mono_t deadline)
{
    struct msghdr message = { .msg_iov = pieces, .msg_iovlen = (size_t)count };

    while (message.msg_iovlen && !peer->is_broken) {
        apr_status_t rv = limit(peer, SO_SNDTIMEO, &peer->write_slice, deadline);
        if (rv != APR_SUCCESS) return rv;
        ssize_t sent = sendmsg(peer->fd, &message, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
                return broke_off(peer, errno);
            if (peer->is_wanted && !peer->is_wanted(peer->wanted_self)) return APR_ECONNRESET;
            continue;
        }
        while (message.msg_iovlen && (size_t)sent >= message.msg_iov->iov_len) {
            sent -= (ssize_t)message.msg_iov->iov_len;
            message.msg_iov++;
            message.msg_iovlen--;
        }
        if (message.msg_iovlen) {
            message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + sent;
            message.msg_iov->iov_len -= (size_t)sent;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t write_frame(ss_peer_t *peer, ss_frame_type_t type, unsigned flags,
                                const char *header, apr_size_t header_len, const char *content,
                                apr_size_t content_len, ss_mono_t deadline)
{
    ss_frame_t frame = { .version = SS_FRAME_VERSION,
                         .type = type,
                         .flags = flags,
                         .header_len = (apr_uint32_t)header_len,
                         .content_len = (apr_uint32_t)content_len,
                         .instance = peer->instance };
    char head[SS_FRAME_HEAD];
    struct iovec pieces[3] = { { head, sizeof(head) } };
    int count = 1;

    ss_frame_write(&frame, head);
    if (header_len) pieces[count++] = (struct iovec){ (char *)header, header_len };
    if (content_len) pieces[count++] = (struct iovec){ (char *)content, content_len };
    apr_status_t rv = write_all(peer, pieces, count, deadline);
    if (rv == APR_SUCCESS && !peer->is_broken && (flags & SS_FRAME_LAST)) peer->is_sent = 1;
    return rv;
}

/* ---- requests ---- */

static apr_status_t begin(ss_peer_t *peer, const char *header, apr_size_t header_len,
                          const char *content, apr_size_t content_len, int is_last,
                          ss_mono_t deadline)
{
    if (header_len > SS_FRAME_HEADER_MAX) return APR_EINVAL;
    peer->is_sent = 0;
    ss_buf_clear(&peer->document);
    return write_frame(peer, SS_FRAME_REQUEST, is_last ? SS_FRAME_LAST : 0, header, header_len,
                       content, content_len, deadline);
}

apr_status_t ss_peer_begin(ss_peer_t *peer, const char *header, apr_size_t header_len,
                           ss_mono_t deadline)
{
    return begin(peer, header, header_len, NULL, 0, 0, deadline);
}

apr_status_t ss_peer_part(ss_peer_t *peer, const char *bytes, apr_size_t len, int is_last,
                          ss_mono_t deadline)
{
    apr_status_t rv = APR_SUCCESS;

    if (!len && !is_last) return APR_SUCCESS;
    do {
        apr_size_t piece = len < SS_FRAME_CONTENT_MAX ? len : SS_FRAME_CONTENT_MAX;
        rv = write_frame(peer, SS_FRAME_PART, is_last && piece == len ? SS_FRAME_LAST : 0, NULL, 0,
                         bytes, piece, deadline);
        bytes += piece;
        len -= piece;
    } while (len && rv == APR_SUCCESS);
    return rv;
}

apr_status_t ss_peer_send(ss_peer_t *peer, const char *header, apr_size_t header_len,
                          const char *content, apr_size_t content_len, ss_mono_t deadline)
{
    apr_size_t first = content_len < SS_FRAME_CONTENT_MAX ? content_len : SS_FRAME_CONTENT_MAX;
    apr_status_t rv =
        begin(peer, header, header_len, content, first, first == content_len, deadline);

    if (rv == APR_SUCCESS && first < content_len)
        rv = ss_peer_part(peer, content + first, content_len - first, 1, deadline);
    return rv;
}

/* ---- answers ---- */

/* The next whole frame at the front of peer->in, read as far as needed. */
static apr_status_t next_frame(ss_peer_t *peer, ss_frame_t *frame, ss_mono_t deadline)
{
    for (;;) {
        apr_status_t rv = ss_frame_read(frame, peer->in.data, peer->in.len);
        apr_size_t want = SS_FRAME_HEAD;
        if (rv == APR_SUCCESS)
            want += (apr_size_t)frame->header_len + frame->content_len;
        else if (!APR_STATUS_IS_INCOMPLETE(rv))
            return rv;
        if (rv == APR_SUCCESS && peer->in.len >= want) return APR_SUCCESS;
        rv = fill(peer, want - peer->in.len, deadline);
        if (rv != APR_SUCCESS) return rv;
    }
}

static apr_status_t take_answer(ss_peer_t *peer, const ss_frame_t *frame, ss_peer_answer_t *answer,
                                apr_pool_t *pool)
{
    const char *header = peer->in.data + SS_FRAME_HEAD;

    if (frame->type == SS_FRAME_ANSWER) {
        answer->header = apr_pstrmemdup(pool, header, frame->header_len);
        answer->header_len = frame->header_len;
        answer->status = (int)ss_object_read_number(header, frame->header_len, "status", 0);
    }
    const char *content = header + frame->header_len;
    if ((frame->flags & SS_FRAME_LAST) && !peer->document.len) {
        answer->content =
            frame->content_len ? apr_pstrmemdup(pool, content, frame->content_len) : NULL;
        answer->content_len = frame->content_len;
        return APR_SUCCESS;
    }
    apr_status_t rv = ss_buf_append(&peer->document, content, frame->content_len);
    if (rv == APR_SUCCESS && (frame->flags & SS_FRAME_LAST)) {
        answer->content = apr_pstrmemdup(pool, peer->document.data, peer->document.len);
        answer->content_len = peer->document.len;
        ss_buf_free(&peer->document);
    }
    return rv;
}

apr_status_t ss_peer_receive(ss_peer_t *peer, ss_peer_answer_t *answer,
                             apr_status_t (*step)(void *self, const char *bytes, apr_size_t len),
                             void *self, ss_mono_t deadline, apr_pool_t *pool)
{
    ss_frame_t frame;
    int has_begun = 0;

    memset(answer, 0, sizeof(*answer));
    for (;;) {
        apr_status_t rv = next_frame(peer, &frame, deadline);
        if (rv != APR_SUCCESS) return rv;
        if (frame.type == SS_FRAME_BYE) {
            peer->has_bye = 1;
            return has_begun ? APR_EOF : APR_ECONNABORTED;
        } else if (frame.type == SS_FRAME_STEP && !has_begun) {
            if (step)
                rv =
                    step(self, peer->in.data + SS_FRAME_HEAD + frame.header_len, frame.content_len);
        } else if (frame.type == (has_begun ? SS_FRAME_PART : SS_FRAME_ANSWER)) {
            has_begun = 1;
            rv = take_answer(peer, &frame, answer, pool);
        } else {
            rv = APR_EINVAL;
        }
        ss_buf_take(&peer->in, SS_FRAME_HEAD + (apr_size_t)frame.header_len + frame.content_len);
        if (rv != APR_SUCCESS) return rv;
        if (has_begun && (frame.flags & SS_FRAME_LAST)) return APR_SUCCESS;
    }
}

int ss_peer_reacts(const char *path, apr_interval_time_t within)
{
    static const char nothing[] = "{\"do\":\"nothing\"}";
    ss_mono_t deadline = ss_mono_add(ss_mono_now(), within);
    ss_result_t unused = { 0 };
    ss_frame_t frame;
    ss_peer_t *peer;
    apr_status_t rv = open_for(&peer, NULL, path, 0, 0, &unused, NULL);

    if (rv != APR_SUCCESS) return 0;
    rv = ss_peer_send(peer, nothing, strlen(nothing), NULL, 0, deadline);
    /* Any answer will do: that there are too many connections, or a goodbye. */
    if (rv == APR_SUCCESS) rv = next_frame(peer, &frame, deadline);
    ss_peer_close(peer);
    return rv == APR_SUCCESS;
}

/* ---- the connection that a thread keeps ---- */

static pthread_once_t kept_once = PTHREAD_ONCE_INIT;
static pthread_key_t kept_key;
static int has_kept_key;

static void close_kept(void *peer)
{
    ss_peer_close(peer);
}

static void make_kept_key(void)
{
    has_kept_key = pthread_key_create(&kept_key, close_kept) == 0;
}

/* The thread's connection, if it goes to the same place; it is the caller's then. */
static ss_peer_t *take_kept(const ss_peer_call_t *call)
{
    pthread_once(&kept_once, make_kept_key);
    ss_peer_t *peer = has_kept_key ? pthread_getspecific(kept_key) : NULL;
    if (!peer) return NULL;
    pthread_setspecific(kept_key, NULL);
    if (peer->instance == call->instance && !strcmp(peer->path, call->path)) return peer;
    ss_peer_close(peer);
    return NULL;
}

/* Gives back memory that only a large answer needed. */
static void keep(ss_peer_t *peer)
{
    int is_reusable = !peer->has_bye && !peer->is_broken && !peer->in.len;

    if (peer->in.size > KEPT_MEMORY) ss_buf_free(&peer->in);
    if (!is_reusable || !has_kept_key || pthread_setspecific(kept_key, peer)) ss_peer_close(peer);
}

/* ---- one request and its answer ---- */

/* Fills the buffer up to `most` octets with what the file has from *at on. */
static apr_status_t fill_from(int file, apr_uint64_t *at, apr_uint64_t file_len, char *buffer,
                              apr_size_t *len, apr_size_t most)
{
    while (*len < most && *at < file_len) {
        apr_uint64_t left = file_len - *at;
        apr_size_t room = most - *len;
        ssize_t got = pread(file, buffer + *len, left < room ? (apr_size_t)left : room, (off_t)*at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got ? errno : APR_EINCOMPLETE;
        *len += (apr_size_t)got;
        *at += (apr_uint64_t)got;
    }
    return APR_SUCCESS;
}

static apr_status_t send_with_file(ss_peer_t *peer, const ss_peer_call_t *call, ss_mono_t deadline)
{
    apr_uint64_t at = 0;
    apr_size_t used = 0, len = 0;
    char *buffer = malloc(FILE_PIECE);
    apr_status_t rv =
        buffer ? ss_peer_begin(peer, call->header, call->header_len, deadline) : APR_ENOMEM;

    while (rv == APR_SUCCESS && (used < call->content_len || at < call->file_len)) {
        len = call->content_len - used < FILE_PIECE ? call->content_len - used : FILE_PIECE;
        memcpy(buffer, call->content + used, len);
        used += len;
        rv = fill_from(call->file, &at, call->file_len, buffer, &len, FILE_PIECE);
        if (rv == APR_SUCCESS)
            rv = ss_peer_part(peer, buffer, len, used == call->content_len && at == call->file_len,
                              deadline);
    }
    free(buffer);
    return rv;
}

static apr_status_t exchange(ss_peer_t *peer, const ss_peer_call_t *call, ss_mono_t deadline,
                             ss_peer_answer_t *answer, apr_pool_t *pool)
{
    apr_status_t rv = call->file_len ? send_with_file(peer, call, deadline)
                                     : ss_peer_send(peer, call->header, call->header_len,
                                                    call->content, call->content_len, deadline);

    return rv == APR_SUCCESS ? ss_peer_receive(peer, answer, NULL, NULL, deadline, pool) : rv;
}

/* Whether the daemon certainly did not carry the request out, so that it may be repeated on a new
 * connection. */
static int may_repeat(const ss_peer_t *peer, apr_status_t rv)
{
    return peer->has_bye || (!peer->is_sent && (peer->is_broken || rv == APR_EOF));
}

/* For people: why a request failed, and whether it may have been carried out. */
static void explain_failure(const ss_peer_t *peer, apr_status_t rv, ss_result_t *result)
{
    const char *who = "the delivery daemon", *what;
    char text[160];

    if (APR_STATUS_IS_TIMEUP(rv)) {
        what = peer->is_sent ? "did not answer in time: it is not known whether the request was "
                               "carried out"
                             : "did not answer in time";
    } else if (APR_STATUS_IS_ENOTIMPL(rv)) {
        what = "speaks another version of the local protocol: restart httpd after an upgrade";
    } else if (rv == APR_EOF && peer->is_sent) {
        what = "ended before it answered: it is not known whether the request was carried out";
    } else if (rv == APR_ECONNABORTED || rv == APR_EOF || rv == EPIPE) {
        what = "is restarting: the request was not carried out";
    } else if (rv == APR_EINVAL) {
        who = "the process";
        what = "is not the delivery daemon, or the request is too large for it";
    } else {
        ss_result_set(result, "socket", "", NULL, "talking to the delivery daemon at %s failed: %s",
                      peer->path, apr_strerror(rv, text, sizeof(text)));
        return;
    }
    ss_result_set(result, "socket", "", NULL, "%s at %s %s", who, peer->path, what);
}

apr_status_t ss_peer_call(const ss_peer_call_t *call, ss_peer_answer_t *answer, ss_result_t *result,
                          apr_pool_t *pool)
{
    ss_mono_t deadline = ss_mono_add(ss_mono_now(), call->timeout);
    apr_interval_time_t wait = call->timeout < CONNECT_WAIT ? call->timeout : CONNECT_WAIT;

    for (int tries = 1;; tries++) {
        ss_peer_t *peer = take_kept(call);
        apr_status_t rv =
            peer ? APR_SUCCESS
                 : open_for(&peer, call, call->path, call->instance, wait, result, NULL);
        if (rv != APR_SUCCESS) return rv;
        ss_peer_set_wanted(peer, call->is_wanted, call->self);
        rv = exchange(peer, call, deadline, answer, pool);
        if (rv == APR_SUCCESS) {
            keep(peer);
            return APR_SUCCESS;
        }
        int is_over =
            !may_repeat(peer, rv) || tries >= TRIES || ss_mono_reached(deadline, ss_mono_now());
        if (is_over) explain_failure(peer, rv, result);
        ss_peer_close(peer);
        if (is_over) return rv;
    }
}
