/* send_buffer.h: output that is not yet written: short texts copied into blocks, long content by
 * reference, in order. Pieces never move. Memory comes from the session's pool and is reused. */
#pragma once

#include <apr_pools.h>
#include <sys/uio.h>

#define SS_SEND_BUFFER_BLOCK 4000 /* size of a block of copied text */
/* shorter pieces of content are copied: cheaper than one more piece to write */
#define SS_SEND_BUFFER_GATHER 512
/* at this size nothing is added until some of it was written */
#define SS_SEND_BUFFER_HIGH 262144

typedef struct ss_piece_t ss_piece_t;

typedef struct {
    apr_pool_t *pool;
    ss_piece_t *first, *last;
    ss_piece_t *spare_blocks, *spare_refs;
    apr_uint64_t queued, sent; /* bytes since the start of the session */
} ss_send_buffer_t;

void ss_send_buffer_init(ss_send_buffer_t *out, apr_pool_t *pool);
/* Appends a copy of bytes. is_secret: the copy is wiped once it was sent. */
void ss_send_buffer_text(ss_send_buffer_t *out, const char *bytes, apr_size_t len, int is_secret);
/* Appends a reference: bytes must stay valid until sent (short ones are copied). */
void ss_send_buffer_ref(ss_send_buffer_t *out, const char *bytes, apr_size_t len);
int ss_send_buffer_pieces(const ss_send_buffer_t *out, struct iovec *pieces, int max);
void ss_send_buffer_sent(ss_send_buffer_t *out, apr_size_t len);
/* Discards all unsent output (the connection is lost); secrets are wiped. */
void ss_send_buffer_drop(ss_send_buffer_t *out);
