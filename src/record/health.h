/* health.h: whether mail flows, judged in one place for page, monitoring, metrics and command line.
 */
#pragma once

#include <jansson.h>

#include "record/record.h"

/* Why mail does not flow: [{"relay"?,"reason","level","detail"}], reason one of paused, off (with
 * mail waiting), down, blocked, stuck and queue (full, or it cannot be read or written); level
 * "warning" where a person decided so or it may be over in a moment, else "bad". Empty: healthy. A
 * new reference. */
json_t *ss_health_reasons(ss_record_t *r, apr_time_t now);
/* SMTPSendAlertAge (0: off) is exceeded by the time for which nothing succeeded although mail was
 * due, or for which mail that is due was not tried (delivery/progress.h). Pure. */
int ss_health_is_stuck(apr_interval_time_t fruitless, apr_interval_time_t untried,
                       apr_interval_time_t alert_age);
/* SMTPSendQueueLimit: whether a queue with so many messages and octets takes no further one. */
int ss_health_is_full(const ss_settings_globals_t *globals, apr_int64_t messages,
                      apr_uint64_t bytes);
