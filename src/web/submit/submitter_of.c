/* submitter_of.c: the location of a request is the list of the sections of the configuration that
 * apply to it and decide about mail: they set the handler, who may come in, or a directive of this
 * module. It is not the path: a path is the client's choice. */
#include "web/submit/submitter.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>
#include <http_core.h>
#include <httpd.h>
#include <string.h>

#include "base/ident.h"
#include "config/module.h"
#include "web/shared/http.h"

/* Whether the section <Location> or <Directory> applies to the path. */
static int applies(const core_dir_config *section, const char *path)
{
    apr_size_t len = strlen(section->d);

    if (section->r) return !ap_regexec(section->r, path, 0, NULL, 0);
    if (section->d_is_fnmatch) return !apr_fnmatch(section->d, path, APR_FNM_PATHNAME);
    if (strncmp(section->d, path, len)) return 0;
    return !len || section->d[len - 1] == '/' || path[len] == '/' || !path[len];
}

/* The path that a submission and a question about its message have in common: without the id, and
 * with the slash at its end or without it. */
static const char *base_of(const request_rec *r, const char *path, apr_size_t id_len)
{
    apr_size_t len = strlen(path);

    len -= id_len < len ? id_len : len;
    while (len && path[len - 1] == '/') len--;
    return apr_pstrmemdup(r->pool, path, len);
}

/* Whether the section does more than what is of no interest here (a header, an option): others may
 * be added without a message losing its owner. */
static int decides(const core_dir_config *core, const ap_conf_vector_t *section)
{
    static const char *const gates[] = { "mod_authz_core.c", "mod_authn_core.c",
                                         "mod_access_compat.c" };

    if (core->expr_handler || core->handler || ap_get_module_config(section, &smtp_send_module))
        return 1;
    for (size_t i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
        const module *gate = ap_find_linked_module(gates[i]);
        if (gate && ap_get_module_config(section, gate)) return 1;
    }
    return 0;
}

typedef struct {
    request_rec *r;
    const char *location; /* so far */
    int has_handler;      /* one of the sections sets the handler */
} sections_t;

static void add(sections_t *s, const char *name)
{
    s->location = *s->location ? apr_pstrcat(s->r->pool, s->location, ",", name, NULL) : name;
}

static void look(sections_t *s, const apr_array_header_t *sections, const char *base)
{
    const core_dir_config *merged = ap_get_core_module_config(s->r->per_dir_config);
    const char *slash = apr_pstrcat(s->r->pool, base, "/", NULL), *last = "";

    for (int i = 0; sections && i < sections->nelts; i++) {
        const ap_conf_vector_t *vector = APR_ARRAY_IDX(sections, i, ap_conf_vector_t *);
        const core_dir_config *section = ap_get_core_module_config(vector);
        if (!section->d || !decides(section, vector) ||
            (!applies(section, base) && !applies(section, slash)))
            continue;
        if ((section->expr_handler && section->expr_handler == merged->expr_handler) ||
            (section->handler && section->handler == merged->handler))
            s->has_handler = 1;
        if (strcmp(last, section->d)) add(s, section->d);
        last = section->d;
    }
}

/* The file or folder that exists, where the handler comes from <Files>, .htaccess or an extension.
 */
static const char *existing(const request_rec *r)
{
    const char *slash = r->filename ? strrchr(r->filename, '/') : NULL;

    if (!slash) return "/";
    if (r->finfo.filetype != APR_NOFILE) return r->filename;
    return apr_pstrmemdup(r->pool, r->filename, (apr_size_t)(slash - r->filename) + 1);
}

static const char *location_of(request_rec *r)
{
    const core_server_config *server = ap_get_core_module_config(r->server->module_config);
    const char *leaf = ss_http_leaf(r);
    apr_size_t id_len = ss_ident_is_valid(leaf) ? strlen(leaf) : 0;
    char *uri = apr_pstrdup(r->pool, r->uri);
    const char *name = r->filename ? strrchr(r->filename, '/') : NULL;
    sections_t s = { .r = r, .location = "" };

    ap_no2slash(uri);
    look(&s, server->sec_url, base_of(r, uri, id_len));
    if (!s.has_handler && name)
        look(&s, server->sec_dir,
             base_of(r, r->filename, ss_ident_is_valid(name + 1) ? id_len : 0));
    if (!s.has_handler) add(&s, existing(r));
    return s.location;
}

/* A virtual host is its address and port too: several may have one name. */
static const char *server_of(const server_rec *s, apr_pool_t *pool)
{
    const char *name = s->server_hostname ? s->server_hostname : "localhost";

    return s->is_virtual && s->addrs ? apr_psprintf(pool, "%s/%s:%u", name, s->addrs->virthost,
                                                    (unsigned)s->addrs->host_port)
                                     : name;
}

const char *ss_submitter_of(request_rec *r, const char *kind)
{
    return ss_submitter_name(kind, server_of(r->server, r->pool), location_of(r), r->user, r->pool);
}

const char *ss_submitter_of_server(const server_rec *s, apr_pool_t *pool)
{
    return ss_submitter_name("c", server_of(s, pool), NULL, NULL, pool);
}

json_t *ss_submitter_limit(request_rec *r, json_t *header)
{
    apr_size_t id_len = strlen(ss_http_leaf(r)) + 1;
    const char *former = ss_submitter_former(r->user, ss_http_path(r, id_len));
    json_t *list = json_array();

    json_array_append_new(list, ss_json_string(ss_submitter_of(r, "web")));
    if (former) json_array_append_new(list, ss_json_string(former));
    json_object_set_new(header, "submitters", list);
    return header;
}
