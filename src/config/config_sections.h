/* config_sections.h: warnings about the sections of httpd's configuration and what is in them
 * (config_check.h has those about the relays). httpd headers. */
#pragma once

#include "base/log.h"
#include "config/config.h"

/* is_test: as for ss_config_check. */
void ss_config_sections_check(const ss_config_t *config, const ss_log_t *log, int is_test);
