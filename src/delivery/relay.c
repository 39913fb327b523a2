/* relay.c: the relays: what can be sent now, through which connection, and what to wait for
 * otherwise. */
#include "base/clock.h"
#include "daemon/daemon.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/connection.h"
#include "delivery/node.h"

/* places in the order that one question to the store brings */
#define FILL_LIMIT 2000
#define FILL_AGAIN APR_USEC_PER_SEC /* a failed reading of the order is tried again */
#define SWEEP_LIMIT 500
/* messages handed over before other clients of the loop get their turn */
#define HANDED_A_TURN 256

/* ---- filling the order from the store ---- */

static void ask_due(ss_relay_t *relay);

static void add_due(ss_relay_t *relay, const apr_array_header_t *rows)
{
    ss_daemon_t *d = relay->daemon;

    for (int i = 0; i < rows->nelts; i++) {
        const ss_store_due_row_t *due = &APR_ARRAY_IDX(rows, i, ss_store_due_row_t);
        relay->fill_time = due->due;
        apr_cpystrn(relay->fill_id, due->id, sizeof(relay->fill_id));
        if (!ss_job_find(d, due->id))
            ss_job_settle(ss_job_create(d, relay, NULL, due), ss_loop_wall(d->loop));
    }
}

static void begin_name(ss_relay_t *relay, int name)
{
    relay->fill_name = name;
    relay->fill_time = 0;
    relay->fill_id[0] = '\0';
}

static void filled(ss_store_request_t *request)
{
    ss_relay_t *relay = request->baton;
    const ss_store_due_t *due = ss_store_request_as(request, SS_STORE_DUE);
    int more = 1;

    relay->is_filling = 0;
    if (request->rv != APR_SUCCESS) {
        ss_log(relay->daemon->log, SS_LOG_ERROR, 230,
               "relay \"%s\": waiting mail could not be read from the queue: %s", relay->name,
               request->result.text);
        ss_schedule_set_more(relay->schedule, 1);
        ss_loop_timer(relay->daemon->loop, &relay->fill_timer,
                      ss_mono_add(ss_loop_now(relay->daemon->loop), FILL_AGAIN));
        apr_pool_destroy(request->pool);
        return;
    }
    add_due(relay, due->rows);
    if (due->rows->nelts < due->limit) {
        more = relay->fill_name + 1 < relay->names->nelts;
        if (more)
            begin_name(relay, relay->fill_name + 1);
        else
            relay->was_read = 1;
    }
    apr_pool_destroy(request->pool);
    /* The first time all of it is looked at: a backlog of one submitter hides nobody else's mail
     * behind it. The schedule keeps a fair part. */
    if (relay->daemon->is_leaving) return;
    if (more && (!relay->was_read || ss_schedule_count(relay->schedule) < SS_SCHEDULE_MAX / 2))
        ask_due(relay);
    else if (more)
        ss_schedule_set_more(relay->schedule, 1);
    ss_relay_wake(relay);
}

static void ask_due(ss_relay_t *relay)
{
    ss_store_due_t *due =
        ss_store_due_create(APR_ARRAY_IDX(relay->names, relay->fill_name, const char *),
                            relay->fill_time, relay->fill_id, FILL_LIMIT, filled, relay);

    relay->is_filling = 1;
    ss_store_port_post(&relay->daemon->queue, &due->head);
}

void ss_relay_fill(ss_relay_t *relay)
{
    if (relay->is_filling || !relay->daemon->queue.store) return;
    ss_schedule_set_more(relay->schedule, 0);
    begin_name(relay, 0);
    ask_due(relay);
}

static void fill_again(ss_timer_t *timer, ss_mono_t now)
{
    (void)now;
    ss_relay_fill(timer->self);
}

/* ---- loading a message that only its place is known of ---- */

