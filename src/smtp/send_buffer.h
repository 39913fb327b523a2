/* send_buffer.h: what waits to be written: short texts gathered in blocks, long content by
 * reference, in order. Pieces never move, so pointers given out stay valid until they are sent.
 * Memory comes from the session's pool and is used again. */
#ifndef SS_SMTP_SEND_BUFFER_H
#define SS_SMTP_SEND_BUFFER_H

#include <apr_pools.h>
#include <sys/uio.h>

#define SS_SEND_BUFFER_BLOCK 4000 /* bytes of a block of gathered text */
/* a shorter piece of content is copied: cheaper than one more piece to write */
#define SS_SEND_BUFFER_GATHER 512
/* so much may wait; nothing more is said before some of it was written */
#define SS_SEND_BUFFER_HIGH 262144

typedef struct ss_piece_t ss_piece_t;

typedef struct {
    apr_pool_t *pool;
    ss_piece_t *first, *last;
    ss_piece_t *spare_blocks, *spare_refs;
    apr_uint64_t queued, sent; /* bytes of the whole session */
} ss_send_buffer_t;

void ss_send_buffer_init(ss_send_buffer_t *out, apr_pool_t *pool);
/* Copies bytes. is_secret: the copy is wiped once it was sent. */
void ss_send_buffer_text(ss_send_buffer_t *out, const char *bytes, apr_size_t len, int is_secret);
/* Bytes that stay valid until sent (short ones are copied all the same). */
void ss_send_buffer_ref(ss_send_buffer_t *out, const char *bytes, apr_size_t len);
int ss_send_buffer_pieces(const ss_send_buffer_t *out, struct iovec *pieces, int max);
void ss_send_buffer_sent(ss_send_buffer_t *out, apr_size_t len);
/* Throws away what waits (the connection is gone); secrets are wiped. */
void ss_send_buffer_drop(ss_send_buffer_t *out);

#endif
