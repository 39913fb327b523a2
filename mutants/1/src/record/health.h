/* health.h: whether mail flows, judged in one place for page, monitoring, metrics and command line.
 */
#pragma once

#include <jansson.h>

#include "record/record.h"

/* Why mail does not flow: [{"relay"?,"reason","detail"}], reason one of paused, blocked, stuck,
 * full and disk; empty: healthy. A new reference. While the store is faulty, a write is tried, so
 * that an idle queue is found healthy again. */
json_t *ss_health_reasons(ss_record_t *r, apr_time_t now);
/* SMTPSendAlertAge (0: off): whether the oldest message, accepted at `oldest` (0: none), waits too
 * long. */
int ss_health_is_stuck(apr_time_t oldest, apr_interval_time_t alert_age, apr_time_t now);
/* SMTPSendQueueLimit: whether a queue with so many messages and octets takes no further one. */
int ss_health_is_full(const ss_settings_globals_t *globals, apr_int64_t messages,
                      apr_uint64_t bytes);
