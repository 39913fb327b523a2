/* envelope.h: the envelope and the attributes of a message/rfc822 submission in the query string,
 * and those of a message in the request to the daemon. */
#pragma once

#include "base/object.h"
#include "mail/mail.h"
#include "web/shared/params.h"

/* Whether a parameter of the query string has that name: from, to, notify, or an attribute that the
 * query string may set. */
int ss_envelope_is_parameter(const char *name);
/* Reads these parameters into m. default_domain: for names without one, or NULL. 0, or -1 with the
 * problem. */
int ss_envelope_read(ss_mail_message_t *m, const ss_params_t *query, const char *default_domain,
                     ss_mail_problem_t *problem);
/* Adds the members of the daemon's "submit" that come from the message. */
void ss_envelope_put(ss_object_t *request, const ss_mail_message_t *m);
