/* lease.h: whose a message is where several nodes share a queue. A message belongs to the node
 * whose name is in its row, from its acceptance on; only that node sends it. A node gives a sign of
 * life each second. One that gave none for SS_LEASE_LIMIT, by the server's clock, loses its mail to
 * the others; it stops sending by itself before that, after SS_LEASE_SAFE by its own clock, and
 * finds its token gone when it comes back. */
#ifndef SS_QUEUE_LEASE_H
#define SS_QUEUE_LEASE_H

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

/* what a person did, at another node, to a message that this one delivers */
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
    apr_uint64_t number; /* which sign of life of this process it is; the caller's */
    apr_time_t now;      /* when it was asked for; the caller's */
    const char *holds;   /* what this node tells the others of itself: JSON */
    /* names of those it can send for, separated by newlines */
    const char *relays;
    /* of ss_lease_handed_t: known by now, need not be told again */
    apr_array_header_t *taken_note;
    /* out */
    /* the token was not there any more: the name is claimed anew; what is not under way must be
     * read again */
    int was_lost;
    /* the node whose mail was taken over, in part or all of it; NULL: none's */
    const char *buried;
    apr_array_header_t *taken; /* of ss_store_count_t: what was taken over */
    /* of ss_store_setting_t: results that the buried node still had to tell applications of */
    apr_array_header_t *hooks;
    apr_array_header_t *settings; /* of ss_store_setting_t: what all nodes share */
    apr_array_header_t *handed;   /* of ss_lease_handed_t, oldest first */
    apr_array_header_t *nodes;    /* of ss_lease_node_t: the others */
} ss_lease_t;
ss_lease_t *ss_lease_create(void (*done)(ss_store_request_t *), void *baton);

struct ss_db_t;
/* Whether a node that has been connected for so long may declare others dead: a server that was
 * away comes back for one node before the others, and their silence may be the server's. */
int ss_lease_may_bury(apr_interval_time_t contact);
/* The store's thread. may_bury: ss_lease_may_bury. */
apr_status_t ss_lease_write(struct ss_db_t *db, ss_lease_t *lease, const char *token, int may_bury);
/* The node leaves in order: if it is not back within ten seconds, its mail goes to the others. A
 * failure is ignored. */
void ss_lease_leave(struct ss_db_t *db, const char *token);

#endif
