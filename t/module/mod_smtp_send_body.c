/* mod_smtp_send_body.c: submits the body of a request through the C API, for t/differential. The
 * message is JSON, or one in RFC 5322 format with the sender in X-From and the recipients in X-To,
 * one a line of the header. */
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

#include "smtp_send.h"

static int add(void *recipients, const char *name, const char *value)
{
    (void)name;
    APR_ARRAY_PUSH(recipients, const char *) = value;
    return 1;
}

static const char *body(request_rec *r, apr_size_t *len)
{
    apr_size_t room = 1 << 16;
    char *text = apr_palloc(r->pool, room + 1);
    long got;

    *len = 0;
    if (ap_setup_client_block(r, REQUEST_CHUNKED_DECHUNK) != OK || !ap_should_client_block(r))
        return "";
    while ((got = ap_get_client_block(r, text + *len, room - *len)) > 0) {
        *len += (apr_size_t)got;
        if (*len < room) continue;
        char *larger = apr_palloc(r->pool, room * 2 + 1);
        memcpy(larger, text, room);
        text = larger;
        room *= 2;
    }
    text[*len] = '\0';
    return text;
}

static int submit_body(request_rec *r)
{
    apr_array_header_t *to = apr_array_make(r->pool, 8, sizeof(const char *));
    smtp_send_message_t message = { .size = sizeof(message) };
    smtp_send_result_t result;
    apr_size_t len;

    if (!r->handler || strcmp(r->handler, "smtp-send-body")) return DECLINED;
    APR_OPTIONAL_FN_TYPE(smtp_send_submit) *submit = APR_RETRIEVE_OPTIONAL_FN(smtp_send_submit);
    const char *kind = apr_table_get(r->headers_in, "Content-Type"), *text = body(r, &len);
    if (!submit || !kind) return HTTP_SERVICE_UNAVAILABLE;
    if (!strcmp(kind, "application/json")) {
        message.json = text;
    } else {
        apr_table_do(add, to, r->headers_in, "X-To", NULL);
        message.content = text;
        message.from = apr_table_get(r->headers_in, "X-From");
        message.to = (const char *const *)to->elts;
        message.to_count = to->nelts;
    }
    message.len = len;
    ap_set_content_type(r, "text/plain");
    if (submit(r, r->server, &message, &result, r->pool) != APR_SUCCESS)
        ap_rprintf(r, "%d %s %s\n", result.status, result.field, result.detail);
    else
        ap_rprintf(r, "%d %s\n", result.status, result.id);
    return OK;
}

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_handler(submit_body, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(smtp_send_body) = { STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL,
                                      register_hooks,          0 };
