/* flush.h: "try everything at once": hosts that are down are tried, and messages that wait for
 * their next attempt are made due, in the store too, in steps, so that it concerns the whole queue
 * and not only what is in memory. Mail that waits for its own time (at) stays. */
#pragma once

#include "delivery/relay.h"

/* who: for the history. Nothing more happens while a flush is under way. */
void ss_flush_relay(ss_relay_t *relay, const char *who);
