#include "delivery/queue_counts.h"

#include <apr_strings.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"

#define KEY "tally"
/* recipients: so few are counted in a moment, and a number that had gone wrong ends with the
 * restart */
#define COUNTS_ITSELF 50000

/* ---- counting ---- */

void ss_queue_counts_add(ss_delivery_t *d, const ss_store_count_t *row)
{
    ss_relay_t *relay = ss_relay_for(d, row->relay);

    relay->counts[row->state] += row->recipients;
    if (ss_state_is_final(row->state)) return;
    relay->waiting_messages += row->messages;
    relay->waiting_bytes += row->bytes;
    if (row->oldest && (!relay->oldest || row->oldest < relay->oldest)) relay->oldest = row->oldest;
}

void ss_queue_counts_replace(ss_delivery_t *d, const apr_array_header_t *rows)
{
    for (int i = 0; i < ss_relay_count(d); i++) {
        ss_relay_t *relay = ss_relay_at(d, i);
        memset(relay->counts, 0, sizeof(relay->counts));
        relay->counts[SS_STATE_SENDING] = relay->in_flight;
        relay->waiting_messages = 0;
        relay->waiting_bytes = 0;
        relay->oldest = 0;
    }
    for (int i = 0; i < rows->nelts; i++)
        ss_queue_counts_add(d, &APR_ARRAY_IDX(rows, i, ss_store_count_t));
}

typedef struct {
    ss_delivery_t *delivery;
    void (*done)(ss_delivery_t *d, int is_known);
} counting_t;

static void counted(ss_store_request_t *request)
{
    const counting_t *counting = request->baton;
    const ss_store_counts_t *counts = ss_store_request_as(request, SS_STORE_COUNTS);
    ss_delivery_t *d = counting->delivery;
    void (*done)(ss_delivery_t *, int) = counting->done;
    int is_known = request->rv == APR_SUCCESS;

    for (int i = 0; is_known && i < counts->rows->nelts; i++)
        ss_queue_counts_add(d, &APR_ARRAY_IDX(counts->rows, i, ss_store_count_t));
    if (!is_known) {
        ss_log(d->log, SS_LOG_ERROR, 203, "the queue could not be counted: %s",
               request->result.text);
    }
    apr_pool_destroy(request->pool);
    done(d, is_known);
}

/* ---- written down ---- */

static json_t *row_of(const char *relay, int state, apr_int64_t recipients, apr_int64_t messages,
                      apr_uint64_t bytes)
{
    return json_pack("[s,i,I,I,I]", relay, state, (json_int_t)recipients, (json_int_t)messages,
                     (json_int_t)bytes);
}

/* Other nodes, a message in the middle of its delivery, or mail of a name that is not configured
 * any more: the next daemon counts. */
static int can_save(const ss_delivery_t *d)
{
    if (!d->knows_counts || d->node) return 0;
    for (int i = 0; i < ss_relay_count(d); i++) {
        const ss_relay_t *relay = ss_relay_at(d, i);
        if (relay->in_flight || relay->counts[SS_STATE_SENDING] || relay->names->nelts != 1)
            return 0;
    }
    return 1;
}

void ss_queue_counts_save(ss_delivery_t *d)
{
    json_t *rows;
    char *text;

    if (!can_save(d)) return;
    rows = json_array();
    for (int i = 0; i < ss_relay_count(d); i++) {
        const ss_relay_t *relay = ss_relay_at(d, i);
        for (int state = 0; state < SS_STATES; state++) {
            int has_waiting = state == SS_STATE_QUEUED;
            json_array_append_new(rows, row_of(relay->name, state, relay->counts[state],
                                               has_waiting ? relay->waiting_messages : 0,
                                               has_waiting ? relay->waiting_bytes : 0));
        }
    }
    text = json_dumps(rows, JSON_COMPACT);
    json_decref(rows);
    if (text) ss_delivery_remember(d, KEY, "", text);
    free(text);
}

static json_int_t number(const json_t *row, size_t at)
{
    return json_integer_value(json_array_get(row, at));
}

/* Whether the numbers were written down and are worth trusting; then they are the relays'. */
static int restore(ss_delivery_t *d, const char *saved)
{
    json_t *rows = saved ? json_loads(saved, 0, NULL) : NULL, *row;
    json_int_t total = 0;
    size_t i;

    json_array_foreach(rows, i, row) total += number(row, 2);
    if (total < COUNTS_ITSELF) {
        json_decref(rows);
        return 0;
    }
    json_array_foreach(rows, i, row)
    {
        const char *relay = json_string_value(json_array_get(row, 0));
        json_int_t state = number(row, 1);
        if (!relay || state < 0 || state >= SS_STATES || (!number(row, 2) && !number(row, 3)))
            continue;
        ss_queue_counts_add(d, &(ss_store_count_t){ .relay = relay,
                                                    .state = (ss_state_t)state,
                                                    .recipients = number(row, 2),
                                                    .messages = number(row, 3),
                                                    .bytes = (apr_uint64_t)number(row, 4) });
    }
    json_decref(rows);
    return 1;
}

void ss_queue_counts_begin(ss_delivery_t *d, const char *saved,
                           void (*done)(ss_delivery_t *d, int is_known))
{
    /* Used once: whatever happens after this, the numbers are old, those that could not be read
     * too. Nothing is accepted or sent before this is asked of the store. */
    ss_delivery_remember(d, KEY, "", NULL);
    if (restore(d, saved)) {
        done(d, 1);
        return;
    }
    ss_store_counts_t *request = ss_store_counts_create(counted, NULL);
    request->head.baton =
        apr_pmemdup(request->head.pool, &(counting_t){ d, done }, sizeof(counting_t));
    ss_delivery_post(d, &request->head);
}

const char *ss_queue_counts_saved(const apr_array_header_t *settings)
{
    for (int i = 0; i < settings->nelts; i++) {
        const ss_store_setting_t *row = &APR_ARRAY_IDX(settings, i, ss_store_setting_t);
        if (!strcmp(row->key, KEY)) return row->value;
    }
    return NULL;
}

/* ---- kept up ---- */

void ss_queue_counts_purged(ss_delivery_t *d, const apr_array_header_t *rows)
{
    for (int i = 0; i < rows->nelts; i++) {
        const ss_store_count_t *row = &APR_ARRAY_IDX(rows, i, ss_store_count_t);
        apr_int64_t *count = &ss_relay_for(d, row->relay)->counts[row->state];
        *count -= row->recipients < *count ? row->recipients : *count;
    }
}

void ss_queue_counts_ask_oldest(const ss_relay_t *relay, ss_store_oldest_t *request)
{
    for (int i = 0; i < relay->names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(relay->names, i, const char *);
        APR_ARRAY_PUSH(request->rows, ss_store_count_t) =
            (ss_store_count_t){ .relay = apr_pstrdup(request->head.pool, name),
                                .messages = relay->waiting_messages };
    }
}

/* The first of a relay's rows is its own name's. */
void ss_queue_counts_take_oldest(ss_delivery_t *d, const ss_store_oldest_t *request)
{
    for (int i = 0; request->head.rv == APR_SUCCESS && i < request->rows->nelts; i++) {
        const ss_store_count_t *row = &APR_ARRAY_IDX(request->rows, i, ss_store_count_t);
        ss_relay_t *relay = ss_relay_for(d, row->relay);
        if (!strcmp(relay->name, row->relay))
            relay->oldest = row->oldest;
        else if (row->oldest && (!relay->oldest || row->oldest < relay->oldest))
            relay->oldest = row->oldest;
    }
}
