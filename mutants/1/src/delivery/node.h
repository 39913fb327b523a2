/* node.h: this node among others on one queue (PostgreSQL): its heartbeat each second, and what the
 * others did meanwhile: pauses, what hosts were found to need, actions on messages that this node
 * delivers, the mail of nodes that failed. See queue/lease.h. */
#pragma once

#include <jansson.h>

#include "base/mono.h"
#include "queue/message.h"

typedef struct ss_delivery_t ss_delivery_t;

/* The store is open: claims the node's mail, then calls ready. Not shared: calls it at once. */
void ss_node_begin(ss_delivery_t *d, int is_shared, void (*ready)(ss_delivery_t *d));
/* Whether transactions may be started: not while others may think that this node has failed. */
int ss_node_may_send(const ss_delivery_t *d);
/* The rule of it. last: when the last heartbeat that was written was asked for; not set: none.
 * Pure. */
int ss_node_is_safe(ss_mono_t last, ss_mono_t now);
/* Adds what the other nodes hold of a relay (NULL: of all). counts: by state, or NULL. */
void ss_node_add(const ss_delivery_t *d, const char *relay, apr_int64_t counts[SS_STATES],
                 apr_int64_t *messages, apr_uint64_t *bytes);
/* [{"name","silent"}] of the other nodes; NULL: the queue is not shared. */
json_t *ss_node_json(const ss_delivery_t *d);
void ss_node_destroy(ss_delivery_t *d);
