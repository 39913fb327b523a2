#include "smtp/send_buffer.h"

#include <string.h>

struct ss_piece_t {
    ss_piece_t *next;
    const char *bytes;
    apr_size_t len, done;
    char *own; /* a block's memory; NULL: a reference */
    int is_secret;
};

void ss_send_buffer_init(ss_send_buffer_t *out, apr_pool_t *pool)
{
    *out = (ss_send_buffer_t){ .pool = pool };
}

static ss_piece_t *take(ss_send_buffer_t *out, int is_block)
{
    ss_piece_t **spare = is_block ? &out->spare_blocks : &out->spare_refs;
    ss_piece_t *piece = *spare;

    if (piece) {
        *spare = piece->next;
    } else {
        piece = apr_pcalloc(out->pool, sizeof(*piece));
        if (is_block) piece->own = apr_palloc(out->pool, SS_SEND_BUFFER_BLOCK);
    }
    piece->next = NULL;
    piece->bytes = piece->own;
    piece->len = piece->done = 0;
    piece->is_secret = 0;
    if (out->last)
        out->last->next = piece;
    else
        out->first = piece;
    out->last = piece;
    return piece;
}

static void drop_first(ss_send_buffer_t *out)
{
    ss_piece_t *piece = out->first;
    ss_piece_t **spare = piece->own ? &out->spare_blocks : &out->spare_refs;

    if (piece->is_secret) explicit_bzero(piece->own, SS_SEND_BUFFER_BLOCK);
    out->first = piece->next;
    if (!out->first) out->last = NULL;
    piece->next = *spare;
    *spare = piece;
}

void ss_send_buffer_text(ss_send_buffer_t *out, const char *bytes, apr_size_t len, int is_secret)
{
    while (len) {
        ss_piece_t *piece = out->last;
        if (!piece || !piece->own || piece->len == SS_SEND_BUFFER_BLOCK) piece = take(out, 1);
        apr_size_t room = SS_SEND_BUFFER_BLOCK - piece->len;
        apr_size_t part = len < room ? len : room;
        memcpy(piece->own + piece->len, bytes, part);
        piece->len += part;
        piece->is_secret |= is_secret;
        out->queued += part;
        bytes += part;
        len -= part;
    }
}

void ss_send_buffer_ref(ss_send_buffer_t *out, const char *bytes, apr_size_t len)
{
    if (len < SS_SEND_BUFFER_GATHER) {
        ss_send_buffer_text(out, bytes, len, 0);
        return;
    }
    ss_piece_t *piece = take(out, 0);
    piece->bytes = bytes;
    piece->len = len;
    out->queued += len;
}

int ss_send_buffer_pieces(const ss_send_buffer_t *out, struct iovec *pieces, int max)
{
    int count = 0;

    for (const ss_piece_t *piece = out->first; piece && count < max; piece = piece->next) {
        pieces[count].iov_base = (void *)(apr_uintptr_t)(piece->bytes + piece->done);
        pieces[count].iov_len = piece->len - piece->done;
        count++;
    }
    return count;
}

void ss_send_buffer_sent(ss_send_buffer_t *out, apr_size_t len)
{
    while (len && out->first) {
        ss_piece_t *piece = out->first;
        apr_size_t left = piece->len - piece->done;
        apr_size_t part = len < left ? len : left;
        piece->done += part;
        out->sent += part;
        len -= part;
        if (piece->done == piece->len) drop_first(out);
    }
}

void ss_send_buffer_drop(ss_send_buffer_t *out)
{
    while (out->first) drop_first(out);
    out->queued = out->sent;
}
