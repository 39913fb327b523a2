/* config_process.h: what the daemon's process gets besides the directives of the option table:
 * httpd's own directives that apply to it, and what httpd's parent says of a start. All texts as
 * written, NULL: not said. */
#pragma once

#include <apr_pools.h>

typedef struct {
    const char *server_root, *state_dir, *runtime_dir; /* of relative paths */
    const char *user, *group, *chroot;
    const char *log_level, *error_log;
    /* from httpd's parent */
    const char *version;                          /* of the module that writes */
    const char *instance, *generation, *restarts; /* numbers */
    const char *inherited; /* the numbers of the descriptors that it passes (daemon/inherited.h) */
    const char *bodies;    /* "On" where a location has SMTPSendStatusBody On */
    const char *wait;      /* microseconds until the queue is opened: the back-off after a crash */
} ss_config_process_t;

/* The field that a line of that name sets; NULL: no such line. */
const char **ss_config_process_field(ss_config_process_t *process, const char *name);
/* Each row in turn, from 0: its name, NULL after the last. */
const char *ss_config_process_name(int i);
