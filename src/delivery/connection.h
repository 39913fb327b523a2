/* connection.h: the connections of a relay: which of them takes the next message, how many there
 * may be, and their end. See connection_events.h for what happens on them. */
#pragma once

#include "delivery/job.h"
#include "delivery/relay.h"

/* how long fewer connections are made after the server said that they were too many */
#define SS_CONNECTION_FEWER_FOR (600 * APR_USEC_PER_SEC)

struct ss_connection_t {
    APR_RING_ENTRY(ss_connection_t) ring;
    ss_relay_t *relay;
    ss_transport_t *transport;
    int host;       /* index in the relay's hosts */
    char name[300]; /* ss_relay_host_name's */
    int is_ready, is_quitting;
    int is_probe;          /* its host was down or blocked when it was opened */
    int is_hasty;          /* another host may do better: no answer is waited for long */
    int round;             /* of its host's strikes (strikes.h) when it was opened */
    int is_useful;         /* the server answered for a message or a recipient */
    int has_taught;        /* something was learned of the host: the next one will do better */
    const char *mechanism; /* of the login under way, or NULL; static text */
    int wants_secret;
    int in_flight;
    int messages;   /* handed over so far */
    int carried;    /* ... and sent */
    int most;       /* messages that the host was found to take on a connection; 0: no limit */
    ss_mono_t took; /* its server took a message last */
    ss_mono_t opened, ready;
    ss_timer_t idle;
};

/* Prepares the pool of a new relay. */
void ss_connection_init(ss_relay_t *relay);
/* Whether it takes another message by its age (SMTPSendMaxConnectionAge; 0: any). Pure. */
int ss_connection_is_too_old(const ss_settings_t *settings, ss_mono_t ready, ss_mono_t now);
/* How many connections are made when that many were too many: half, but one. Pure. */
int ss_connection_fewer(int count);
/* The server said that there are too many: fewer for a while. words: its. */
void ss_connection_limit(ss_relay_t *relay, const char *words);
/* One failed while others of its host carry mail: perhaps the server bears no more. None is opened
 * for a second, and when it happens again, fewer for a while. */
void ss_connection_crowded(ss_relay_t *relay, int host, const char *words);
/* The server answered for a message that it carried. */
void ss_connection_served(ss_connection_t *connection);
/* The server refused a message since this connection had carried so many: a limit for all
 * connections to its host, from now on. words: its. */
void ss_connection_is_full(ss_connection_t *connection, int messages, const char *words);
/* Whether one of that host carries mail, or is_hopeful: has just become ready to. */
int ss_connection_is_served(const ss_relay_t *relay, int host, int is_hopeful);
/* Whether the host took a message on one that is open. */
int ss_connection_took(const ss_relay_t *relay, int host);
/* Whether another one may be opened: below the limit, and none is on its way, since what the first
 * ones carry tells whether more are needed. */
int ss_connection_may_open(ss_relay_t *relay);
/* Whether it may be to that host; where time alone allows it, the pump runs again at that time. */
int ss_connection_may_open_to(ss_relay_t *relay, int host);
/* One that takes this job now, of the first host in the settings' order; NULL: none. Ends those
 * that are too old. */
ss_connection_t *ss_connection_pick(ss_relay_t *relay, const ss_job_t *job);
/* Whether there is one to that host that takes messages, or is about to. */
int ss_connection_is_open(const ss_relay_t *relay, int host);
/* (Re)starts the idle time (SMTPSendIdleTimeout), after which it ends; nothing is in flight. */
void ss_connection_watch_idle(ss_connection_t *connection);
/* Ends it with QUIT when nothing is in flight any more. Idempotent. */
void ss_connection_quit(ss_connection_t *connection);
void ss_connection_quit_all(ss_relay_t *relay);
/* Those of the same host. */
void ss_connection_quit_others(const ss_connection_t *connection);
/* Those of that host which it took no message on: it may have judged them when they were opened,
 * and think otherwise of the next one. */
void ss_connection_quit_barren(ss_relay_t *relay, int host);
/* Gives everything in flight back now, as if all connections were lost. */
void ss_connection_abort_all(ss_relay_t *relay);
