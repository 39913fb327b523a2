#include "daemon/wiring.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "daemon/connector.h"
#include "daemon/leaving.h"
#include "daemon/repeats.h"
#include "operator/verb.h"
#include "record/activity.h"
#include "record/counters.h"
#include "record/event_log.h"
#include "record/webhook.h"

#define ROOM 16 /* clients that are closed when a relay lacks a descriptor */

/* ---- the store, secrets, time ---- */

static void post(void *self, ss_store_request_t *request)
{
    ss_daemon_t *d = self;

    ss_store_port_post(&d->queue, request);
}

static int store_waiting(void *self)
{
    const ss_daemon_t *d = self;

    return ss_store_port_waiting(&d->queue);
}

static const char *store_fault(void *self)
{
    ss_daemon_t *d = self;

    return ss_store_port_fault(&d->queue);
}

static ss_secret_t *secret_of(void *self, const ss_settings_t *settings)
{
    const ss_daemon_t *d = self;

    return d->secret_of ? d->secret_of(settings) : NULL;
}

static apr_status_t
secret_load(void *self, ss_secret_t *secret,
            void (*done)(void *baton, apr_status_t rv, const ss_result_t *result), void *baton)
{
    const ss_daemon_t *d = self;

    return ss_connector_load_secret(d->connector, secret, done, baton);
}

static ss_mono_t mono_now(void *self)
{
    (void)self;
    return ss_mono_now();
}

/* What names the time since the machine's start, from the pool; NULL: not known. */
static const char *boot_id(apr_pool_t *pool)
{
    char text[40] = "";
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

    if (file && !fgets(text, sizeof(text), file)) *text = '\0';
    if (file) fclose(file);
    text[strcspn(text, "\n")] = '\0';
    return *text ? apr_pstrdup(pool, text) : NULL;
}

static apr_time_t wall_now(void *self)
{
    (void)self;
    return ss_wall_now();
}

static void set_timer(void *self, ss_timer_t *timer, ss_mono_t when)
{
    const ss_daemon_t *d = self;

    ss_loop_timer(d->loop, timer, when);
}

static void clear_timer(void *self, ss_timer_t *timer)
{
    const ss_daemon_t *d = self;

    ss_loop_untimer(d->loop, timer);
}

static void defer(void *self, ss_deferred_t *deferred)
{
    const ss_daemon_t *d = self;

    ss_loop_defer(d->loop, deferred);
}

static apr_status_t compute(void *self, void (*work)(void *baton), void (*done)(void *baton),
                            void *baton)
{
    const ss_daemon_t *d = self;

    return ss_loop_compute(d->loop, work, done, baton);
}

static apr_uint32_t draw(void *self)
{
    (void)self;
    return ss_random_32();
}

static int may_log(void *self, const char *key)
{
    return ss_repeats_may_log(self, key);
}

/* ---- what happened ---- */

static void recipient_changed(void *self, const ss_message_t *m, const ss_recipient_t *rcpt,
                              apr_time_t now)
{
    const ss_daemon_t *d = self;

    ss_metrics_recipient(&d->record->metrics, m, rcpt, now);
    ss_webhook_notify(d->record, m, rcpt, now);
}

static void attempted(void *self, const ss_message_t *m, const ss_recipient_t *rcpt,
                      const ss_ports_attempt_t *attempt)
{
    const ss_daemon_t *d = self;

    ss_event_log_attempt(d->record, m, rcpt, attempt);
}

static void finished(void *self, const ss_message_t *m, const ss_recipient_t *rcpt)
{
    const ss_daemon_t *d = self;

    ss_event_log_final(d->record, m, rcpt);
}

static void reported(void *self, const ss_message_t *report)
{
    const ss_daemon_t *d = self;

    ss_event_log_accepted(d->record, report);
}

static void message_written(void *self, const char *id)
{
    const ss_daemon_t *d = self;

    ss_verb_lookup_wake(d->operators, id);
}

static void setting(void *self, const char *key, const char *value)
{
    const ss_daemon_t *d = self;

    if (!strncmp(key, "webhook/", 8))
        ss_webhook_restore(d->record, key, value);
    else if (!strncmp(key, "chronicle/", 10))
        ss_activity_restore(d->record, key, value, ss_wall_now());
    else if (!strcmp(key, "counters/"))
        ss_counters_restore(d->record, value);
    else if (!strcmp(key, SS_EVENT_LOG_KEY))
        ss_event_log_restore(d->record, value);
}

static void settings_read(void *self)
{
    const ss_daemon_t *d = self;

    ss_activity_ready(d->record);
    ss_event_log_ready(d->record);
}

