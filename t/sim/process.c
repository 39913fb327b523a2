/* process.c: the daemon's process in the simulator: the ports that delivery gets, and how the
 * process starts, ends in order and dies. */
#include <apr_strings.h>
#include <string.h>

#include "storage.h"
#include "world.h"

#define DELAY_MOST (5 * APR_USEC_PER_SEC)
#define TIMERS_MAX 1000
/* A daemon that leaves gives what is in flight so much time. */
#define SETTLE (10 * APR_USEC_PER_SEC)
#define LEAVING_STEPS_MAX 40000

/* ---- ports ---- */

static void post(void *self, ss_store_request_t *request)
{
    storage_post(self, request);
}

static int store_waiting(void *self)
{
    (void)self;
    return storage_waiting();
}

static const char *store_fault(void *self)
{
    return storage_fault(self);
}

static ss_secret_t *secret_of(void *self, const ss_settings_t *settings)
{
    const world_t *w = self;

    return settings->username ? w->secret : NULL;
}

/* A password in the configuration: there is nothing to read again. */
static apr_status_t secret_load(void *self, ss_secret_t *secret,
                                void (*done)(void *, apr_status_t, const ss_result_t *),
                                void *baton)
{
    (void)self;
    (void)secret;
    (void)done;
    (void)baton;
    return APR_ENOTIMPL;
}

static ss_mono_t mono_now(void *self)
{
    return ((const world_t *)self)->mono;
}

static apr_time_t wall_now(void *self)
{
    return world_wall(self);
}

static void set_timer(void *self, ss_timer_t *timer, ss_mono_t when)
{
    world_t *w = self;

    if (ss_timer_set(&w->timers, timer, when) != APR_SUCCESS)
        truth_wrong(&w->truth, "more than %d timers", TIMERS_MAX);
}

static void clear_timer(void *self, ss_timer_t *timer)
{
    ss_heap_remove(&((world_t *)self)->timers, &timer->node);
}

static void defer(void *self, ss_deferred_t *deferred)
{
    ss_deferred_add(&((world_t *)self)->deferred, deferred);
}

static apr_uint32_t draw(void *self)
{
    return (apr_uint32_t)random_next(&((world_t *)self)->random);
}

static int may_log(void *self, const char *key)
{
    (void)self;
    (void)key;
    return 1;
}

/* Whoever is refused delays nobody else. (A server that limits the messages of a session costs a
 * connection for each that it refuses, and those are limited; one that does not bear what it offers
 * costs time for itself.) */
static void judge_delay(world_t *w, const sim_message_t *message, int rcpt)
{
    apr_interval_time_t delay = ss_mono_since(w->mono, message->accepted);

    if (w->families == FAULTS_PICKY && !w->is_healed && !w->kind.most_mails && !w->kind.group &&
        !w->kind.bdat && !w->settings.max_messages && message->state[rcpt] == SS_STATE_SENT &&
        delay > DELAY_MOST)
        truth_wrong(&w->truth, "message %d recipient %d was delayed for %.1f s by others",
                    message->number, rcpt, (double)delay / 1e6);
}

static void recipient_changed(void *self, const ss_message_t *m, const ss_recipient_t *rcpt,
                              apr_time_t now)
{
    world_t *w = self;
    sim_message_t *message = world_find(w, m->id);

    if (!message || w->is_dead) return;
    if (ss_state_is_final(message->state[rcpt->number]))
        truth_wrong(&w->truth, "message %d recipient %d ends twice", message->number, rcpt->number);
    /* A hold that came while it was being sent outlasts an attempt that did not end it. */
    message->state[rcpt->number] =
        message->is_held && !ss_state_is_final(rcpt->state) ? SS_STATE_HELD : rcpt->state;
    message->due[rcpt->number] = ss_mono_add(w->mono, rcpt->next > now ? rcpt->next - now : 0);
    world_say(w, "message %d recipient %d is %s, due in %.3f s", message->number, rcpt->number,
              ss_state_name(rcpt->state), rcpt->next ? (double)(rcpt->next - now) / 1e6 : 0.0);
    judge_delay(w, message, rcpt->number);
}

static void message_written(void *self, const char *id)
{
    (void)self;
    (void)id;
}

static void setting(void *self, const char *key, const char *value)
{
    (void)self;
    (void)key;
    (void)value;
}

static void settings_read(void *self)
{
    (void)self;
}

static void handed(void *self, const ss_store_changed_t *touched, ss_store_action_t action,
                   const char *who)
{
    (void)touched;
    (void)action;
    (void)who;
    truth_wrong(&((world_t *)self)->truth, "an action of another node on a queue of one");
}

static void went_idle(void *self)
{
    (void)self;
}

static void log_line(void *self, ss_log_level_t level, const char *line)
{
    (void)level;
    world_say(self, "log: %s", line);
}

/* ---- turns ---- */

int process_turn(world_t *w)
{
    ss_mono_t when;
    int any = 0;

    if (ss_timer_next(&w->timers, &when) && ss_mono_reached(when, w->mono)) {
        ss_timer_fire(&w->timers, w->mono);
        any = 1;
    }
    any |= ss_deferred_any(&w->deferred);
    ss_deferred_run(&w->deferred, w->mono);
    return any;
}

/* ---- life ---- */

