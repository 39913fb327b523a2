/* intake.h: what the two front ends for submissions (local socket, SMTP listener) and the path into
 * the queue share. The wiring fills in the first part; all of it belongs to the loop thread. */
#pragma once

#include <apr_hash.h>

#include "base/ident.h"
#include "base/log.h"
#include "config/config.h"
#include "delivery/delivery.h"
#include "delivery/relay.h"
#include "intake/quota.h"
#include "net/loop.h"
#include "queue/message.h"
#include "queue/store_port.h"
#include "record/record.h"

/* Content in memory on its way to the store, all clients together. Above it new submissions wait;
 * above twice this, running ones wait too. */
#define SS_INTAKE_BYTES_MAX (128 * 1024 * 1024)
/* A larger message is not kept in memory: its parts go to the store as they come. */
#define SS_INTAKE_WHOLE_MAX (2 * SS_PART_MAX)

typedef struct ss_intake_t {
    const ss_config_t *config;
    const ss_log_t *log;
    apr_pool_t *pool;
    ss_loop_t *loop;
    ss_store_port_t *queue;
    ss_delivery_t *delivery;
    ss_record_t *record;   /* NULL: nobody records what happens */
    ss_metrics_t *metrics; /* submissions are counted here */
    ss_ident_source_t *idents;
    /* Called when a client got its last answer while the daemon leaves: it may be done. */
    void (*went_idle)(void *self);
    void *self;

    int is_leaving; /* set by the wiring: nothing new is accepted */
    /* below: set by ss_intake_init */
    apr_hash_t *accepting; /* "submitter\nidempotency key" of messages on their way to the store */
    ss_quota_t *quota;
    apr_size_t bytes; /* content in memory on its way to the store */
} ss_intake_t;

void ss_intake_init(ss_intake_t *intake);
/* Counts len octets of content for a client whose own sum is *charged, or takes them off again. */
void ss_intake_charge(ss_intake_t *intake, apr_size_t *charged, apr_size_t len);
void ss_intake_discharge(ss_intake_t *intake, apr_size_t *charged, apr_size_t len);
/* Gives the message its id, unless it has one (a message moved from another queue keeps its own).
 */
void ss_intake_name(ss_intake_t *intake, ss_message_t *m);
