/* webhook_turns.h: whose notification is sent next. Submitters take turns; each has few requests
 * under way, and so has each host, so that webhooks that hang delay only their own submitter's
 * results. Pure: no I/O, no clock. */
#pragma once

#include <apr_ring.h>

#include "base/mono.h"

/* Requests under way: in all, of one submitter, to one host. A submitter whose last request was not
 * answered soon, or who had none yet, has one. */
#define SS_WEBHOOK_TURNS_MAX 16
#define SS_WEBHOOK_TURNS_SUBMITTER 2
#define SS_WEBHOOK_TURNS_HOST 8
/* Of all submitters whose last request was slow: the rest is for the others. */
#define SS_WEBHOOK_TURNS_SLOW 8
/* A request that takes this long is slow. */
#define SS_WEBHOOK_TURNS_SOON (2 * APR_USEC_PER_SEC)

typedef struct ss_webhook_lane_t ss_webhook_lane_t;

typedef struct ss_webhook_turn_t { /* of one notification; its owner's memory */
    APR_RING_ENTRY(ss_webhook_turn_t) ring;
    ss_webhook_lane_t *lane;
    apr_uint32_t host; /* hash */
    ss_mono_t due;
    int is_active;
    ss_mono_t began; /* while it is active */
} ss_webhook_turn_t;

APR_RING_HEAD(ss_webhook_ring_t, ss_webhook_turn_t);

struct ss_webhook_lane_t { /* a submitter with notifications; malloc'ed */
    APR_RING_ENTRY(ss_webhook_lane_t) ring;
    struct ss_webhook_ring_t turns;
    int waiting, active;
    enum { SS_WEBHOOK_UNKNOWN, SS_WEBHOOK_SOON, SS_WEBHOOK_SLOW } pace; /* of the last request */
    apr_uint32_t hash;
    char name[];
};

typedef struct {
    APR_RING_HEAD(ss_webhook_lanes_t, ss_webhook_lane_t) lanes; /* the first one's turn is next */
    int waiting, active, slow; /* notifications; of these under way; of these of slow submitters */
    const ss_webhook_turn_t *under_way[SS_WEBHOOK_TURNS_MAX];
} ss_webhook_turns_t;

void ss_webhook_turns_init(ss_webhook_turns_t *turns);
/* Adds a notification, due at once. -1: no memory. */
int ss_webhook_turns_add(ss_webhook_turns_t *turns, ss_webhook_turn_t *turn, const char *submitter,
                         const char *url, ss_mono_t now);
/* Forgets one; it is not under way, or everything is given up. */
void ss_webhook_turns_remove(ss_webhook_turns_t *turns, ss_webhook_turn_t *turn);
/* Any one of them, or NULL. */
ss_webhook_turn_t *ss_webhook_turns_any(const ss_webhook_turns_t *turns);
/* The one to send now; it is active. NULL: none may be; *next: when one will be due, or not set. */
ss_webhook_turn_t *ss_webhook_turns_next(ss_webhook_turns_t *turns, ss_mono_t now, ss_mono_t *next);
/* Its request has ended. */
void ss_webhook_turns_end(ss_webhook_turns_t *turns, ss_webhook_turn_t *turn, ss_mono_t now);
/* The backlog is full: the one to give up so that the submitter's next one has room: the newest of
 * the submitter that has most. NULL: it is the submitter itself. */
ss_webhook_turn_t *ss_webhook_turns_excess(ss_webhook_turns_t *turns, const char *submitter);
