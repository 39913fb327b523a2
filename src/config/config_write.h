/* config_write.h: the configuration as text, in the form that config_read reads: how httpd's parent
 * hands it to the daemon. */
#pragma once

#include <stdio.h>

#include "config/config.h"
#include "config/config_process.h"

/* Every directive that is set, with where it stands in httpd's files; values of env: and the keys
 * of webhooks too, so nobody else may read the text. */
void ss_config_write(FILE *out, const ss_config_t *config, const ss_config_process_t *process,
                     apr_pool_t *pool);
