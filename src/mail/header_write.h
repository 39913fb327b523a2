/* header_write.h: one field as it is sent: without lines over SS_MAIL_LINE_MAX, and, where asked
 * for, without octets above 127 (RFC 2047, RFC 2231). A field that needs neither stays as it is. */
#pragma once

#include <apr_pools.h>

#include "base/buf.h"
#include "mail/header.h"
#include "mail/mail.h"

typedef struct {
    int is_ascii;        /* the field must be ASCII */
    int hides_addresses; /* one of To or Cc that needs SMTPUTF8 becomes text */
    int is_nested;       /* of a part: what cannot be encoded properly becomes encoded words */
    const char *charset; /* how octets above 127 are meant that are no UTF-8; NULL: windows-1252 */
    const char *sealed;  /* fields that must not change (ss_header_sealed), or NULL */
} ss_header_how_t;

typedef enum {
    SS_HEADER_WRITTEN,
    SS_HEADER_NEEDS_UTF8, /* an address in it can only be sent with SMTPUTF8 */
    SS_HEADER_NO_CODING,  /* octets above 127 where nothing can be encoded: in a Message-ID */
    SS_HEADER_NO_FOLD,    /* a line is too long and has no place where it can be folded */
    SS_HEADER_SEALED,     /* a signature covers it */
    SS_HEADER_NO_ROOM     /* the buffer's bound */
} ss_header_result_t;

/* Appends the field with CRLF line ends; other control characters of line ends, and zero bytes,
 * become blanks. Nothing is appended unless it is SS_HEADER_WRITTEN. */
ss_header_result_t ss_header_write(ss_buf_t *out, const ss_header_field_t *field,
                                   const ss_header_how_t *how, apr_pool_t *pool);
/* Sets the problem of a field that was not written; the name is in the pool. Returns -1. */
int ss_header_problem(ss_mail_problem_t *problem, const ss_header_field_t *field,
                      ss_header_result_t result, apr_pool_t *pool);
/* Appends len octets of header, except fields named `without` (or NULL). Lines that are no fields
 * are treated as such. Stops at the first field that cannot be written; the problem then names it.
 */
ss_header_result_t ss_header_write_all(ss_buf_t *out, const char *header, apr_size_t len,
                                       const char *without, const ss_header_how_t *how,
                                       ss_mail_problem_t *problem, apr_pool_t *pool);
/* The fields that a DKIM or ARC signature covers, for ss_header_how_t; or NULL without one. */
const char *ss_header_sealed(const char *header, apr_size_t len, apr_pool_t *pool);
/* A field of our own with UTF-8 text as its value, as ASCII and folded ("Name: value" and a line
 * end); NULL: it cannot be written so, and *why. */
const char *ss_header_compose(const char *name, const char *value, ss_header_result_t *why,
                              apr_pool_t *pool);
