/* rate.h: a relay that asks for a lower rate is sent to more slowly (throttle.h), and says so. */
#pragma once

#include "delivery/relay.h"
#include "smtp/client_types.h"

/* The results of a transaction: what they say about the rate. */
void ss_rate_judge(ss_relay_t *relay, const ss_client_message_t *message);
/* Whether a message may be sent now; if not, the pump runs again when it may. */
int ss_rate_allows(ss_relay_t *relay);
/* The words for the bound and the reply that led to it, for people. */
void ss_rate_describe(ss_relay_t *relay);
/* One is sent now. */
void ss_rate_spend(ss_relay_t *relay);
