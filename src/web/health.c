/* health.c: whether mail flows, in one word for load balancers and monitoring, and why not. */
#include "web/status.h"

#include <apr_strings.h>
#include <string.h>

#include "web/html.h"
#include "web/reply.h"

static apr_int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void add(json_t *reasons, const char *relay, const char *reason, json_t *detail)
{
    json_t *row = json_pack("{s:s,s:o}", "reason", reason, "detail", detail);

    if (relay) json_object_set_new(row, "relay", json_string(relay));
    json_array_append_new(reasons, row);
}

static void judge_relay(const ss_status_t *page, json_t *reasons, const json_t *relay)
{
    const char *name = ss_html_member(relay, "name"), *state = ss_html_member(relay, "state");
    apr_int64_t oldest = number_of(relay, "oldestSeconds"), limit = number_of(relay, "alertAgeSeconds");
    const json_t *pause = json_object_get(relay, "pause");
    request_rec *r = page->r;

    if (json_is_true(json_object_get(relay, "paused"))) {
        const char *why = ss_html_member(pause, "reason");
        add(reasons, name, "paused", ss_reply_string(r, apr_psprintf(r->pool, "%s%s%s", json_is_true(json_object_get(pause, "directive")) ? "SMTPSendPause On" : "paused while running",
                                                                   *why ? ": " : "", why)));
    } else if (!strcmp(state, "blocked")) {
        add(reasons, name, "blocked", ss_reply_string(r, ss_html_member(relay, "cause")));
    }
    if (limit && oldest > limit && json_is_true(json_object_get(relay, "engine"))) {
        const char *cause = ss_html_member(relay, "cause");
        add(reasons, name, "stuck", ss_reply_string(r, apr_psprintf(r->pool, "the oldest message has waited for %" APR_INT64_T_FMT " seconds (SMTPSendAlertAge)%s%s", oldest, *cause ? ": " : "", cause)));
    }
}

json_t *ss_status_reasons(const ss_status_t *page)
{
    json_t *reasons = json_array();
    const json_t *queue = json_object_get(page->status, "queue"), *relays = json_object_get(page->status, "relays");
    apr_int64_t messages = number_of(queue, "messages"), limit = number_of(queue, "limitMessages");

    if (!page->status) {
        add(reasons, NULL, "daemon", ss_reply_string(page->r, page->down));
        return reasons;
    }
    if (*ss_html_member(queue, "error")) add(reasons, NULL, "disk", ss_reply_string(page->r, ss_html_member(queue, "error")));
    if ((limit && messages >= limit) || (number_of(queue, "limitBytes") && number_of(queue, "bytes") >= number_of(queue, "limitBytes"))) {
        add(reasons, NULL, "full", json_string("the queue is full (SMTPSendQueueLimit): new mail is refused"));
    }
    for (size_t i = 0; i < json_array_size(relays); i++) judge_relay(page, reasons, json_array_get(relays, i));
    return reasons;
}

int ss_status_health(ss_status_t *page)
{
    json_t *reasons = ss_status_reasons(page);
    int is_healthy = !json_array_size(reasons);

    return ss_reply_json(page->r, is_healthy ? HTTP_OK : HTTP_SERVICE_UNAVAILABLE, "application/json", json_pack("{s:b,s:o}", "healthy", is_healthy, "reasons", reasons));
}
