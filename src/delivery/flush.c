/* flush.c: "try everything at once": what was tried and waits for its next attempt is made due in
 * the store, in steps, so that it concerns the whole queue and not only what is in memory. Mail
 * that waits for its own time (at) stays. */
#include "daemon/daemon.h"

#include <apr_strings.h>

#define STEP 500 /* messages that one commit changes */

typedef struct {
    ss_relay_t *relay;
    int at;
} flush_t;

static void step(ss_relay_t *relay, const char *who, int at);

static void stepped(ss_store_request_t *request)
{
    const flush_t *flush = request->baton;
    const ss_store_control_t *control = ss_store_request_as(request, SS_STORE_CONTROL);
    ss_relay_t *relay = flush->relay;
    ss_daemon_t *d = relay->daemon;
    apr_time_t now = ss_loop_wall(d->loop);
    int more = request->rv == APR_SUCCESS && control->more && control->messages;

    relay->is_flushing = 0;
    if (request->rv != APR_SUCCESS) {
        ss_log(d->log, SS_LOG_ERROR, 273, "relay \"%s\": what waits could not be made due: %s",
               relay->name, request->result.text);
    }
    for (int i = 0; request->rv == APR_SUCCESS && i < control->rows->nelts; i++) {
        const ss_store_changed_t *t = &APR_ARRAY_IDX(control->rows, i, ss_store_changed_t);
        if (t->is_foreign) continue;
        for (int k = 0; k < t->recipients; k++)
            ss_relay_counted(relay, t->from_state, SS_STATE_QUEUED);
        ss_job_refresh(d, t->id, relay, now);
    }
    if (request->rv == APR_SUCCESS && !d->is_leaving) {
        if (more)
            step(relay, control->who, flush->at);
        else if (flush->at + 1 < relay->names->nelts)
            step(relay, control->who, flush->at + 1);
    }
    apr_pool_destroy(request->pool);
}

static void step(ss_relay_t *relay, const char *who, int at)
{
    ss_store_control_t *request = ss_store_control_create(
        SS_ACTION_RETRY, who, ss_loop_wall(relay->daemon->loop), stepped, NULL);
    flush_t *flush = apr_palloc(request->head.pool, sizeof(*flush));

    *flush = (flush_t){ relay, at };
    request->head.baton = flush;
    request->limit = STEP;
    request->keep_history = relay->daemon->config->globals.history > 0;
    request->filter.state = SS_STATE_DEFERRED;
    request->filter.relay = APR_ARRAY_IDX(relay->names, at, const char *);
    relay->is_flushing = 1;
    ss_store_port_post(&relay->daemon->queue, &request->head);
}

void ss_flush_relay(ss_relay_t *relay, const char *who)
{
    ss_breaker_reset(relay->hosts, relay->host_count);
    if (!relay->is_flushing && relay->daemon->queue.store) step(relay, who, 0);
    ss_relay_wake(relay);
}
