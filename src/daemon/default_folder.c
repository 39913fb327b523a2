#include "daemon/default_folder.h"

#include <apr_strings.h>
#include <string.h>

#include "config/option.h"
#include "daemon/folder.h"

void ss_default_folder_make(const ss_settings_globals_t *globals, uid_t uid, gid_t gid)
{
    const char *end = strrchr(globals->node_file, '/');
    char path[4096];

    if (!end || (apr_size_t)(end - globals->node_file) >= sizeof(path)) return;
    if (!strcmp(globals->queue_driver, "sqlite3") && globals->sources &&
        APR_ARRAY_IDX(globals->sources, ss_option_find("SMTPSendQueue") - ss_options, const char *))
        return;
    apr_cpystrn(path, globals->node_file, (apr_size_t)(end - globals->node_file) + 1);
    ss_folder_make(path, uid, gid);
}
