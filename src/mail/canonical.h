/* canonical.h: content that is safe to send through any relay: CRLF line ends, no bare CR or LF, no
 * NUL, lines within 998 octets. What must be re-encoded is re-encoded leaf by leaf of the MIME tree
 * (RFC 2045), the rest stays byte for byte. */
#ifndef SS_MAIL_CANONICAL_H
#define SS_MAIL_CANONICAL_H

#include <apr_pools.h>

#include "mail/mail.h"

typedef struct {
    apr_size_t size; /* of the canonical form, line ends made CRLF */
    apr_size_t longest_line;
    int has_8bit_header, has_8bit_body, has_nul, has_bare_cr, has_bare_lf;
    int is_canonical; /* already is: no copy is needed */
} ss_canonical_facts_t;

/* Looks at content of any line ends in one pass (fast: memchr or wider). */
void ss_canonical_scan(const char *bytes, apr_size_t len, ss_canonical_facts_t *facts);
/* Makes content canonical: line ends; long header lines refolded; leaf parts with long lines or NUL
 * re-encoded (quoted-printable or base64). Result in the pool, or the input itself when it is
 * canonical. 0, or -1 with the problem (a part that must not change: multipart/signed). */
int ss_canonical_make(const char **out, apr_size_t *out_len, const char *bytes, apr_size_t len,
                      ss_mail_problem_t *problem, apr_pool_t *pool);
/* The same for content that was scanned already. */
int ss_canonical_make_known(const char **out, apr_size_t *out_len, const char *bytes,
                            apr_size_t len, const ss_canonical_facts_t *facts,
                            ss_mail_problem_t *problem, apr_pool_t *pool);
/* Canonical content without octets above 127 in the body, for relays without 8BITMIME (RFC 6152 3):
 * leaf parts re-encoded. Problem as above. */
int ss_canonical_make_7bit(const char **out, apr_size_t *out_len, const char *bytes, apr_size_t len,
                           ss_mail_problem_t *problem, apr_pool_t *pool);

#endif
