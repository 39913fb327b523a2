/* login.h: the relay's secret for its connections: when it is read again, and who waits for it; and
 * which login mechanism is tried. A server may offer mechanisms that it then refuses. With
 * SMTPSendAuth auto the next one is tried, at most three in a row for one secret and at most once
 * an hour; the one that worked is tried first for a day (kept.h). */
#pragma once

#include "delivery/connection.h"

/* A connection asks for the secret: it gets it now, or when it was read again, where its source
 * changed or it was never read. */
void ss_login_want(ss_connection_t *connection);
/* The server rejected the login: the secret is read again if that can bring something new, once; if
 * it did, the relay is tried at once, else when the breaker says so. */
void ss_login_rejected(ss_relay_t *relay);
/* Which mechanisms the next connection to that host may try. */
void ss_login_options(ss_relay_t *relay, int host, ss_transport_options_t *options);
/* A step of the login ended: a mechanism was refused, or one worked. */
void ss_login_step(ss_connection_t *connection, const ss_client_event_t *event);
/* The connection ended before it was ready: perhaps at the login, without a reply. */
void ss_login_lost(const ss_connection_t *connection, const ss_client_event_t *event);
/* A login was accepted. */
void ss_login_accepted(ss_relay_t *relay);
