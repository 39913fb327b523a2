/* relay.h: one relay of the configuration: what its part of the queue holds, whether it may send,
 * and the state of its hosts. Fields are read by operator and record; only delivery changes them.
 */
#pragma once

#include <apr_ring.h>

#include "delivery/breaker.h"
#include "delivery/ports.h"
#include "delivery/suspicion.h"
#include "delivery/throttle.h"
#include "queue/message.h"
#include "queue/schedule.h"

typedef struct ss_delivery_t ss_delivery_t;
typedef struct ss_connection_t ss_connection_t;

typedef struct {
    int directive;              /* SMTPSendPause On */
    int stored;                 /* made while running */
    const char *reason, *who;   /* of the stored one; malloc'ed; or NULL */
    apr_time_t since, until;    /* of the stored one; until 0: open end */
    apr_time_t effective_since; /* paused by either (or engine off) since; 0: not paused */
    apr_interval_time_t total;  /* paused time before effective_since, over all restarts */
    ss_mono_t said;             /* last line in the log */
    /* number of the heartbeat before the last change here (node.h): what that one read is older */
    apr_uint64_t number;
} ss_relay_pause_t;

typedef struct {
    apr_uint64_t results[SS_STATES]; /* attempts, by the state that a recipient was left in */
    /* connections: ready for messages; host down; refused by the server */
    apr_uint64_t connected, unreached, refused;
    ss_reply_counts_t *replies;
} ss_relay_counters_t;

/* What the logins at a host taught about its mechanisms (login.h). */
typedef struct {
    char mechanism[24];       /* that worked after another was refused; "" none */
    char lost[24];            /* at which the server hung up; "" none */
    char refused[24];         /* the last one that was refused, for the log */
    int tries;                /* refused in a row */
    ss_mono_t tried, learned; /* when */
} ss_relay_login_t;

/* so many recipients whose mail waits show that it is not about one mailbox */
#define SS_PROGRESS_RECIPIENTS 3

/* What was tried since the last success (progress.h). */
typedef struct {
    ss_mono_t first; /* attempt; not set: none */
    int is_general;  /* one whose reply was not about its recipient alone */
    apr_uint32_t recipients[SS_PROGRESS_RECIPIENTS]; /* hashes; of the others */
    int count;
} ss_relay_progress_t;

typedef struct ss_relay_t {
    ss_delivery_t *delivery;
    const ss_settings_t *settings;
    const char *name;
    apr_pool_t *pool;

    /* ---- connections ---- */
    ss_breaker_t *hosts;        /* of settings->hosts, host_count of them */
    ss_suspicion_t *suspicions; /* of each host */
    ss_relay_login_t *logins;   /* of each host */
    int host_count;
    APR_RING_HEAD(ss_relay_connections_t, ss_connection_t) connections;
    int connection_count, connecting;
    int connection_limit; /* settings->connections, or halved until connection_limit_until */
    ss_mono_t connection_limit_until;
    int crowded;               /* connections that failed in a row while others carried mail */
    ss_mono_t crowded_until;   /* none is opened before */
    apr_uint64_t served;       /* messages that a server answered for, whatever the answer */
    int in_flight;             /* messages handed to connections and not answered */
    int uncommitted;           /* outcomes posted to the store and not committed */
    ss_mono_t stored;          /* the last time one was, or there was none */
    ss_result_t unusable;      /* set: no connection can be made with these settings (TLS) */
    ss_result_t shortage;      /* set: this machine could not open the last connection */
    ss_mono_t shortage_until;  /* none is opened before (shortage.h) */
    ss_secret_t *secret;       /* or NULL */
    int is_secret_loading;     /* ports.secret_load is under way */
    int is_secret_rejected;    /* by the server; and has been read again since */
    ss_result_t secret_result; /* of the last reading */

    /* ---- what is sent next ---- */
    ss_schedule_t *schedule;
    ss_deferred_t pump;   /* pump.h */
    ss_timer_t timer;     /* wakes the pump: a message is due, or a host may be tried */
    int conversions;      /* conversion.h */
    int loads;            /* messages being read from the store */
    int is_filling;       /* the order is being read from the store (backlog.h) */
    int was_filled;       /* all of the order was looked at once */
    int fill_name;        /* where reading goes on: which of names, */
    apr_time_t fill_time; /* and behind what */
    char fill_id[SS_IDENT_TEXT];
    ss_timer_t fill_timer; /* reading failed: when it is tried again */
    int is_flushing;
    ss_relay_pause_t pause;
    ss_timer_t pause_timer;
    ss_settings_rate_t slow_start; /* resumed slowly: no faster than this; count 0: no such bound */
    ss_timer_t slow_start_timer;
    ss_throttle_t throttle; /* the server asked for a lower rate (rate.h) */
    int is_slow_new;        /* ... and the log does not say so yet */
    int is_kept;            /* the store has what it taught (kept.h) */
    char slow_reply[400];   /* its words */
    char slow[512];         /* the same as people read it */

    /* ---- what the store holds of it ---- */
    /* of const char *: the relays whose mail it carries: its own name, and for the main server
     * those that are not configured any more */
    apr_array_header_t *names;
    apr_int64_t counts[SS_STATES]; /* recipients by state */
    apr_int64_t waiting_messages;
    apr_uint64_t waiting_bytes;
    /* by how much these three changed since the store was asked to count (queue_counts.h) */
    struct {
        apr_int64_t counts[SS_STATES], messages, bytes;
    } moved;
    apr_time_t oldest; /* acceptance of the oldest waiting message, as far as known; 0: none */

    ss_mono_t may_send; /* since when: the start, the end of a pause, a jump of the clock */
    ss_relay_progress_t progress;

    /* ---- what it did since the start ---- */
    apr_time_t last_success;
    apr_uint64_t sent, failed, uncertain; /* recipients */
    ss_relay_counters_t counters;
} ss_relay_t;

