/* delivery.c: see delivery.h: makes the parts, starts them in order, ends them. */
#include "delivery/delivery.h"

#include <string.h>

#include "delivery/backlog.h"
#include "delivery/jump.h"
#include "delivery/connection.h"
#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"
#include "delivery/housekeeping.h"
#include "delivery/job.h"
#include "delivery/kept.h"
#include "delivery/learned.h"
#include "delivery/node.h"
#include "delivery/outcome.h"
#include "delivery/pause.h"
#include "delivery/pump.h"
#include "delivery/queue_counts.h"
#include "delivery/rate.h"
#include "delivery/slow_start.h"

apr_status_t ss_delivery_create(ss_delivery_t **out, const ss_delivery_options_t *options,
                                apr_pool_t *pool)
{
    const apr_array_header_t *relays = options->config->relays;
    ss_delivery_t *d = apr_pcalloc(pool, sizeof(*d));

    if (!relays->nelts) return APR_EINVAL;
    d->config = options->config;
    d->log = options->log;
    d->ports = options->ports;
    d->idents = options->idents;
    d->pool = pool;
    d->adopted = apr_hash_make(pool);
    d->jobs = apr_hash_make(pool);
    APR_RING_INIT(&d->refused, ss_store_request_t, link);
    ss_housekeeping_create(d);
    ss_jump_create(d);
    d->relays = apr_array_make(pool, relays->nelts, sizeof(ss_relay_t *));
    for (int i = 0; i < relays->nelts; i++) {
        const ss_settings_t *settings = APR_ARRAY_IDX(relays, i, const ss_settings_t *);
        ss_relay_t *relay = ss_relay_create(d, settings, ss_pump_run);
        ss_connection_init(relay);
        APR_ARRAY_PUSH(d->relays, ss_relay_t *) = relay;
    }
    *out = d;
    return APR_SUCCESS;
}

/* ---- the start: the node's claim, settings, counts, the order; pauses before the first message
 * is sent ---- */

static void counted(ss_delivery_t *d)
{
    apr_int64_t messages;
    apr_uint64_t bytes;

    d->is_ready = 1;
    ss_delivery_waiting(d, &messages, &bytes);
    if (messages) {
        ss_log(d->log, SS_LOG_NOTICE, 204,
               "the queue holds %" APR_INT64_T_FMT " waiting messages from before this start",
               messages);
    }
    for (int i = 0; i < ss_relay_count(d); i++) {
        ss_pause_begin(ss_relay_at(d, i));
        ss_backlog_read(ss_relay_at(d, i));
    }
}

static void restore(ss_delivery_t *d, const char *key, const char *value)
{
    ss_relay_t *relay;

    if (!strncmp(key, "pause/", 6)) {
        relay = ss_relay_find(d, key + 6);
        if (relay) ss_pause_restore(relay, value);
    } else if (!strncmp(key, "ramp/", 5)) {
        relay = ss_relay_find(d, key + 5);
        if (relay) ss_slow_start_restore(relay, value);
    } else if (!strncmp(key, "kept/", 5)) {
        relay = ss_relay_find(d, key + 5);
        if (relay) ss_kept_restore(relay, value);
        if (relay && relay->throttle.gap) ss_rate_describe(relay);
    } else if (!strncmp(key, "learned/", 8)) {
        ss_learned_restore(d, key + 8, value);
    } else {
        d->ports.setting(d->ports.self, key, value);
    }
}

static const char *find(const apr_array_header_t *rows, const char *key)
{
    for (int i = 0; i < rows->nelts; i++) {
        const ss_store_setting_t *row = &APR_ARRAY_IDX(rows, i, ss_store_setting_t);
        if (!strcmp(row->key, key)) return row->value;
    }
    return NULL;
}

static void settings_read(ss_store_request_t *request)
{
    ss_delivery_t *d = request->baton;
    const ss_store_settings_t *settings = ss_store_request_as(request, SS_STORE_SETTINGS);

    if (request->rv != APR_SUCCESS) {
        ss_delivery_start_failed(d, &request->result);
        d->start_wait = ss_queue_counts_wait(d->start_wait, 0, 0);
        ss_delivery_timer(d, &d->start_timer, ss_mono_add(ss_delivery_mono(d), d->start_wait));
        apr_pool_destroy(request->pool);
        return;
    }
    if (ss_result_is_set(&d->start_result))
        ss_log(d->log, SS_LOG_NOTICE, 217, "the queue answers: mail is accepted and sent");
    ss_result_clear(&d->start_result);
    ss_jump_begin(d, find(settings->rows, "clock"));
    for (int i = 0; i < settings->rows->nelts; i++) {
        const ss_store_setting_t *row = &APR_ARRAY_IDX(settings->rows, i, ss_store_setting_t);
        restore(d, row->key, row->value);
    }
    d->ports.settings_read(d->ports.self);
    ss_queue_counts_begin(d, find(settings->rows, SS_QUEUE_COUNTS_KEY), counted);
    ss_housekeeping_start(d);
    apr_pool_destroy(request->pool);
}

static void read_settings(ss_delivery_t *d)
{
    ss_delivery_post(d, &ss_store_settings_create(settings_read, d)->head);
}

