/* node.c: this node among others on one queue. See share.h. */
#include "delivery/node.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "operator/action.h"
#include "operator/bounce_request.h"
#include "record/webhook.h"
#include "queue/lease.h"

struct ss_node_t {
    ss_timer_t timer;
    void (*ready)(ss_daemon_t *d); /* until the first answer */
    apr_uint64_t number;
    /* when the one under way was asked for; when the last one that was given, or not set */
    ss_mono_t asked, last;
    int is_stale;              /* nothing is started: the last one is too long ago */
    int must_count;            /* what this node holds is not known well any more */
    apr_uint64_t changes_then; /* when counting began */
    apr_pool_t *pool;          /* of the last answer: the other nodes */
    apr_array_header_t *nodes; /* of node_t */
    /* of ss_lease_handed_t, in a pool of its own: done, and not yet crossed out in the store */
    apr_array_header_t *known;
};

typedef struct {
    const char *name;
    int is_silent;
    json_t *holds;
} node_t;

apr_uint64_t ss_node_number(const ss_daemon_t *d)
{
    return d->share ? d->share->number : 0;
}

int ss_node_may_send(const ss_daemon_t *d)
{
    return !d->share || (ss_mono_is_set(d->share->last) &&
                         ss_mono_since(ss_mono_now(), d->share->last) < SS_LEASE_SAFE);
}

/* ---- what the others hold ---- */

static char *own_holds(const ss_daemon_t *d)
{
    json_t *rows = json_array();

    for (int i = 0; i < d->relays->nelts; i++) {
        const ss_relay_t *relay = APR_ARRAY_IDX(d->relays, i, ss_relay_t *);
        json_t *counts = json_array();
        for (int state = 0; state < SS_STATES; state++)
            json_array_append_new(counts, json_integer(relay->counts[state]));
        json_array_append_new(rows, json_pack("[s,I,I,o]", relay->name,
                                              (json_int_t)relay->waiting_messages,
                                              (json_int_t)relay->waiting_bytes, counts));
    }
    char *text = json_dumps(rows, JSON_COMPACT);
    json_decref(rows);
    return text;
}

void ss_node_add(const ss_daemon_t *d, const char *relay, apr_int64_t counts[SS_STATES],
                 apr_int64_t *messages, apr_uint64_t *bytes)
{
    if (!d->share || !d->share->nodes) return;
    for (int i = 0; i < d->share->nodes->nelts; i++) {
        json_t *row;
        size_t k;
        json_array_foreach(APR_ARRAY_IDX(d->share->nodes, i, node_t).holds, k, row)
        {
            const char *name = json_string_value(json_array_get(row, 0));
            if (!name || (relay && strcmp(name, relay))) continue;
            *messages += json_integer_value(json_array_get(row, 1));
            *bytes += (apr_uint64_t)json_integer_value(json_array_get(row, 2));
            for (size_t state = 0; counts && state < SS_STATES; state++)
                counts[state] += json_integer_value(json_array_get(json_array_get(row, 3), state));
        }
    }
}

json_t *ss_node_json(const ss_daemon_t *d)
{
    json_t *list = json_array();

    if (!d->share) {
        json_decref(list);
        return NULL;
    }
    for (int i = 0; d->share->nodes && i < d->share->nodes->nelts; i++) {
        const node_t *node = &APR_ARRAY_IDX(d->share->nodes, i, node_t);
        json_array_append_new(
            list, json_pack("{s:s,s:b}", "name", node->name, "silent", node->is_silent));
    }
    return list;
}

static int has_silent(const struct ss_node_t *share)
{
    for (int i = 0; share->nodes && i < share->nodes->nelts; i++) {
        if (APR_ARRAY_IDX(share->nodes, i, node_t).is_silent) return 1;
    }
    return 0;
}

static void forget_nodes(struct ss_node_t *share)
{
    for (int i = 0; share->nodes && i < share->nodes->nelts; i++)
        json_decref(APR_ARRAY_IDX(share->nodes, i, node_t).holds);
    share->nodes = NULL;
    apr_pool_clear(share->pool);
}

static void remember_nodes(struct ss_node_t *share, const apr_array_header_t *nodes)
{
    forget_nodes(share);
    share->nodes = apr_array_make(share->pool, nodes->nelts, sizeof(node_t));
    for (int i = 0; i < nodes->nelts; i++) {
        const ss_lease_node_t *node = &APR_ARRAY_IDX(nodes, i, ss_lease_node_t);
        APR_ARRAY_PUSH(share->nodes, node_t) =
            (node_t){ apr_pstrdup(share->pool, node->name), node->is_silent,
                      node->holds ? json_loads(node->holds, 0, NULL) : NULL };
    }
}

