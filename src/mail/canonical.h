/* canonical.h: content that is safe to send through any relay: CRLF line ends, no bare CR or LF, no
 * NUL, no line over SS_MAIL_LINE_MAX. Only the leaf parts of the MIME tree that need it are
 * re-encoded (RFC 2045): data keeps its octets, of text only the line ends are corrected. */
#pragma once

#include <apr_pools.h>

#include "mail/mail.h"

typedef struct {
    apr_size_t size; /* after all line ends became CRLF */
    apr_size_t longest_line;
    int has_8bit_header, has_8bit_body, has_nul, has_bare_cr, has_bare_lf, has_crlf_body;
    int has_cr_header; /* a bare CR in the first header */
    int names_data;    /* a field may say that a part is binary, or UTF-16 */
    int is_canonical;  /* no copy is needed */
} ss_canonical_facts_t;

/* Examines content with any line ends in one pass. */
void ss_canonical_scan(const char *bytes, apr_size_t len, ss_canonical_facts_t *facts);
/* Corrects only the line ends of content that is scanned. */
void ss_canonical_line_ends(const char **out, apr_size_t *out_len, const char *bytes,
                            apr_size_t len, const ss_canonical_facts_t *facts, apr_pool_t *pool);
/* Makes content canonical: *out is in the pool, or the input itself. 0, or -1 with the problem (the
 * part must not change: multipart/signed). */
int ss_canonical_make(const char **out, apr_size_t *out_len, const char *bytes, apr_size_t len,
                      ss_mail_problem_t *problem, apr_pool_t *pool);
/* Content whose line ends are CR alone (a line end at the end of all of it may be another): the
 * same with LF, in the pool; NULL: it is not such content. */
const char *ss_canonical_cr_lines(const char *bytes, apr_size_t len, apr_pool_t *pool);
/* The same as ss_canonical_make, and leaf parts with octets above 127 are re-encoded, for relays
 * without 8BITMIME (RFC 6152 3). */
int ss_canonical_make_7bit(const char **out, apr_size_t *out_len, const char *bytes, apr_size_t len,
                           ss_mail_problem_t *problem, apr_pool_t *pool);

/* Makes the first header ASCII, for relays without SMTPUTF8. 0; or with the problem, which names a
 * field: 1, an address there needs SMTPUTF8; -1, it must not or cannot be changed. */
int ss_canonical_make_ascii_header(const char **out, apr_size_t *out_len, const char *bytes,
                                   apr_size_t len, ss_mail_problem_t *problem, apr_pool_t *pool);

/* ---- whether content that arrives in pieces is canonical ---- */

typedef struct {     /* all zero at the beginning */
    apr_size_t line; /* octets of the current line */
    int has_cr;      /* its last octet is CR */
    int is_bad;
} ss_canonical_check_t;

/* Looks at a piece. 1; or 0: it is not canonical. */
int ss_canonical_check(ss_canonical_check_t *check, const char *bytes, apr_size_t len);
/* The same at the end: the last line must be whole. */
int ss_canonical_check_end(const ss_canonical_check_t *check);

/* ---- a body while it arrives in pieces of any size: only its line ends are corrected ---- */

#define SS_CANONICAL_NAME_MAX 100

typedef struct {
    void (*put)(void *self, const char *bytes, apr_size_t len); /* receives the body */
    void *self;
    int is_lf; /* the lines of the header end with LF alone */
    int has_8bit;
    /* There was what only ss_canonical_make can make canonical: a line too long, a zero octet,
     * data. Ask at the end. What was put out is then as ss_canonical_stream_restore says. */
    int must_encode;
    /* private */
    enum { SS_CANONICAL_UNKNOWN, SS_CANONICAL_CRLF, SS_CANONICAL_LF } ends; /* as the first one */
    apr_size_t line;        /* octets of the current line */
    int has_cr;             /* the last octet was CR */
    int is_raw;             /* from here on everything is passed on unchanged */
    apr_size_t total, made; /* octets put out; those before is_raw */
    int names_data;
    char name[SS_CANONICAL_NAME_MAX]; /* the beginning of a line that may be a field */
} ss_canonical_stream_t;

/* Whether bytes hold the complete header of a message, without zero bytes. Then *head
 * is a copy of it with the empty line, *body is the offset of the body, and *is_lf is for the
 * stream. */
int ss_canonical_stream_header(const char **head, apr_size_t *body, int *is_lf, const char *bytes,
                               apr_size_t len, apr_pool_t *pool);
/* Takes a piece. Set put, self and is_lf first, everything else to zero. */
void ss_canonical_stream_add(ss_canonical_stream_t *stream, const char *bytes, apr_size_t len);
/* The body is complete: a last line without a line end gets one. */
void ss_canonical_stream_end(ss_canonical_stream_t *stream);
/* After must_encode: bytes are the header and all that was put out. Makes of it what was submitted,
 * in place, and returns its length. */
apr_size_t ss_canonical_stream_restore(const ss_canonical_stream_t *stream, char *bytes,
                                       apr_size_t len);
