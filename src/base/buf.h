/* buf.h: a byte buffer that knows its maximum, in heap memory, so that a long-lived owner can grow
 * and shrink it without filling a pool. Not thread-safe. */
#pragma once

#include <apr.h>
#include <apr_errno.h>
#include <stdarg.h>

typedef struct {
    char *data;      /* first byte that was not taken yet; NULL while nothing was ever appended */
    apr_size_t len;  /* bytes in it */
    apr_size_t head; /* bytes in front of data that were taken (space to reuse) */
    apr_size_t size; /* bytes allocated, counted from data - head */
    apr_size_t max;  /* len never grows past it */
    int is_secret;   /* memory is overwritten before it is given back */
} ss_buf_t;

/* Makes b empty. Allocates nothing. */
void ss_buf_init(ss_buf_t *b, apr_size_t max);
/* The same for content that is a secret: no copy of it stays behind in freed memory. */
void ss_buf_init_secret(ss_buf_t *b, apr_size_t max);
/* Frees the memory; b may be used again. */
void ss_buf_free(ss_buf_t *b);
/* Empties b and keeps its memory. */
void ss_buf_clear(ss_buf_t *b);
/* Overwrites the memory with zeros, then frees it. */
void ss_buf_wipe(ss_buf_t *b);
/* Append. APR_ENOSPC past the maximum, APR_ENOMEM without memory; b is unchanged then. */
apr_status_t ss_buf_append(ss_buf_t *b, const void *bytes, apr_size_t len);
apr_status_t ss_buf_puts(ss_buf_t *b, const char *text);
apr_status_t ss_buf_printf(ss_buf_t *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
apr_status_t ss_buf_vprintf(ss_buf_t *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* Makes room for len more bytes and gives the place to write them; then call ss_buf_added. */
apr_status_t ss_buf_room(ss_buf_t *b, apr_size_t len, char **place);
void ss_buf_added(ss_buf_t *b, apr_size_t len);
/* Drops the first len bytes (at most b->len). Costs nothing while the space behind still serves. */
void ss_buf_take(ss_buf_t *b, apr_size_t len);
/* The content as a C string: puts a zero byte behind the content (not counted). NULL without
 * memory. Valid until the next change of b. */
const char *ss_buf_text(ss_buf_t *b);
