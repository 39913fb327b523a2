/* standalone.h: smtp-sendd --config FILE: the daemon without httpd, in the foreground. */
#pragma once

#include <apr_pools.h>

/* Runs until SIGTERM or SIGINT. is_check: only looks whether the configuration can be used. Returns
 * the process's exit code. */
int ss_standalone_run(const char *path, int is_check, apr_pool_t *pool);
