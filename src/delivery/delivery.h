/* delivery.h: the delivery of queued mail: what is sent, when, over which connection, and what
 * becomes of it. A library without sockets, threads, files, clock or httpd: see ports.h for what it
 * needs. One thread. Order of calls: create, start (once the store is open), then anything; leave
 * and abort before destroy. See relay.h, pause.h, flush.h, job.h ... for what can be asked of its
 * parts. */
#pragma once

#include "base/log.h"
#include "config/config.h"
#include "config/settings.h"
#include "delivery/ports.h"

typedef struct ss_delivery_t ss_delivery_t;

typedef struct {
    const ss_config_t *config; /* relays and globals; lives as long as the delivery */
    const ss_log_t *log;
    ss_ports_t ports;          /* copied */
    ss_ident_source_t *idents; /* of the ids that this process gives; for bounces */
} ss_delivery_options_t;

/* Makes the relays of the configuration; nothing is asked of the store or the network yet. Lives in
 * pool. APR_EINVAL: no relay is configured. */
apr_status_t ss_delivery_create(ss_delivery_t **delivery, const ss_delivery_options_t *options,
                                apr_pool_t *pool);
/* The store is open: claims this node's mail (is_shared: several nodes use the queue), reads
 * settings, counts, and then the order of the waiting messages; ss_delivery_is_ready says when mail
 * may be accepted. Pauses are in effect before the first message is sent. */
void ss_delivery_start(ss_delivery_t *delivery, int is_shared);
/* A message was just committed to the queue for this relay: takes m and its pool over, and sends it
 * when its time comes. received: when it came in (for delays= in the log). */
void ss_delivery_accepted(ss_delivery_t *delivery, const char *relay, ss_message_t *m,
                          ss_mono_t received);
/* Whether pauses are known and what the queue holds was asked for: mail may be accepted. */
int ss_delivery_is_ready(const ss_delivery_t *delivery);
/* Why it is not ready yet: the store failed, and is asked again; or NULL. */
const char *ss_delivery_start_problem(const ss_delivery_t *delivery);
/* Whether ss_delivery_waiting is known; until then it is what came since the start. */
int ss_delivery_is_counted(const ss_delivery_t *delivery);
/* Whether a message was stored is not known (its commit had no answer): waiting mail is read again
 * once the store answers. */
void ss_delivery_doubt(ss_delivery_t *delivery, const char *relay);
/* The message is in the queue, and memory may not know of it: it is sent if it waits. */
void ss_delivery_found(ss_delivery_t *delivery, const char *relay, const char *id);
/* An operator's action changed a stored message: counts, and what memory knows of it. */
void ss_delivery_changed(ss_delivery_t *delivery, const ss_store_changed_t *changed,
                         ss_store_action_t action);
/* Waiting messages and octets of the whole queue, all nodes'. */
void ss_delivery_waiting(const ss_delivery_t *delivery, apr_int64_t *messages, apr_uint64_t *bytes);
/* Starts no transaction any more, ends connections with QUIT where nothing is in flight. */
void ss_delivery_leave(ss_delivery_t *delivery);
/* Messages handed to connections and not answered. */
int ss_delivery_in_flight(const ss_delivery_t *delivery);
/* Outcomes posted and not committed: what they say is done again if the process ends now. */
int ss_delivery_uncommitted(const ss_delivery_t *delivery);
/* Gives everything in flight back now, as if all connections were lost; whatever its state. */
void ss_delivery_abort(ss_delivery_t *delivery);
/* The last thing that a process which leaves asks of the store: its counts for the next start. */
void ss_delivery_save(ss_delivery_t *delivery);
/* After leave and abort, and after the store was closed: logs how many recipients will get their
 * mail again, and frees what is outside its pool. */
void ss_delivery_destroy(ss_delivery_t *delivery);