static void handed(void *self, const ss_store_changed_t *changed, ss_store_action_t action,
                   const char *who)
{
    const ss_daemon_t *d = self;

    if (action == SS_ACTION_BOUNCE)
        ss_verb_bounce_handed(d->operators, changed->id, who);
    else
        ss_verb_action_took(d->operators, changed, action, who);
}

static void went_idle(void *self)
{
    ss_leaving_check(self);
}

/* Idle connections of web processes give theirs to the relay. */
static void is_short(void *self)
{
    const ss_daemon_t *d = self;

    if (d->local_socket) ss_local_socket_make_room(d->local_socket, ROOM);
}

static apr_status_t make_delivery(ss_daemon_t *d)
{
    int is_event_log = d->config->globals.event_log != NULL;
    ss_delivery_options_t options = { .config = d->config,
                                      .log = d->log,
                                      .idents = &d->idents,
                                      .ports = { .self = d,
                                                 .post = post,
                                                 .store_waiting = store_waiting,
                                                 .store_fault = store_fault,
                                                 .transport = &ss_connector_ops,
                                                 .transport_self = d->connector,
                                                 .secret_of = secret_of,
                                                 .secret_load = secret_load,
                                                 .boot = boot_id(d->pool),
                                                 .mono_now = mono_now,
                                                 .wall_now = wall_now,
                                                 .timer = set_timer,
                                                 .untimer = clear_timer,
                                                 .defer = defer,
                                                 .compute = compute,
                                                 .random = draw,
                                                 .may_log = may_log,
                                                 .recipient_changed = recipient_changed,
                                                 .attempted = is_event_log ? attempted : NULL,
                                                 .finished = is_event_log ? finished : NULL,
                                                 .reported = is_event_log ? reported : NULL,
                                                 .message_written = message_written,
                                                 .setting = setting,
                                                 .settings_read = settings_read,
                                                 .handed = handed,
                                                 .went_idle = went_idle } };

    return ss_delivery_create(&d->delivery, &options, d->pool);
}

/* ---- the contexts ---- */

static ss_record_t *make_record(ss_daemon_t *d, const ss_wiring_options_t *options)
{
    ss_record_t record = { .config = d->config,
                           .log = d->log,
                           .pool = d->pool,
                           .loop = d->loop,
                           .queue = &d->queue,
                           .delivery = d->delivery,
                           .restarts = options->restarts,
                           .finished = options->finished };

    return apr_pmemdup(d->pool, &record, sizeof(record));
}

static ss_operator_t *make_operator(ss_daemon_t *d, const ss_wiring_options_t *options)
{
    ss_operator_t context = { .config = d->config,
                              .log = d->log,
                              .pool = d->pool,
                              .loop = d->loop,
                              .queue = &d->queue,
                              .delivery = d->delivery,
                              .record = d->record,
                              .instance = options->instance,
                              .generation = options->generation,
                              .restarts = options->restarts,
                              .started = ss_wall_now() };

    return apr_pmemdup(d->pool, &context, sizeof(context));
}

static ss_intake_t *make_intake(ss_daemon_t *d)
{
    ss_intake_t intake = { .config = d->config,
                           .log = d->log,
                           .pool = d->pool,
                           .loop = d->loop,
                           .queue = &d->queue,
                           .delivery = d->delivery,
                           .record = d->record,
                           .metrics = &d->record->metrics,
                           .idents = &d->idents,
                           .went_idle = went_idle,
                           .self = d };

    return apr_pmemdup(d->pool, &intake, sizeof(intake));
}

apr_status_t ss_wiring_create(ss_daemon_t *d, const ss_wiring_options_t *options)
{
    d->connector = ss_connector_create(d->loop, d->log, d->pool);
    ss_connector_watch(d->connector, is_short, d);
    apr_status_t rv = make_delivery(d);
    if (rv != APR_SUCCESS) return rv;
    d->record = make_record(d, options);
    d->operators = make_operator(d, options);
    d->intake = make_intake(d);
    ss_webhook_create(d->record);
    ss_event_log_create(d->record, options->event_fd, options->event_path);
    ss_operator_init(d->operators);
    ss_intake_init(d->intake);
    ss_activity_start(d->record);
    return APR_SUCCESS;
}

void ss_wiring_destroy(ss_daemon_t *d)
{
    ss_smtp_listener_destroy(d->smtp_listener);
    ss_delivery_destroy(d->delivery);
    if (d->local_socket) ss_local_socket_destroy(d->local_socket);
    ss_loop_destroy(d->loop);
    ss_webhook_destroy(d->record);
    ss_event_log_destroy(d->record);
}