/* ---- what they did ---- */

static void apply_settings(ss_daemon_t *d, const ss_lease_t *lease, apr_time_t now)
{
    for (int i = 0; i < lease->settings->nelts; i++) {
        const ss_store_setting_t *row = &APR_ARRAY_IDX(lease->settings, i, ss_store_setting_t);
        if (!strncmp(row->key, "pause/", 6)) {
            ss_relay_t *relay = ss_relay_find(d, row->key + 6);
            if (relay) ss_pause_share(relay, row->value, lease->number, now);
        } else if (!strncmp(row->key, "learned/", 8)) {
            ss_learned_restore(d, row->key + 8, row->value, now);
        }
    }
}

static int is_known(const struct ss_node_t *share, const ss_lease_handed_t *row)
{
    for (int i = 0; share->known && i < share->known->nelts; i++) {
        const ss_lease_handed_t *other = &APR_ARRAY_IDX(share->known, i, ss_lease_handed_t);
        if (other->time == row->time && !strcmp(other->touched.id, row->touched.id)) return 1;
    }
    return 0;
}

/* Actions of people at other nodes. What is known already was crossed out by this answer's own
 * transaction. */
static void apply_handed(ss_daemon_t *d, const apr_array_header_t *rows)
{
    struct ss_node_t *share = d->share;
    apr_array_header_t *known;
    apr_pool_t *pool;

    apr_pool_create(&pool, d->pool);
    known = apr_array_make(pool, rows->nelts, sizeof(ss_lease_handed_t));

    for (int i = 0; i < rows->nelts; i++) {
        const ss_lease_handed_t *row = &APR_ARRAY_IDX(rows, i, ss_lease_handed_t);
        if (!is_known(share, row)) {
            const char *who = row->who ? row->who : "another node";
            if (row->control == SS_ACTION_BOUNCE)
                ss_bounce_request_handed(d->operator, row->touched.id, who);
            else if (row->control != SS_ACTIONS)
                ss_action_took(d->operator, & row->touched, row->control, who);
        }
        APR_ARRAY_PUSH(known, ss_lease_handed_t) =
            (ss_lease_handed_t){ .touched = row->touched, .time = row->time };
    }
    if (share->known) apr_pool_destroy(share->known->pool);
    share->known = known;
}

static void fill(ss_daemon_t *d)
{
    for (int i = 0; i < d->relays->nelts; i++) {
        ss_relay_t *relay = APR_ARRAY_IDX(d->relays, i, ss_relay_t *);
        if (relay->is_filling)
            ss_schedule_set_more(relay->schedule, 1);
        else
            ss_relay_fill(relay);
    }
}

static void apply_taken(ss_daemon_t *d, const ss_lease_t *lease)
{
    apr_int64_t waiting = 0;

    if (!lease->buried) return;
    for (int i = 0; i < lease->taken->nelts; i++) {
        const ss_store_count_t *row = &APR_ARRAY_IDX(lease->taken, i, ss_store_count_t);
        ss_queue_counts_add(d, row);
        if (!ss_state_is_final(row->state)) waiting += row->messages;
    }
    if (!waiting) return;
    if (ss_daemon_is_new(d, "a silent node's mail is taken over")) {
        ss_log(d->log, SS_LOG_WARN, 211,
               "node %s has given no sign of life for a minute: its mail is taken over "
               "(%" APR_INT64_T_FMT " messages so far); what it was sending then may arrive twice",
               lease->buried, waiting);
    }
    fill(d);
}

/* Others may have taken this node's mail while it was away: what is not under way is forgotten, and
 * read again as far as it is still this node's. */
static void start_over(ss_daemon_t *d)
{
    apr_time_t now = ss_loop_wall(d->loop);

    ss_log(d->log, SS_LOG_WARN, 213,
           "the other nodes had given this one up: what waits is read again from the queue; what "
           "was being sent then may arrive twice");
    for (apr_hash_index_t *i = apr_hash_first(d->pool, d->jobs); i; i = apr_hash_next(i)) {
        ss_job_t *job = apr_hash_this_val(i);
        ss_job_refresh(d, job->entry.id, job->relay, now);
    }
    d->share->must_count = 1;
}

/* Counting while mail moves would count some of it twice: what was counted is taken when nothing
 * moved meanwhile, else tried again. */
