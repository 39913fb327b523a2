/* page.c: the daemon's status for a page. */
#include "web/shared/page.h"

#include "web/shared/response.h"
#include "web/shared/rpc.h"

/* people and monitoring wait for the answer: report a missing daemon soon */
#define STATUS_TIMEOUT (10 * APR_USEC_PER_SEC)

void ss_page_gather(ss_page_t *page)
{
    ss_rpc_answer_t answer;

    if (ss_rpc_try(json_pack("{s:s}", "do", "status"), STATUS_TIMEOUT, &answer, page->r->pool)) {
        if (answer.raw.status == 200) page->status = ss_rpc_document(page->r->pool, &answer);
        answer.why = json_string_value(json_object_get(answer.fields, "detail"));
    }
    page->down = answer.why;
    if (!page->down) page->down = "the delivery daemon did not report its status";
}

json_t *ss_page_reasons(const ss_page_t *page)
{
    json_t *reasons = json_object_get(page->status, "reasons");

    if (page->status) return json_is_array(reasons) ? json_incref(reasons) : json_array();
    return json_pack("[{s:s,s:o}]", "reason", "daemon down", "detail",
                     ss_response_string(page->r, page->down));
}
