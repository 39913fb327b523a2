/* empty.c: an httpd handler that reads a request's body, throws it away and answers 202: what httpd
 * itself costs, the measure of row S13. */
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <string.h>

static int handle(request_rec *r)
{
    if (!r->handler || strcmp(r->handler, "bench-empty")) return DECLINED;
    int rv = ap_discard_request_body(r);
    if (rv != OK) return rv;
    r->status = HTTP_ACCEPTED;
    ap_set_content_type(r, "application/json");
    ap_rputs("{\"id\":\"00000000-0000-0000-0000-000000000000\"}\n", r);
    return OK;
}

static void hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_handler(handle, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(bench_empty) = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, hooks, 0
};
