/* capability.h: what EHLO's answer offers (RFC 5321 4.1.1.1 and the extensions named in client.h).
 * Pure. */
#ifndef SS_SMTP_CAPABILITY_H
#define SS_SMTP_CAPABILITY_H

#include "smtp/client.h"

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
