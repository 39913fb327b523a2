#include "record/exposition.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "delivery/jump.h"
#include "delivery/pause.h"
#include "delivery/progress.h"
#include "record/event_log.h"
#include "record/health.h"

#define STORE_BUCKETS (int)(sizeof(((ss_store_stats_t *)0)->buckets) / sizeof(apr_uint64_t))

typedef struct {
    ss_record_t *record;
    ss_buf_t *out;
    apr_pool_t *pool;
    apr_time_t now;
    int count;           /* of relays */
    const char **labels; /* of the relays: relay="name" */
} print_t;

/* ---- the parts of the format ---- */

static void family(print_t *p, const char *name, const char *type, const char *help)
{
    ss_buf_printf(p->out, "# TYPE smtp_send_%s %s\n# HELP smtp_send_%s %s\n", name, type, name,
                  help);
}

/* relay="name" with backslash, quote and line end escaped. */
static const char *label_of(const char *name, apr_pool_t *pool)
{
    const char *text = ss_text_utf8(pool, name, strlen(name));
    char *label = apr_palloc(pool, strlen(text) * 2 + sizeof("relay=\"\"")), *to = label;

    memcpy(to, "relay=\"", 7);
    to += 7;
    for (; *text; text++) {
        if (*text == '\\' || *text == '"' || *text == '\n') *to++ = '\\';
        *to++ = *text == '\n' ? 'n' : *text;
    }
    *to++ = '"';
    *to = '\0';
    return label;
}

static ss_relay_t *relay_at(const print_t *p, int i)
{
    return ss_relay_at(p->record->delivery, i);
}

static void counter(print_t *p, const char *name, const char *labels, apr_uint64_t value)
{
    ss_buf_printf(p->out, "smtp_send_%s_total%s%s%s %" APR_UINT64_T_FMT "\n", name,
                  *labels ? "{" : "", labels, *labels ? "}" : "", value);
}

/* ---- a number of each relay ---- */

typedef enum { OLDEST, BYTES, PAUSED, PAUSED_SECONDS, SUCCESS, UNCERTAIN, CONNECTIONS } number_t;

static double number_of(number_t number, const ss_relay_t *relay, apr_time_t now)
{
    switch (number) {
    case OLDEST: return (double)ss_jump_oldest_age(relay) / 1e6;
    case BYTES: return ss_delivery_is_counted(relay->delivery) ? (double)relay->waiting_bytes : -1;
    case PAUSED: return relay->pause.directive || relay->pause.stored;
    case PAUSED_SECONDS: return (double)ss_pause_total(relay, now) / 1e6;
    case SUCCESS: return relay->last_success ? (double)relay->last_success / 1e6 : -1;
    case UNCERTAIN: return (double)relay->uncertain;
    case CONNECTIONS: return relay->connection_count;
    }
    return -1;
}

/* One sample for each relay; a number below 0 is left out. */
static void by_relay(print_t *p, const char *name, const char *type, const char *help,
                     number_t number)
{
    family(p, name, type, help);
    for (int i = 0; i < p->count; i++) {
        double value = number_of(number, relay_at(p, i), p->now);
        if (value < 0) continue;
        ss_buf_printf(p->out, "smtp_send_%s%s{%s} %.3f\n", name,
                      strcmp(type, "counter") ? "" : "_total", p->labels[i], value);
    }
}

/* ---- families with labels of their own ---- */

/* A gauge of each relay and state, the first `states` of them. */
static void by_state(print_t *p, const char *name, int relay, const apr_int64_t *counts, int states)
{
    for (int state = 0; state < states; state++)
        ss_buf_printf(p->out, "smtp_send_%s{%s,state=\"%s\"} %" APR_INT64_T_FMT "\n", name,
                      p->labels[relay], ss_state_name((ss_state_t)state), counts[state]);
}

