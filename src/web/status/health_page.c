/* health_page.c: whether mail flows, in one word for load balancers and monitoring, and why not: as
 * the daemon judges it, or that there is none. */
#include "web/status/status_handler.h"

#include "web/shared/response.h"

json_t *ss_page_reasons(const ss_page_t *page)
{
    json_t *reasons = json_object_get(page->status, "reasons");

    if (page->status) return json_is_array(reasons) ? json_incref(reasons) : json_array();
    return json_pack("[{s:s,s:o}]", "reason", "daemon down", "detail",
                     ss_response_string(page->r, page->down));
}

int ss_health_page(ss_page_t *page)
{
    json_t *reasons = ss_page_reasons(page);
    int is_healthy = !json_array_size(reasons);

    return ss_response_json(page->r, is_healthy ? HTTP_OK : HTTP_SERVICE_UNAVAILABLE,
                            "application/json",
                            json_pack("{s:b,s:o}", "healthy", is_healthy, "reasons", reasons));
}
