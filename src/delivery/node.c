#include "delivery/node.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/backlog.h"
#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"
#include "delivery/learned.h"
#include "delivery/pause.h"
#include "delivery/queue_counts.h"
#include "queue/lease.h"

struct ss_node_t {
    ss_timer_t timer;
    void (*ready)(ss_delivery_t *d); /* until the first answer */
    /* when the heartbeat under way was asked for; when the last one that was written, or not set */
    ss_mono_t asked, last;
    int is_stale;              /* nothing is started: the last one is too long ago */
    int must_read;             /* whether mail was taken over is not known */
    apr_pool_t *pool;          /* of the last answer: the other nodes */
    apr_array_header_t *nodes; /* of other_t */
    /* of ss_lease_handed_t, in a pool of its own: done, and not yet crossed out in the store */
    apr_array_header_t *known;
};

typedef struct {
    const char *name;
    int is_silent;
    json_t *holds;
} other_t;

int ss_node_is_safe(ss_mono_t last, ss_mono_t now)
{
    return ss_mono_is_set(last) && ss_mono_since(now, last) < SS_LEASE_SAFE;
}

int ss_node_may_send(const ss_delivery_t *d)
{
    return !d->node || ss_node_is_safe(d->node->last, ss_delivery_mono(d));
}

/* ---- what the others hold ---- */

