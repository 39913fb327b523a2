#include "delivery/store_watch.h"

#include "delivery/delivery_impl.h"
#include "delivery/relay.h"
#include "queue/store_batch.h"
#include "smtp/client_types.h"

#define PROMPT (20 * 1000) /* a store that commits is heard of within this time */

int ss_store_watch_has_room(int connections, int in_flight, int uncommitted,
                            apr_interval_time_t quiet)
{
    int windows = (connections > 1 ? connections : 1) + (quiet <= PROMPT);

    return in_flight + uncommitted < windows * SS_CLIENT_WINDOW_MAX;
}

static void is_well(ss_delivery_t *d)
{
    d->store.wait = 0;
    ss_delivery_untimer(d, &d->store.timer);
    if (d->store.is_said)
        ss_log(d->log, SS_LOG_NOTICE, 256, "the queue can be written: mail is sent again");
    d->store.is_said = 0;
    for (int i = 0; i < ss_relay_count(d); i++) ss_relay_wake(ss_relay_at(d, i));
}

static void probed(ss_store_request_t *request)
{
    ss_delivery_t *d = request->baton;

    apr_pool_destroy(request->pool);
    d->store.is_probing = 0;
    if (d->store.wait && !d->ports.store_fault(d->ports.self)) is_well(d);
}

static void probe(ss_delivery_t *d)
{
    if (d->store.is_probing) return;
    d->store.is_probing = 1;
    ss_delivery_post(
        d, &ss_store_set_create("last/probe", "written", ss_delivery_wall(d), probed, d)->head);
}

static void look_again(ss_timer_t *timer, ss_mono_t now);

static void is_faulty(ss_delivery_t *d)
{
    probe(d);
    d->store.wait = ss_store_batch_wait(d->store.wait, 0);
    d->store.timer.fired = look_again;
    d->store.timer.self = d;
    ss_delivery_timer(d, &d->store.timer, ss_mono_add(ss_delivery_mono(d), d->store.wait));
}

static void look_again(ss_timer_t *timer, ss_mono_t now)
{
    ss_delivery_t *d = timer->self;
    const char *fault = d->ports.store_fault(d->ports.self);

    (void)now;
    if (d->is_leaving) return;
    if (!fault) {
        is_well(d);
        return;
    }
    if (*fault && !d->store.is_said)
        ss_log(d->log, SS_LOG_ERROR, 255,
               "nothing is sent, since its outcome could not be stored: %s", fault);
    d->store.is_said |= *fault != 0;
    is_faulty(d);
}

const char *ss_store_watch_fault(ss_delivery_t *d)
{
    const char *fault = d->ports.store_fault(d->ports.self);

    if (fault && !d->store.wait && d->is_started && !d->is_leaving) is_faulty(d);
    return fault;
}
