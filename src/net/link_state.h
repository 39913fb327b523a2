/* link_state.h: a link's record, and what link.c (the session) and link_open.c (the way there) do
 * to it alike. Only these three files include it. */
#ifndef SS_NET_LINK_STATE_H
#define SS_NET_LINK_STATE_H

#include "net/connect.h"
#include "net/link_options.h"
#include "net/stream.h"

typedef enum {
    SS_LINK_RESOLVING,
    SS_LINK_CONNECTING,
    SS_LINK_LISTENING, /* negotiate: does the server greet in plain text? */
    /* TLS handshake, before the greeting or after STARTTLS */
    SS_LINK_SHAKING,
    SS_LINK_SESSION,
    SS_LINK_CLOSED
} ss_link_phase_t;

struct ss_link_t {
    apr_pool_t *pool, *session_pool;
    ss_loop_t *loop;
    ss_link_options_t options;
    const ss_settings_t *settings;
    ss_link_owner_t owner;
    const ss_settings_host_t *host;
    int port;
    ss_link_phase_t phase;
    /* how TLS is begun this time; UNKNOWN: listen first, or no TLS */
    ss_tls_way_t way;
    /* opportunistic: the upgrade failed, this connection goes without */
    int is_plain_now;
    int reconnects;
    ss_resolve_t *resolve;
    ss_connect_t *connect;
    ss_resolve_addresses_t addresses;
    ss_resolve_address_t address; /* connected to */
    ss_stream_t stream;
    ss_loop_watch_t watch;
    ss_timer_t timer;
    ss_deferred_t turn;
    ss_client_t *client;
    char name[400];
    ss_mono_t step_began;
    int has_been_ready;
    apr_uint64_t received; /* bytes of this connection, plain ones */
    ss_tls_facts_t facts;
    int has_facts;
    int is_blocked; /* the socket took less than there was */
    int has_more;   /* reading stopped at its bound, not at the end */
    int wants_tls, wants_quit;
    int busy, is_gone; /* calls under way; destroyed meanwhile */
};

#define SS_LINK_RECONNECTS_MAX 2 /* of one link: with TLS begun the other way, or without it */

/* Enters and leaves a call that may run callbacks, in which the owner may destroy the link; after
 * leave the link must not be touched when it says 0. */
void ss_link_enter(ss_link_t *link);
int ss_link_leave(ss_link_t *link);
/* Frees it; nothing of it may run. */
void ss_link_free(ss_link_t *link);
/* The client outlives the socket: its last events are taken from it. */
void ss_link_close_socket(ss_link_t *link);
void ss_link_emit(ss_link_t *link, const ss_client_event_t *event);
/* A step of the connection itself. */
void ss_link_step(ss_link_t *link, int is_ok, ss_cmd_t cmd, const ss_result_t *result);
/* The connection failed before or without a client: the failed step, then CLOSED. */
void ss_link_fail(ss_link_t *link, ss_cmd_t cmd, const ss_result_t *result);
void ss_link_closed(ss_link_t *link, int is_ok, ss_cmd_t cmd, const ss_result_t *result);
/* Closes the socket and forgets the client. */
void ss_link_drop(ss_link_t *link);

#endif
