/* config.h: the whole configuration, as the daemon gets it. No httpd here. */
#pragma once

#include "config/settings.h"

typedef struct { /* what the daemon gets: all of it, frozen */
    ss_settings_globals_t globals;
    /* of const ss_settings_t *: [0] is the main server's; names unique */
    apr_array_header_t *relays;
    const char *user; /* httpd's User, by name, for messages */
} ss_config_t;

/* The relay of that name, or NULL. */
const ss_settings_t *ss_config_relay(const ss_config_t *config, const char *name);
