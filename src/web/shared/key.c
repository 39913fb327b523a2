#include "web/shared/key.h"

#include <apr_base64.h>
#include <apr_strings.h>
#include <glib.h>
#include <http_core.h>
#include <http_request.h>
#include <string.h>

#include "config/key_file.h"
#include "config/module.h"
#include "web/shared/context.h"

#define AUTH_TYPE "smtp-send-key"
#define KEY_MAX 512 /* octets; ours have 46 */

/* The key that the client presents, or NULL. Of Basic the password alone: a user's name is logged.
 */
static const char *presented(request_rec *r)
{
    const char *field = apr_table_get(r->headers_in, "Authorization");
    const char *token = apr_table_get(r->headers_in, "X-Postmark-Server-Token");

    if (field && !strncasecmp(field, "Bearer ", 7)) return field + 7 + strspn(field + 7, " ");
    if (field && !strncasecmp(field, "Basic ", 6)) {
        char *text = apr_palloc(r->pool, (apr_size_t)apr_base64_decode_len(field + 6) + 1);
        text[apr_base64_decode(text, field + 6)] = '\0';
        const char *colon = strchr(text, ':');
        return colon ? colon + 1 : NULL;
    }
    return token;
}

/* NULL: it was logged. */
static const char *read_file(request_rec *r, const char *path)
{
    apr_file_t *file;
    apr_finfo_t info;
    char *text = NULL;
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ, APR_OS_DEFAULT, r->pool);

    if (rv == APR_SUCCESS) {
        rv = apr_file_info_get(&info, APR_FINFO_SIZE, file);
        if (rv == APR_SUCCESS && info.size > SS_KEY_FILE_MAX) rv = APR_EGENERAL;
        if (rv == APR_SUCCESS) {
            apr_size_t len = (apr_size_t)info.size;
            text = apr_palloc(r->pool, len + 1);
            rv = apr_file_read_full(file, text, len, &len);
            text[len] = '\0';
            if (APR_STATUS_IS_EOF(rv)) rv = APR_SUCCESS;
        }
        apr_file_close(file);
    }
    if (rv == APR_SUCCESS) return text;
    char error[120];
    ss_log(ss_module_log(r->server, r->pool), SS_LOG_ERROR, 503,
           "%s: no key is accepted: SMTPSendKeyFile %s cannot be read: %s", r->uri, path,
           rv == APR_EGENERAL ? "it is larger than 1 MiB" : apr_strerror(rv, error, sizeof(error)));
    return NULL;
}

static int refuse(request_rec *r)
{
    const char *realm = ap_auth_name(r) ? ap_auth_name(r) : "mail";

    apr_table_setn(r->err_headers_out, "WWW-Authenticate",
                   apr_psprintf(r->pool, "Bearer realm=\"%s\"", realm));
    apr_table_addn(r->err_headers_out, "WWW-Authenticate",
                   apr_psprintf(r->pool, "Basic realm=\"%s\"", realm));
    return HTTP_UNAUTHORIZED;
}

int ss_key_check(request_rec *r)
{
    const char *type = ap_auth_type(r), *path, *key, *text, *why;

    if (!type || strcasecmp(type, AUTH_TYPE)) return DECLINED;
    path = ss_module_policy(r)->key_file;
    path = path ? ap_server_root_relative(r->pool, path) : NULL;
    if (!path) {
        ss_log(ss_module_log(r->server, r->pool), SS_LOG_ERROR, 504,
               "%s: AuthType smtp-send-key needs SMTPSendKeyFile in the same section", r->uri);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    text = read_file(r, path);
    if (!text) return HTTP_INTERNAL_SERVER_ERROR;
    key = presented(r);
    if (!key || !*key || strlen(key) > KEY_MAX) return refuse(r);
    char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);
    const ss_key_file_entry_t *entry = ss_key_file_find(text, hash, &why, r->pool);
    g_free(hash);
    if (!entry) {
        ss_log(ss_module_log(r->server, r->pool), SS_LOG_WARN, 505, "%s: client %s: %s", r->uri,
               r->useragent_ip, why ? why : "a key was refused that is not in SMTPSendKeyFile");
        return refuse(r);
    }
    ss_context(r)->key = entry;
    r->user = apr_pstrdup(r->pool, entry->name);
    r->ap_auth_type = AUTH_TYPE;
    return OK;
}

static apr_array_header_t *joined(apr_pool_t *pool, apr_array_header_t *a, apr_array_header_t *b)
{
    return !a ? b : !b ? a : apr_array_append(pool, a, b);
}

const ss_settings_policy_t *ss_key_policy(request_rec *r)
{
    const ss_settings_policy_t *policy = ss_module_policy(r);
    const ss_key_file_entry_t *key = ss_context(r)->key;
    ss_settings_policy_t *own;

    if (!key) return policy;
    own = apr_pmemdup(r->pool, policy, sizeof(*policy));
    own->key_from = key->from;
    own->key_relay = key->relay;
    own->submitter_rate = joined(r->pool, policy->submitter_rate, key->rates);
    if (key->priority != SS_UNSET) own->priority = key->priority;
    return own;
}
