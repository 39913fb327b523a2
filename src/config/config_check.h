/* config_check.h: warnings at start and in configtest about what is legal and probably wrong. */
#pragma once

#include "base/log.h"
#include "config/config.h"

/* Secrets are read here (as root). */
void ss_config_check(const ss_config_t *config, const ss_log_t *log);