void process_start(world_t *w)
{
    ss_delivery_options_t options = { .config = &w->config,
                                      .log = &w->log,
                                      .idents = &w->idents,
                                      .ports = { .self = w,
                                                 .post = post,
                                                 .store_waiting = store_waiting,
                                                 .store_fault = store_fault,
                                                 .transport = &wire_ops,
                                                 .transport_self = w,
                                                 .secret_of = secret_of,
                                                 .secret_load = secret_load,
                                                 .boot = "sim",
                                                 .mono_now = mono_now,
                                                 .wall_now = wall_now,
                                                 .timer = set_timer,
                                                 .untimer = clear_timer,
                                                 .defer = defer,
                                                 .random = draw,
                                                 .may_log = may_log,
                                                 .recipient_changed = recipient_changed,
                                                 .message_written = message_written,
                                                 .setting = setting,
                                                 .settings_read = settings_read,
                                                 .handed = handed,
                                                 .went_idle = went_idle } };

    w->useless = 0; /* a new process knows nothing of them */
    w->log = (ss_log_t){ .write = log_line,
                         .self = w,
                         .level = w->is_loud ? SS_LOG_INFO : SS_LOG_ERROR };
    w->is_dead = 0;
    w->rejected = (ss_mono_t){ 0 }; /* what is known of a host does not outlive the process */
    ss_heap_init(&w->timers, TIMERS_MAX);
    apr_pool_create(&w->process, w->pool);
    if (ss_delivery_create(&w->delivery, &options, w->process) != APR_SUCCESS) {
        truth_wrong(&w->truth, "delivery cannot be created");
        return;
    }
    storage_forget();
    ss_delivery_start(w->delivery, 0);
}

/* What is left of a process is taken apart; nothing of it reaches store or network. */
static void take_apart(world_t *w, int commits)
{
    w->is_dead = 1;
    for (int i = 0; i <= CONNECTIONS_MAX; i++) {
        if (w->wires[i]) wire_crash(w->wires[i]);
    }
    ss_delivery_leave(w->delivery);
    if (commits) storage_lose(w, 1);
    ss_delivery_abort(w->delivery);
    storage_lose(w, 0);
    ss_deferred_run(&w->deferred, w->mono);
    storage_lose(w, 0);
    ss_delivery_destroy(w->delivery);
    w->delivery = NULL;
    memset(&w->deferred, 0, sizeof(w->deferred));
    ss_heap_free(&w->timers);
    apr_pool_destroy(w->process);
    for (int i = 0; i <= CONNECTIONS_MAX; i++) {
        if (w->wires[i]) truth_wrong(&w->truth, "a connection outlived its process");
        w->wires[i] = NULL;
    }
}

/* What the store holds is what the next process knows. */
static void recall(world_t *w)
{
    apr_time_t now = world_wall(w);

    for (int i = 0; i < w->message_count; i++) {
        sim_message_t *message = &w->messages[i];
        if (!message->is_posted) continue;
        ss_message_t *m = storage_look(w, message->id);
        if (!m && message->is_accepted && storage_keeps())
            truth_wrong(&w->truth, "message %d was accepted and is not in the store", i);
        /* Posted, and the process died: the submitter repeats what was not stored. */
        if (!message->is_accepted) message->is_posted = message->is_accepted = m != NULL;
        message->is_held = 0;
        for (int r = 0; m && r < m->rcpt_count; r++) {
            const ss_recipient_t *rcpt = &m->rcpts[r];
            message->is_held |= rcpt->state == SS_STATE_HELD;
            message->state[r] = rcpt->state;
            message->due[r] = ss_mono_add(w->mono, rcpt->next > now ? rcpt->next - now : 0);
            if (!ss_state_is_final(rcpt->state)) w->truth.rcpts[i][r].known = 0;
        }
        if (m) apr_pool_destroy(m->pool);
    }
}

void process_crash(world_t *w)
{
    int commits = random_once(&w->random, 2);

    world_say(w, "crash%s", commits ? "; what was posted is committed, its answers are lost" : "");
    w->counts.crashes++;
    /* What is on its way, and what is known only here. */
    w->duplicates_allowed += ss_delivery_in_flight(w->delivery) + storage_outcomes();
    take_apart(w, commits);
    if (random_once(&w->random, 2)) storage_reopen(w);
    recall(w);
    process_start(w);
}

static void settle(world_t *w)
{
    ss_mono_t until = ss_mono_add(w->mono, SETTLE);

    for (int i = 0; i < LEAVING_STEPS_MAX; i++) {
        if (!ss_delivery_in_flight(w->delivery) && !storage_waiting()) return;
        if (!ss_delivery_uncommitted(w->delivery) && !ss_mono_before(w->mono, until)) return;
        if (!ss_mono_before(w->mono, until)) ss_delivery_abort(w->delivery);
        for (int k = 0; k <= CONNECTIONS_MAX; k++) {
            ss_mono_t deadline = w->wires[k] ? wire_deadline(w->wires[k]) : (ss_mono_t){ 0 };
            if (ss_mono_is_set(deadline) && ss_mono_reached(deadline, w->mono))
                wire_tick(w->wires[k]);
            else if (w->wires[k])
                wire_step(w->wires[k]);
        }
        storage_work(w);
        storage_collect();
        process_turn(w);
        w->mono = ss_mono_add(w->mono, 5000);
    }
    truth_wrong(&w->truth, "the process does not end");
}

void process_restart(world_t *w)
{
    world_say(w, "graceful restart");
    w->counts.restarts++;
    ss_delivery_leave(w->delivery);
    settle(w);
    ss_delivery_abort(w->delivery);
    ss_delivery_save(w->delivery);
    take_apart(w, 1);
    recall(w);
    process_start(w);
}

void process_end(world_t *w)
{
    if (w->delivery) take_apart(w, 1);
}
