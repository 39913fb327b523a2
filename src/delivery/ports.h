/* ports.h: everything that delivery needs from outside, as functions. The daemon gives it the event
 * loop, the store, the network and the machine's clocks; the simulator and the unit tests give it
 * virtual ones. Delivery has no thread: all functions are called on the thread that calls into
 * delivery, and answers (store, timers, events, secrets) come on that thread too. */
#pragma once

#include "base/mono.h"
#include "base/deferred.h"
#include "base/timer.h"
#include "config/secret.h"
#include "delivery/transport.h"
#include "queue/lease.h"
#include "queue/store.h"

/* Where the time of an attempt went, as the log's "delays" has it. */
typedef struct {
    apr_interval_time_t stored, queued, connected, transferred;
} ss_ports_attempt_t;

typedef struct {
    void *self; /* first argument of all functions here */

    /* ---- the store ---- */
    /* Posts a request, which belongs to the store from then on. Always succeeds: one that the store
     * cannot take is answered with an error. request->done is called later, exactly once, never
     * within this call. */
    void (*post)(void *self, ss_store_request_t *request);
    /* Requests posted and not answered yet, of everybody who uses the store. */
    int (*store_waiting)(void *self);
    /* Why what is posted cannot be committed: the last write failed, one does not end; "" while
     * none was committed since the start. NULL: it can. Valid until the next call. */
    const char *(*store_fault)(void *self);

    /* ---- connections ---- */
    const ss_transport_ops_t *transport;
    void *transport_self; /* first argument of transport->prepare and open */
    /* The relay's secret, which lives as long as the delivery; NULL: it has none. */
    ss_secret_t *(*secret_of)(void *self, const ss_settings_t *settings);
    /* Reads the secret again without blocking the caller (another thread, at most 30 s), then calls
     * done once, never within this call. rv as of ss_secret_reload; result is valid during done.
     * An error returned: nothing was begun, done is not called. */
    apr_status_t (*secret_load)(void *self, ss_secret_t *secret,
                                void (*done)(void *baton, apr_status_t rv,
                                             const ss_result_t *result),
                                void *baton);

    /* ---- time ---- */
    /* What names the time since the machine's start; NULL: not known. Times of mono_now can be
     * compared over processes while it is the same. */
    const char *boot;
    /* Never goes back, not touched by changes of the clock; for all timers, waits and deadlines. */
    ss_mono_t (*mono_now)(void *self);
    /* The clock on the wall, which may jump; for what the queue stores and people see. */
    apr_time_t (*wall_now)(void *self);
    /* Sets or moves a timer: timer->fired is called once when mono_now has reached `when`, never
     * within this call. */
    void (*timer)(void *self, ss_timer_t *timer, ss_mono_t when);
    void (*untimer)(void *self, ss_timer_t *timer); /* nothing happens when it is not set */
    /* deferred->call is called once at the end of the turn, however often it was asked for in it;
     * never within this call. */
    void (*defer)(void *self, ss_deferred_t *deferred);

    /* Runs work(baton) on another thread, then done(baton) on this one, never within this call. An
     * error returned: nothing was begun. At the end of the process done may not be called. NULL:
     * there are no threads. */
    apr_status_t (*compute)(void *self, void (*work)(void *baton), void (*done)(void *baton),
                            void *baton);

    /* 32 bits of which nobody can tell the next. */
    apr_uint32_t (*random)(void *self);
    /* Whether a sentence that may come in a flood is to be written to the log now: 0 where the same
     * key was written less than a minute ago (it is counted then). */
    int (*may_log)(void *self, const char *key);

    /* ---- what happened, for those who record it. May be called at any time within a call into
     * delivery; must not call into delivery, except where it says so. ---- */
    /* A recipient has a new state by an attempt, its expiry or a person's bounce; before that is
     * posted to the store. */
    void (*recipient_changed)(void *self, const ss_message_t *m, const ss_recipient_t *rcpt,
                              apr_time_t now);
    /* An attempt was made and is charged: rcpt has its new state. NULL: nobody wants to know; so
     * the next two. */
    void (*attempted)(void *self, const ss_message_t *m, const ss_recipient_t *rcpt,
                      const ss_ports_attempt_t *attempt);
    /* A final state of a recipient is on stable storage. */
    void (*finished)(void *self, const ss_message_t *m, const ss_recipient_t *rcpt);
    /* A report of ours is on stable storage, and will be sent. */
    void (*reported)(void *self, const ss_message_t *report);
    /* A change of the message was written (or failed to be): whoever waits for its end looks
     * again. */
    void (*message_written)(void *self, const char *id);
    /* A row of the setting table that is not delivery's ("webhook/...", "chronicle/..."): at the
     * start, and where it was a failed node's. */
    void (*setting)(void *self, const char *key, const char *value);
    /* The start has read all settings. */
    void (*settings_read)(void *self);
    /* An operator at another node acted on a message that this node delivers: to be done as if it
     * had been asked for here. May call into delivery. */
    void (*handed)(void *self, const ss_store_changed_t *touched, ss_store_action_t control,
                   const char *who);
    /* After ss_delivery_leave: a connection has closed; ss_delivery_in_flight may be 0 now. */
    void (*went_idle)(void *self);
} ss_ports_t;
