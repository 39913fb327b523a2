#include "delivery/delivery_ports.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <stdlib.h>

#include "delivery/delivery_impl.h"

#define LOG_KEY_MAX 400
#define KEY_MAX 400 /* "learned/" and a host's name and port; "pause/" and a relay's name */

int ss_delivery_may_log(const ss_delivery_t *d, const char *format, ...)
{
    char key[LOG_KEY_MAX];
    va_list args;

    va_start(args, format);
    apr_vsnprintf(key, sizeof(key), format, args);
    va_end(args);
    return d->ports.may_log(d->ports.self, key);
}

static void remembered(ss_store_request_t *request)
{
    const ss_delivery_t *d = request->baton;
    const ss_store_set_t *set = ss_store_request_as(request, SS_STORE_SET);

    if (request->rv != APR_SUCCESS) {
        ss_log(d->log, SS_LOG_WARN, 202, "the queue could not remember \"%s\": %s", set->key,
               request->result.text);
    }
    apr_pool_destroy(request->pool);
}

void ss_delivery_start_failed(ss_delivery_t *d, const ss_result_t *result)
{
    if (!ss_result_is_set(&d->start_result)) {
        ss_log(d->log, SS_LOG_ERROR, 205,
               "what was paused could not be read from the queue: %s; mail is neither accepted nor "
               "sent until it is read, which is tried again",
               result->text);
    }
    d->start_result = *result;
    ss_result_set(&d->start_result, "queue", "", NULL, "it does not answer");
}

void ss_delivery_remember(const ss_delivery_t *d, const char *kind, const char *name,
                          const char *value)
{
    char key[KEY_MAX];

    apr_snprintf(key, sizeof(key), "%s%s", kind, name);
    ss_delivery_post(
        d, &ss_store_set_create(key, value, ss_delivery_wall(d), remembered, (void *)d)->head);
}

void ss_delivery_remember_json(const ss_delivery_t *d, const char *kind, const char *name,
                               json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);

    if (text) ss_delivery_remember(d, kind, name, text);
    free(text);
    json_decref(value);
}