static void counted(ss_store_request_t *request)
{
    ss_daemon_t *d = request->baton;
    const ss_store_counts_t *counts = ss_store_request_as(request, SS_STORE_COUNTS);

    if (request->rv == APR_SUCCESS && d->count_changes == d->share->changes_then) {
        ss_queue_counts_replace(d, counts->rows);
        fill(d);
    } else {
        d->share->must_count = 1;
    }
    apr_pool_destroy(request->pool);
}

/* ---- the sign of life ---- */

static void ask(ss_timer_t *timer, ss_mono_t now);

static void answered(ss_store_request_t *request)
{
    ss_daemon_t *d = request->baton;
    struct ss_node_t *share = d->share;
    const ss_lease_t *lease = ss_store_request_as(request, SS_STORE_LEASE);
    apr_time_t now = ss_loop_wall(d->loop);

    ss_loop_timer(d->loop, &share->timer, ss_mono_add(ss_loop_now(d->loop), SS_LEASE_EVERY));
    if (request->rv != APR_SUCCESS) {
        /* Whether it took over mail of a silent node is not known either. */
        if (has_silent(share)) share->must_count = 1;
        if (!share->is_stale && ss_mono_is_set(share->last) && !ss_node_may_send(d)) {
            share->is_stale = 1;
            ss_log(d->log, SS_LOG_ERROR, 214,
                   "no sign of life could be given to the other nodes for %d s: sending stops, "
                   "since they take over this node's mail soon (%s)",
                   (int)apr_time_sec(SS_LEASE_SAFE), request->result.text);
        }
        apr_pool_destroy(request->pool);
        return;
    }
    share->last = share->asked;
    remember_nodes(share, lease->nodes);
    if (share->ready) {
        void (*ready)(ss_daemon_t *) = share->ready;
        share->ready = NULL;
        apr_pool_destroy(request->pool);
        ready(d);
        return;
    }
    apply_settings(d, lease, now);
    apply_handed(d, lease->handed);
    if (lease->was_lost) start_over(d);
    apply_taken(d, lease);
    for (int i = 0; i < lease->hooks->nelts; i++) {
        const ss_store_setting_t *row = &APR_ARRAY_IDX(lease->hooks, i, ss_store_setting_t);
        ss_webhook_restore(d->record, row->key, row->value);
    }
    if (share->is_stale) {
        share->is_stale = 0;
        ss_log(d->log, SS_LOG_NOTICE, 215, "the queue answers again: sending goes on");
        for (int i = 0; i < d->relays->nelts; i++)
            ss_relay_wake(APR_ARRAY_IDX(d->relays, i, ss_relay_t *));
    }
    if (share->must_count && d->is_counted && !ss_store_waiting(d->queue.store)) {
        share->must_count = 0;
        share->changes_then = d->count_changes;
        ss_store_port_post(&d->queue, &ss_store_counts_create(counted, d)->head);
    }
    apr_pool_destroy(request->pool);
}

static void ask(ss_timer_t *timer, ss_mono_t now)
{
    ss_daemon_t *d = timer->self;
    struct ss_node_t *share = d->share;

    if (d->is_leaving) return;
    ss_lease_t *lease = ss_lease_create(answered, d);
    apr_pool_t *pool = lease->head.pool;
    char *holds = own_holds(d);
    const char *relays = "";

    for (int i = 0; i < d->relays->nelts; i++) {
        const ss_relay_t *relay = APR_ARRAY_IDX(d->relays, i, ss_relay_t *);
        if (relay->host_count)
            relays = apr_pstrcat(pool, relays, *relays ? "\n" : "", relay->name, NULL);
    }
    lease->holds = apr_pstrdup(pool, holds);
    free(holds);
    lease->relays = relays;
    if (share->known) lease->taken_note = apr_array_copy(pool, share->known);
    lease->now = ss_loop_wall(d->loop);
    share->asked = now;
    lease->number = ++share->number;
    ss_store_port_post(&d->queue, &lease->head);
}

void ss_node_begin(ss_daemon_t *d, void (*ready)(ss_daemon_t *d))
{
    if (!ss_store_is_shared(d->queue.store)) {
        ready(d);
        return;
    }
    if (!d->share) {
        d->share = apr_pcalloc(d->pool, sizeof(*d->share));
        apr_pool_create(&d->share->pool, d->pool);
        d->share->timer = (ss_timer_t){ .fired = ask, .self = d };
    }
    d->share->ready = ready;
    ask(&d->share->timer, ss_loop_now(d->loop));
}

void ss_node_destroy(ss_daemon_t *d)
{
    if (!d->share) return;
    ss_loop_untimer(d->loop, &d->share->timer);
    forget_nodes(d->share);
    d->share = NULL;
}
