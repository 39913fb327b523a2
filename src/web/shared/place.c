#include "web/shared/place.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <string.h>

#include "web/shared/html.h"
#include "web/shared/http.h"
#include "web/shared/params.h"

static int sets(request_rec *r, const core_dir_config *section, const char *handler)
{
    const char *set = section->handler, *error = NULL;

    if (section->expr_handler) set = ap_expr_str_exec(r, section->expr_handler, &error);
    return set && !error && !strcmp(set, handler);
}

static apr_size_t len_of(const char *path)
{
    apr_size_t len = strlen(path);

    while (len && path[len - 1] == '/') len--;
    return len;
}

static int is_pattern(const core_dir_config *section)
{
    return section->r || section->d_is_fnmatch;
}

static int matches(const core_dir_config *section, const char *path)
{
    if (section->r) return !ap_regexec(section->r, path, 0, NULL, 0);
    return !apr_fnmatch(section->d, path, APR_FNM_PATHNAME);
}

/* What of path is below the last section that sets the handler and applies to it. 1, or 0: none
 * does. *below is NULL with a pattern. */
static int look(request_rec *r, const apr_array_header_t *sections, const char *path,
                const char **below)
{
    for (int i = sections ? sections->nelts - 1 : -1; i >= 0; i--) {
        const core_dir_config *section =
            ap_get_core_module_config(APR_ARRAY_IDX(sections, i, ap_conf_vector_t *));
        if (!section->d || !sets(r, section, r->handler)) continue;
        apr_size_t len = len_of(section->d);
        *below = NULL;
        if (is_pattern(section) && matches(section, path)) return 1;
        *below = path + len;
        if (!is_pattern(section) && !strncmp(section->d, path, len) &&
            (path[len] == '/' || !path[len]))
            return 1;
    }
    return 0;
}

const char *ss_place_below(request_rec *r)
{
    const core_server_config *server = ap_get_core_module_config(r->server->module_config);
    const char *below, *info = r->path_info ? r->path_info : "",
                       *file = r->filename ? apr_pstrcat(r->pool, r->filename, info, NULL) : "";

    if (!look(r, server->sec_url, r->uri, &below) && !look(r, server->sec_dir, file, &below))
        below = r->finfo.filetype == APR_REG ? info : NULL;
    return below ? apr_pstrmemdup(r->pool, below, len_of(below)) : NULL;
}

const char *ss_place_path(request_rec *r, const char *handler)
{
    const core_server_config *server = ap_get_core_module_config(r->server->module_config);

    for (int i = 0; server->sec_url && i < server->sec_url->nelts; i++) {
        const core_dir_config *section =
            ap_get_core_module_config(APR_ARRAY_IDX(server->sec_url, i, ap_conf_vector_t *));
        if (!section->d || *section->d != '/' || is_pattern(section) || !sets(r, section, handler))
            continue;
        return ap_os_escape_path(r->pool, apr_pstrmemdup(r->pool, section->d, len_of(section->d)),
                                 1);
    }
    return NULL;
}

const char *ss_place_message(request_rec *r, const char *id)
{
    const char *path = ss_place_path(r, "smtp-send-status");

    return path ? apr_pstrcat(r->pool, path, "/message/", ss_params_escape(id, r->pool), NULL)
                : NULL;
}

/* ---- links ---- */

static void put_entry(request_rec *r, const char *path, const char *label, int is_current)
{
    ss_html_print(r, "<a href='%s'", *path ? path : "/");
    ap_rputs(is_current ? " aria-current='page'>" : ">", r);
    ss_html_print(r, "%s</a>\n", label);
}

void ss_place_nav(request_rec *r, const char *base, const char *part)
{
    static const struct {
        const char *part, *label;
    } entries[] = { { "", "Overview" },
                    { "/queue", "Messages" },
                    { "/metrics", "Metrics" },
                    { "/health", "Health" } };
    int is_test = part && !strcmp(part, SS_PLACE_TEST);
    const char *test = is_test ? ss_http_path(r, 0) : ss_place_path(r, "smtp-send-test");

    ap_rputs("<nav class='top' aria-label='Pages'>\n", r);
    for (apr_size_t i = 0; base && i < sizeof(entries) / sizeof(entries[0]); i++)
        put_entry(r, apr_pstrcat(r->pool, base, entries[i].part, NULL), entries[i].label,
                  part && !strcmp(part, entries[i].part));
    if (test) put_entry(r, test, "Connection test", is_test);
    ap_rputs("</nav>\n", r);
}

void ss_place_page(request_rec *r, int status, const char *title, const char *heading)
{
    const char *pages = ss_place_path(r, "smtp-send-status"),
               *test = ss_place_path(r, "smtp-send-test");

    ss_html_begin(r, status, pages ? pages : test, title);
    if (pages || test) {
        ss_place_nav(r, pages, NULL);
        ap_rputs("</div></header>\n", r);
    }
    ss_html_print(r, "<main id='main'>\n<h1>%s</h1>\n", heading);
}
