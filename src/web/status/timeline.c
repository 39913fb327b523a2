#include "web/status/timeline.h"

#include <stdlib.h>

#include "base/text.h"

typedef struct {
    ss_timeline_event_t event;
    apr_time_t time;
    int number; /* keeps the order of those with one time */
} dated_t;

static const char *member(const json_t *object, const char *name)
{
    const char *value = ss_json_text(object, name);

    return value ? value : "";
}

static void add(apr_array_header_t *dated, const ss_timeline_event_t *event)
{
    dated_t *row = apr_array_push(dated);

    *row = (dated_t){ .event = *event, .number = dated->nelts };
    ss_text_time_parse(event->time, &row->time);
}

static int compare(const void *a, const void *b)
{
    const dated_t *x = a, *y = b;

    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static void add_history(apr_array_header_t *dated, const json_t *history)
{
    for (size_t i = 0; i < json_array_size(history); i++) {
        const json_t *row = json_array_get(history, i);
        add(dated, &(ss_timeline_event_t){ .what = member(row, "what"),
                                           .recipient = member(row, "recipient"),
                                           .time = member(row, "time"),
                                           .text = member(row, "text"),
                                           .host = member(row, "relay") });
    }
}

/* A first attempt that succeeded has no row in the history: it is taken from the recipient. */
static void add_deliveries(apr_array_header_t *dated, const json_t *rcpts)
{
    for (size_t i = 0; i < json_array_size(rcpts); i++) {
        const json_t *rcpt = json_array_get(rcpts, i);
        if (*member(rcpt, "deliveredAt") && ss_json_number(rcpt, "attempts") <= 1)
            add(dated, &(ss_timeline_event_t){ .what = "sent",
                                               .recipient = member(rcpt, "address"),
                                               .time = member(rcpt, "deliveredAt"),
                                               .text = member(rcpt, "reply"),
                                               .host = member(rcpt, "relay") });
    }
}

apr_array_header_t *ss_timeline(const json_t *message, apr_pool_t *pool)
{
    apr_array_header_t *dated = apr_array_make(pool, 16, sizeof(dated_t)), *events;

    add(dated, &(ss_timeline_event_t){ "accepted", "", member(message, "createdAt"), "", "" });
    add_history(dated, json_object_get(message, "history"));
    add_deliveries(dated, json_object_get(message, "recipients"));
    qsort(dated->elts, (size_t)dated->nelts, sizeof(dated_t), compare);
    events = apr_array_make(pool, dated->nelts, sizeof(ss_timeline_event_t));
    for (int i = 0; i < dated->nelts; i++)
        APR_ARRAY_PUSH(events, ss_timeline_event_t) = APR_ARRAY_IDX(dated, i, dated_t).event;
    return events;
}
