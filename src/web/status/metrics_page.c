/* metrics_page.c: GET <page>/metrics: the daemon's metrics, or that it is down as a metric. */
#include "web/status/metrics_page.h"

#include <http_protocol.h>
#include <string.h>

#include "config/module.h"
#include "web/shared/page.h"
#include "web/shared/response.h"
#include "web/shared/rpc.h"

#define TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define METRICS_TIMEOUT (10 * APR_USEC_PER_SEC)

/* Prints a label value with backslash, quote and line end escaped. */
static void put_label(request_rec *r, const char *value)
{
    for (; *value; value++) {
        if (*value == '\\' || *value == '"' || *value == '\n') ap_rputc('\\', r);
        ap_rputc(*value == '\n' ? 'n' : *value, r);
    }
}

int ss_metrics_page(ss_page_t *page)
{
    request_rec *r = page->r;
    const apr_array_header_t *relays = ss_module_config()->relays;
    ss_rpc_answer_t answer;
    const char *why = NULL;

    if (ss_rpc_try(r, json_pack("{s:s}", "do", "metrics"), METRICS_TIMEOUT, &answer, &why) &&
        answer.raw.status == 200 && answer.raw.content_len) {
        return ss_response_text(r, HTTP_OK, TYPE, answer.raw.content, answer.raw.content_len);
    }
    ap_set_content_type(r, TYPE);
    ap_rputs("# TYPE smtp_send_up gauge\n# HELP smtp_send_up 1 while the delivery daemon "
             "answers.\nsmtp_send_up 0\n"
             "# TYPE smtp_send_healthy gauge\n# HELP smtp_send_healthy 1 while mail flows.\n",
             r);
    for (int i = 0; i < relays->nelts; i++) {
        ap_rputs("smtp_send_healthy{relay=\"", r);
        put_label(r, APR_ARRAY_IDX(relays, i, const ss_settings_t *)->relay_name);
        ap_rputs("\"} 0\n", r);
    }
    ap_rputs("# EOF\n", r);
    return OK;
}
