/* canonical.h: content that is safe to send through any relay: CRLF line ends, no bare CR or LF, no
 * NUL, no line over SS_MAIL_LINE_MAX. Only the leaf parts of the MIME tree that need it are
 * re-encoded (RFC 2045); everything else stays byte for byte. */
#ifndef SS_MAIL_CANONICAL_H
#define SS_MAIL_CANONICAL_H

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
/* Makes content canonical: line ends are corrected, long header lines refolded, leaf parts with
 * long lines or NUL re-encoded (quoted-printable or base64). *out is in the pool, or the input
 * itself if it is canonical. 0, or -1 with the problem (the part must not change:
 * multipart/signed). */
int ss_canonical_make(const char **out, apr_size_t *out_len, const char *bytes, apr_size_t len,
                      ss_mail_problem_t *problem, apr_pool_t *pool);
/* The same for content that is already scanned. */
int ss_canonical_make_known(const char **out, apr_size_t *out_len, const char *bytes,
                            apr_size_t len, const ss_canonical_facts_t *facts,
                            ss_mail_problem_t *problem, apr_pool_t *pool);
/* The same, and leaf parts with octets above 127 are re-encoded, for relays without 8BITMIME (RFC
 * 6152 3). */
int ss_canonical_make_7bit(const char **out, apr_size_t *out_len, const char *bytes, apr_size_t len,
                           ss_mail_problem_t *problem, apr_pool_t *pool);

#endif