static void print_queue(print_t *p)
{
    const ss_settings_globals_t *g = &p->record->config->globals;
    int count = ss_delivery_is_counted(p->record->delivery) ? p->count : 0;
    apr_int64_t messages[SS_STATES];

    family(p, "queue_messages", "gauge", "Messages that wait, by relay and state.");
    for (int i = 0; i < count; i++) {
        ss_progress_messages(relay_at(p, i), messages);
        by_state(p, "queue_messages", i, messages, SS_STATE_HELD + 1);
    }
    family(p, "queue_recipients", "gauge", "Recipients known to the queue, by relay and state.");
    for (int i = 0; i < count; i++)
        by_state(p, "queue_recipients", i, relay_at(p, i)->counts, SS_STATES);
    family(p, "queue_limit_messages", "gauge",
           "Maximum number of messages in the queue (SMTPSendQueueLimit).");
    ss_buf_printf(p->out, "smtp_send_queue_limit_messages %" APR_INT64_T_FMT "\n",
                  g->queue_limit_messages);
    family(p, "queue_limit_bytes", "gauge",
           "Maximum number of bytes in the queue (SMTPSendQueueLimit).");
    ss_buf_printf(p->out, "smtp_send_queue_limit_bytes %" APR_INT64_T_FMT "\n",
                  g->queue_limit_bytes);
}

static void print_submissions(print_t *p)
{
    const ss_metrics_t *m = &p->record->metrics;

    family(p, "submissions", "counter", "Submissions by result.");
    counter(p, "submissions", "result=\"accepted\"", m->accepted);
    counter(p, "submissions", "result=\"repeated\"", m->repeated);
    counter(p, "submissions", "result=\"refused\"", m->refused);
}

/* A counter of the relay with this index. */
static void by_result(print_t *p, const char *name, int relay, const char *result,
                      apr_uint64_t value)
{
    counter(p, name, apr_psprintf(p->pool, "%s,result=\"%s\"", p->labels[relay], result), value);
}

static void print_deliveries(print_t *p)
{
    static const ss_state_t states[] = { SS_STATE_SENT,   SS_STATE_DEFERRED, SS_STATE_HELD,
                                         SS_STATE_FAILED, SS_STATE_EXPIRED,  SS_STATE_CANCELLED };

    family(p, "deliveries", "counter", "Attempts for a recipient by the state they led to.");
    for (int i = 0; i < p->count; i++) {
        for (apr_size_t k = 0; k < sizeof(states) / sizeof(states[0]); k++) {
            by_result(p, "deliveries", i, ss_state_name(states[k]),
                      relay_at(p, i)->counters.results[states[k]]);
        }
    }
}

static void print_connections(print_t *p)
{
    /* The name "connections" belongs to a gauge: OpenMetrics does not allow a counter beside it. */
    family(p, "connections_total", "unknown", "Connections to the relay by result; a counter.");
    for (int i = 0; i < p->count; i++) {
        const ss_relay_counters_t *m = &relay_at(p, i)->counters;
        by_result(p, "connections", i, "ready", m->connected);
        by_result(p, "connections", i, "down", m->unreached);
        by_result(p, "connections", i, "blocked", m->refused);
    }
}

static void print_replies(print_t *p)
{
    family(p, "replies", "counter",
           "The server's replies by the command they answer and their code.");
    for (int i = 0; i < p->count; i++) {
        const ss_reply_counts_t *replies = relay_at(p, i)->counters.replies;
        for (int cmd = 0; cmd < SS_CMDS; cmd++) {
            for (int code = 0; code < SS_REPLY_CODES; code++) {
                if (!replies->count[cmd][code]) continue;
                counter(p, "replies",
                        apr_psprintf(p->pool, "%s,command=\"%s\",code=\"%d\"", p->labels[i],
                                     cmd == SS_CMD_NONE ? "none" : ss_cmd_name((ss_cmd_t)cmd),
                                     code + 200),
                        replies->count[cmd][code]);
            }
        }
    }
}

