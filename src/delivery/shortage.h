/* shortage.h: this machine has no descriptor, process or memory left for a connection. That is no
 * failure of the relay's host: its condition stays, no attempt is charged, and it is tried again
 * soon. */
#pragma once

#include "delivery/relay.h"

#define SS_SHORTAGE_AGAIN APR_USEC_PER_SEC

/* No connection is opened for SS_SHORTAGE_AGAIN. Logged once a minute. */
void ss_shortage_begin(ss_relay_t *relay, const ss_result_t *result);
/* A connection could be opened. */
void ss_shortage_end(ss_relay_t *relay);
/* Whether no connection may be opened now; the pump runs again when one may. */
int ss_shortage_lasts(ss_relay_t *relay);
