/* status_mod.c: our section on mod_status's page. */
#include "web/status/status.h"

#include <http_protocol.h>
#include <mod_status.h>

#include "config/module.h"
#include "web/shared/html.h"
#include "web/shared/rpc.h"

/* the page is about httpd, and must not wait long for us */
#define STATUS_TIMEOUT (2 * APR_USEC_PER_SEC)

static void put_lines(request_rec *r, const json_t *status, const json_t *queue)
{
    ss_html_print(r, "SMTPSendHealthy: %d\nSMTPSendPaused: %d\n", ss_json_is(status, "healthy"),
                  ss_json_is(status, "paused"));
    if (ss_json_is(queue, "counted"))
        ap_rprintf(r,
                   "SMTPSendWaiting: %" JSON_INTEGER_FORMAT
                   "\nSMTPSendOldestSeconds: %" JSON_INTEGER_FORMAT "\n",
                   ss_json_number(queue, "messages"), ss_json_number(queue, "oldestSeconds"));
}

static void put_relay(request_rec *r, const json_t *relay)
{
    ss_html_print(r,
                  "<tr><td>%s</td><td>%s</td><td>%lld</td><td>%s</td><td>%lld</td><td>%lld</"
                  "td><td>%s</td></tr>\n",
                  ss_html_member(relay, "name"), ss_html_relay_state(relay),
                  ss_json_number(relay, "messages"),
                  ss_html_age(r, ss_json_number(relay, "oldestSeconds")),
                  ss_json_number(relay, "sent"), ss_json_number(relay, "failed"),
                  ss_html_member(relay, "cause"));
}

/* Why mail does not flow, as on the page. */
static void put_reasons(request_rec *r, const json_t *reasons)
{
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const json_t *reason = json_array_get(reasons, i);
        const char *relay = ss_html_member(reason, "relay");
        ss_html_print(r, "<p>%s%s%s: %s</p>\n", relay, *relay ? " " : "",
                      ss_html_member(reason, "reason"), ss_html_member(reason, "detail"));
    }
}

int ss_status_mod(request_rec *r, int flags)
{
    ss_rpc_answer_t answer;
    const json_t *status = NULL;

    if (!ss_module_config()) return DECLINED;
    if (ss_rpc_try(json_pack("{s:s}", "do", "status"), STATUS_TIMEOUT, &answer, r->pool) &&
        answer.raw.status == 200)
        status = ss_rpc_document(r->pool, &answer);
    if (flags & AP_STATUS_SHORT) {
        ap_rprintf(r, "SMTPSendDaemon: %s\n", status ? "up" : answer.is_hung ? "hung" : "down");
        if (status) put_lines(r, status, json_object_get(status, "queue"));
        return OK;
    }
    ap_rputs("<hr>\n<h2>Mail (mod_smtp_send)</h2>\n", r);
    if (!status) {
        ss_html_print(r, "<p>The delivery daemon does not answer: %s</p>\n",
                      answer.why ? answer.why : "no status");
        return OK;
    }
    const json_t *relays = json_object_get(status, "relays");
    ap_rprintf(r, "<p>%s</p>\n",
               ss_json_is(status, "healthy") ? "Mail flows." : "Mail does not flow.");
    put_reasons(r, json_object_get(status, "reasons"));
    ap_rputs("<table border='1'><tr><th>Relay</th><th>State</th><th>Waiting</th><th>Oldest</"
             "th><th>Sent</th><th>Failed</th><th>Cause</th></tr>\n",
             r);
    for (size_t i = 0; i < json_array_size(relays); i++) put_relay(r, json_array_get(relays, i));
    ap_rputs("</table>\n", r);
    return OK;
}
