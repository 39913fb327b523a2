#include "web/shared/place.h"

#include <apr_strings.h>
#include <http_core.h>
#include <string.h>

#include "web/shared/params.h"

static int sets(request_rec *r, const core_dir_config *section, const char *handler)
{
    const char *set = section->handler, *error = NULL;

    if (section->expr_handler) set = ap_expr_str_exec(r, section->expr_handler, &error);
    return set && !error && !strcmp(set, handler);
}

const char *ss_place_path(request_rec *r, const char *handler)
{
    const core_server_config *server = ap_get_core_module_config(r->server->module_config);

    for (int i = 0; server->sec_url && i < server->sec_url->nelts; i++) {
        const core_dir_config *section =
            ap_get_core_module_config(APR_ARRAY_IDX(server->sec_url, i, ap_conf_vector_t *));
        if (!section->d || *section->d != '/' || section->r || section->d_is_fnmatch ||
            !sets(r, section, handler))
            continue;
        apr_size_t len = strlen(section->d);
        while (len && section->d[len - 1] == '/') len--;
        return ap_os_escape_path(r->pool, apr_pstrmemdup(r->pool, section->d, len), 1);
    }
    return NULL;
}

const char *ss_place_message(request_rec *r, const char *id)
{
    const char *path = ss_place_path(r, "smtp-send-status");

    return path ? apr_pstrcat(r->pool, path, "/message/", ss_params_escape(id, r->pool), NULL)
                : NULL;
}
