/* parameter.h: the arguments of MAIL FROM: and RCPT TO: as a server parses them (RFC
 * 5321 4.1.1.2, 4.1.1.3). The reverse of command.h. */
#pragma once

#include <apr.h>

#include "base/dsn.h"

#define SS_PARAMETER_ORCPT_MAX 500 /* octets of ORCPT as received */

typedef struct {
    const char *address;             /* without brackets and route; "" for <> */
    apr_int64_t size;                /* SIZE=, or 0 */
    int is_8bit, is_binary, is_utf8; /* BODY=8BITMIME, BODY=BINARYMIME, SMTPUTF8 */
    ss_dsn_options_t dsn_options;
    unsigned notify;   /* SS_NOTIFY_ bits */
    const char *orcpt; /* "rfc822;bob@example.com", decoded, or NULL */
} ss_parameter_t;

/* Parse text, which starts after the colon, in place: out's texts point into it. Return NULL, or
 * the reply that refuses it ("501 5.5.4 ..."). */
const char *ss_parameter_mail(char *text, ss_parameter_t *out);
const char *ss_parameter_rcpt(char *text, ss_parameter_t *out);
