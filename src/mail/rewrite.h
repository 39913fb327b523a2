/* rewrite.h: what the administrator's options change in a message: senders, local names,
 * recipients. Pure; no queue, no httpd. Order for a caller: ss_rewrite_alias, ss_rewrite_redirect,
 * ss_rewrite_envelope_from, ss_rewrite_header_from. Content stays canonical. */
#ifndef SS_MAIL_REWRITE_H
#define SS_MAIL_REWRITE_H

#include "config/settings.h"
#include "mail/mail.h"

/* SMTPSendEnvelopeFrom: replaces every sender but the empty one of reports. address: NULL changes
 * nothing. */
void ss_rewrite_envelope_from(ss_mail_message_t *m, const char *address);
/* SMTPSendHeaderFrom: the From field becomes address (its name kept); the old one goes to Reply-To
 * unless there is one. NULL or "keep" changes nothing. */
int ss_rewrite_header_from(ss_mail_message_t *m, const char *address, ss_mail_problem_t *problem);
/* SMTPSendAlias: recipients without a domain, or in local_domain, whose name is an alias (or "*":
 * any) become the addresses it names. aliases: of ss_settings_pair_t, value of addresses with
 * blanks or commas between. One step, not followed further. */
int ss_rewrite_alias(ss_mail_message_t *m, const apr_array_header_t *aliases,
                     const char *local_domain, ss_mail_problem_t *problem);
/* SMTPSendRedirect: address becomes the only recipient, the real ones stand in X-Original-To fields
 * on top (the first SS_REWRITE_ORIGINALS_MAX of them). NULL changes nothing. */
int ss_rewrite_redirect(ss_mail_message_t *m, const char *address, ss_mail_problem_t *problem);

#define SS_REWRITE_ORIGINALS_MAX 100

#endif