static void read_settings_again(ss_timer_t *timer, ss_mono_t now)
{
    ss_delivery_t *d = timer->self;

    (void)now;
    if (!d->is_leaving) read_settings(d);
}

void ss_delivery_start(ss_delivery_t *d, int is_shared)
{
    d->is_started = 1;
    d->start_timer = (ss_timer_t){ .fired = read_settings_again, .self = d };
    ss_node_begin(d, is_shared, read_settings);
}

/* ---- what happens ---- */

void ss_delivery_accepted(ss_delivery_t *d, const char *name, ss_message_t *m, ss_mono_t received)
{
    ss_relay_t *relay = ss_relay_for(d, name);

    ss_relay_add_message(relay, m);
    ss_job_t *job = ss_job_create(d, relay, m, NULL);
    job->received = received;
    job->stored = ss_delivery_mono(d);
    ss_job_settle(job);
}

int ss_delivery_is_ready(const ss_delivery_t *d)
{
    return d->is_ready;
}

const char *ss_delivery_start_problem(const ss_delivery_t *d)
{
    return ss_result_is_set(&d->start_result) ? d->start_result.text : NULL;
}

int ss_delivery_is_counted(const ss_delivery_t *d)
{
    return d->counting.is_known;
}

void ss_delivery_doubt(ss_delivery_t *d, const char *relay)
{
    ss_queue_counts_again(d);
    ss_backlog_read_again(ss_relay_for(d, relay));
}

void ss_delivery_found(ss_delivery_t *d, const char *relay, const char *id)
{
    if (!ss_job_find(d, id)) ss_job_refresh(d, id, ss_relay_for(d, relay));
}

void ss_delivery_changed(ss_delivery_t *d, const ss_store_changed_t *changed,
                         ss_store_action_t action)
{
    static const ss_state_t states[] = { [SS_ACTION_RETRY] = SS_STATE_QUEUED,
                                         [SS_ACTION_HOLD] = SS_STATE_HELD,
                                         [SS_ACTION_RELEASE] = SS_STATE_QUEUED,
                                         [SS_ACTION_CANCEL] = SS_STATE_CANCELLED };
    ss_relay_t *relay = ss_relay_for(d, changed->relay);

    if (changed->is_foreign) return;
    for (int i = 0; i < changed->recipients; i++)
        ss_relay_move(relay, changed->from_state, states[action]);
    if (action == SS_ACTION_CANCEL) {
        relay->counters.results[SS_STATE_CANCELLED] += (apr_uint64_t)changed->recipients;
        if (changed->is_finished) ss_relay_drop_message(relay, changed->size);
    }
    if (action == SS_ACTION_RETRY || action == SS_ACTION_RELEASE || ss_job_find(d, changed->id))
        ss_job_refresh(d, changed->id, relay);
}

void ss_delivery_waiting(const ss_delivery_t *d, apr_int64_t *messages, apr_uint64_t *bytes)
{
    *messages = 0;
    *bytes = 0;
    for (int i = 0; i < ss_relay_count(d); i++) {
        *messages += ss_relay_at(d, i)->waiting_messages;
        *bytes += ss_relay_at(d, i)->waiting_bytes;
    }
    ss_node_add(d, NULL, NULL, messages, bytes);
}

/* ---- the end ---- */

void ss_delivery_leave(ss_delivery_t *d)
{
    d->is_leaving = 1;
    ss_outcome_post_again(d);
    for (int i = 0; i < ss_relay_count(d); i++) ss_connection_quit_all(ss_relay_at(d, i));
}

int ss_delivery_in_flight(const ss_delivery_t *d)
{
    int count = 0;

    for (int i = 0; i < ss_relay_count(d); i++) count += ss_relay_at(d, i)->in_flight;
    return count;
}

int ss_delivery_uncommitted(const ss_delivery_t *d)
{
    int count = 0;

    for (int i = 0; i < ss_relay_count(d); i++) count += ss_relay_at(d, i)->uncommitted;
    return count;
}

void ss_delivery_abort(ss_delivery_t *d)
{
    for (int i = 0; i < ss_relay_count(d); i++) ss_connection_abort_all(ss_relay_at(d, i));
}

void ss_delivery_save(ss_delivery_t *d)
{
    ss_queue_counts_save(d);
    /* What was never read must not be replaced. */
    if (!d->is_ready) return;
    ss_jump_save(d);
    for (int i = 0; i < ss_relay_count(d); i++) ss_kept_save(ss_relay_at(d, i));
}

void ss_delivery_destroy(ss_delivery_t *d)
{
    if (d->sent_again)
        ss_log(d->log, SS_LOG_ERROR, 257,
               "the queue could not be written until the end: %d recipients are sent their mail "
               "again after the next start",
               d->sent_again);
    ss_node_destroy(d);
    for (apr_hash_index_t *i = apr_hash_first(NULL, d->jobs); i; i = apr_hash_next(i))
        ss_job_free(apr_hash_this_val(i));
    for (int i = 0; i < ss_relay_count(d); i++) ss_relay_destroy(ss_relay_at(d, i));
}
