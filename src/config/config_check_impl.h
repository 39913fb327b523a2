/* config_check_impl.h: between config_check.c and config_check_login.c. */
#pragma once

#include "base/log.h"
#include "config/config.h"

typedef struct {
    const ss_config_t *config;
    const ss_settings_t *relay; /* NULL: the server as a whole */
    const ss_log_t *log;
    ss_log_level_t doubt; /* the level of what is only doubtful */
    apr_pool_t *pool;
} ss_config_check_t;

/* "file:line: relay "name": ", of the directive or of a second one that stands for it. */
const char *ss_config_check_at(const ss_config_check_t *c, const char *name, const char *otherwise);
/* Whether the configuration has the directive. */
int ss_config_check_has(const ss_config_check_t *c, const char *name);
/* A directive that does nothing; why: and what to write instead. */
void ss_config_check_idle(const ss_config_check_t *c, const char *name, const char *why);
/* What may be meant so. */
void ss_config_check_doubt(const ss_config_check_t *c, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* User name, password and mechanisms. Reads the secret, as root. */
void ss_config_check_login(const ss_config_check_t *c);
