/* lease.h: which node owns a message where several nodes share a queue. A message belongs to the
 * node whose name is in its row, from its acceptance on, and only that node sends it. A node writes
 * a heartbeat every second. After SS_LEASE_LIMIT without one, by the server's clock, the other
 * nodes take its mail over. It stops sending before that, after SS_LEASE_SAFE by its own clock, and
 * finds its token gone when it comes back. */
#pragma once

#include <apr_tables.h>
#include <apr_time.h>

#include "queue/store_request.h"

#define SS_LEASE_EVERY APR_USEC_PER_SEC
#define SS_LEASE_SAFE (45 * APR_USEC_PER_SEC)
#define SS_LEASE_LIMIT (60 * APR_USEC_PER_SEC)
_Static_assert(SS_LEASE_SAFE < SS_LEASE_LIMIT, "a node stops sending before others take its mail");

typedef struct {
    const char *name, *holds;
    int is_silent;
} ss_lease_node_t;

/* a person's action, at another node, on a message of this node */
typedef struct {
    ss_store_changed_t touched;
    ss_store_action_t control;
    const char *who;
    apr_time_t time; /* with the id: which row it is */
} ss_lease_handed_t;

/* The request of SS_STORE_LEASE; everything from its pool. */
typedef struct {
    ss_store_request_t head;
    /* in */
    apr_uint64_t number; /* counts this process's heartbeats; the caller's */
    apr_time_t now;      /* when it was asked for; the caller's */
    const char *holds;   /* this node's queue counts for the others: JSON */
    /* names of the relays it can send for, separated by newlines */
    const char *relays;
    /* of ss_lease_handed_t: already done, to be deleted */
    apr_array_header_t *handled;
    /* out */
    /* other nodes had declared this one dead: whatever is not being sent must be read again */
    int was_lost;
    /* the node of which some or all mail was taken over, or NULL */
    const char *taken_from;
    apr_array_header_t *taken; /* of ss_store_count_t: what was taken over */
    /* of ss_store_setting_t: webhook events that this node had not delivered */
    apr_array_header_t *webhooks;
    apr_array_header_t *settings; /* of ss_store_setting_t: what all nodes share */
    apr_array_header_t *handed;   /* of ss_lease_handed_t, oldest first */
    apr_array_header_t *nodes;    /* of ss_lease_node_t: the others */
} ss_lease_t;
ss_lease_t *ss_lease_create(ss_store_done_t *done, void *baton);

struct ss_db_t;
/* Whether a node that has been connected for `contact` may declare others dead. After an outage of
 * the server one node is back before the others, and their missing heartbeats mean nothing yet. */
int ss_lease_may_take_over(apr_interval_time_t contact);
/* The store's thread. may_take_over: ss_lease_may_take_over. */
apr_status_t ss_lease_write(struct ss_db_t *db, ss_lease_t *lease, const char *token,
                            int may_take_over);
/* The node stops in an orderly way: its mail goes to the others unless it is back within 10 s. A
 * failure is ignored. */
void ss_lease_leave(struct ss_db_t *db, const char *token);
