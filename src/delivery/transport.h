/* transport.h: a connection to a relay's host, as delivery sees it. The daemon makes them of
 * net/link (daemon/connector.c); the simulator and the unit tests put the SMTP client
 * (smtp/client.h) on a scripted server. All calls come from one thread. */
#pragma once

#include "config/settings.h"
#include "smtp/client.h"

/* Each implementation defines this struct for itself. */
typedef struct ss_transport_t ss_transport_t;

typedef struct {
    const ss_settings_t *settings; /* of the relay; lives as long as the delivery */
    int host;                      /* index in settings->hosts */
    const char *name;              /* "mail.example.com:465"; valid during open only */
    unsigned learned;              /* SS_LEARN_ bits to respect on this connection */
    int max_messages;              /* of this connection, as learned; 0: no limit is known */
    const char *mechanism;         /* of the login, to be tried first; or NULL */
    const char *mechanism_lost;    /* not to be tried; or NULL. Both valid during open only */
    int logins;                    /* mechanisms that may be tried; 0: one */
    apr_interval_time_t haste;     /* for another host is there (ss_client_options_t); 0: none */
    ss_client_proof_t *proof;      /* what the host has shown; lives as long as the delivery */
    ss_reply_counts_t *counts;     /* replies are counted here; lives as long as the delivery */
    /* Takes the connection's events: READY once, WANT_SECRET, DONE for each message that send took,
     * REFUSED, LEARNED, and CLOSED exactly once as the last one, before which all messages were
     * given back by DONE. A connection that cannot be made gives CLOSED without READY, with verdict
     * and result. Others may be left out. Called from the loop or within abort, never within
     * another call to the transport. The event is valid during the call. */
    void (*event)(void *owner, const ss_client_event_t *event);
    void *owner;
} ss_transport_options_t;

typedef struct {
    /* Called once for each relay before the first open: whether connections to it can be made at
     * all (TLS files and settings). An error: *result says why; the relay's mail waits. */
    apr_status_t (*prepare)(void *self, const ss_settings_t *settings, ss_result_t *result);
    /* Begins to connect to one host. options are copied. APR_SUCCESS: the caller owns *transport,
     * and events come later. Else nothing was begun, and no event comes. */
    apr_status_t (*open)(void *self, ss_transport_t **transport,
                         const ss_transport_options_t *options);
    /* Frees it, whatever its state; no event comes any more. Allowed within an event. Messages in
     * flight are not given back: abort first where that matters. */
    void (*close)(ss_transport_t *transport);
    /* The SMTP client, to ask for can_send and capabilities only; NULL before the connection
     * stands. */
    const ss_client_t *(*client)(const ss_transport_t *transport);
    /* Hands a message over. APR_SUCCESS: it belongs to the transport until its DONE, which never
     * comes within this call. Else (APR_EAGAIN: no room) it stays the caller's. */
    apr_status_t (*send)(ss_transport_t *transport, ss_client_message_t *message);
    /* Content that was APR_EAGAIN can be read now. */
    void (*more)(ss_transport_t *transport);
    /* Answers WANT_SECRET. bytes are copied; NULL: there is no secret, the login fails. */
    void (*secret)(ss_transport_t *transport, const char *bytes, apr_size_t len);
    /* Ends the session with QUIT once nothing is in flight; then CLOSED. Idempotent. */
    void (*quit)(ss_transport_t *transport);
    /* As if the connection were lost now: DONE for what is in flight, then CLOSED, within this
     * call. why: for people. */
    void (*abort)(ss_transport_t *transport, const char *why);
    /* "mail.example.com[192.0.2.1]:465" once connected, "mail.example.com:465" before; valid until
     * close. */
    const char *(*name)(const ss_transport_t *transport);
} ss_transport_ops_t;
