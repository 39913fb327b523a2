/* health_page.c: whether mail flows, and why not: the daemon's reasons, or that it is down. */
#include "web/status/health_page.h"

#include "web/shared/page.h"
#include "web/shared/response.h"

int ss_health_page(ss_page_t *page)
{
    json_t *reasons = ss_page_reasons(page);
    int is_healthy = !json_array_size(reasons);

    return ss_response_json(page->r, is_healthy ? HTTP_OK : HTTP_SERVICE_UNAVAILABLE,
                            "application/json",
                            json_pack("{s:b,s:o}", "healthy", is_healthy, "reasons", reasons));
}
