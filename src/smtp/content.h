/* content.h: a message's content as a pull source of pieces: as it stands (BDAT) or dot-stuffed
 * (DATA, RFC 5321 4.5.2). Nothing is copied: pieces point into the caller's memory or to a
 * constant. */
#ifndef SS_SMTP_CONTENT_H
#define SS_SMTP_CONTENT_H

#include <apr.h>
#include <apr_errno.h>

typedef struct {
    /* Bytes at offset `at` of the canonical content: pointer and length (up to the end of what is
     * in memory in one piece), valid until the message is done. APR_EAGAIN: not in memory yet; the
     * caller calls ss_client_more when it is. Any other status aborts the transaction (connection
     * closed). */
    apr_status_t (*read)(void *self, apr_off_t at, const char **bytes, apr_size_t *len);
    void *self;
} ss_content_t;

/* a longer stretch comes in several pieces, so that output stays within its bound */
#define SS_CONTENT_PIECE_MAX 65536
/* looked through for octets above 127; a longer header counts as having some */
#define SS_CONTENT_HEADER_MAX 262144

typedef struct {
    const ss_content_t *source;
    apr_off_t at, size;
    int is_stuffed;     /* DATA */
    int is_line_start;  /* what comes next begins a line */
    int is_dot_doubled; /* the dot at `at` has its second one already */
    int is_ended;       /* the end's mark was given, too */
    /* the last two bytes: whether the end needs a line end before its dot */
    char last[2];
} ss_content_reader_t;

void ss_content_start(ss_content_reader_t *reader, const ss_content_t *source, apr_off_t size,
                      int is_stuffed);
/* The next piece. APR_EOF after the last one (DATA: the last is the end's mark ".\r\n", with a line
 * end before it where the content lacks one); APR_EAGAIN: not in memory yet, ask again later;
 * others: the source failed, or ended before its size (APR_EINCOMPLETE). */
apr_status_t ss_content_next(ss_content_reader_t *reader, const char **bytes, apr_size_t *len);
/* Whether the header has octets above 127 (what cannot be read now counts as yes). */
int ss_content_has_utf8_header(const ss_content_t *source, apr_off_t size);

#endif
