/* link_open.h: the inside of a link, for link.c and link_open.c: its record, its way to the
 * session, and what the phases do alike. When the way is done, the phase is SS_LINK_SESSION and the
 * link's turn is asked for. */
#pragma once

#include "net/connect.h"
#include "net/link_options.h"
#include "net/stream.h"

typedef enum {
    SS_LINK_CONNECTING, /* or resolving */
    SS_LINK_LISTENING,  /* negotiate: does the server greet in plain text? */
    SS_LINK_SHAKING,    /* TLS handshake, before the greeting or after STARTTLS */
    SS_LINK_SESSION,
    SS_LINK_CLOSED
} ss_link_phase_t;

/* until mail was carried: an answer that takes longer is not waited for while other addresses of
 * the name may do better */
#define SS_LINK_HASTE (5 * APR_USEC_PER_SEC)

struct ss_link_t {
    apr_pool_t *pool, *session_pool;
    ss_loop_t *loop;
    ss_link_options_t options;
    const ss_settings_t *settings;
    ss_link_owner_t owner;
    const ss_settings_host_t *host;
    int port;
    ss_link_phase_t phase;
    ss_tls_way_t way; /* how TLS is begun this time; UNKNOWN: listen first, or no TLS */
    int is_small;     /* the ClientHello of this connection */
    int is_patient;   /* negotiate: the server dropped us for speaking early */
    int is_plain_now; /* opportunistic: the upgrade failed, this connection goes without */
    int reconnects;
    ss_resolve_t *resolve;
    ss_connect_t *connect;
    ss_resolve_addresses_t addresses;
    int healthy;                  /* of the addresses (address_health.h) */
    int is_served;                /* the server answered for a message */
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

/* of one link: with TLS begun the other way, later, smaller, or without it */
#define SS_LINK_RECONNECTS_MAX 2

apr_status_t ss_link_start(ss_link_t *link);
void ss_link_begin_handshake(ss_link_t *link);
void ss_link_listen_ready(ss_link_t *link);
void ss_link_handshake_ready(ss_link_t *link);
/* The timer of a phase before the session. */
void ss_link_late(ss_link_t *link, ss_mono_t now);

/* Leaves a call that may have run callbacks, in which the owner may have destroyed the link (enter:
 * link->busy++): the link must not be touched after it. */
void ss_link_leave(ss_link_t *link);
/* Frees it; nothing of it may run. */
void ss_link_free(ss_link_t *link);
/* The client outlives the socket: its last events are taken from it. */
void ss_link_close_socket(ss_link_t *link);
/* The session ended: what that says about the address. */
void ss_link_judge_address(const ss_link_t *link, int is_failure);
void ss_link_emit(ss_link_t *link, const ss_client_event_t *event);
void ss_link_closed(ss_link_t *link, int is_ok, ss_cmd_t cmd, const ss_result_t *result);
