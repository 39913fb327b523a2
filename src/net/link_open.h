/* link_open.h: a link's way to its session: resolve, connect, find out how TLS is wanted there,
 * shake hands. Then the phase is SS_LINK_SESSION and the link's turn is asked for. */
#ifndef SS_NET_LINK_OPEN_H
#define SS_NET_LINK_OPEN_H

#include "net/link_state.h"

apr_status_t ss_link_start(ss_link_t *link);
void ss_link_begin_handshake(ss_link_t *link);
void ss_link_listen_ready(ss_link_t *link);
void ss_link_handshake_ready(ss_link_t *link);
/* The timer of a phase before the session. */
void ss_link_late(ss_link_t *link, ss_mono_t now);

#endif
