/* relay.h: one relay of the configuration: what it may send, through which connections, and what
 * its part of the queue holds. */
#ifndef SS_DELIVERY_RELAY_H
#define SS_DELIVERY_RELAY_H

#include <apr_ring.h>
#include "config/secrets.h"
#include "config/settings.h"
#include "delivery/breaker.h"
#include "delivery/pause.h"
#include "record/metrics.h"
#include "net/loop.h"
#include "net/tls.h"
#include "queue/message.h"
#include "queue/schedule.h"

typedef struct ss_daemon_t ss_daemon_t;
typedef struct ss_relay_t ss_relay_t;
typedef struct ss_connection_t ss_connection_t;

struct ss_relay_t {
    ss_daemon_t *daemon;
    const ss_settings_t *settings;
    const char *name;
    ss_secret_t *secret;
    int is_secret_loading; /* a helper thread runs exec: or reads file: */
    int is_secret_rejected;
    ss_result_t secret_result;
    ss_tls_t *tls;
    ss_result_t tls_result; /* set: the TLS settings cannot work */
    ss_schedule_t *schedule;
    ss_breaker_t *hosts; /* settings->hosts->nelts of them */
    int host_count;
    APR_RING_HEAD(ss_conn_ring_t, ss_connection_t) conns;
    int conn_count, connecting;
    int conn_limit; /* settings->connections, or halved for a while */
    ss_mono_t conn_limit_until;
    int loads;      /* SS_STORE_LOAD under way */
    int is_filling; /* SS_STORE_DUE under way */
    int in_flight;
    /* of const char *: whose mail it carries: its own name's, and the main server's that of names
     * that are not configured any more */
    apr_array_header_t *names;
    int fill_name;        /* where SS_STORE_DUE goes on: which of them, */
    apr_time_t fill_time; /* and behind what */
    char fill_id[SS_IDENT_TEXT];
    ss_pause_t pause;
    ss_timer_t timer; /* next thing to do: due, breaker, pause's end */
    ss_timer_t pause_timer;
    ss_timer_t fill_timer; /* reading the order failed: when it is tried again */
    int was_read;          /* all of the order was looked at once */
    int is_flushing;
    /* resumed slowly: no faster than this; count 0: no such bound (ramp.c) */
    ss_rate_t ramp;
    ss_timer_t ramp_timer;
    ss_deferred_t pump;
    apr_int64_t counts[SS_STATES]; /* recipients in the store by state, kept up */
    apr_int64_t waiting_messages;
    apr_uint64_t waiting_bytes;
    /* acceptance of the oldest waiting message, as far as known; 0 none */
    apr_time_t oldest;
    apr_time_t last_success;
    apr_uint64_t sent, failed, uncertain;
    ss_relay_metrics_t metrics;
    apr_pool_t *pool;
};

apr_status_t ss_relays_create(ss_daemon_t *d);
void ss_relays_destroy(ss_daemon_t *d);
/* By name; the main server's where the name is not configured any more (the log says so once a
 * name). */
ss_relay_t *ss_relay_for(ss_daemon_t *d, const char *name);
ss_relay_t *ss_relay_find(ss_daemon_t *d, const char *name);
/* Something changed: looks, at the end of this turn, what can be sent. Idempotent. */
void ss_relay_wake(ss_relay_t *relay);
/* Reads the order of what waits from the store (start, after drops, after flush). */
void ss_relay_fill(ss_relay_t *relay);
/* "up", "down", "blocked", "paused", "off"; cause and advice id of the state or NULL. */
const char *ss_relay_state(const ss_relay_t *relay, const char **cause, const char **advice);
/* A message came into the queue (+1) or left it (-1): all its recipients are counted as waiting. */
void ss_relay_stored(ss_relay_t *relay, const ss_message_t *m, int sign);
void ss_relay_counted(ss_relay_t *relay, ss_state_t from, ss_state_t to);
/* No new transactions; QUIT where nothing is in flight. */
void ss_relay_quit(ss_relay_t *relay);
/* Everything in flight is given back now. */
void ss_relay_abort(ss_relay_t *relay);
/* Gives up, in steps, what is older than SMTPSendExpire, or than its own time, though no attempt
 * comes to tell. */
void ss_relay_sweep(ss_relay_t *relay, apr_time_t now);
/* Whether the relay may send: not paused, engine on, not leaving. */
int ss_relay_is_paused(const ss_relay_t *relay);
apr_interval_time_t ss_pause_total(const ss_relay_t *relay, apr_time_t now);
/* The secret's state for the test's settings list: "set (file)", "empty", "unreadable". */
const char *ss_relay_secret_state(const ss_relay_t *relay);

#endif
