/* metrics_page.c: GET <page>/metrics: the daemon's own text where it has one, else what its status says, as OpenMetrics. */
#include "web/status.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "base/text.h"
#include "web/ask.h"
#include "web/html.h"
#include "web/reply.h"

#define TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define METRICS_TIMEOUT (10 * APR_USEC_PER_SEC)

/* A label's value: backslash, quote and line end escaped. */
static const char *label(request_rec *r, const char *value)
{
    char *out = apr_palloc(r->pool, strlen(value) * 2 + 1), *p = out;

    for (; *value; value++) {
        if (*value == '\\' || *value == '"' || *value == '\n') *p++ = '\\';
        *p++ = *value == '\n' ? 'n' : *value;
    }
    *p = '\0';
    return out;
}

static void family(request_rec *r, const char *name, const char *type, const char *help)
{
    ap_rprintf(r, "# TYPE smtp_send_%s %s\n# HELP smtp_send_%s %s\n", name, type, name, help);
}

/* A number, a flag or a time as a sample's value. */
static double value_of(const json_t *value)
{
    apr_time_t when;

    if (json_is_string(value)) return ss_text_time_parse(json_string_value(value), &when) ? 0 : (double)when / APR_USEC_PER_SEC;
    return json_is_true(value) ? 1 : json_number_value(value);
}

/* One sample a relay from a member of its row. */
static void by_relay(request_rec *r, const json_t *relays, const char *name, const char *suffix, const char *member)
{
    for (size_t i = 0; i < json_array_size(relays); i++) {
        const json_t *relay = json_array_get(relays, i), *value = json_object_get(relay, member);
        if (json_is_null(value)) continue;
        ap_rprintf(r, "smtp_send_%s%s{relay=\"%s\"} %.3f\n", name, suffix, label(r, ss_html_member(relay, "name")), value_of(value));
    }
}

static void queue_states(request_rec *r, const json_t *relays)
{
    family(r, "queue_messages", "gauge", "Recipients known to the queue, by relay and state.");
    for (size_t i = 0; i < json_array_size(relays); i++) {
        const json_t *relay = json_array_get(relays, i);
        const char *state;
        json_t *count;
        json_object_foreach(json_object_get(relay, "counts"), state, count) {
            ap_rprintf(r, "smtp_send_queue_messages{relay=\"%s\",state=\"%s\"} %" APR_INT64_T_FMT "\n", label(r, ss_html_member(relay, "name")), label(r, state),
                       (apr_int64_t)json_integer_value(count));
        }
    }
}

static void deliveries(request_rec *r, const json_t *relays)
{
    static const char *const results[] = { "sent", "failed" };

    family(r, "deliveries", "counter", "Recipients finished since the daemon started.");
    for (size_t i = 0; i < json_array_size(relays); i++) {
        const json_t *relay = json_array_get(relays, i);
        for (int k = 0; k < 2; k++) {
            ap_rprintf(r, "smtp_send_deliveries_total{relay=\"%s\",result=\"%s\"} %" APR_INT64_T_FMT "\n", label(r, ss_html_member(relay, "name")), results[k],
                       (apr_int64_t)json_integer_value(json_object_get(relay, results[k])));
        }
    }
}

static void healthy(const ss_status_t *page, const json_t *relays)
{
    json_t *reasons = ss_status_reasons(page);

    family(page->r, "healthy", "gauge", "1 while mail flows.");
    for (size_t i = 0; i < json_array_size(relays); i++) {
        const char *name = ss_html_member(json_array_get(relays, i), "name");
        int is_healthy = 1;
        for (size_t k = 0; k < json_array_size(reasons); k++) {
            const char *about = ss_html_member(json_array_get(reasons, k), "relay");
            if (!*about || !strcmp(about, name)) is_healthy = 0;
        }
        ap_rprintf(page->r, "smtp_send_healthy{relay=\"%s\"} %d\n", label(page->r, name), is_healthy);
    }
    json_decref(reasons);
}

static const struct { const char *name, *type, *suffix, *member, *help; } families[] = {
    { "queue_oldest_seconds", "gauge", "", "oldestSeconds", "Age of the oldest message that waits." },
    { "queue_bytes", "gauge", "", "bytes", "Bytes of the messages that wait." },
    { "paused", "gauge", "", "paused", "1 while sending is paused." },
    { "paused_seconds", "counter", "_total", "pausedSeconds", "Time spent paused." },
    { "last_success_timestamp_seconds", "gauge", "", "lastSuccess", "When a message was last taken by the relay." },
    { "uncertain", "counter", "_total", "uncertain", "Deliveries whose answer was lost." },
    { "connections", "gauge", "", "connections", "Connections open to the relay." }
};

int ss_status_metrics(ss_status_t *page)
{
    request_rec *r = page->r;
    const json_t *relays = json_object_get(page->status, "relays");
    ss_answer_t answer;
    const char *why = NULL;

    if (page->status && ss_ask_quietly(r, json_pack("{s:s}", "do", "metrics"), NULL, 0, METRICS_TIMEOUT, &answer, &why) && answer.raw.status == 200 && answer.raw.content_len) {
        return ss_reply_text(r, HTTP_OK, TYPE, answer.raw.content, answer.raw.content_len);
    }
    ap_set_content_type(r, TYPE);
    family(r, "up", "gauge", "1 while the delivery daemon answers.");
    ap_rprintf(r, "smtp_send_up %d\n", page->status != NULL);
    if (page->status) {
        queue_states(r, relays);
        for (apr_size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
            family(r, families[i].name, families[i].type, families[i].help);
            by_relay(r, relays, families[i].name, families[i].suffix, families[i].member);
        }
        deliveries(r, relays);
        family(r, "daemon_restarts", "counter", "Starts of the delivery daemon after it ended by itself.");
        ap_rprintf(r, "smtp_send_daemon_restarts_total %" APR_INT64_T_FMT "\n", (apr_int64_t)json_integer_value(json_object_get(page->status, "restarts")));
        healthy(page, relays);
    }
    ap_rputs("# EOF\n", r);
    return OK;
}
