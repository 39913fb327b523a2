#include "delivery/queue_counts.h"

#include <apr_strings.h>
#include <jansson.h>
#include <string.h>

#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"

/* recipients: so few are counted in a moment, and a number that had gone wrong ends with the
 * restart */
#define COUNTS_ITSELF 50000
#define AGAIN_FIRST APR_USEC_PER_SEC
#define AGAIN_MOST (30 * APR_USEC_PER_SEC)
/* so often a moment is waited for in which nothing moves; then the number is taken that is wrong by
 * what moved at the time, and after RECOUNT another such moment is looked for */
#define EXACT_TRIES 5
#define RECOUNT (600 * APR_USEC_PER_SEC)

/* ---- counting ---- */

void ss_queue_counts_add(ss_delivery_t *d, const ss_store_count_t *row)
{
    ss_relay_t *relay = ss_relay_for(d, row->relay);
    int is_open = !ss_state_is_final(row->state);

    ss_relay_count_more(relay, row->state, row->recipients, is_open ? row->messages : 0,
                        is_open ? (apr_int64_t)row->bytes : 0);
    if (is_open && row->oldest && (!relay->oldest || row->oldest < relay->oldest))
        relay->oldest = row->oldest;
}

/* What has moved since the store began to count; what was being sent then is queued there. */
static void begin_sum(ss_relay_t *relay)
{
    apr_int64_t sending = relay->counts[SS_STATE_SENDING],
                before = sending - relay->moved.counts[SS_STATE_SENDING];

    memcpy(relay->counts, relay->moved.counts, sizeof(relay->counts));
    relay->counts[SS_STATE_SENDING] = sending;
    relay->counts[SS_STATE_QUEUED] -= before;
    relay->waiting_messages = relay->moved.messages;
    relay->waiting_bytes = (apr_uint64_t)relay->moved.bytes;
    relay->oldest = 0;
}

static void end_sum(ss_relay_t *relay)
{
    /* ... or deferred. */
    if (relay->counts[SS_STATE_QUEUED] < 0)
        relay->counts[SS_STATE_DEFERRED] += relay->counts[SS_STATE_QUEUED];
    for (int state = 0; state < SS_STATES; state++)
        if (relay->counts[state] < 0) relay->counts[state] = 0;
    if (relay->waiting_messages < 0) relay->waiting_messages = 0;
    if ((apr_int64_t)relay->waiting_bytes < 0) relay->waiting_bytes = 0;
}

static void take(ss_delivery_t *d, const apr_array_header_t *rows)
{
    for (int i = 0; i < rows->nelts; i++)
        ss_relay_for(d, APR_ARRAY_IDX(rows, i, ss_store_count_t).relay); /* who has whose mail */
    for (int i = 0; i < ss_relay_count(d); i++) begin_sum(ss_relay_at(d, i));
    for (int i = 0; i < rows->nelts; i++) {
        const ss_store_count_t *row = &APR_ARRAY_IDX(rows, i, ss_store_count_t);
        ss_relay_t *relay = ss_relay_for(d, row->relay);
        relay->counts[row->state] += row->recipients;
        if (ss_state_is_final(row->state)) continue;
        relay->waiting_messages += row->messages;
        relay->waiting_bytes += row->bytes;
        if (row->oldest && (!relay->oldest || row->oldest < relay->oldest))
            relay->oldest = row->oldest;
    }
    for (int i = 0; i < ss_relay_count(d); i++) end_sum(ss_relay_at(d, i));
    d->counting.is_known = 1;
}

apr_interval_time_t ss_queue_counts_wait(apr_interval_time_t last, int is_ok, int tries)
{
    if (is_ok && tries >= EXACT_TRIES) return RECOUNT;
    if (!last) return AGAIN_FIRST;
    return last > AGAIN_MOST / 2 ? AGAIN_MOST : last * 2;
}

