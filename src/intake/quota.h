/* quota.h: SMTPSendSubmitterRate: how many messages each submitter may still hand in. Pure: time is
 * an argument. */
#ifndef SS_INTAKE_QUOTA_H
#define SS_INTAKE_QUOTA_H

#include "base/mono.h"
#include "config/settings.h"

/* remembered at once; past it all are forgotten, which lets each have its rate once more */
#define SS_QUOTA_SUBMITTERS_MAX 10000
#define SS_QUOTA_RATES_MAX 4 /* of one location; more are not looked at */

typedef struct ss_quota_t ss_quota_t;

ss_quota_t *ss_quota_create(apr_pool_t *pool);
/* Takes one message from a submitter's share of each rate. 0; or the seconds after which it may try
 * again, and nothing is taken. A share is full at first (N at once) and fills evenly. */
int ss_quota_take(ss_quota_t *quota, const char *submitter, const ss_settings_rate_t *rates,
                  int count, ss_mono_t now);

#endif