/* A relay for these settings, in a pool of its own below the delivery's. pump: called at the end of
 * a turn in which it was woken. */
ss_relay_t *ss_relay_create(ss_delivery_t *d, const ss_settings_t *settings,
                            void (*pump)(ss_deferred_t *deferred, ss_mono_t now));
void ss_relay_destroy(ss_relay_t *relay);
int ss_relay_count(const ss_delivery_t *d);
/* 0: the main server's. */
ss_relay_t *ss_relay_at(const ss_delivery_t *d, int index);
/* By name; NULL: not configured. */
ss_relay_t *ss_relay_find(const ss_delivery_t *d, const char *name);
/* By name; the main server's where the name is not configured any more (logged once a name). */
ss_relay_t *ss_relay_for(ss_delivery_t *d, const char *name);
/* "mail.example.com:465", as settings name the host of that index: the key of what is learned of
 * it. */
const char *ss_relay_host_name(const ss_relay_t *relay, int host, apr_pool_t *pool);
/* Something changed: looks, at the end of this turn, what can be sent. Idempotent. */
void ss_relay_wake(ss_relay_t *relay);
/* SMTPSendEngine is Off, or it is paused. */
int ss_relay_is_paused(const ss_relay_t *relay);
/* "up", "slow", "down", "blocked", "paused", "off", "stopped" (the queue cannot be written); cause
 * and advice id of the state, or NULL. */
const char *ss_relay_state(const ss_relay_t *relay, const char **cause, const char **advice);
/* The secret's state for people: "set (file)", "empty", "unreadable" ... */
const char *ss_relay_secret_state(const ss_relay_t *relay);

/* ---- counts ---- */
/* Recipients, messages and octets are more (or less) by this. */
void ss_relay_count_more(ss_relay_t *relay, ss_state_t state, apr_int64_t recipients,
                         apr_int64_t messages, apr_int64_t bytes);
/* A message came into the queue: its recipients are counted by their states. */
void ss_relay_add_message(ss_relay_t *relay, const ss_message_t *m);
/* A message of that size left it: none of its recipients waits any more. */
void ss_relay_drop_message(ss_relay_t *relay, apr_uint64_t size);
/* A recipient changed its state. */
void ss_relay_move(ss_relay_t *relay, ss_state_t from, ss_state_t to);