static void loaded(ss_store_request_t *request)
{
    ss_job_t *job = request->baton;
    ss_daemon_t *d = job->daemon;
    ss_relay_t *relay = job->relay;

    relay->loads--;
    job->is_loading = 0;
    if (request->rv != APR_SUCCESS) {
        if (!APR_STATUS_IS_NOTFOUND(request->rv)) {
            if (ss_daemon_is_new(d, "messages that could not be read from the queue")) {
                ss_log(d->log, SS_LOG_ERROR, 231, "%s: could not be read from the queue: %s",
                       job->entry.id, request->result.text);
            }
            ss_schedule_set_more(relay->schedule, 1);
        }
        apr_pool_destroy(request->pool);
        job->is_gone = 1;
        ss_job_settle(job, ss_loop_wall(d->loop));
        ss_relay_wake(relay);
        return;
    }
    job->message = ((ss_store_load_t *)ss_store_request_as(request, SS_STORE_LOAD))->message;
    apr_pool_destroy(request->pool);
    if (job->message->is_foreign) {
        /* Another node has taken it over, or an action there is to be told to the one whose it is.
         */
        apr_pool_destroy(job->message->pool);
        job->message = NULL;
        job->is_gone = 1;
        ss_job_settle(job, ss_loop_wall(d->loop));
        ss_relay_wake(relay);
        return;
    }
    job->memory = ss_message_resident(job->message);
    d->memory += job->memory;
    job->entry.created = job->message->created;
    job->entry.priority = job->message->attr.priority;
    job->is_loaded = 1;
    ss_job_settle(job, ss_loop_wall(d->loop));
    ss_relay_wake(relay);
}

static void load(ss_job_t *job)
{
    ss_store_load_t *request = ss_store_load_create(
        job->entry.id, job->wants_whole ? APR_UINT64_MAX : SS_DAEMON_WHOLE_MAX, loaded, job);

    job->is_loading = 1;
    job->relay->loads++;
    ss_store_port_post(&job->daemon->queue, &request->head);
}

/* ---- the pump ---- */

/* One job that is due: 1 it found its way, 0 no connection for it (it is back in the order). */
static int dispatch(ss_relay_t *relay, ss_job_t *job, ss_mono_t now)
{
    apr_time_t wall = ss_loop_wall(relay->daemon->loop);

    job->is_scheduled = 0;
    job->ripe = job->due;
    if (!job->message) {
        if (relay->loads >= SS_DAEMON_LOADS_MAX) {
            job->is_scheduled = 1;
            ss_schedule_unget(relay->schedule, &job->entry);
            return -1;
        }
        load(job);
        return 1;
    }
    if (ss_outcome_expire(job, wall)) {
        ss_job_settle(job, wall);
        return 1;
    }
    ss_connection_t *conn = ss_connection_pick(relay, now);
    if (!conn) {
        job->is_scheduled = 1;
        ss_schedule_unget(relay->schedule, &job->entry);
        return 0;
    }
    if (ss_connection_wants_whole(conn, job->message)) {
        ss_job_forget(job);
        job->wants_whole = 1;
        load(job);
        return 1;
    }
    if (!ss_connection_send(conn, job, now)) ss_job_settle(job, wall);
    return 1;
}

/* Opens at most one connection a turn: what the first ones carry tells whether more are needed. */
static void open_more(ss_relay_t *relay, ss_mono_t now)
{
    ss_mono_t when;
    int host;

    if (ss_mono_is_set(relay->conn_limit_until) && ss_mono_reached(relay->conn_limit_until, now)) {
        relay->conn_limit = relay->settings->connections;
        relay->conn_limit_until = (ss_mono_t){ 0 };
    }
    if (relay->conn_count >= relay->conn_limit || relay->connecting) return;
    host = ss_breaker_choose(relay->hosts, relay->host_count, now, &when);
    if (host < 0) {
        if (ss_mono_is_set(when)) ss_loop_timer(relay->daemon->loop, &relay->timer, when);
        return;
    }
    /* A host that refuses us gets one probe, not a pool. */
    ss_connection_open(relay, host, now);
}

/* A preferred host that was down is tried again while another carries the mail: as long as there is
 * some. */
static void probe_preferred(ss_relay_t *relay, ss_mono_t now)
{
    for (int i = 0; i < relay->host_count && relay->hosts[i].condition != SS_HOST_UP; i++) {
        if (!relay->hosts[i].is_probing && ss_mono_reached(relay->hosts[i].next, now) &&
            relay->conn_count <= relay->conn_limit) {
            ss_connection_open(relay, i, now);
            return;
        }
    }
}

