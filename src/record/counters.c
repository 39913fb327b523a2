#include "record/counters.h"

#include "delivery/delivery_ports.h"

#define KEY "counters/"

/* ---- writing ---- */

static json_t *numbers(const apr_uint64_t *values, int count)
{
    json_t *list = json_array();

    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_integer((json_int_t)values[i]));
    return list;
}

/* [[command, code, count] ...] */
static json_t *replies_of(const ss_reply_counts_t *replies)
{
    json_t *list = json_array();

    for (int cmd = 0; cmd < SS_CMDS; cmd++)
        for (int code = 0; code < SS_REPLY_CODES; code++)
            if (replies->count[cmd][code])
                json_array_append_new(
                    list, json_pack("[i,i,I]", cmd, code, (json_int_t)replies->count[cmd][code]));
    return list;
}

static json_t *relay_of(const ss_relay_t *relay)
{
    const ss_relay_counters_t *c = &relay->counters;
    const apr_uint64_t connections[] = { c->connected, c->unreached, c->refused },
                       recipients[] = { relay->sent, relay->failed, relay->uncertain };

    return json_pack("{s:I,s:o,s:o,s:o,s:o}", "lastSuccess", (json_int_t)relay->last_success,
                     "recipients", numbers(recipients, 3), "results",
                     numbers(c->results, SS_STATES), "connections", numbers(connections, 3),
                     "replies", replies_of(c->replies));
}

void ss_counters_save(ss_record_t *r)
{
    const ss_metrics_t *m = &r->metrics;
    const apr_uint64_t submissions[] = { m->accepted, m->repeated, m->refused };
    json_t *relays = json_object();

    for (int i = 0; i < ss_relay_count(r->delivery); i++) {
        const ss_relay_t *relay = ss_relay_at(r->delivery, i);
        json_object_set_new(relays, relay->name, relay_of(relay));
    }
    ss_delivery_remember_json(r->delivery, KEY, "",
                              json_pack("{s:o,s:o,s:f,s:o}", "submissions", numbers(submissions, 3),
                                        "delivery",
                                        numbers(m->delivery.count, SS_HISTOGRAM_BUCKETS),
                                        "deliverySum", m->delivery.sum, "relays", relays));
}

/* ---- reading ---- */

/* What is negative, or no number, counts nothing. */
static apr_uint64_t count_at(const json_t *list, int i)
{
    json_int_t value = json_integer_value(json_array_get(list, (size_t)i));

    return value > 0 ? (apr_uint64_t)value : 0;
}

static void take_replies(ss_reply_counts_t *replies, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        apr_uint64_t cmd = count_at(row, 0), code = count_at(row, 1);
        if (cmd < SS_CMDS && code < SS_REPLY_CODES) replies->count[cmd][code] += count_at(row, 2);
    }
}

static void take_relay(ss_relay_t *relay, const json_t *row)
{
    ss_relay_counters_t *c = &relay->counters;
    const json_t *recipients = json_object_get(row, "recipients"),
                 *connections = json_object_get(row, "connections"),
                 *results = json_object_get(row, "results");

    if (!relay->last_success) relay->last_success = ss_json_number(row, "lastSuccess");
    relay->sent += count_at(recipients, 0);
    relay->failed += count_at(recipients, 1);
    relay->uncertain += count_at(recipients, 2);
    c->connected += count_at(connections, 0);
    c->unreached += count_at(connections, 1);
    c->refused += count_at(connections, 2);
    for (int i = 0; i < SS_STATES; i++) c->results[i] += count_at(results, i);
    take_replies(c->replies, json_object_get(row, "replies"));
}

void ss_counters_restore(ss_record_t *r, const char *text)
{
    json_t *document = json_loads(text, 0, NULL);
    const json_t *submissions = json_object_get(document, "submissions"),
                 *delivery = json_object_get(document, "delivery"),
                 *relays = json_object_get(document, "relays");
    ss_metrics_t *m = &r->metrics;

    m->accepted += count_at(submissions, 0);
    m->repeated += count_at(submissions, 1);
    m->refused += count_at(submissions, 2);
    for (int i = 0; i < SS_HISTOGRAM_BUCKETS; i++) {
        m->delivery.count[i] += count_at(delivery, i);
        m->delivery.total += count_at(delivery, i);
    }
    m->delivery.sum += json_number_value(json_object_get(document, "deliverySum"));
    for (int i = 0; i < ss_relay_count(r->delivery); i++) {
        ss_relay_t *relay = ss_relay_at(r->delivery, i);
        take_relay(relay, json_object_get(relays, relay->name));
    }
    json_decref(document);
}
