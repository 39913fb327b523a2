#include "net/stream.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The descriptor is all the state there is: it travels in the pointer. */
static int fd_of(void *self)
{
    return (int)(intptr_t)self;
}

static apr_status_t status_of(ssize_t n, apr_size_t *len)
{
    *len = n > 0 ? (apr_size_t)n : 0;
    if (n >= 0) return APR_SUCCESS;
    return errno == EAGAIN || errno == EINTR ? APR_EAGAIN : errno;
}

static apr_status_t tcp_read(void *self, char *into, apr_size_t *len)
{
    ssize_t n = recv(fd_of(self), into, *len, 0);
    apr_status_t rv = status_of(n, len);

    return n == 0 ? APR_EOF : rv;
}

static apr_status_t tcp_write(void *self, const struct iovec *pieces, int count, apr_size_t *len)
{
    struct msghdr message;

    memset(&message, 0, sizeof(message));
    message.msg_iov = (struct iovec *)(uintptr_t)pieces;
    message.msg_iovlen = (size_t)count;
    /* writev with MSG_NOSIGNAL: a peer that left must not end the process. */
    return status_of(sendmsg(fd_of(self), &message, MSG_NOSIGNAL), len);
}

static apr_status_t tcp_flush(void *self)
{
    (void)self;
    return APR_SUCCESS;
}

static const ss_result_t *tcp_why(void *self)
{
    (void)self;
    return NULL;
}

static void tcp_close(void *self)
{
    close(fd_of(self));
}

static const ss_stream_ops_t tcp_ops = { tcp_read, tcp_write, tcp_flush, tcp_why, tcp_close };

void ss_stream_tcp(ss_stream_t *stream, int fd)
{
    *stream = (ss_stream_t){ &tcp_ops, (void *)(intptr_t)fd, fd };
}

void ss_stream_close(ss_stream_t *stream)
{
    if (!stream->ops) return;
    stream->ops->close(stream->self);
    *stream = (ss_stream_t){ NULL, NULL, -1 };
}