static void pump_relay(ss_deferred_t *deferred, ss_mono_t now)
{
    ss_relay_t *relay = deferred->self;
    ss_daemon_t *d = relay->daemon;
    ss_mono_t when;
    int is_moving = 0;

    if (d->is_leaving || !d->queue.store || ss_relay_is_paused(relay) || !relay->host_count ||
        ss_result_is_set(&relay->tls_result) || !ss_node_may_send(d))
        return;
    for (int i = 0; i < HANDED_A_TURN; i++) {
        ss_schedule_entry_t *entry = ss_schedule_next(relay->schedule, now, &when);
        if (!entry) {
            if (ss_mono_is_set(when)) ss_loop_timer(d->loop, &relay->timer, when);
            break;
        }
        int found = dispatch(relay, entry->owner, now);
        if (found > 0) {
            is_moving = 1;
            if (i == HANDED_A_TURN - 1) ss_relay_wake(relay);
            continue;
        }
        if (!found) open_more(relay, now);
        is_moving = 1;
        break;
    }
    if (is_moving) probe_preferred(relay, now);
    if (ss_schedule_has_more(relay->schedule) && !relay->fill_timer.node.place &&
        ss_schedule_count(relay->schedule) < SS_SCHEDULE_MAX / 4)
        ss_relay_fill(relay);
}

void ss_relay_wake(ss_relay_t *relay)
{
    ss_loop_defer(relay->daemon->loop, &relay->pump);
}

static void relay_timer(ss_timer_t *timer, ss_mono_t now)
{
    (void)now;
    ss_relay_wake(timer->self);
}

/* ---- what operators do ---- */

void ss_relay_quit(ss_relay_t *relay)
{
    for (ss_connection_t *conn = APR_RING_FIRST(&relay->conns), *next;
         conn != APR_RING_SENTINEL(&relay->conns, ss_connection_t, ring); conn = next) {
        next = APR_RING_NEXT(conn, ring);
        ss_connection_quit(conn);
    }
}

void ss_relay_abort(ss_relay_t *relay)
{
    while (!APR_RING_EMPTY(&relay->conns, ss_connection_t, ring)) {
        ss_connection_t *conn = APR_RING_FIRST(&relay->conns);
        conn->is_quitting = 1;
        ss_link_abort(conn->link, "the delivery daemon ends");
        /* CLOSED removes it; a link that does not say so would never end this loop. */
        if (!APR_RING_EMPTY(&relay->conns, ss_connection_t, ring) &&
            APR_RING_FIRST(&relay->conns) == conn)
            APR_RING_REMOVE(conn, ring);
    }
}

/* ---- expiry of what is not tried now ---- */

static void swept(ss_store_request_t *request)
{
    ss_relay_t *relay = request->baton;
    const ss_store_list_t *list = ss_store_request_as(request, SS_STORE_LIST);
    apr_time_t now = ss_loop_wall(relay->daemon->loop);

    for (int i = 0; request->rv == APR_SUCCESS && i < list->rows->nelts; i++) {
        ss_message_t *m = APR_ARRAY_IDX(list->rows, i, ss_message_t *);
        ss_job_t *job = ss_job_find(relay->daemon, m->id);
        if (m->is_foreign) continue;
        if (job && (job->is_sending || job->is_loading || job->message)) {
            if (job->message && !job->is_sending && ss_outcome_expire(job, now)) {
                if (job->is_scheduled) ss_schedule_remove(relay->schedule, &job->entry);
                job->is_scheduled = 0;
                ss_job_settle(job, now);
            }
            continue;
        }
        if (!job) {
            ss_store_due_row_t due = { .due = now,
                                       .created = m->created,
                                       .submitter = m->attr.submitter,
                                       .priority = m->attr.priority };
            apr_cpystrn(due.id, m->id, sizeof(due.id));
            job = ss_job_create(relay->daemon, relay, NULL, &due);
        } else if (job->is_scheduled) {
            ss_schedule_remove(relay->schedule, &job->entry);
            job->is_scheduled = 0;
        }
        load(job);
    }
    apr_pool_destroy(request->pool);
}

