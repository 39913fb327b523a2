/* stream.h: bytes over a connected socket, plain or through TLS: the same five verbs, so that the
 * link never asks which. Nothing blocks. The descriptor belongs to the stream from the moment it is
 * made. */
#ifndef SS_NET_STREAM_H
#define SS_NET_STREAM_H

#include <apr_pools.h>
#include <sys/uio.h>

#include "base/result.h"
#include "net/tls.h"

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
    /* Says goodbye where the protocol has one (close_notify), closes the descriptor, frees. Exactly
     * once. */
    void (*close)(void *self);
} ss_stream_ops_t;

typedef struct {
    const ss_stream_ops_t *ops; /* NULL: closed */
    void *self;
    int fd;
} ss_stream_t;

/* Over a connected, non-blocking socket. */
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

/* ---- TLS on top of a tcp stream (stream_tls.c) ---- */

/* Turns a tcp stream into a TLS one. host: the name connected to (SNI and verification;
 * SMTPSendTLSName goes first). The handshake is not done yet. */
apr_status_t ss_stream_tls(ss_stream_t *stream, ss_tls_t *tls, const char *host);
/* Goes on with the handshake. APR_SUCCESS: done, verified as the settings want; APR_EAGAIN: call
 * again when the socket is ready for *events (SS_LOOP_READ or SS_LOOP_WRITE); else it failed and
 * result says why with advice (step "tls"). */
apr_status_t ss_stream_handshake(ss_stream_t *stream, int *events, ss_result_t *result);
/* The handshake took too long: the sentence for it, by what had come until then. */
void ss_stream_handshake_timeout(ss_stream_t *stream, apr_interval_time_t after,
                                 ss_result_t *result);
/* Whether what came instead of TLS was an SMTP greeting ("220 ..."). */
int ss_stream_is_plain(const ss_stream_t *stream);
/* What the handshake showed, also where the certificate was refused after it; valid while the
 * stream is open. */
const ss_tls_facts_t *ss_stream_facts(const ss_stream_t *stream);
/* Whether the server asked for a client certificate. */
int ss_stream_asked_certificate(const ss_stream_t *stream);
/* The channel binding data: tls-exporter (RFC 9266) for TLS 1.3, tls-unique (RFC 5929) below. *type
 * NULL: none. */
void ss_stream_binding(const ss_stream_t *stream, const char **type, const char **bytes,
                       apr_size_t *len);

#endif
