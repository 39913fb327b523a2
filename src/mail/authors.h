/* authors.h: in whose name a message is written: all addresses of From, Sender, Resent-From and
 * Resent-Sender, for rules that must not be bypassed. Stricter than address.h: what two readers
 * could read differently is refused. Pure. */
#pragma once

#include "mail/mail.h"

typedef struct {
    const char *field; /* "From", as the message writes it */
    const char *address;
} ss_authors_t;

/* Reads them of a canonical message into *list, of ss_authors_t. Fields named in `ours` (of
 * ss_settings_pair_t; may be NULL) are the administrator's and are not looked at. 0; or -1 with the
 * problem (400): not exactly one From, or a field that cannot be read or names no address. */
int ss_authors_read(apr_array_header_t **list, const ss_mail_message_t *m,
                    const apr_array_header_t *ours, ss_mail_problem_t *problem);
