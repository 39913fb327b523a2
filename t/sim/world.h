/* world.h: one run of the simulator: the delivery library as it ships, over the real store and the
 * real SMTP client, against scripted servers, on virtual clocks. Everything in a run follows from
 * one seed. */
#ifndef T_SIM_WORLD_H
#define T_SIM_WORLD_H

#include <apr_ring.h>

#include "base/deferred.h"
#include "base/timer.h"
#include "delivery/delivery.h"
#include "delivery/relay.h"
#include "random.h"
#include "server.h"

#define CONNECTIONS_MAX 3
#define STEPS_MAX 40000 /* a run that is not over by then goes in circles */

/* What may go wrong in a run. */
enum {
    FAULTS_REPLIES = 1,  /* replies, connections */
    FAULTS_CRASH = 2,    /* the process dies */
    FAULTS_RESTART = 4,  /* graceful restarts */
    FAULTS_OPERATOR = 8, /* pauses and holds */
    FAULTS_DISK = 16,    /* a full disk, for one commit */
    FAULTS_CLOCK = 32,   /* the wall clock jumps by hours and years */
    FAULTS_STUCK = 64,   /* the store hangs or refuses for seconds */
    FAULTS_PICKY = 256,  /* the server refuses some messages in words that may be about us */
    FAULTS_SICK = 128    /* for a while, all sessions end before they carry anything */
};
/* What the faults of a run are, unless the command line says so. */
#define FAULTS_USUAL                                                                               \
    (FAULTS_REPLIES | FAULTS_CRASH | FAULTS_RESTART | FAULTS_OPERATOR | FAULTS_DISK)
#define FAULTS_BY_SEED                                                                             \
    (-1) /* the usual ones; in some runs the clock, a stuck store, a sick relay, a picky server,   \
            too */

typedef struct world_t world_t;

typedef struct { /* a message of the run */
    int number;
    char id[SS_IDENT_TEXT];
    int rcpt_count;
    ss_mono_t submit; /* when it is submitted (again) */
    int is_posted, is_accepted;
    ss_mono_t accepted;
    ss_state_t state[RCPTS_MAX]; /* as delivery last reported it */
    int is_held;                 /* by an operator, perhaps while it was being sent */
    ss_mono_t due[RCPTS_MAX];    /* of the next attempt, by the monotonic clock */
} sim_message_t;

typedef struct { /* over a run, for the report */
    int sent, failed, duplicates, uncertain, crashes, restarts, connections, faults, steps;
} counts_t;

typedef struct ss_transport_t {
    world_t *world;
    apr_pool_t *pool;
    ss_transport_options_t options;
    ss_client_t *client;
    server_t server;
    char name[64];
    int in_flight, uncertain, is_starting_tls;
    int is_useful; /* a message was answered on it */
    int is_closed; /* by its owner; freed when nothing uses it any more */
    int is_busy;
} wire_t;

struct world_t {
    apr_pool_t *pool; /* of the run */
    random_t random;
    int is_loud, families;
    /* time */
    ss_mono_t mono;
    apr_interval_time_t wall_ahead; /* wall time is START + mono + this */
    ss_heap_t timers;
    ss_deferred_list_t deferred;
    ss_mono_t heal; /* faults end here */
    int is_healed;
    ss_mono_t clear; /* since when nothing is in the way of due mail */
    /* the process */
    ss_config_t config;
    ss_settings_t settings;
    ss_secret_t *secret;
    ss_log_t log;
    ss_ident_source_t idents;
    apr_pool_t *process; /* cleared by a crash and by a restart */
    ss_delivery_t *delivery;
    int is_dead; /* being taken apart: nothing reaches the outside */
    wire_t *wires[CONNECTIONS_MAX + 1];
    /* the outside */
    world_truth_t truth;
    server_kind_t kind;
    int window_max;
    sim_message_t messages[MESSAGES_MAX];
    int message_count;
    ss_mono_t rejected; /* the last login that was refused */
    ss_mono_t stuck_until;
    int is_stuck_full; /* the disk is full until then; else nothing is written at all */
    int crashes_left, restarts_left, jumps_left;
    /* bounds */
    int useless; /* connections that carried nothing */
    ss_mono_t first_useless;
    int duplicates_allowed; /* messages */
    int most_requests;
    counts_t counts;
};

/* Runs one seed; NULL, or what went wrong (valid until the next run). */
const char *world_run(uint64_t seed, int families, int is_loud, counts_t *counts);

/* ---- world.c ---- */
void world_say(world_t *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
apr_time_t world_wall(const world_t *w);
sim_message_t *world_find(world_t *w, const char *id);
ss_relay_t *world_relay(world_t *w);

/* ---- process.c: the ports, and the life of the process ---- */
void process_start(world_t *w);
/* Dies: what was posted and not committed is lost. */
void process_crash(world_t *w);
/* Ends in order, and a new one begins. */
void process_restart(world_t *w);
/* At the end of a run. */
void process_end(world_t *w);
/* Timers that are due and calls of the turn's end. 1: something happened. */
int process_turn(world_t *w);

/* ---- wire.c: connections ---- */
extern const ss_transport_ops_t wire_ops;
/* Moves some bytes in some direction. 1: something moved. The connection may be gone afterwards. */
int wire_step(wire_t *wire);
/* When time alone changes something; not set: never. */
/* Whether bytes are on their way, in one direction or the other. */
int wire_has_bytes(const wire_t *wire);
ss_mono_t wire_deadline(const wire_t *wire);
void wire_tick(wire_t *wire);
/* The process that held it died: what was written arrives, nothing else happens. */
void wire_crash(wire_t *wire);

#endif
