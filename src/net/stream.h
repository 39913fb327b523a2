/* stream.h: bytes over a connected socket, plain or through TLS. Nothing blocks. The descriptor
 * belongs to the stream. */
#pragma once

#include <apr_pools.h>
#include <sys/uio.h>

#include "base/result.h"

typedef struct {
    /* *len: room in, bytes out. APR_EAGAIN: wait; APR_EOF: the peer is done; else what the system
     * or TLS said. */
    apr_status_t (*read)(void *self, char *into, apr_size_t *len);
    /* Takes pieces in order, *len: bytes taken (they may still be inside the stream: see flush).
     * APR_EAGAIN with *len 0: wait. */
    apr_status_t (*write)(void *self, const struct iovec *pieces, int count, apr_size_t *len);
    /* Moves what write took and the socket did not. APR_SUCCESS: nothing is left inside;
     * APR_EAGAIN: wait. */
    apr_status_t (*flush)(void *self);
    /* A better sentence for the last error than its number, or NULL. */
    const ss_result_t *(*why)(void *self);
    /* Says goodbye where the protocol has one, closes the descriptor, frees. */
    void (*close)(void *self);
} ss_stream_ops_t;

typedef struct {
    const ss_stream_ops_t *ops; /* NULL: closed */
    void *self;
    int fd;
} ss_stream_t;

/* Over a non-blocking socket. */
void ss_stream_tcp(ss_stream_t *stream, int fd);
static inline apr_status_t ss_stream_read(ss_stream_t *s, char *into, apr_size_t *len)
{
    return s->ops->read(s->self, into, len);
}
static inline apr_status_t ss_stream_write(ss_stream_t *s, const struct iovec *pieces, int count,
                                           apr_size_t *len)
{
    return s->ops->write(s->self, pieces, count, len);
}
static inline apr_status_t ss_stream_flush(ss_stream_t *s)
{
    return s->ops->flush(s->self);
}
static inline const ss_result_t *ss_stream_why(ss_stream_t *s)
{
    return s->ops->why(s->self);
}
/* A closed stream: nothing. */
void ss_stream_close(ss_stream_t *stream);
