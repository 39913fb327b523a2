#include "web/shared/context.h"

#include <http_config.h>

#include "config/module.h"

ss_context_t *ss_context(request_rec *r)
{
    ss_context_t *context = ap_get_module_config(r->request_config, &smtp_send_module);

    if (!context) {
        context = apr_pcalloc(r->pool, sizeof(*context));
        ap_set_module_config(r->request_config, &smtp_send_module, context);
    }
    return context;
}