void ss_relay_sweep(ss_relay_t *relay, apr_time_t now)
{
    if (ss_relay_is_paused(relay) || !relay->waiting_messages) return;
    for (int i = 0; i < relay->names->nelts; i++) {
        ss_store_filter_t filter = { .state = -1,
                                     .relay = APR_ARRAY_IDX(relay->names, i, const char *),
                                     .uid = -1,
                                     .created_before = now - relay->settings->expire,
                                     .overdue_at = now,
                                     .is_waiting = 1 };
        ss_store_list_t *request = ss_store_list_create(&filter, SWEEP_LIMIT, swept, relay);
        ss_store_port_post(&relay->daemon->queue, &request->head);
    }
}

/* ---- counting ---- */

void ss_relay_counted(ss_relay_t *relay, ss_state_t from, ss_state_t to)
{
    relay->daemon->count_changes++;
    if (relay->counts[from] > 0) relay->counts[from]--;
    relay->counts[to]++;
}

void ss_relay_stored(ss_relay_t *relay, const ss_message_t *m, int sign)
{
    relay->daemon->count_changes++;
    for (int i = 0; sign > 0 && i < m->rcpt_count; i++) relay->counts[m->rcpts[i].state]++;
    relay->waiting_messages += sign;
    if (sign > 0 && !relay->oldest) relay->oldest = m->created;
    if (relay->waiting_messages <= 0) relay->oldest = 0;
    if (sign > 0)
        relay->waiting_bytes += m->size;
    else
        relay->waiting_bytes -= relay->waiting_bytes > m->size ? m->size : relay->waiting_bytes;
    if (relay->waiting_messages < 0) relay->waiting_messages = 0;
}

/* ---- state ---- */

int ss_relay_is_paused(const ss_relay_t *relay)
{
    return relay->pause.directive || relay->pause.stored || !relay->settings->engine;
}

const char *ss_relay_state(const ss_relay_t *relay, const char **cause, const char **advice)
{
    *cause = NULL;
    *advice = NULL;
    if (!relay->settings->engine) {
        *cause = "SMTPSendEngine is Off";
        *advice = "config-engine-off";
        return "off";
    }
    if (!relay->host_count) {
        *cause = "no SMTPSendHost is configured";
        *advice = "config-no-host";
        return "down";
    }
    if (relay->pause.directive || relay->pause.stored) {
        *cause = relay->pause.stored && relay->pause.reason ? relay->pause.reason
                 : relay->pause.directive                   ? "SMTPSendPause On"
                                                            : "paused";
        return "paused";
    }
    if (ss_result_is_set(&relay->tls_result)) {
        *cause = relay->tls_result.text;
        *advice = relay->tls_result.advice;
        return "down";
    }
    for (int i = 0; i < relay->host_count; i++) {
        if (relay->hosts[i].condition == SS_HOST_UP) return "up";
    }
    *cause = relay->hosts[0].cause.text;
    *advice = relay->hosts[0].cause.advice;
    return relay->hosts[0].condition == SS_HOST_BLOCKED ? "blocked" : "down";
}

const char *ss_relay_secret_state(const ss_relay_t *relay)
{
    static const char *const kinds[] = { [SS_SECRET_NONE] = "empty",
                                         [SS_SECRET_TEXT] = "set (text)",
                                         [SS_SECRET_FILE] = "set (file)",
                                         [SS_SECRET_ENV] = "set (env)",
                                         [SS_SECRET_EXEC] = "set (exec)" };

    if (!relay->settings->password || relay->settings->password->kind == SS_SECRET_NONE)
        return "empty";
    if (relay->settings->password->kind != SS_SECRET_EXEC && !ss_secret_is_ready(relay->secret))
        return "unreadable";
    if (ss_result_is_set(&relay->secret_result) && !ss_secret_is_ready(relay->secret))
        return "unreadable";
    return kinds[relay->settings->password->kind];
}

