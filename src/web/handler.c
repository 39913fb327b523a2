#include "web/handler.h"

#include <string.h>

#include "config/module.h"
#include "web/api/provider.h"
#include "web/shared/origin.h"
#include "web/shared/problem.h"
#include "web/status/status.h"
#include "web/submit/submission.h"
#include "web/test/test.h"

static const struct {
    const char *name;
    int (*call)(request_rec *r);
    int is_submission, acts; /* as ss_origin_check takes them */
} handlers[] = { { "smtp-send", ss_submission_handler, 1, 0 },
                 { "smtp-send-test", ss_test_handler, 0, 1 },
                 { "smtp-send-status", ss_status_handler, 0, 0 } };

int ss_handler(request_rec *r)
{
    if (!r->handler || strncmp(r->handler, "smtp-send", 9)) return DECLINED;
    for (apr_size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if (strcmp(r->handler, handlers[i].name)) continue;
        apr_table_setn(r->headers_out, "Cache-Control", "no-store");
        apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
        if (!ss_module_config() || !ss_module_relay(r->server)) {
            return ss_problem(r, HTTP_SERVICE_UNAVAILABLE, NULL,
                              "mod_smtp_send failed to start: see the error log");
        }
        const ss_provider_t *provider =
            handlers[i].is_submission ? ss_provider_of(ss_module_policy(r)->api) : NULL;
        if (provider) ss_provider_begin(r, provider);
        if (!ss_origin_check(r, handlers[i].is_submission, handlers[i].acts)) return OK;
        return provider ? ss_provider_handler(r, provider) : handlers[i].call(r);
    }
    return DECLINED;
}
