/* handler.c: dispatches to the handlers; headers of all answers. */
#include "web/handler.h"

#include <http_config.h>
#include <string.h>

#include "base/ident.h"
#include "config/module.h"
#include "web/shared/http.h"
#include "web/shared/problem.h"
#include "web/status/status_handler.h"
#include "web/submit/follow.h"
#include "web/submit/submit_handler.h"
#include "web/test/test_handler.h"

/* smtp-send: a message id as the last segment of the path means that message. */
static int submit_or_follow(request_rec *r)
{
    const char *leaf = ss_http_leaf(r);

    if (ss_ident_is_valid(leaf)) return ss_follow(r, leaf);
    if (r->method_number == M_GET && r->path_info && strlen(r->path_info) > 1) {
        return ss_problem(r, HTTP_NOT_FOUND, NULL, "\"%s\" is not a message id; POST returns one",
                          leaf);
    }
    return ss_submit_handler(r);
}

static const struct {
    const char *name;
    int (*call)(request_rec *r);
} handlers[] = { { "smtp-send", submit_or_follow },
                 { "smtp-send-test", ss_test_handler },
                 { "smtp-send-status", ss_status_handler } };

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
        return handlers[i].call(r);
    }
    return DECLINED;
}
