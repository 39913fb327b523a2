/* config_build.h: from httpd's servers to the frozen configuration. httpd headers. */
#pragma once

#include <httpd.h>

#include "base/log.h"
#include "config/config.h"

/* Builds the frozen configuration from all servers (post_config): relays finished, equal ones
 * folded, secrets created. NULL, or the sentence that keeps httpd from starting. */
const char *ss_config_build(ss_config_t **config, server_rec *main_server, apr_pool_t *pconf);
/* Warnings at start and in configtest about what is legal and probably wrong; secrets are read here
 * (as root). */
void ss_config_check(const ss_config_t *config, const ss_log_t *log);
/* Overwrites what httpd's reading of the configuration left of passwords in memory (parent, before
 * it forks). */
void ss_config_scrub(void);
/* Wipes every secret this process has (web processes). */
void ss_config_wipe_secrets(void);
ss_secret_t *ss_config_secret(const ss_settings_t *relay);
