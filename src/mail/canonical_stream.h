/* canonical_stream.h: makes the line ends of a body canonical while it arrives in pieces of any
 * size, as ss_canonical_make does for a whole one. Lines over SS_MAIL_LINE_MAX and zero bytes,
 * which need re-encoding, are passed on unchanged and only recorded. Pure. */
#ifndef SS_MAIL_CANONICAL_STREAM_H
#define SS_MAIL_CANONICAL_STREAM_H

#include <apr_pools.h>

typedef struct {
    void (*put)(void *self, const char *bytes, apr_size_t len); /* receives the canonical body */
    void *self;
    int has_8bit;
    int must_encode; /* there was a line too long, or a zero byte */
    /* private: octets of the current line; CRs whose meaning depends on the next octet */
    apr_size_t line, crs;
    int is_begun; /* the current line is not empty */
} ss_canonical_stream_t;

/* Whether bytes hold the complete header of a message, none of which needs re-encoding. Then *head
 * is a copy of it with the empty line, and *body is the offset of the body. */
int ss_canonical_stream_header(const char **head, apr_size_t *body, const char *bytes,
                               apr_size_t len, apr_pool_t *pool);
/* Takes a piece. Set put and self first, everything else to zero. A bare CR or LF becomes CRLF; CRs
 * before a LF belong to it. */
void ss_canonical_stream_add(ss_canonical_stream_t *stream, const char *bytes, apr_size_t len);
/* The body is complete: a last line without a line end gets one. */
void ss_canonical_stream_end(ss_canonical_stream_t *stream);

#endif
