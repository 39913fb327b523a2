/* auto_page.c: the status as "Key: value" lines, in the format of mod_status?auto. */
#include "web/status/auto_page.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "web/shared/page.h"

/* A value on one line. */
static const char *value_of(request_rec *r, const json_t *value)
{
    if (json_is_string(value)) {
        char *text = apr_pstrdup(r->pool, json_string_value(value));
        for (char *p = text; *p; p++) {
            if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = ' ';
        }
        return text;
    }
    if (json_is_integer(value))
        return apr_psprintf(r->pool, "%" APR_INT64_T_FMT, (apr_int64_t)json_integer_value(value));
    if (json_is_boolean(value)) return json_is_true(value) ? "1" : "0";
    return "";
}

/* "limitMessages" under the prefix "Queue" becomes "QueueLimitMessages". Objects go one level
 * deeper. */
static void print(request_rec *r, const char *prefix, const json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        char *key = apr_pstrcat(r->pool, prefix, name, NULL);
        key[strlen(prefix)] = (char)apr_toupper(key[strlen(prefix)]);
        if (json_is_object(value))
            print(r, key, value);
        else if (!json_is_array(value))
            ap_rprintf(r, "%s: %s\n", key, value_of(r, value));
    }
}

int ss_auto_page(ss_page_t *page)
{
    request_rec *r = page->r;
    const json_t *relays = json_object_get(page->status, "relays");

    ap_set_content_type(r, "text/plain; charset=utf-8");
    r->status = page->status ? HTTP_OK : HTTP_SERVICE_UNAVAILABLE;
    ap_rprintf(r, "Daemon: %s\n", page->status ? "up" : "down");
    if (!page->status) {
        ap_rprintf(r, "Reason: %s\n", page->down);
        return OK;
    }
    json_t *reasons = ss_page_reasons(page);
    ap_rprintf(r, "Healthy: %d\n", !json_array_size(reasons));
    json_decref(reasons);
    print(r, "", page->status);
    for (size_t i = 0; i < json_array_size(relays); i++)
        print(r, apr_psprintf(r->pool, "Relay[%d]", (int)i), json_array_get(relays, i));
    return OK;
}
