#include "config/config_process.h"

#include <stddef.h>
#include <string.h>

/* Names that begin with = are between httpd's parent and the daemon. */
static const struct {
    const char *name;
    apr_size_t offset;
} rows[] = {
    { "ServerRoot", offsetof(ss_config_process_t, server_root) },
    { "DefaultStateDir", offsetof(ss_config_process_t, state_dir) },
    { "DefaultRuntimeDir", offsetof(ss_config_process_t, runtime_dir) },
    { "User", offsetof(ss_config_process_t, user) },
    { "Group", offsetof(ss_config_process_t, group) },
    { "ChrootDir", offsetof(ss_config_process_t, chroot) },
    { "LogLevel", offsetof(ss_config_process_t, log_level) },
    { "ErrorLog", offsetof(ss_config_process_t, error_log) },
    { "=version", offsetof(ss_config_process_t, version) },
    { "=instance", offsetof(ss_config_process_t, instance) },
    { "=generation", offsetof(ss_config_process_t, generation) },
    { "=restarts", offsetof(ss_config_process_t, restarts) },
    { "=inherited", offsetof(ss_config_process_t, inherited) },
    { "=bodies", offsetof(ss_config_process_t, bodies) },
    { "=wait", offsetof(ss_config_process_t, wait) },
};

const char *ss_config_process_name(int i)
{
    return i < (int)(sizeof(rows) / sizeof(rows[0])) ? rows[i].name : NULL;
}

const char **ss_config_process_field(ss_config_process_t *process, const char *name)
{
    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!strcasecmp(rows[i].name, name))
            return (const char **)(void *)((char *)process + rows[i].offset);
    }
    return NULL;
}
