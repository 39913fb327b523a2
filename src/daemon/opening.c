#include "daemon/opening.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/leaving.h"

/* the old daemon settles for at most 10 s before it lets go of the store */
#define LOCK_WAIT (15 * APR_USEC_PER_SEC)
/* a store that could not be opened is tried again after */
#define AGAIN_FIRST (APR_USEC_PER_SEC / 2)
#define AGAIN_MOST (10 * APR_USEC_PER_SEC)
/* one that another daemon has open, which may end at any moment */
#define AGAIN_BUSY APR_USEC_PER_SEC

/* ---- answers ---- */

static void collect(void *baton)
{
    ss_daemon_t *d = baton;

    if (d->queue.store) {
        ss_store_collect(d->queue.store);
        if (ss_store_is_replaced(d->queue.store))
            ss_leaving_begin(d, "the queue's file is another one");
    }
    if (d->is_leaving) ss_leaving_check(d);
}

/* The store's thread. */
static void notify(void *self)
{
    ss_daemon_t *d = self;

    ss_loop_post(d->loop, collect, d);
}

static void defer_refused(void *self)
{
    ss_daemon_t *d = self;

    ss_loop_defer(d->loop, &d->refuse);
}

static void answer_refused(ss_deferred_t *deferred, ss_mono_t now)
{
    ss_daemon_t *d = deferred->self;

    (void)now;
    ss_store_port_answer(&d->queue);
    if (d->is_leaving) ss_leaving_check(d);
}

static void beside_file(ss_loop_watch_t *watch, int events, ss_mono_t now)
{
    ss_daemon_t *d = watch->self;
    char what[4096];

    (void)events;
    (void)now;
    while (read(watch->fd, what, sizeof(what)) > 0) continue;
    ss_store_look(d->queue.store);
}

/* Without it the next request notices. */
static void watch_file(ss_daemon_t *d)
{
    d->store_events =
        (ss_loop_watch_t){ .fd = ss_store_events(d->queue.store), .ready = beside_file, .self = d };
    if (d->store_events.fd >= 0) ss_loop_watch(d->loop, &d->store_events, SS_LOOP_READ);
}

/* ---- opening: waits for a lock, a disk, or a server that does not answer ---- */

typedef struct {
    ss_daemon_t *daemon;
    ss_store_options_t options;
    apr_interval_time_t lock_wait;
    ss_store_t *store;
    ss_result_t result;
} opening_t;

static void work(void *baton)
{
    opening_t *opening = baton;

    if (ss_store_open(&opening->store, &opening->options, opening->lock_wait, &opening->result) !=
        APR_SUCCESS)
        opening->store = NULL;
}

static void try_again(ss_daemon_t *d)
{
    ss_backoff_failed(&d->opening, AGAIN_FIRST,
                      strcmp(d->queue.result.code, "EBUSY") ? AGAIN_MOST : AGAIN_BUSY,
                      ss_loop_now(d->loop));
    ss_loop_timer(d->loop, &d->store_timer, d->opening.next);
}

static void opened(void *baton)
{
    opening_t *opening = baton;
    ss_daemon_t *d = opening->daemon;

    d->is_opening_store = 0;
    d->queue.store = opening->store;
    if (d->queue.store) {
        ss_result_clear(&d->queue.result);
        ss_backoff_worked(&d->opening);
        watch_file(d);
        ss_delivery_start(d->delivery, ss_store_is_shared(d->queue.store));
    } else {
        if (strcmp(d->queue.result.text, opening->result.text)) {
            ss_log(d->log, SS_LOG_ERROR, 201,
                   "the queue cannot be used: %s; submissions are refused with 503 until this is "
                   "fixed",
                   opening->result.text);
        }
        d->queue.result = opening->result;
        try_again(d);
    }
    free(opening);
    if (d->is_leaving) ss_leaving_check(d);
}

static void open_store(ss_daemon_t *d, apr_interval_time_t lock_wait)
{
    const ss_settings_globals_t *globals = &d->config->globals;
    opening_t *opening = calloc(1, sizeof(*opening));

    if (!opening) abort();
    opening->daemon = d;
    opening->lock_wait = lock_wait;
    opening->options = (ss_store_options_t){ .driver = globals->queue_driver,
                                             .params = globals->queue_params,
                                             .node_file = globals->node_file,
                                             .log = d->log,
                                             .notify = notify,
                                             .self = d,
                                             .migrates = 1 };
    if (!ss_result_is_set(&d->queue.result))
        ss_result_set(&d->queue.result, "queue", "", NULL, "the queue is being opened");
    d->is_opening_store = 1;
    if (ss_loop_help(d->loop, work, opened, opening) == APR_SUCCESS) return;
    d->is_opening_store = 0;
    free(opening);
    try_again(d);
}

static void retry(ss_timer_t *timer, ss_mono_t now)
{
    ss_daemon_t *d = timer->self;

    (void)now;
    if (!d->queue.store && !d->is_opening_store && !d->is_leaving) open_store(d, 0);
}

/* ---- for core.c ---- */

void ss_opening_init(ss_daemon_t *d)
{
    ss_store_port_init(&d->queue, defer_refused, d);
    d->refuse = (ss_deferred_t){ .call = answer_refused, .self = d };
    d->store_timer = (ss_timer_t){ .fired = retry, .self = d };
}

void ss_opening_start(ss_daemon_t *d)
{
    open_store(d, LOCK_WAIT);
}

void ss_opening_close(ss_daemon_t *d)
{
    if (d->store_events.is_registered) ss_loop_unwatch(d->loop, &d->store_events);
    if (d->queue.store) ss_store_close(d->queue.store);
    d->queue.store = NULL;
    ss_store_port_answer(&d->queue);
}
