/* buf.c: the bounded byte buffer. See buf.h. */
#include "base/buf.h"

#include <apr_lib.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 512
#define PIECE_SIZE 512 /* formatted text goes to the buffer in pieces of this size */

void ss_buf_init(ss_buf_t *b, apr_size_t max)
{
    memset(b, 0, sizeof(*b));
    b->max = max;
}

void ss_buf_init_secret(ss_buf_t *b, apr_size_t max)
{
    ss_buf_init(b, max);
    b->is_secret = 1;
}

void ss_buf_free(ss_buf_t *b)
{
    if (b->data) {
        if (b->is_secret) explicit_bzero(b->data - b->head, b->size);
        free(b->data - b->head);
    }
    *b = (ss_buf_t){ .max = b->max, .is_secret = b->is_secret };
}

void ss_buf_clear(ss_buf_t *b)
{
    if (b->data) b->data -= b->head;
    b->head = 0;
    b->len = 0;
}

void ss_buf_wipe(ss_buf_t *b)
{
    if (b->data) explicit_bzero(b->data - b->head, b->size);
    ss_buf_free(b);
}

apr_status_t ss_buf_room(ss_buf_t *b, apr_size_t len, char **place)
{
    if (len > b->max || b->len > b->max - len) return APR_ENOSPC;
    if (b->data && b->head >= b->len && b->head + b->len + len > b->size &&
        b->len + len <= b->size) {
        /* Moving costs less than what was taken already: amortised. */
        memmove(b->data - b->head, b->data, b->len);
        b->data -= b->head;
        b->head = 0;
    } else if (!b->data || b->head + b->len + len > b->size) {
        /* Half as much again as is in it: however little is taken and appended at a time, a copy is
         * paid for before the next. */
        apr_size_t size = b->size ? b->size : FIRST_SIZE;
        while (size < b->len + len + b->len / 2) size *= 2;
        char *fresh = malloc(size);
        if (!fresh) return APR_ENOMEM;
        if (b->data) {
            memcpy(fresh, b->data, b->len);
            if (b->is_secret) explicit_bzero(b->data - b->head, b->size);
            free(b->data - b->head);
        }
        b->data = fresh;
        b->head = 0;
        b->size = size;
    }
    *place = b->data + b->len;
    return APR_SUCCESS;
}

void ss_buf_added(ss_buf_t *b, apr_size_t len)
{
    b->len += len;
}

apr_status_t ss_buf_append(ss_buf_t *b, const void *bytes, apr_size_t len)
{
    char *place;
    apr_status_t rv = len ? ss_buf_room(b, len, &place) : APR_SUCCESS;

    if (!len || rv != APR_SUCCESS) return rv;
    memcpy(place, bytes, len);
    b->len += len;
    return APR_SUCCESS;
}

apr_status_t ss_buf_puts(ss_buf_t *b, const char *text)
{
    return ss_buf_append(b, text, strlen(text));
}

typedef struct {
    apr_vformatter_buff_t out; /* first: apr_vformatter knows only this part */
    char piece[PIECE_SIZE];
    ss_buf_t *b;
    apr_status_t rv;
} formatting_t;

static int flush_piece(apr_vformatter_buff_t *out)
{
    formatting_t *f = (formatting_t *)out;

    f->rv = ss_buf_append(f->b, f->piece, (apr_size_t)(out->curpos - f->piece));
    out->curpos = f->piece;
    return f->rv != APR_SUCCESS ? -1 : 0;
}

apr_status_t ss_buf_vprintf(ss_buf_t *b, const char *format, va_list args)
{
    formatting_t f = { .b = b };
    apr_size_t before = b->len;

    f.out.curpos = f.piece;
    f.out.endpos = f.piece + sizeof(f.piece);
    apr_vformatter(flush_piece, &f.out, format, args);
    if (f.rv == APR_SUCCESS) flush_piece(&f.out);
    if (f.rv != APR_SUCCESS) b->len = before;
    return f.rv;
}

apr_status_t ss_buf_printf(ss_buf_t *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    apr_status_t rv = ss_buf_vprintf(b, format, args);
    va_end(args);
    return rv;
}

void ss_buf_take(ss_buf_t *b, apr_size_t len)
{
    if (len >= b->len) {
        ss_buf_clear(b);
        return;
    }
    b->data += len;
    b->head += len;
    b->len -= len;
}

const char *ss_buf_text(ss_buf_t *b)
{
    char *place;
    apr_size_t max = b->max;

    /* The end's byte is not content: it may stand past the maximum. */
    b->max = b->len + 1;
    apr_status_t rv = ss_buf_room(b, 1, &place);
    b->max = max;
    if (rv != APR_SUCCESS) return NULL;
    *place = '\0';
    return b->data;
}
