/* mod_smtp_send_example.c: how another httpd module sends mail. SetHandler smtp-send-example mails
 * a report of each request to the address in SMTPSendExampleTo, and answers with the message's id;
 * as an ErrorDocument it reports errors; with ?show=ID it shows a report that it mailed. What
 * becomes of each mail is written to the error log. */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <apr_strings.h>
#include <string.h>

#include "smtp_send.h"

static APR_OPTIONAL_FN_TYPE(smtp_send_submit) * submit;
static APR_OPTIONAL_FN_TYPE(smtp_send_state) * state;
static APR_OPTIONAL_FN_TYPE(smtp_send_own_state) * own_state;
static const char *report_to;
static server_rec *main_server;

static const char *set_to(cmd_parms *cmd, void *directory, const char *address)
{
    (void)directory;
    report_to = apr_pstrdup(cmd->pool, address);
    return NULL;
}

static const command_rec commands[] = {
    AP_INIT_TAKE1("SMTPSendExampleTo", set_to, NULL, RSRC_CONF, "who gets the reports"), { 0 }
};

static int report(request_rec *r)
{
    const char *from_request = r->prev ? r->prev->uri : r->uri, *const to[] = { report_to };
    smtp_send_message_t message = { .size = sizeof(message), .to = to, .to_count = 1 };
    smtp_send_result_t result;

    if (!r->handler || strcmp(r->handler, "smtp-send-example")) return DECLINED;
    if (!submit || !report_to) return HTTP_SERVICE_UNAVAILABLE;
    ap_set_content_type(r, "text/plain");
    if (r->args && !strncmp(r->args, "show=", 5) && own_state) {
        const char *found = own_state(r, r->args + 5, 0, r->pool);
        ap_rputs(found ? found : "unknown", r);
        return OK;
    }
    message.content =
        apr_psprintf(r->pool, "From: <server@example.com>\nTo: <%s>\nSubject: a request\n\n%s %s\n",
                     report_to, r->method, ap_escape_uri(r->pool, from_request));
    message.idempotency_key = r->args;
    if (submit(r, r->server, &message, &result, r->pool) != APR_SUCCESS) {
        ap_rprintf(r, "refused %d %s %s\n", result.status, result.field, result.detail);
        return OK;
    }
    const char *document = state(r->server, result.id, 10 * APR_USEC_PER_SEC, r->pool);
    ap_rprintf(r, "reported %d %s\n%s\n", result.status, result.id, document ? document : "");
    return OK;
}

/* In a process of its own; a slow function would miss states. */
static int finished(const smtp_send_finished_t *f)
{
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, main_server, "finished %s to %s: %s", f->id, f->to,
                 f->state);
    return OK;
}

static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    main_server = s;
    submit = APR_RETRIEVE_OPTIONAL_FN(smtp_send_submit);
    state = APR_RETRIEVE_OPTIONAL_FN(smtp_send_state);
    own_state = APR_RETRIEVE_OPTIONAL_FN(smtp_send_own_state);
    return OK;
}

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_handler(report, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(smtp_send, smtp_send_finished, finished, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(smtp_send_example) = { STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, commands,
                                         register_hooks,          0 };
