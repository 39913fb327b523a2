/* canonical_stream.h: a body made canonical while it comes, in pieces of any size: what
 * ss_canonical_make does to the line ends of a whole one. What would have to be re-encoded (lines
 * over 998 octets, zero bytes) is passed on and only noticed. Pure. */
#ifndef SS_MAIL_CANONICAL_STREAM_H
#define SS_MAIL_CANONICAL_STREAM_H

#include <apr_pools.h>

typedef struct {
    void (*put)(void *self, const char *bytes, apr_size_t len); /* takes what is canonical */
    void *self;
    int has_8bit;
    int must_encode; /* a line too long, or a zero byte */
    /* its own */
    /* octets of the line so far; CRs that wait for what follows them */
    apr_size_t line, crs;
    int is_begun; /* the last line has something */
} ss_canonical_stream_t;

/* Whether the header of the content that begins with bytes is all there, and can be looked at
 * without the body behind it (nothing of it has to be re-encoded). Then *head is a copy with its
 * empty line, and the body begins at *body. */
int ss_canonical_stream_header(const char **head, apr_size_t *body, const char *bytes,
                               apr_size_t len, apr_pool_t *pool);
/* Begins with all zero but put and self. A bare CR or LF becomes CRLF; CRs in front of a LF belong
 * to it. */
void ss_canonical_stream_add(ss_canonical_stream_t *stream, const char *bytes, apr_size_t len);
/* A last line without an end gets one. */
void ss_canonical_stream_end(ss_canonical_stream_t *stream);

#endif
