/* pump.h: what a relay can send now, and over which connection; what it waits for otherwise. */
#pragma once

#include "base/deferred.h"

/* The pump of the relay that is the deferred call's self (ss_relay_wake): hands over what is due,
 * opens connections, sets the timer for what is due later. */
void ss_pump_run(ss_deferred_t *deferred, ss_mono_t now);
