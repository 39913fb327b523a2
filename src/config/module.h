/* module.h: the module's records: what applies to a server, to a request, to the whole. httpd
 * headers. */
#pragma once

#include <httpd.h>
#include <http_config.h>

#include "base/log.h"
#include "base/trouble.h"
#include "config/config.h"

/* The only symbol that the shared object exports. */
extern module AP_MODULE_DECLARE_DATA smtp_send_module __attribute__((visibility("default")));

/* a server's record: its own directives, and after post_config its finished relay */
typedef struct {
    ss_settings_t own;
    ss_settings_globals_t globals; /* main server's only */
    int has_own; /* a directive of the relay and sending tables stands in this server */
    const ss_settings_t *relay;
} ss_module_server_t;

/* The directive table, filled from ss_options when the module is loaded; ends with an empty row. */
extern command_rec ss_config_commands[];

/* For httpd: making and merging the module's records. */
void *ss_module_create_server(apr_pool_t *pool, server_rec *s);
void *ss_module_merge_server(apr_pool_t *pool, void *parent, void *child);
void *ss_module_create_directory(apr_pool_t *pool, char *path);
void *ss_module_merge_directory(apr_pool_t *pool, void *parent, void *child);

/* What applies. After post_config. */
const ss_settings_t *ss_module_relay(const server_rec *s);
/* Merged and finished, from r->pool: fetch it once a request. */
const ss_settings_policy_t *ss_module_policy(const request_rec *r);
const ss_config_t *ss_module_config(void);
const ss_settings_globals_t *ss_module_globals(void);
apr_uint64_t ss_module_instance(void);
/* Why the daemon cannot be reached; NULL: nothing is known. asked: as for ss_trouble_text. */
const char *ss_module_trouble(ss_mono_t asked);
void ss_module_set(const ss_config_t *config, apr_uint64_t instance, const ss_trouble_t *trouble);
/* A location of the configuration in this pool has SMTPSendStatusBody On; whether one has. */
void ss_module_show_bodies(apr_pool_t *pool);
int ss_module_shows_bodies(void);
/* A sink onto a server's error log. */
const ss_log_t *ss_module_log(server_rec *s, apr_pool_t *pool);
