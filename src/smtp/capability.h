/* capability.h: what the reply to EHLO offers (RFC 5321 4.1.1.1). */
#pragma once

#include <apr.h>

typedef struct { /* of the last EHLO */
    int is_esmtp, pipelining, chunking, size_known, eight_bit_mime, smtputf8, dsn, enhanced,
        starttls, requiretls, auth_offered;
    apr_uint64_t size;                    /* 0: no fixed limit given */
    int limit_messages, limit_recipients; /* LIMITS MAILMAX, RCPTMAX (RFC 9422); 0: none */
    char mechanisms[512];                 /* of AUTH, upper case, separated by blanks */
    char name[256];                       /* the server's name in its reply */
    /* a keyword is "XXXX" or "****": a firewall or scanner overwrites what it does not allow */
    int is_rewritten;
} ss_capability_t;

/* Clears all (RFC 3207 4.2: after STARTTLS, earlier replies do not count). */
void ss_capability_clear(ss_capability_t *capability);
/* Parses the text of the 250 reply to EHLO (lines joined by '\n'); invalid parameters are ignored.
 */
void ss_capability_parse(ss_capability_t *capability, const char *text);
/* Parses the 250 reply to HELO: only the name. */
void ss_capability_parse_helo(ss_capability_t *capability, const char *text);
