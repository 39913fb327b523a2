/* webhook_rule.h: the webhook of a submission: which one, whether it may be named, and what the
 * daemon is told of it. */
#ifndef SS_WEB_SUBMIT_WEBHOOK_RULE_H
#define SS_WEB_SUBMIT_WEBHOOK_RULE_H

#include "config/settings.h"
#include "mail/submitted.h"

/* Where the message names a webhook: 0, or -1 with the problem unless SMTPSendWebhookAllow permits
 * its host. Where it names none the location's own is taken. m->attr.webhook becomes the daemon's
 * form of it ({"url","events","key"}), or NULL. */
int ss_webhook_rule_apply(const ss_policy_t *policy, ss_mail_message_t *m,
                          ss_mail_problem_t *problem);

#endif
