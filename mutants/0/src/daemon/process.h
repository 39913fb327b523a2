/* process.h: the delivery daemon as a process: what the fork inherits is sorted out, then core.c
 * runs. */
#pragma once

#include <httpd.h>

#include "daemon/core.h"

/* In the forked child; never returns. wait: the backoff after a crash, slept here and not in the
 * parent. */
void ss_process_run(const ss_core_options_t *options, apr_interval_time_t wait,
                    server_rec *main_server, apr_pool_t *pool) __attribute__((noreturn));
