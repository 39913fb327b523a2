/* config_check.h: warnings about the configuration, at start and in configtest. httpd headers. */
#ifndef SS_CONFIG_CONFIG_CHECK_H
#define SS_CONFIG_CONFIG_CHECK_H

#include "base/log.h"
#include "config/config.h"

/* Warnings about what is legal and probably wrong; secrets are read here (as root). */
void ss_config_check(const ss_config_t *config, const ss_log_t *log);

#endif
