/* parameter.h: what stands behind MAIL FROM: and RCPT TO: as a server reads it (RFC
 * 5321 4.1.1.2, 4.1.1.3; parameters of SIZE, 8BITMIME, SMTPUTF8, DSN). The other direction of
 * command.h. Pure. */
#ifndef SS_SMTP_PARAMETER_H
#define SS_SMTP_PARAMETER_H

#include <apr.h>

#define SS_PARAMETER_NO_UTF8 "553 5.6.7 an address outside ASCII needs SMTPUTF8 in MAIL"
#define SS_PARAMETER_ENVID_MAX 100 /* octets of a decoded ENVID (RFC 3461 4.4) */
#define SS_PARAMETER_ORCPT_MAX 500 /* octets of an ORCPT as sent */

typedef struct {
    const char *address;  /* without brackets and route; "" for <> */
    apr_int64_t size;     /* SIZE=, or 0 */
    int is_8bit, is_utf8; /* BODY=8BITMIME, SMTPUTF8 */
    int ret;              /* 0 unset, 1 FULL, 2 HDRS, as ss_ret_t in src/mail */
    const char *envid;    /* decoded, or NULL */
    /* bits as in src/mail/message.h: 1 NEVER, 2 SUCCESS, 4 FAILURE, 8 DELAY; 0 unset */
    unsigned notify;
    const char *orcpt; /* "rfc822;bob@example.com", decoded, or NULL */
} ss_parameter_t;

/* Read text, which begins behind the colon, in place: out's texts point into it. NULL, or the reply
 * that refuses it ("501 5.5.4 ..."). */
const char *ss_parameter_mail(char *text, ss_parameter_t *out);
const char *ss_parameter_rcpt(char *text, ss_parameter_t *out);

#endif
