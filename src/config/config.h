/* config.h: the whole configuration, as the daemon gets it. No httpd here. */
#pragma once

#include "config/host_name.h"
#include "config/settings.h"

typedef struct { /* what the daemon gets: all of it, frozen */
    ss_settings_globals_t globals;
    /* of const ss_settings_t *: [0] is the main server's; names unique */
    apr_array_header_t *relays;
    ss_host_name_t host; /* what stands for a ServerName that is missing or no full name */
    int is_named;        /* there is a ServerName */
    const char *state_dir, *runtime_dir; /* DefaultStateDir, DefaultRuntimeDir */
} ss_config_t;

/* An empty one. */
ss_config_t *ss_config_create(apr_pool_t *pool);
/* Finishes the settings of a server and makes them a relay with a secret; one with the settings of
 * an earlier one is that one, which *used is then. where: for the error. NULL, or the error. */
const char *ss_config_add(ss_config_t *config, ss_settings_t *relay, const ss_settings_t **used,
                          const char *where, apr_pool_t *pool);
/* After the last relay: the globals are finished (state_dir and runtime_dir are set). NULL, or what
 * is wrong with the whole. */
const char *ss_config_finish(ss_config_t *config, apr_pool_t *pool);
/* The names of the relays, "a, b, c", for a message. */
const char *ss_config_relay_names(const ss_config_t *config, apr_pool_t *pool);
/* The relay of that name, or NULL. */
const ss_settings_t *ss_config_relay(const ss_config_t *config, const char *name);
