/* config_build.h: from httpd's servers to the frozen configuration. httpd headers. */
#pragma once

#include <httpd.h>

#include "config/config.h"

/* Builds the frozen configuration from all servers (post_config): relays finished, equal ones
 * folded, secrets created. NULL, or the sentence that keeps httpd from starting. */
const char *ss_config_build(ss_config_t **config, server_rec *main_server, apr_pool_t *pconf);
/* Overwrites the secrets in httpd's tree of directives, which nobody needs any more. */
void ss_config_build_scrub(void);
