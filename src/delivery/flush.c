#include "delivery/flush.h"

#include <apr_strings.h>

#include "delivery/connection.h"
#include "delivery/delivery_impl.h"
#include "delivery/job.h"
#include "delivery/suspects.h"

#define STEP 500 /* messages that one commit changes */

typedef struct {
    ss_relay_t *relay;
    int name; /* index in its names */
} flush_t;

static void step(ss_relay_t *relay, const char *who, int name);

static void stepped(ss_store_request_t *request)
{
    const flush_t *flush = request->baton;
    const ss_store_control_t *control = ss_store_request_as(request, SS_STORE_CONTROL);
    ss_relay_t *relay = flush->relay;
    ss_delivery_t *d = relay->delivery;
    int is_ok = request->rv == APR_SUCCESS;

    relay->is_flushing = 0;
    if (!is_ok) {
        ss_log(d->log, SS_LOG_ERROR, 273,
               "relay \"%s\": flush failed: retry times could not be reset: %s", relay->name,
               request->result.text);
    }
    for (int i = 0; is_ok && i < control->rows->nelts; i++) {
        const ss_store_changed_t *t = &APR_ARRAY_IDX(control->rows, i, ss_store_changed_t);
        if (t->is_foreign) continue;
        for (int k = 0; k < t->recipients; k++)
            ss_relay_move(relay, t->from_state, SS_STATE_QUEUED);
        ss_job_refresh(d, t->id, relay);
    }
    if (is_ok && !d->is_leaving) {
        if (control->more && control->messages)
            step(relay, control->who, flush->name);
        else if (flush->name + 1 < relay->names->nelts)
            step(relay, control->who, flush->name + 1);
    }
    apr_pool_destroy(request->pool);
}

static void step(ss_relay_t *relay, const char *who, int name)
{
    ss_delivery_t *d = relay->delivery;
    ss_store_control_t *request =
        ss_store_control_create(SS_ACTION_RETRY, who, ss_delivery_wall(d), stepped, NULL);

    request->head.baton =
        apr_pmemdup(request->head.pool, &(flush_t){ relay, name }, sizeof(flush_t));
    request->limit = STEP;
    request->keep_history = d->config->globals.history > 0;
    request->filter.state = SS_STATE_DEFERRED;
    request->filter.relay = APR_ARRAY_IDX(relay->names, name, const char *);
    relay->is_flushing = 1;
    ss_delivery_post(d, &request->head);
}

void ss_flush_relay(ss_relay_t *relay, const char *who)
{
    for (int i = 0; i < relay->host_count; i++)
        if (relay->suspicions[i].is_active) ss_connection_quit_barren(relay, i);
    ss_breaker_reset(relay->hosts, relay->host_count);
    ss_suspects_forget(relay);
    if (!relay->is_flushing && relay->delivery->is_started) step(relay, who, 0);
    ss_relay_wake(relay);
}
