/* canonical.h: content that is safe to send through any relay: CRLF line ends, no bare CR or LF, no
 * NUL, no line over SS_MAIL_LINE_MAX. Only the leaf parts of the MIME tree that need it are
 * re-encoded (RFC 2045). */
#pragma once

#include <apr_pools.h>

#include "mail/mail.h"

typedef struct {
    apr_size_t size; /* after all line ends became CRLF */
    apr_size_t longest_line;
    int has_8bit_header, has_8bit_body, has_nul, has_bare_cr, has_bare_lf;
    int is_canonical; /* no copy is needed */
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
/* The same, and leaf parts with octets above 127 are re-encoded, for relays without 8BITMIME (RFC
 * 6152 3). */
int ss_canonical_make_7bit(const char **out, apr_size_t *out_len, const char *bytes, apr_size_t len,
                           ss_mail_problem_t *problem, apr_pool_t *pool);

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

typedef struct {
    void (*put)(void *self, const char *bytes, apr_size_t len); /* receives the canonical body */
    void *self;
    int has_8bit;
    int must_encode; /* there was a line too long, or a zero byte: passed on unchanged */
    /* private */
    apr_size_t line, crs; /* octets of the current line; CRs that the next octet decides */
    int is_begun;         /* the current line is not empty */
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
