/* record.h: what the records of deliveries (counts, activity, health, webhooks) need. The wiring
 * fills in the first part. Loop thread. */
#pragma once

#include "base/json.h"
#include "base/log.h"
#include "config/config.h"
#include "delivery/delivery.h"
#include "delivery/relay.h"
#include "net/loop.h"
#include "queue/store_port.h"
#include "record/metrics.h"

/* Takes each final state of a recipient. */
typedef void ss_record_finished_fn(const char *id, const char *from, const char *to,
                                   const char *state, const char *reply, const char *metadata);

typedef struct ss_activity_t ss_activity_t;
typedef struct ss_webhook_t ss_webhook_t;
typedef struct ss_event_log_t ss_event_log_t;

typedef struct ss_record_t {
    const ss_config_t *config;
    const ss_log_t *log;
    apr_pool_t *pool;
    ss_loop_t *loop;
    ss_store_port_t *queue;
    ss_delivery_t *delivery;
    unsigned restarts; /* of the daemon after it ended by itself */
    /* Another module of httpd wants to know each final state (include/smtp_send.h); or NULL. */
    ss_record_finished_fn *finished;
    int is_leaving; /* set by the wiring */

    ss_metrics_t metrics;
    ss_activity_t *activity; /* ss_activity_start */
    ss_webhook_t *webhook;   /* ss_webhook_create */
    ss_event_log_t *events;  /* ss_event_log_create */
} ss_record_t;
