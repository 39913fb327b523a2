/* login.h: the relay's secret for its connections: when it is read again, and who waits for it. */
#pragma once

#include "delivery/connection.h"

/* A connection asks for the secret: it gets it now, or when it was read again, where its source
 * changed or it was never read. */
void ss_login_want(ss_connection_t *connection);
/* The server rejected the login: the secret is read again if that can bring something new, once; if
 * it did, the relay is tried at once, else when the breaker says so. */
void ss_login_rejected(ss_relay_t *relay);
/* A login was accepted. */
void ss_login_accepted(ss_relay_t *relay);
