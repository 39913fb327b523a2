/* wiring.h: gives each folder what it needs of the others: delivery its ports (delivery/ports.h),
 * record, operator and intake their contexts. */
#pragma once

#include "daemon/daemon.h"

typedef struct {
    apr_uint64_t instance;
    unsigned generation, restarts;
    ss_record_finished_fn *finished; /* or NULL */
    int event_fd;                    /* SMTPSendEventLog, as core.h has it */
    const char *event_path;
} ss_wiring_options_t;

/* The loop is there, the store need not. */
apr_status_t ss_wiring_create(ss_daemon_t *d, const ss_wiring_options_t *options);
void ss_wiring_destroy(ss_daemon_t *d);
