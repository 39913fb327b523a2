/* delivery_rig.h: the delivery library on a virtual clock, with a store that only remembers what it
 * was asked and a network that is never reached, for tests of its rules about hosts and relays. */
#ifndef T_UNIT_DELIVERY_RIG_H
#define T_UNIT_DELIVERY_RIG_H

#include "config/config.h"
#include "delivery/delivery.h"
#include "delivery/relay.h"
#include "queue/store_request.h"

#define RIG_SECOND APR_USEC_PER_SEC
#define RIG_MONO (5000 * RIG_SECOND)
#define RIG_WALL apr_time_from_sec(1800000000)

typedef struct {
    apr_pool_t *pool;
    ss_settings_t settings; /* of the one relay, "default", at mail.example.com:25 */
    ss_config_t config;
    ss_log_t log;
    ss_delivery_t *delivery;
    ss_relay_t *relay;
    /* time */
    ss_mono_t mono;
    apr_time_t wall;
    ss_heap_t timers;
    apr_uint32_t random; /* what the port gives */
    /* seen */
    char key[400], value[2000]; /* of the last row of the setting table; value "" when deleted */
    int sets, deferred, logged;
    char line[SS_LOG_LINE_MAX]; /* the log's last */
    apr_time_t purged_before;   /* of the last purge; 0: none */
    int purges, more;           /* more: what a purge is answered */
    ss_store_request_t *asked[64];
    int asked_count;
} delivery_rig_t;

/* A delivery with these settings: change them between the two. */
void delivery_rig_begin(delivery_rig_t *rig);
void delivery_rig_create(delivery_rig_t *rig);
void delivery_rig_end(delivery_rig_t *rig);
/* Both clocks go on; timers fire at their times, requests are answered with success. */
void delivery_rig_pass(delivery_rig_t *rig, apr_interval_time_t time);

#endif
