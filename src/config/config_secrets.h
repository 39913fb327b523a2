/* config_secrets.h: the secrets of the configuration, of which each process has one copy: httpd's
 * parent and the daemon keep theirs, web processes wipe it. */
#pragma once

#include "config/settings.h"

/* A relay of the configuration gets its secret, which goes with pool. NULL, or why not. */
const char *ss_config_secret_add(const ss_settings_t *relay, apr_pool_t *pool);
/* The connection of a shared queue may hold a password, which is wiped with the others. */
void ss_config_secrets_know_queue(const ss_settings_globals_t *globals);
ss_secret_t *ss_config_secret(const ss_settings_t *relay);
/* Overwrites what httpd's reading of the configuration left of passwords in memory (parent, before
 * it forks). */
void ss_config_scrub(void);
/* Moves what is written into the configuration to where no process that is forked finds it, until
 * ss_config_secrets_show moves it back: other modules fork meanwhile (parent). */
void ss_config_secrets_hide(void);
void ss_config_secrets_show(void);
/* Wipes every secret this process has (web processes). */
void ss_config_wipe_secrets(void);
