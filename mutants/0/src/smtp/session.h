/* session.h: greeting, EHLO/HELO, STARTTLS, login, the trial of the connection test, QUIT. Private
 * to client.c. */
#pragma once

#include "smtp/client_state.h"

extern const ss_client_phase_t ss_session_phases[SS_CLIENT_STATES];
/* See the functions of the same names in client.h. */
void ss_session_tls_on(ss_client_t *c, const char *binding_type, const char *binding,
                       apr_size_t binding_len);
void ss_session_secret(ss_client_t *c, const char *bytes, apr_size_t len);
void ss_session_try(ss_client_t *c, const char *from, const char *to);
