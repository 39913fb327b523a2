#include "daemon/leaving.h"

#include <unistd.h>

#include "daemon/notify.h"

/* so long for what is in flight */
#define SETTLE (10 * APR_USEC_PER_SEC)
/* ... and for outcomes that cannot be written, when httpd has ended: systemd kills what is left
 * after 90 s, and then nobody would say what is sent again */
#define LAST_WAIT (60 * APR_USEC_PER_SEC)
#define LOOK_EVERY APR_USEC_PER_SEC

void ss_leaving_check(ss_daemon_t *d)
{
    if (!d->is_leaving || d->is_opening_store || ss_delivery_in_flight(d->delivery) ||
        (d->local_socket && ss_local_socket_is_busy(d->local_socket)) ||
        ss_smtp_listener_is_busy(d->smtp_listener) || ss_store_port_waiting(&d->queue))
        return;
    ss_loop_stop(d->loop);
}

int ss_leaving_must_wait(int uncommitted, ss_mono_t alone, ss_mono_t now)
{
    return uncommitted > 0 && (!ss_mono_is_set(alone) || ss_mono_since(now, alone) < LAST_WAIT);
}

/* The store belongs to this process until the outcomes are in it: the next one would send these
 * messages again. */
static void wait_for_store(ss_timer_t *timer, ss_mono_t now)
{
    ss_daemon_t *d = timer->self;
    int uncommitted = ss_delivery_uncommitted(d->delivery);

    if (!ss_mono_is_set(d->alone) && getppid() != d->httpd) d->alone = now;
    if (!ss_leaving_must_wait(uncommitted, d->alone, now)) {
        ss_loop_stop(d->loop);
        return;
    }
    if (timer->fired != wait_for_store) {
        const char *fault = ss_store_port_fault(&d->queue);
        ss_log(d->log, SS_LOG_WARN, 290,
               "the delivery daemon stays until the outcomes of %d messages are stored; the queue "
               "cannot be written: %s",
               uncommitted, fault && *fault ? fault : "it is slow");
    }
    timer->fired = wait_for_store;
    ss_loop_timer(d->loop, timer, ss_mono_add(now, LOOK_EVERY));
}

static void settle_over(ss_timer_t *timer, ss_mono_t now)
{
    ss_daemon_t *d = timer->self;
    int in_flight = ss_delivery_in_flight(d->delivery);

    if (in_flight) {
        ss_log(d->log, SS_LOG_WARN, 206,
               "%d messages were still being sent after %d s: their connections are closed, the "
               "queue keeps them",
               in_flight, (int)apr_time_sec(SETTLE));
    }
    ss_delivery_abort(d->delivery);
    wait_for_store(timer, now);
}

void ss_leaving_begin(ss_daemon_t *d, const char *why)
{
    if (d->is_leaving) return;
    d->is_leaving = d->record->is_leaving = d->operators->is_leaving = d->intake->is_leaving = 1;
    ss_notify_send("STOPPING=1");
    ss_log(d->log, SS_LOG_INFO, 207, "delivery daemon leaves (%s): %d messages in flight", why,
           ss_delivery_in_flight(d->delivery));
    ss_loop_beat(d->loop, NULL);
    if (d->turned) *d->turned = 0;
    if (d->local_socket) ss_local_socket_stop(d->local_socket);
    ss_smtp_listener_stop(d->smtp_listener);
    ss_delivery_leave(d->delivery);
    d->settle_timer = (ss_timer_t){ .fired = settle_over, .self = d };
    ss_loop_timer(d->loop, &d->settle_timer, ss_mono_add(ss_loop_now(d->loop), SETTLE));
    ss_leaving_check(d);
}

static void asked_to_leave(ss_loop_watch_t *watch, int events, ss_mono_t now)
{
    ss_daemon_t *d = watch->self;
    char byte;
    ssize_t got = read(watch->fd, &byte, 1);

    (void)events;
    (void)now;
    if (got < 0) return;
    ss_loop_unwatch(d->loop, watch);
    ss_leaving_begin(d, watch == &d->term ? "SIGTERM"
                        : got             ? "httpd asks for it"
                                          : "httpd is gone");
}

apr_status_t ss_leaving_watch(ss_daemon_t *d, int lifeline_fd, int term_fd)
{
    apr_status_t rv = APR_SUCCESS;

    d->httpd = getppid();
    d->lifeline = (ss_loop_watch_t){ .fd = lifeline_fd, .ready = asked_to_leave, .self = d };
    d->term = (ss_loop_watch_t){ .fd = term_fd, .ready = asked_to_leave, .self = d };
    if (lifeline_fd >= 0) rv = ss_loop_watch(d->loop, &d->lifeline, SS_LOOP_READ);
    if (rv == APR_SUCCESS && term_fd > 0) rv = ss_loop_watch(d->loop, &d->term, SS_LOOP_READ);
    return rv;
}
