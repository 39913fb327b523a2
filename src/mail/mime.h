/* mime.h: re-encodes the leaf parts of a message that need it, and nothing else. */
#pragma once

#include <apr_pools.h>

#include "mail/mail.h"

#define SS_MIME_DEPTH_MAX 50 /* nesting of multiparts and messages */

/* bytes: content with any line ends. *out: with CRLF line ends, without NUL and lines over
 * SS_MAIL_LINE_MAX; makes_7bit: and without octets above 127 after the first header. Data (binary
 * parts, UTF-16) keeps its octets: it is encoded where correcting line ends would change it. 0, or
 * -1 with the problem (422): a part that needs encoding is signed or encrypted, nested too deeply,
 * or of a type that must not be encoded; or the message has a DKIM-Signature. */
int ss_mime_rewrite(const char **out, apr_size_t *out_len, const char *bytes, apr_size_t len,
                    int makes_7bit, ss_mail_problem_t *problem, apr_pool_t *pool);
/* Whether a character of that set has more than one octet, and any octet may be part of it. */
int ss_mime_is_wide(const char *charset);
/* The character set that octets above 127 in the header are probably meant in: that of the text, or
 * of the first part that names one. NULL: the header is UTF-8, or it is unknown. */
const char *ss_mime_charset(const char *bytes, apr_size_t len, apr_pool_t *pool);
