/* rewrite.h: directives that change senders and recipients. Call in this order: ss_rewrite_alias,
 * ss_rewrite_redirect, ss_rewrite_envelope_from, ss_rewrite_header_from. */
#pragma once

#include "config/settings.h"
#include "mail/mail.h"

/* SMTPSendEnvelopeFrom: replaces the sender, unless it is empty (bounces). address NULL: no change.
 */
void ss_rewrite_envelope_from(ss_mail_message_t *m, const char *address);
/* SMTPSendHeaderFrom: address replaces the one in From (the name stays); the old one becomes
 * Reply-To unless there is one. address NULL or "keep": no change. 0, or -1 with the problem. */
int ss_rewrite_header_from(ss_mail_message_t *m, const char *address, ss_mail_problem_t *problem);
/* SMTPSendAlias: replaces recipients without a domain, or in local_domain, whose name is an alias
 * ("*": any) by its addresses. aliases: of ss_settings_pair_t, value of addresses with blanks or
 * commas between; not applied to each other. 0, or -1 with the problem. */
int ss_rewrite_alias(ss_mail_message_t *m, const apr_array_header_t *aliases,
                     const char *local_domain, ss_mail_problem_t *problem);
/* SMTPSendRedirect: address becomes the only recipient; X-Original-To fields at the top name the
 * first SS_REWRITE_ORIGINALS_MAX real ones. address NULL: no change. 0, or -1 with the problem. */
int ss_rewrite_redirect(ss_mail_message_t *m, const char *address, ss_mail_problem_t *problem);

#define SS_REWRITE_ORIGINALS_MAX 100
