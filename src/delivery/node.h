/* node.h: this node among others on one queue (PostgreSQL): its sign of life each second, and what
 * the others did meanwhile: pauses, what hosts were found to need, actions on messages that this
 * node delivers, the mail of nodes that fell silent. Loop thread. See queue/lease.h. */
#ifndef SS_DELIVERY_NODE_H
#define SS_DELIVERY_NODE_H

#include "daemon/daemon.h"

/* The store was opened: claims the node's mail, then calls ready. A queue of this machine alone:
 * calls it at once. */
void ss_node_begin(ss_daemon_t *d, void (*ready)(ss_daemon_t *d));
/* Whether transactions may be started: not while others may think that this node is gone. */
int ss_node_may_send(const ss_daemon_t *d);
/* Which sign of life was the last that was asked for: what one before it read is older than what
 * happens now. */
apr_uint64_t ss_node_number(const ss_daemon_t *d);
/* Adds what the other nodes hold of a relay (NULL: of all). counts: by state, or NULL. */
void ss_node_add(const ss_daemon_t *d, const char *relay, apr_int64_t counts[SS_STATES],
                 apr_int64_t *messages, apr_uint64_t *bytes);
/* [{"name","silent"}] of the other nodes; NULL: the queue is not shared. */
json_t *ss_node_json(const ss_daemon_t *d);
void ss_node_destroy(ss_daemon_t *d);

#endif
