/* connection.h: one connection of a relay's pool and the transactions on it. */
#ifndef SS_DELIVERY_CONNECTION_H
#define SS_DELIVERY_CONNECTION_H

#include "daemon/daemon.h"

struct ss_connection_t {
    APR_RING_ENTRY(ss_connection_t) ring;
    ss_relay_t *relay;
    ss_link_t *link;
    int host;       /* index */
    char name[300]; /* "host:port": the key of what is remembered of it */
    int is_ready, is_quitting;
    int is_probe; /* its host was down or blocked when it was opened */
    int wants_secret;
    int in_flight;
    int messages; /* handed over */
    ss_mono_t opened, ready;
    /* LogLevel debug: of the transcript that goes to the log; else NULL */
    apr_pool_t *dialogue;
    ss_timer_t idle;
};

/* Opens a connection to a host; 0: it could not even be begun. */
int ss_connection_open(ss_relay_t *relay, int host, ss_mono_t now);
/* A connection that takes a message now, or NULL. */
ss_connection_t *ss_connection_pick(ss_relay_t *relay, ss_mono_t now);
/* Whether the content would have to be re-encoded for this relay, for which all of it must be in
 * memory. */
int ss_connection_wants_whole(const ss_connection_t *conn, const ss_message_t *m);
/* Hands the recipients that are due over. 0: the connection would not take it (the job is
 * unchanged). */
int ss_connection_send(ss_connection_t *conn, ss_job_t *job, ss_mono_t now);
void ss_connection_quit(ss_connection_t *conn);
/* The secret is there (or is not to be had): connections that wait for it go on. */
void ss_connection_give_secret(ss_relay_t *relay);
/* "host:port" as settings name it: the key of what is remembered. */
const char *ss_connection_host_name(const ss_relay_t *relay, int host, apr_pool_t *pool);

#endif
