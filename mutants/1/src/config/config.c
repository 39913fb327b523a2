#include "config/config.h"

#include <string.h>

const ss_settings_t *ss_config_relay(const ss_config_t *config, const char *name)
{
    for (int i = 0; i < config->relays->nelts; i++) {
        const ss_settings_t *relay = APR_ARRAY_IDX(config->relays, i, const ss_settings_t *);
        if (!strcmp(relay->relay_name, name)) return relay;
    }
    return NULL;
}
