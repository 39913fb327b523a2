/* launch.h: httpd's parent starts smtp-sendd: which descriptors it gets, and its configuration. */
#pragma once

#include <httpd.h>

#include "base/log.h"
#include "config/config.h"
#include "config/config_process.h"

typedef struct {
    const ss_config_t *config;
    const ss_log_t *log;
    server_rec *server;
    /* -1: not open */
    int lifeline, listen, smtp, trouble, final_states;
    apr_uint64_t instance;
    unsigned generation, restarts;
    apr_interval_time_t wait; /* the back-off after a crash */
} ss_launch_t;

/* In a process forked off httpd's parent: becomes smtp-sendd. mode: its argument. Returns only if
 * that fails, with the reason (in pool). */
const char *ss_launch_exec(const ss_launch_t *launch, const char *mode, apr_pool_t *pool);
/* Lets smtp-sendd look at a configuration (configtest) and waits for it; what it finds goes to
 * standard error. 0, or -1: the configuration cannot be used. */
int ss_launch_check(const ss_config_t *config, const ss_log_t *log, server_rec *server,
                    apr_pool_t *pool);
/* Closes all descriptors from `first` on. */
void ss_launch_close_from(int first);
