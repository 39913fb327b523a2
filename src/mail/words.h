/* words.h: encoded words of header fields (RFC 2047), both ways, and parameters of MIME fields (RFC
 * 2045 5.1, RFC 2231 3). */
#ifndef SS_MAIL_WORDS_H
#define SS_MAIL_WORDS_H

#include <apr_pools.h>

/* Text of a field for people: unfolded, encoded words decoded, valid UTF-8, no control characters;
 * at most max octets. */
const char *ss_words_decode(apr_pool_t *pool, const char *value, apr_size_t len, apr_size_t max);
/* Text (UTF-8) for a field: as it is where ASCII serves, else encoded words of at most 75 octets
 * with blanks between. */
const char *ss_words_encode(apr_pool_t *pool, const char *text);
/* The parameter of a MIME field's value ("boundary", "charset"): unquoted, or NULL. value is
 * unfolded or not. */
const char *ss_words_parameter(apr_pool_t *pool, const char *value, apr_size_t len,
                               const char *name);

#endif
