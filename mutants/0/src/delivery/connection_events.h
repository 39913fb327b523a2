/* connection_events.h: opens the connections of a relay, and does what their events ask for. */
#pragma once

#include "delivery/connection.h"

/* Begins to connect to the host of that index. Where that fails at once the host is down. */
void ss_connection_open(ss_relay_t *relay, int host);
