/* quota.h: SMTPSendSubmitterRate: how many more messages each submitter may submit. Pure. */
#pragma once

#include "base/mono.h"
#include "config/settings.h"

/* known at a time; above it all are forgotten, and each has its full rate again */
#define SS_QUOTA_SUBMITTERS_MAX 10000
#define SS_QUOTA_RATES_MAX 4 /* of one location; further ones are ignored */

typedef struct ss_quota_t ss_quota_t;

ss_quota_t *ss_quota_create(apr_pool_t *pool);
/* Counts one message of a submitter against each rate. 0; or the seconds after which to retry, and
 * nothing is counted. Each rate is a token bucket, full at first: N messages at once, then evenly.
 */
int ss_quota_take(ss_quota_t *quota, const char *submitter, const ss_settings_rate_t *rates,
                  int count, ss_mono_t now);
