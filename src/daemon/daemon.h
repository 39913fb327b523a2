/* daemon.h: the delivery daemon's process: what its files share. Loop thread. No httpd here (see
 * process.h and supervise.h). */
#pragma once

#include <sys/types.h>

#include "base/backoff.h"
#include "base/log.h"
#include "config/config.h"
#include "config/secret.h"
#include "delivery/delivery.h"
#include "intake/local_socket.h"
#include "intake/smtp_listener.h"
#include "net/loop.h"
#include "operator/operator.h"
#include "queue/store_port.h"
#include "record/log_throttle.h"
#include "record/record.h"

typedef struct ss_daemon_t {
    const ss_config_t *config;
    const ss_log_t *log;
    apr_pool_t *pool;
    ss_loop_t *loop;
    ss_ident_source_t idents;
    ss_secret_t *(*secret_of)(const ss_settings_t *settings);

    ss_store_port_t queue;
    ss_deferred_t refuse;         /* answers what the store did not take */
    ss_timer_t store_timer;       /* tries to open it again */
    ss_loop_watch_t store_events; /* readable: its file may have disappeared */
    int is_opening_store;         /* on a helper thread */
    ss_backoff_t opening;         /* of tries that failed */

    ss_delivery_t *delivery;
    struct ss_connector_t *connector;
    ss_record_t *record;
    ss_operator_t *operators;
    ss_intake_t *intake;
    ss_local_socket_t *local_socket;   /* NULL: not open yet */
    ss_smtp_listener_t *smtp_listener; /* SMTPSendListen; NULL: none */

    ss_log_throttle_t repeats; /* sentences of the last minute (repeats.h) */
    ss_timer_t repeats_timer;

    ss_loop_watch_t lifeline, term; /* readable: leave */
    ss_timer_t settle_timer;
    int httpd;                    /* process id of its parent */
    volatile apr_int64_t *turned; /* of ss_trouble_t; NULL: no requests are taken yet */
    ss_mono_t alone;              /* while it leaves: since when that has ended; not set: it runs */
    int is_leaving;
} ss_daemon_t;
