/* content.h: reads a message's content in pieces: as it is (BDAT) or dot-stuffed (DATA, RFC
 * 5321 4.5.2). Nothing is copied: pieces point into the caller's memory or to a constant. */
#pragma once

#include <apr.h>
#include <apr_errno.h>

typedef struct {
    /* The canonical content at offset `at`, as much as is contiguous, valid until the message is
     * returned. APR_EAGAIN: not in memory yet; ss_client_more is called when it is. Any other error
     * closes the connection. */
    apr_status_t (*read)(void *self, apr_off_t at, const char **bytes, apr_size_t *len);
    void *self;
} ss_content_t;

/* longer content comes in several pieces, so that output stays within its limit */
#define SS_CONTENT_PIECE_MAX 65536
/* searched for octets above 127; a longer header counts as having some */
#define SS_CONTENT_HEADER_MAX 262144

typedef struct {
    const ss_content_t *source;
    apr_off_t at, size;
    int is_stuffed;     /* DATA */
    int is_line_start;  /* the next byte is at the start of a line */
    int is_dot_doubled; /* the dot at `at` was already doubled */
    int is_ended;       /* the end mark was returned */
    char last[2];       /* bytes: whether a line end is needed before the final dot */
} ss_content_reader_t;

void ss_content_start(ss_content_reader_t *reader, const ss_content_t *source, apr_off_t size,
                      int is_stuffed);
/* The next piece. APR_EOF: no more (with DATA the last piece is the end mark ".\r\n", preceded by a
 * line end if the content lacks one). APR_EAGAIN: not in memory yet. Others: the source failed, or
 * ended early (APR_EINCOMPLETE). */
apr_status_t ss_content_next(ss_content_reader_t *reader, const char **bytes, apr_size_t *len);
/* Whether the header has octets above 127 (yes if it cannot be read now). */
int ss_content_has_utf8_header(const ss_content_t *source, apr_off_t size);
