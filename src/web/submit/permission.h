/* permission.h: who may submit what where. Pure. */
#pragma once

#include "config/settings.h"
#include "mail/mail.h"

/* Checks sender, recipients and relay against SMTPSendAllowFrom, SMTPSendAllowTo and
 * SMTPSendAllowRelay, and settles the priority. 0, or -1 with the problem: 403; 400 where
 * SMTPSendAllowFrom cannot be checked, because the message does not say clearly who wrote it. */
int ss_permission_check(const ss_settings_policy_t *policy, ss_mail_message_t *m,
                        ss_mail_problem_t *problem);
