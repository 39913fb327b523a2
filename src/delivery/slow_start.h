/* slow_start.h: a relay that is resumed slowly, so that the waiting mail does not flood its server:
 * a bound on its rate that doubles each minute and ends when nothing waits any more. It is kept
 * over a restart. SMTPSendRate is what bounds a relay for good. */
#ifndef SS_DELIVERY_SLOW_START_H
#define SS_DELIVERY_SLOW_START_H

#include "delivery/relay.h"

/* A bound of less than this, in microseconds a message, is none. */
#define SS_SLOW_START_FASTEST 1000

/* Begins with that rate; NULL: ends it. */
void ss_slow_start_set(ss_relay_t *relay, const ss_settings_rate_t *rate);
/* Goes on with the bound that a process before wrote down ("ramp/<relay>" of the setting table). */
void ss_slow_start_restore(ss_relay_t *relay, const char *value);
/* The bound a minute later; 0: none any more. Pure. */
apr_interval_time_t ss_slow_start_next(apr_interval_time_t per_message,
                                       apr_int64_t waiting_messages);

#endif
