/* capability.h: what EHLO's answer offers (RFC 5321 4.1.1.1 and the extensions named in client.h).
 * Pure. */
#ifndef SS_SMTP_CAPABILITY_H
#define SS_SMTP_CAPABILITY_H

#include <apr.h>

typedef struct { /* what EHLO offered, after the last EHLO */
    int is_esmtp, pipelining, chunking, size_known, eight_bit_mime, smtputf8, dsn, enhanced,
        starttls, requiretls, auth_offered;
    apr_uint64_t size;                    /* 0: no fixed limit told */
    int limit_messages, limit_recipients; /* LIMITS MAILMAX, RCPTMAX; 0 none */
    /* AUTH's, upper case, blank separated; both "AUTH " and "AUTH=" forms */
    char mechanisms[512];
    char name[256]; /* the server's name in its answer */
    /* a line of "XXXX" or "****": a firewall or scanner between writes over what it does not let
     * through */
    int is_rewritten;
} ss_capability_t;

/* Forgets everything (RFC 3207 4.2: after STARTTLS nothing of before counts). */
void ss_capability_clear(ss_capability_t *capability);
/* Reads the text of the 250 reply to EHLO (lines joined by '\n'; the first one is the server's name
 * and greeting). Keywords without case; parameters that make no sense are as if the keyword had
 * none. Sets is_esmtp. */
void ss_capability_parse(ss_capability_t *capability, const char *text);
/* The 250 reply to HELO: only the name. */
void ss_capability_parse_helo(ss_capability_t *capability, const char *text);
/* Whether a mechanism (upper case) is in the list. */
int ss_capability_has_mechanism(const ss_capability_t *capability, const char *mechanism);

#endif
