#include "delivery/pump.h"

#include "delivery/backlog.h"
#include "delivery/jump.h"
#include "delivery/connection_events.h"
#include "delivery/delivery_impl.h"
#include "delivery/handover.h"
#include "delivery/node.h"
#include "delivery/outcome.h"
#include "delivery/rate.h"
#include "delivery/shortage.h"
#include "delivery/store_watch.h"
#include "delivery/suspects_judge.h"

/* messages handed over before other users of the thread get their turn */
#define HANDED_A_TURN 256

typedef enum {
    SENT,          /* it is on its way */
    MOVED,         /* it is being loaded, or over */
    NO_ROOM,       /* enough are being loaded: it is back in the order */
    NO_CONNECTION, /* none takes it now: it is back in the order */
} moved_t;

static moved_t give_back(ss_job_t *job, moved_t why)
{
    job->is_scheduled = 1;
    ss_schedule_unget(job->relay->schedule, &job->entry);
    return why;
}

/* A job that is due, taken out of the order. */
static moved_t move(ss_job_t *job)
{
    ss_relay_t *relay = job->relay;

    job->is_scheduled = job->is_aside = 0;
    if (!job->message) {
        if (relay->loads >= SS_BACKLOG_LOADS_MAX) return give_back(job, NO_ROOM);
        ss_backlog_load(job);
        return MOVED;
    }
    if (ss_outcome_expire(job)) {
        ss_job_settle(job);
        return MOVED;
    }
    ss_connection_t *connection = ss_connection_pick(relay, job);
    if (!connection && ss_suspects_put_aside(job)) return MOVED;
    if (!connection) return give_back(job, NO_CONNECTION);
    if (ss_handover_wants_whole(connection, job->message)) {
        ss_job_forget(job);
        job->wants_whole = 1;
        ss_backlog_load(job);
        return MOVED;
    }
    if (ss_handover_wants_conversion(connection, job)) {
        ss_handover_convert(connection, job);
        return MOVED;
    }
    if (ss_handover_begin(connection, job)) return SENT;
    ss_job_settle(job);
    return MOVED;
}

/* For this job. */
static void open_more(ss_relay_t *relay, const ss_job_t *job)
{
    const ss_delivery_t *d = relay->delivery;
    ss_mono_t when;

    if (!ss_connection_may_open(relay) || ss_shortage_lasts(relay)) return;
    int host = ss_suspects_choose(relay, job, &when);
    if (host < 0) {
        if (ss_mono_is_set(when)) ss_delivery_timer(d, &relay->timer, when);
    } else if (ss_connection_may_open_to(relay, host)) {
        ss_connection_open(relay, host);
    }
}

/* A host that comes first in the settings and was down is tried again while another one carries the
 * mail. */
static void probe_preferred(ss_relay_t *relay)
{
    ss_mono_t now = ss_delivery_mono(relay->delivery);

    for (int i = 0; i < relay->host_count && relay->hosts[i].condition != SS_HOST_UP; i++) {
        if (!relay->hosts[i].is_probing && ss_mono_reached(relay->hosts[i].next, now) &&
            relay->connection_count <= relay->connection_limit &&
            ss_connection_may_open_to(relay, i)) {
            ss_connection_open(relay, i);
            return;
        }
    }
}

static int may_send(const ss_relay_t *relay)
{
    ss_delivery_t *d = relay->delivery;

    return d->is_ready && !d->is_leaving && !ss_relay_is_paused(relay) && relay->host_count &&
           !ss_result_is_set(&relay->unusable) && ss_node_may_send(d) && !ss_store_watch_fault(d);
}

static int has_room(const ss_relay_t *relay)
{
    return ss_store_watch_has_room(relay->settings->connections, relay->in_flight,
                                   relay->uncommitted,
                                   ss_mono_since(ss_delivery_mono(relay->delivery), relay->stored));
}

void ss_pump_run(ss_deferred_t *deferred, ss_mono_t unused)
{
    ss_relay_t *relay = deferred->self;
    const ss_delivery_t *d = relay->delivery;
    ss_mono_t when;
    moved_t moved = MOVED;
    int count = 0, is_empty = 0;
    ss_job_t *job = NULL;

    (void)unused;
    if (!may_send(relay) || ss_jump_look(relay->delivery)) return;
    for (; moved <= MOVED && count < HANDED_A_TURN && has_room(relay) && ss_rate_allows(relay);
         count++) {
        ss_schedule_entry_t *entry = ss_schedule_next(relay->schedule, ss_delivery_mono(d), &when);
        if (!entry) {
            is_empty = 1;
            if (ss_mono_is_set(when)) ss_delivery_timer(d, &relay->timer, when);
            break;
        }
        job = ss_suspects_prefer(entry->owner);
        moved = move(job);
        if (moved == MOVED) ss_schedule_refund(relay->schedule);
        if (moved == SENT) ss_rate_spend(relay);
    }
    if (moved == NO_CONNECTION) open_more(relay, job);
    if (is_empty && !relay->loads && !relay->is_filling && !relay->connecting)
        ss_suspects_conclude(relay);
    if (moved <= MOVED && count == HANDED_A_TURN) ss_relay_wake(relay);
    if (count && !ss_shortage_lasts(relay)) probe_preferred(relay);
    ss_backlog_refill(relay);
}