/* Cumulative, as the format requires. The buckets of src/queue/store.c have the same bounds. */
static void histogram(print_t *p, const char *name, const char *help, const apr_uint64_t *counts,
                      int buckets, apr_uint64_t total, double sum)
{
    apr_uint64_t so_far = 0;

    family(p, name, "histogram", help);
    for (int i = 0; i < buckets - 1; i++) {
        so_far += counts[i];
        ss_buf_printf(p->out, "smtp_send_%s_bucket{le=\"%.4f\"} %" APR_UINT64_T_FMT "\n", name,
                      ss_metrics_histogram_bound(i), so_far);
    }
    ss_buf_printf(p->out,
                  "smtp_send_%s_bucket{le=\"+Inf\"} %" APR_UINT64_T_FMT
                  "\nsmtp_send_%s_sum %.6f\nsmtp_send_%s_count %" APR_UINT64_T_FMT "\n",
                  name, total, name, sum, name, total);
}

static void print_times(print_t *p)
{
    const ss_metrics_histogram_t *delivery = &p->record->metrics.delivery;
    ss_store_stats_t stats = { 0 };
    apr_uint64_t total = 0;

    histogram(p, "delivery_seconds", "Time from acceptance to the relay's reply.", delivery->count,
              SS_HISTOGRAM_BUCKETS, delivery->total, delivery->sum);
    if (p->record->queue->store) ss_store_stats(p->record->queue->store, &stats);
    for (int i = 0; i < STORE_BUCKETS; i++) total += stats.buckets[i];
    histogram(p, "commit_seconds", "Commits of the queue.", stats.buckets, STORE_BUCKETS, total,
              (double)stats.sum / 1e6);
}

static void print_healthy(print_t *p)
{
    json_t *reasons = ss_health_reasons(p->record, p->now);

    family(p, "healthy", "gauge", "1 while mail flows.");
    for (int i = 0; i < p->count; i++) {
        int is_healthy = 1;
        for (size_t k = 0; k < json_array_size(reasons); k++) {
            const char *about = ss_json_text(json_array_get(reasons, k), "relay");
            if (!about || !strcmp(about, relay_at(p, i)->name)) is_healthy = 0;
        }
        ss_buf_printf(p->out, "smtp_send_healthy{%s} %d\n", p->labels[i], is_healthy);
    }
    json_decref(reasons);
}

void ss_exposition_print(ss_record_t *r, ss_buf_t *out, apr_time_t now)
{
    print_t p = { .record = r, .out = out, .now = now, .count = ss_relay_count(r->delivery) };

    apr_pool_create(&p.pool, r->pool);
    p.labels = apr_palloc(p.pool, sizeof(*p.labels) * (apr_size_t)(p.count + 1));
    for (int i = 0; i < p.count; i++) p.labels[i] = label_of(relay_at(&p, i)->name, p.pool);

    family(&p, "up", "gauge", "1 while the delivery daemon answers.");
    ss_buf_puts(out, "smtp_send_up 1\n");
    print_healthy(&p);
    print_queue(&p);
    by_relay(&p, "queue_oldest_seconds", "gauge", "Age of the oldest waiting message.", OLDEST);
    by_relay(&p, "queue_bytes", "gauge", "Bytes of the waiting messages.", BYTES);
    by_relay(&p, "paused", "gauge", "1 while sending is paused.", PAUSED);
    by_relay(&p, "paused_seconds", "counter", "Time spent paused.", PAUSED_SECONDS);
    by_relay(&p, "last_success_timestamp_seconds", "gauge",
             "When the relay last accepted a message.", SUCCESS);
    by_relay(&p, "uncertain", "counter", "Deliveries whose reply was lost.", UNCERTAIN);
    by_relay(&p, "connections", "gauge", "Connections open to the relay.", CONNECTIONS);
    print_submissions(&p);
    print_deliveries(&p);
    print_connections(&p);
    print_replies(&p);
    print_times(&p);
    family(&p, "daemon_restarts", "counter",
           "Restarts of the delivery daemon after it had ended unexpectedly.");
    counter(&p, "daemon_restarts", "", r->restarts);
    if (ss_event_log_is_on(r)) {
        family(&p, "event_log_dropped", "counter",
               "Lines of SMTPSendEventLog that could not be written.");
        counter(&p, "event_log_dropped", "", ss_event_log_dropped(r));
    }
    ss_buf_puts(out, "# EOF\n");
    apr_pool_destroy(p.pool);
}
