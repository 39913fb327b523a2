/* slow_start.h: a relay that is resumed slowly, so that the waiting mail does not flood its server:
 * a bound on its rate that doubles each minute and ends when nothing waits any more. It is kept
 * over a restart. SMTPSendRate is the permanent bound. */
#pragma once

#include "delivery/relay.h"

/* No slow start below this: microseconds a message. */
#define SS_SLOW_START_FASTEST 1000

/* Begins with that rate; NULL: ends it. */
void ss_slow_start_set(ss_relay_t *relay, const ss_settings_rate_t *rate);
/* Continues with the bound that the process before wrote down ("ramp/<relay>" of the setting
 * table). */
void ss_slow_start_restore(ss_relay_t *relay, const char *value);
/* The bound a minute later; 0: none any more. Pure. */
apr_interval_time_t ss_slow_start_next(apr_interval_time_t per_message,
                                       apr_int64_t waiting_messages);