static void set_timer(ss_delivery_t *d, int is_ok)
{
    ss_delivery_counting_t *c = &d->counting;

    c->wait = ss_queue_counts_wait(c->wait, is_ok, c->tries);
    ss_delivery_timer(d, &c->timer, ss_mono_add(ss_delivery_mono(d), c->wait));
}

static void counted(ss_store_request_t *request)
{
    ss_delivery_t *d = request->baton;
    const ss_store_counts_t *counts = ss_store_request_as(request, SS_STORE_COUNTS);
    ss_delivery_counting_t *c = &d->counting;
    int is_ok = request->rv == APR_SUCCESS;
    void (*done)(ss_delivery_t *) = c->done;

    c->is_asked = 0;
    c->done = NULL;
    if (is_ok && (c->is_exact || !c->is_known || c->tries >= EXACT_TRIES)) take(d, counts->rows);
    if (!is_ok && ss_delivery_may_log(d, "the queue could not be counted")) {
        ss_log(d->log, SS_LOG_ERROR, 203,
               "the queue could not be counted: %s; mail is sent nevertheless, and counting is "
               "tried again until it succeeds",
               request->result.text);
    }
    apr_pool_destroy(request->pool);
    if (is_ok && c->is_exact) {
        c->is_right = 1;
        c->wait = 0;
        c->tries = 0;
    } else {
        c->tries += is_ok;
        set_timer(d, is_ok);
    }
    if (done) done(d);
}

static void ask(ss_delivery_t *d, int is_exact)
{
    d->counting.is_asked = 1;
    d->counting.is_exact = is_exact;
    for (int i = 0; i < ss_relay_count(d); i++)
        memset(&ss_relay_at(d, i)->moved, 0, sizeof(ss_relay_at(d, i)->moved));
    ss_delivery_post(d, &ss_store_counts_create(counted, d)->head);
}

/* Nothing is on its way between memory and the store. */
static int is_quiet(const ss_delivery_t *d)
{
    int in_flight = 0;

    for (int i = 0; i < ss_relay_count(d); i++) in_flight += ss_relay_at(d, i)->in_flight;
    return !in_flight && !d->ports.store_waiting(d->ports.self);
}

static void try_again(ss_timer_t *timer, ss_mono_t now)
{
    ss_delivery_t *d = timer->self;
    int is_exact = is_quiet(d);

    (void)now;
    if (d->is_leaving || d->counting.is_asked) return;
    if (is_exact || !d->counting.is_known || ++d->counting.tries >= EXACT_TRIES)
        ask(d, is_exact);
    else
        set_timer(d, 0);
}

void ss_queue_counts_again(ss_delivery_t *d)
{
    ss_delivery_counting_t *c = &d->counting;

    c->is_exact = c->is_right = 0;
    if (c->is_asked || !d->is_ready) return; /* it counts, or is about to */
    c->wait = 0;
    c->tries = 0;
    set_timer(d, 0);
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
    if (!d->counting.is_right || d->node) return 0;
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
    ss_delivery_remember_json(d, SS_QUEUE_COUNTS_KEY, "", rows);
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

void ss_queue_counts_begin(ss_delivery_t *d, const char *saved, void (*done)(ss_delivery_t *d))
{
    d->counting.timer = (ss_timer_t){ .fired = try_again, .self = d };
    /* Used once: whatever happens after this, the numbers are old, those that could not be read
     * too. Nothing is accepted or sent before this is asked of the store. */
    ss_delivery_remember(d, SS_QUEUE_COUNTS_KEY, "", NULL);
    if (restore(d, saved)) {
        d->counting.is_known = d->counting.is_right = 1;
        done(d);
        return;
    }
    d->counting.done = done;
    ask(d, 1);
}

/* ---- kept up ---- */

void ss_queue_counts_purged(ss_delivery_t *d, const apr_array_header_t *rows)
{
    for (int i = 0; i < rows->nelts; i++) {
        const ss_store_count_t *row = &APR_ARRAY_IDX(rows, i, ss_store_count_t);
        ss_relay_count_more(ss_relay_for(d, row->relay), row->state, -row->recipients, 0, 0);
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
