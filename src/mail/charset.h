/* charset.h: text of other character sets as UTF-8, strictly (words.h is lenient). */
#pragma once

#include <apr_pools.h>

/* Whether text of this set can be read. The names of browsers mean what browsers do: ISO-8859-1 is
 * windows-1252. */
int ss_charset_is_known(const char *charset);
/* UTF-8 and ASCII need no conversion. */
int ss_charset_is_utf8(const char *charset);
/* The text in the pool, ended by a zero byte; NULL: the octets are not text of the set. */
char *ss_charset_read(apr_pool_t *pool, const char *charset, const char *bytes, apr_size_t len,
                      apr_size_t *out_len);
