/* webhook_rule.h: which webhook a submission has. Pure. */
#pragma once

#include "config/settings.h"
#include "mail/mail.h"

/* Replaces the webhook of the message by what the daemon stores, {"url","events","key","private"},
 * or NULL. A URL in the message needs a host that SMTPSendWebhookAllow permits; without one, the
 * location's own is used. "private" allows internal addresses: only for URLs of the administrator
 * and hosts that are listed literally. 0, or -1 with the problem. */
int ss_webhook_rule_apply(const ss_settings_policy_t *policy, ss_mail_message_t *m,
                          ss_mail_problem_t *problem);