/* ---- making and finding ---- */

ss_relay_t *ss_relay_find(ss_daemon_t *d, const char *name)
{
    for (int i = 0; i < d->relays->nelts; i++) {
        ss_relay_t *relay = APR_ARRAY_IDX(d->relays, i, ss_relay_t *);
        if (!strcmp(relay->name, name)) return relay;
    }
    return NULL;
}

ss_relay_t *ss_relay_for(ss_daemon_t *d, const char *name)
{
    ss_relay_t *relay = ss_relay_find(d, name);
    ss_relay_t *main_relay = APR_ARRAY_IDX(d->relays, 0, ss_relay_t *);

    if (relay) return relay;
    if (!apr_hash_get(d->adopted, name, APR_HASH_KEY_STRING)) {
        ss_log(
            d->log, SS_LOG_WARN, 232,
            "mail waits for relay \"%s\", which is not configured any more: relay \"%s\" takes it",
            name, main_relay->name);
        name = apr_pstrdup(d->pool, name);
        apr_hash_set(d->adopted, name, APR_HASH_KEY_STRING, "");
        APR_ARRAY_PUSH(main_relay->names, const char *) = name;
    }
    return main_relay;
}

static ss_relay_t *create(ss_daemon_t *d, const ss_settings_t *settings)
{
    ss_relay_t *relay;
    apr_pool_t *pool;

    apr_pool_create(&pool, d->pool);
    relay = apr_pcalloc(pool, sizeof(*relay));
    relay->pool = pool;
    relay->daemon = d;
    relay->settings = settings;
    relay->name = settings->relay_name;
    relay->host_count = settings->hosts ? settings->hosts->nelts : 0;
    relay->hosts = apr_pcalloc(pool, sizeof(*relay->hosts) * (apr_size_t)(relay->host_count + 1));
    relay->conn_limit = settings->connections;
    relay->schedule = ss_schedule_create(pool);
    relay->metrics.replies = apr_pcalloc(pool, sizeof(*relay->metrics.replies));
    relay->secret = d->secret_of ? d->secret_of(settings) : NULL;
    relay->pause.directive = settings->pause;
    relay->names = apr_array_make(pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(relay->names, const char *) = relay->name;
    relay->fill_timer = (ss_timer_t){ .fired = fill_again, .self = relay };
    relay->timer = (ss_timer_t){ .fired = relay_timer, .self = relay };
    relay->pump = (ss_deferred_t){ .call = pump_relay, .self = relay };
    APR_RING_INIT(&relay->conns, ss_connection_t, ring);
    ss_schedule_rates(relay->schedule, settings->rates, ss_mono_now());
    if (settings->tls != SS_TLS_NONE &&
        ss_tls_create(&relay->tls, settings, &relay->tls_result, pool) != APR_SUCCESS) {
        ss_log(d->log, SS_LOG_ERROR, 233,
               "relay \"%s\": its TLS settings cannot work: %s; its mail waits", relay->name,
               relay->tls_result.text);
    }
    return relay;
}

apr_status_t ss_relays_create(ss_daemon_t *d)
{
    d->relays = apr_array_make(d->pool, d->config->relays->nelts, sizeof(ss_relay_t *));
    for (int i = 0; i < d->config->relays->nelts; i++) {
        APR_ARRAY_PUSH(d->relays, ss_relay_t *) =
            create(d, APR_ARRAY_IDX(d->config->relays, i, const ss_settings_t *));
    }
    return d->relays->nelts ? APR_SUCCESS : APR_EINVAL;
}

void ss_relays_destroy(ss_daemon_t *d)
{
    for (apr_hash_index_t *i = apr_hash_first(d->pool, d->jobs); i; i = apr_hash_next(i)) {
        ss_job_t *job = apr_hash_this_val(i);
        ss_job_free(job);
    }
    for (int i = 0; i < d->relays->nelts; i++) {
        ss_relay_t *relay = APR_ARRAY_IDX(d->relays, i, ss_relay_t *);
        ss_schedule_destroy(relay->schedule);
        free((void *)relay->pause.reason);
        free((void *)relay->pause.who);
    }
}
