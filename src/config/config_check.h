/* config_check.h: warnings at start and in configtest about what is legal and probably wrong. */
#pragma once

#include "base/log.h"
#include "config/config.h"

/* Each warning begins with file and line. is_test: of configtest and --check, where the doubtful is
 * a warning too; otherwise it is a notice. Secrets are read here (as root). */
void ss_config_check(const ss_config_t *config, const ss_log_t *log, int is_test);
