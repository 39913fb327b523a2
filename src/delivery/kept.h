/* kept.h: what a relay's servers taught that a restart must not forget, beside what is true of a
 * host for all its relays (learned.h): the login mechanism that works, the rate that they take, and
 * a quota that is used up. It is the row "kept/<relay>" of the setting table and ends when it would
 * have ended without the restart. */
#pragma once

#include "delivery/relay.h"

/* Writes it down; nothing is left to keep: deletes the row. */
void ss_kept_save(ss_relay_t *relay);
/* Takes over what the process before wrote, if the login is still the same user's. */
void ss_kept_restore(ss_relay_t *relay, const char *json);
