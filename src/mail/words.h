/* words.h: encoded words in header fields (RFC 2047), and parameters of MIME fields (RFC 2045 5.1,
 * RFC 2231 3). */
#pragma once

#include <apr_pools.h>

/* A field's value as text: unfolded, encoded words decoded, valid UTF-8, no control characters; at
 * most max octets. */
const char *ss_words_decode(apr_pool_t *pool, const char *value, apr_size_t len, apr_size_t max);
/* UTF-8 text as a field's value: unchanged if it is ASCII without words that are too long for a
 * line or could be taken for encoded words, else encoded words of at most 75 octets with blanks
 * between them. */
const char *ss_words_encode(apr_pool_t *pool, const char *text);
/* Octets of a header as UTF-8: as they are if they are UTF-8, else read in the character set given
 * (NULL: unknown), else as windows-1252, of which ISO-8859-1 is a part. No octet is lost. */
const char *ss_words_utf8(apr_pool_t *pool, const char *charset, const char *bytes, apr_size_t len);
/* The value with octets above 127 that stand within encoded words in the encoding Q, where they do
 * not belong, as =XX: parsers see what they saw. *len becomes that of the result. */
const char *ss_words_q_octets(apr_pool_t *pool, const char *value, apr_size_t *len);
/* The parameter of a MIME field's value ("boundary", "charset"): unquoted, or NULL. value may
 * be folded. */
const char *ss_words_parameter(apr_pool_t *pool, const char *value, apr_size_t len,
                               const char *name);
