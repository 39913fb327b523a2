/* envelope.h: the envelope of a message/rfc822 submission in the query string, and a message's
 * envelope as the daemon's question. */
#ifndef SS_WEB_SUBMIT_ENVELOPE_H
#define SS_WEB_SUBMIT_ENVELOPE_H

#include "base/object.h"
#include "mail/submitted.h"
#include "web/shared/params.h"

/* Reads from, to, notify, ret, envid, expire, at, relay, priority into m. default_domain: for names
 * without one, or NULL. 0, or -1 with the problem. */
int ss_envelope_read(ss_mail_message_t *m, const ss_params_t *query, const char *default_domain,
                     ss_mail_problem_t *problem);
/* Puts the members of the daemon's "submit" that come from the message. */
void ss_envelope_put(ss_object_t *question, const ss_mail_message_t *m);

#endif