static char *own_holds(const ss_delivery_t *d)
{
    json_t *rows = json_array();

    for (int i = 0; i < ss_relay_count(d); i++) {
        const ss_relay_t *relay = ss_relay_at(d, i);
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

void ss_node_add(const ss_delivery_t *d, const char *relay, apr_int64_t counts[SS_STATES],
                 apr_int64_t *messages, apr_uint64_t *bytes)
{
    if (!d->node || !d->node->nodes) return;
    for (int i = 0; i < d->node->nodes->nelts; i++) {
        json_t *row;
        size_t k;
        json_array_foreach(APR_ARRAY_IDX(d->node->nodes, i, other_t).holds, k, row)
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

json_t *ss_node_json(const ss_delivery_t *d)
{
    json_t *list = json_array();

    if (!d->node) {
        json_decref(list);
        return NULL;
    }
    for (int i = 0; d->node->nodes && i < d->node->nodes->nelts; i++) {
        const other_t *other = &APR_ARRAY_IDX(d->node->nodes, i, other_t);
        json_array_append_new(
            list, json_pack("{s:s,s:b}", "name", other->name, "silent", other->is_silent));
    }
    return list;
}

static int has_silent(const struct ss_node_t *node)
{
    for (int i = 0; node->nodes && i < node->nodes->nelts; i++) {
        if (APR_ARRAY_IDX(node->nodes, i, other_t).is_silent) return 1;
    }
    return 0;
}

static void forget_nodes(struct ss_node_t *node)
{
    for (int i = 0; node->nodes && i < node->nodes->nelts; i++)
        json_decref(APR_ARRAY_IDX(node->nodes, i, other_t).holds);
    node->nodes = NULL;
    apr_pool_clear(node->pool);
}

static void remember_nodes(struct ss_node_t *node, const apr_array_header_t *nodes)
{
    forget_nodes(node);
    node->nodes = apr_array_make(node->pool, nodes->nelts, sizeof(other_t));
    for (int i = 0; i < nodes->nelts; i++) {
        const ss_lease_node_t *row = &APR_ARRAY_IDX(nodes, i, ss_lease_node_t);
        APR_ARRAY_PUSH(node->nodes, other_t) =
            (other_t){ apr_pstrdup(node->pool, row->name), row->is_silent,
                       row->holds ? json_loads(row->holds, 0, NULL) : NULL };
    }
}

/* ---- what they did ---- */

static void apply_settings(ss_delivery_t *d, const ss_lease_t *lease)
{
    for (int i = 0; i < lease->settings->nelts; i++) {
        const ss_store_setting_t *row = &APR_ARRAY_IDX(lease->settings, i, ss_store_setting_t);
        if (!strncmp(row->key, "pause/", 6)) {
            ss_relay_t *relay = ss_relay_find(d, row->key + 6);
            if (relay) ss_pause_share(relay, row->value, lease->number);
        } else if (!strncmp(row->key, "learned/", 8)) {
            ss_learned_restore(d, row->key + 8, row->value);
        } else if (!strncmp(row->key, "shared/", 7)) {
            d->ports.setting(d->ports.self, row->key, row->value);
        }
    }
}

static int is_known(const struct ss_node_t *node, const ss_lease_handed_t *row)
{
    for (int i = 0; node->known && i < node->known->nelts; i++) {
        const ss_lease_handed_t *other = &APR_ARRAY_IDX(node->known, i, ss_lease_handed_t);
        if (other->time == row->time && !strcmp(other->touched.id, row->touched.id)) return 1;
    }
    return 0;
}

/* Actions of people at other nodes. What is known already was crossed out by this answer's own
 * transaction. */
static void apply_handed(ss_delivery_t *d, const apr_array_header_t *rows)
{
    struct ss_node_t *node = d->node;
    apr_array_header_t *known;
    apr_pool_t *pool;

    apr_pool_create(&pool, d->pool);
    known = apr_array_make(pool, rows->nelts, sizeof(ss_lease_handed_t));

    for (int i = 0; i < rows->nelts; i++) {
        const ss_lease_handed_t *row = &APR_ARRAY_IDX(rows, i, ss_lease_handed_t);
        if (!is_known(node, row)) {
            if (row->control != SS_ACTIONS)
                d->ports.handed(d->ports.self, &row->touched, row->control,
                                row->who ? row->who : "another node");
        }
        APR_ARRAY_PUSH(known, ss_lease_handed_t) =
            (ss_lease_handed_t){ .touched = row->touched, .time = row->time };
    }
    if (node->known) apr_pool_destroy(node->known->pool);
    node->known = known;
}

static void read_again(ss_delivery_t *d)
{
    d->node->must_read = 0;
    for (int i = 0; i < ss_relay_count(d); i++) ss_backlog_read_again(ss_relay_at(d, i));
}

static void apply_taken(ss_delivery_t *d, const ss_lease_t *lease)
{
    apr_int64_t waiting = 0;

    if (!lease->taken_from) return;
    for (int i = 0; i < lease->taken->nelts; i++) {
        const ss_store_count_t *row = &APR_ARRAY_IDX(lease->taken, i, ss_store_count_t);
        ss_queue_counts_add(d, row);
        if (!ss_state_is_final(row->state)) waiting += row->messages;
    }
    if (!waiting) return;
    if (ss_delivery_may_log(d, "a failed node's mail is taken over")) {
        ss_log(d->log, SS_LOG_WARN, 211,
               "node %s has sent no heartbeat for a minute: its mail is taken over "
               "(%" APR_INT64_T_FMT " messages so far); what it was sending then may arrive twice",
               lease->taken_from, waiting);
    }
    read_again(d);
}

/* Others may have taken this node's mail while it was away: what is not under way is forgotten, and
 * read again as far as it is still this node's. */
static void start_over(ss_delivery_t *d)
{
    ss_log(d->log, SS_LOG_WARN, 213,
           "the other nodes had given this one up: the waiting mail is read again from the queue; "
           "what was being sent then may arrive twice");
    for (apr_hash_index_t *i = apr_hash_first(NULL, d->jobs); i; i = apr_hash_next(i)) {
        const ss_job_t *job = apr_hash_this_val(i);
        ss_job_refresh(d, job->entry.id, job->relay);
    }
    d->node->must_read = 1;
}

/* ---- the heartbeat ---- */

static void answered(ss_store_request_t *request)
{
    ss_delivery_t *d = request->baton;
    struct ss_node_t *node = d->node;
    const ss_lease_t *lease = ss_store_request_as(request, SS_STORE_LEASE);

    ss_delivery_timer(d, &node->timer, ss_mono_add(ss_delivery_mono(d), SS_LEASE_EVERY));
    if (request->rv != APR_SUCCESS) {
        /* Whether it took over mail of a failed node is not known either. */
        if (has_silent(node)) node->must_read = 1;
        if (!node->is_stale && ss_mono_is_set(node->last) && !ss_node_may_send(d)) {
            node->is_stale = 1;
            ss_log(d->log, SS_LOG_ERROR, 214,
                   "no heartbeat could be written for %d s: sending stops, since the other nodes "
                   "take over this node's mail soon (%s)",
                   (int)apr_time_sec(SS_LEASE_SAFE), request->result.text);
        }
        if (node->ready) ss_delivery_start_failed(d, &request->result);
        apr_pool_destroy(request->pool);
        return;
    }
    node->last = node->asked;
    remember_nodes(node, lease->nodes);
    if (node->ready) {
        void (*ready)(ss_delivery_t *) = node->ready;
        node->ready = NULL;
        apr_pool_destroy(request->pool);
        ready(d);
        return;
    }
    if (d->is_ready) apply_settings(d, lease); /* the start reads them itself */
    apply_handed(d, lease->handed);
    if (lease->was_lost) start_over(d);
    apply_taken(d, lease);
    for (int i = 0; i < lease->webhooks->nelts; i++) {
        const ss_store_setting_t *row = &APR_ARRAY_IDX(lease->webhooks, i, ss_store_setting_t);
        d->ports.setting(d->ports.self, row->key, row->value);
    }
    if (node->is_stale) {
        node->is_stale = 0;
        ss_log(d->log, SS_LOG_NOTICE, 215, "the queue answers again: sending continues");
        for (int i = 0; i < ss_relay_count(d); i++) ss_relay_wake(ss_relay_at(d, i));
    }
    if (node->must_read && d->is_ready) {
        ss_queue_counts_again(d);
        read_again(d);
    }
    apr_pool_destroy(request->pool);
}

static void ask(ss_timer_t *timer, ss_mono_t now)
{
    ss_delivery_t *d = timer->self;
    struct ss_node_t *node = d->node;

    if (d->is_leaving) return;
    ss_lease_t *lease = ss_lease_create(answered, d);
    apr_pool_t *pool = lease->head.pool;
    char *holds = own_holds(d);
    const char *relays = "";

    for (int i = 0; i < ss_relay_count(d); i++) {
        const ss_relay_t *relay = ss_relay_at(d, i);
        if (relay->host_count)
            relays = apr_pstrcat(pool, relays, *relays ? "\n" : "", relay->name, NULL);
    }
    lease->holds = apr_pstrdup(pool, holds);
    free(holds);
    lease->relays = relays;
    if (node->known) lease->handled = apr_array_copy(pool, node->known);
    lease->now = ss_delivery_wall(d);
    lease->number = ++d->heartbeats;
    node->asked = now;
    ss_delivery_post(d, &lease->head);
}

void ss_node_begin(ss_delivery_t *d, int is_shared, void (*ready)(ss_delivery_t *d))
{
    if (!is_shared) {
        ready(d);
        return;
    }
    if (!d->node) {
        d->node = apr_pcalloc(d->pool, sizeof(*d->node));
        apr_pool_create(&d->node->pool, d->pool);
        d->node->timer = (ss_timer_t){ .fired = ask, .self = d };
    }
    d->node->ready = ready;
    ask(&d->node->timer, ss_delivery_mono(d));
}

void ss_node_destroy(ss_delivery_t *d)
{
    if (!d->node) return;
    ss_delivery_untimer(d, &d->node->timer);
    forget_nodes(d->node);
    d->node = NULL;
}
