/* location.h: what a location adds to a message and changes in it. */
#ifndef SS_WEB_SUBMIT_LOCATION_H
#define SS_WEB_SUBMIT_LOCATION_H

#include <httpd.h>

#include "config/settings.h"
#include "mail/mail.h"

/* The fields of SMTPSendAddHeader with their expressions evaluated, for
 * ss_parse_options_t.add_headers. 0, or -1 with the problem. */
int ss_location_headers(request_rec *r, const ss_settings_policy_t *policy,
                        apr_array_header_t **headers, ss_mail_problem_t *problem);
/* Applies SMTPSendAlias, SMTPSendRedirect, SMTPSendEnvelopeFrom and SMTPSendHeaderFrom. relay: the
 * one that will carry the message. Call it after ss_permission_check: the rules of a location are
 * about what the application asked for, not about what the administrator makes of it. 0, or -1 with
 * the problem. */
int ss_location_rewrite(const ss_settings_policy_t *policy, const ss_settings_t *relay,
                        ss_mail_message_t *m, ss_mail_problem_t *problem);

#endif
