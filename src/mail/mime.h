/* mime.h: walks a message's MIME structure line by line and re-encodes the leaf parts that need it;
 * everything else is copied octet by octet. */
#ifndef SS_MAIL_MIME_H
#define SS_MAIL_MIME_H

#include <apr_pools.h>

#include "mail/mail.h"

#define SS_MIME_DEPTH_MAX 50 /* multiparts and messages within each other */

/* Content with CRLF line ends in, canonical content out: no NUL, no line over 998; with makes_7bit
 * nothing above 127 behind the first header. 0, or -1 with the problem (422): what needs the change
 * is signed or encrypted, nested too deeply, or a kind that must not be encoded. */
int ss_mime_rewrite(const char **out, apr_size_t *out_len, const char *bytes, apr_size_t len,
                    int makes_7bit, ss_mail_problem_t *problem, apr_pool_t *pool);

#endif
