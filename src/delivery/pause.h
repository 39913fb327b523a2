/* pause.h: a relay's pause: by directive or made while running, kept over restarts, and its time
 * counted, so that it never makes mail expire. A pause stops new transactions; what was handed over
 * ends. See docs/policies. */
#pragma once

#include "base/json.h"
#include "delivery/relay.h"

/* Takes over the row "pause/<relay>" that a daemon before wrote; takes effect by ss_pause_begin. */
void ss_pause_restore(ss_relay_t *relay, const char *json);
/* The settings were read: the pause takes effect, or its time before this start is counted. */
void ss_pause_begin(ss_relay_t *relay);
/* The row as another node of the queue wrote it, read by the heartbeat of that number: that node's
 * pause or resume takes effect, unless this node changed it later. */
void ss_pause_share(ss_relay_t *relay, const char *json, apr_uint64_t number);
/* Pauses now, and writes it to the store. until: wall time, 0: open end. */
void ss_pause_set(ss_relay_t *relay, const char *reason, const char *who, apr_time_t until);
/* Ends the pause that was made while running; one by directive stays. who NULL: nobody, it has
 * expired. */
void ss_pause_clear(ss_relay_t *relay, const char *who);
/* The wall clock was set by so much: the pause lasts as long as it would have. */
void ss_pause_shift(ss_relay_t *relay, apr_interval_time_t by);
/* The time that the relay was paused, over all restarts. */
apr_interval_time_t ss_pause_total(const ss_relay_t *relay, apr_time_t now);
/* {"directive","stored","since","until","reason","who"}; null where it is not paused. */
json_t *ss_pause_json(const ss_relay_t *relay);
