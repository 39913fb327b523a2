/* world.h: one run of the simulator: the real SMTP client, order, breaker and states of recipients,
 * a scripted server, a virtual clock, all drawn from one seed. */
#ifndef T_SIM_WORLD_H
#define T_SIM_WORLD_H

#include "delivery/breaker.h"
#include "queue/message.h"
#include "queue/schedule.h"
#include "random.h"
#include "server.h"
#include "smtp/client.h"

#define CONNECTIONS_MAX 3
#define STEPS_MAX 20000 /* a run that is not over by then turns in circles */

typedef struct world_t world_t;

typedef struct { /* a message in the queue */
    ss_schedule_entry_t entry;
    int number;
    ss_recipient_t rcpts[RCPTS_MAX];
    int rcpt_count;
    ss_state_t written[RCPTS_MAX]; /* what the store was last asked to write */
    ss_state_t durable[RCPTS_MAX]; /* what is on stable storage */
    int is_sending, is_scheduled, is_accepted;
    apr_time_t accepted;
    const char *content;
    apr_size_t content_len;
} job_t;

typedef struct {
    world_t *world;
    apr_pool_t *pool;
    ss_client_t *client;
    server_t server;
    int is_ready, is_probe, uncertain;
    int in_flight, is_starting_tls;
} conn_t;

typedef struct { /* counted over a run, for the report */
    int sent, failed, duplicates, uncertain, crashes, connections, faults, steps;
} counts_t;

struct world_t {
    apr_pool_t *pool;
    random_t random;
    apr_time_t now;
    world_truth_t truth;
    server_kind_t kind;
    job_t jobs[MESSAGES_MAX];
    int job_count;
    ss_schedule_t *schedule;
    apr_time_t when; /* the order wants to be asked again at */
    ss_breaker_t host;
    conn_t *conns[CONNECTIONS_MAX];
    int most_conns;
    ss_client_options_t options;
    unsigned learned;
    int learned_rcpts;
    int holds_uncertain, is_paused, crashes_left;
    apr_time_t rejected; /* the last login that was rejected */
    apr_array_header_t *retry;
    counts_t counts;
    int is_loud; /* tells what happens */
};

/* Runs one seed; NULL, or what went wrong (in the truth's words, valid until the next run). */
const char *world_run(uint64_t seed, int is_loud, counts_t *counts);

/* connection.c */
conn_t *conn_open(world_t *w);
/* Hands a message over; 0: not now. */
int conn_send(conn_t *c, job_t *job);
/* Moves some bytes, in some direction. 1: something moved. The connection may be gone afterwards.
 */
int conn_step(conn_t *c);
/* When time alone changes something here; 0: never. */
apr_time_t conn_deadline(const conn_t *c);
void conn_tick(conn_t *c);
void conn_quit(conn_t *c);
/* The process that held it died: what was written arrives, nothing else. */
void conn_crash(conn_t *c);

/* world.c */
void world_done(world_t *w, conn_t *c, const ss_client_message_t *m);
void world_closed(world_t *w, conn_t *c, const ss_client_event_t *event);
void world_settle(world_t *w, job_t *job);
void world_say(world_t *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
