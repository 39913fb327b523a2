/* world.c: one run: time, submissions, operators, faults, and what must hold. See world.h. */
#include "world.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "delivery/jump.h"
#include "delivery/pause.h"
#include "storage.h"

#define START (APR_INT64_C(1800000000) * APR_USEC_PER_SEC)
#define SECONDS APR_USEC_PER_SEC
/* Due mail leaves within this time once nothing is in its way. */
#define LEAVES_WITHIN (10 * SECONDS)
/* ... and so much later where the server answers nothing to what it offers. */
#define FOUND_OUT_WITHIN (8 * SECONDS)
/* the mail of a run, one a second, at a rate that is found out first */
#define RATE_WITHIN (90 * SECONDS)
/* Commits that find nothing to do until a run is over. */
#define LAST_ROUNDS 100
#define QUIET_ROUNDS 12 /* by chance nothing may have been tried: only a long silence is one */
#define QUIET_ROUNDS_WITH_BYTES                                                                    \
    40 /* ... and a longer one while bytes, or an end, are on their way */

void world_say(world_t *w, const char *format, ...)
{
    va_list args;

    if (!w->is_loud) return;
    printf("%9.3f  ", (double)w->mono.us / 1e6);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

apr_time_t world_wall(const world_t *w)
{
    return START + w->mono.us + w->wall_ahead;
}

sim_message_t *world_find(world_t *w, const char *id)
{
    for (int i = 0; i < w->message_count; i++) {
        if (!strcmp(w->messages[i].id, id)) return &w->messages[i];
    }
    return NULL;
}

ss_relay_t *world_relay(world_t *w)
{
    return ss_relay_find(w->delivery, "default");
}

/* ---- submissions ---- */

static ss_message_t *make_message(world_t *w, const sim_message_t *message)
{
    apr_pool_t *pool = ss_store_pool();
    ss_message_t *m = apr_pcalloc(pool, sizeof(*m));
    apr_size_t len = w->truth.content_len[message->number], part = len > 300 ? 300 : len;

    *m = (ss_message_t){ .pool = pool,
                         .relay = "default",
                         .from = apr_psprintf(pool, "m%d@x.example", message->number),
                         .size = len,
                         .rcpt_count = message->rcpt_count,

                         .attr.uid = -1,
                         .attr.submitter = "sim",
                         .attr.via = "sim",
                         .attr.priority = SS_PRIORITY_NORMAL };
    ss_jump_stamp(world_relay(w), m);
    apr_cpystrn(m->id, message->id, sizeof(m->id));
    m->rcpts = apr_pcalloc(pool, sizeof(*m->rcpts) * (apr_size_t)m->rcpt_count);
    for (int r = 0; r < m->rcpt_count; r++) {
        m->rcpts[r].number = r;
        m->rcpts[r].address = apr_psprintf(pool, "r%d@y.example", r);
    }
    /* A larger content goes in parts, so that both ways through the store are taken. */
    m->parts = apr_pcalloc(pool, sizeof(*m->parts) * (len / part + 1));
    for (apr_size_t at = 0; at < len; at += part)
        m->parts[m->part_count++] = (ss_message_part_t){ w->truth.content[message->number] + at,
                                                         len - at < part ? len - at : part };
    return m;
}

typedef struct {
    world_t *world;
    sim_message_t *message;
    ss_mono_t received;
} submission_t;

static void accepted(ss_store_request_t *request)
{
    const ss_store_accept_t *accept = ss_store_request_as(request, SS_STORE_ACCEPT);
    const submission_t *s = request->baton;
    world_t *w = s->world;
    sim_message_t *message = s->message;
    ss_message_t *m = accept->message;

    if (request->rv != APR_SUCCESS) {
        /* 503 with Retry-After: the program comes again. */
        if (!w->is_dead) message->is_posted = 0;
        message->submit = ss_mono_add(w->mono, SECONDS);
        apr_pool_destroy(m->pool);
    } else if (w->is_dead) {
        apr_pool_destroy(m->pool);
    } else {
        message->is_accepted = 1;
        message->accepted = w->mono;
        for (int r = 0; r < message->rcpt_count; r++) {
            message->state[r] = SS_STATE_QUEUED;
            message->due[r] = w->mono;
        }
        ss_delivery_accepted(w->delivery, "default", m, s->received);
    }
    apr_pool_destroy(request->pool);
}

static void submit_due(world_t *w)
{
    if (!ss_delivery_is_ready(w->delivery)) return;
    for (int i = 0; i < w->message_count; i++) {
        sim_message_t *message = &w->messages[i];
        if (message->is_posted || ss_mono_before(w->mono, message->submit)) continue;
        ss_message_t *m = make_message(w, message);
        ss_store_accept_t *request = ss_store_accept_create(m, accepted, NULL);
        submission_t *s = apr_palloc(request->head.pool, sizeof(*s));
        *s = (submission_t){ w, message, w->mono };
        request->head.baton = s;
        message->is_posted = 1;
        storage_post(w, &request->head);
    }
}

/* ---- operators ---- */

static int is_open(const sim_message_t *message, int r)
{
    return message->is_accepted && !ss_state_is_final(message->state[r]);
}

static void acted(ss_store_request_t *request)
{
    const ss_store_control_t *control = ss_store_request_as(request, SS_STORE_CONTROL);
    world_t *w = request->baton;

    for (int i = 0; !w->is_dead && request->rv == APR_SUCCESS && i < control->rows->nelts; i++) {
        const ss_store_changed_t *changed = &APR_ARRAY_IDX(control->rows, i, ss_store_changed_t);
        sim_message_t *message = world_find(w, changed->id);
        message->is_held = control->control == SS_ACTION_HOLD;
        for (int r = 0; r < message->rcpt_count; r++) {
            int is_held = message->state[r] == SS_STATE_HELD;
            if (control->control == SS_ACTION_RELEASE && is_held) {
                /* An attempt that ended meanwhile may have put it off: both orders are right. */
                message->state[r] = SS_STATE_QUEUED;
                message->due[r] = ss_mono_max(w->mono, message->due[r]);
            } else if (control->control == SS_ACTION_HOLD && is_open(message, r)) {
                message->state[r] = SS_STATE_HELD;
            }
        }
        ss_delivery_changed(w->delivery, changed, control->control);
    }
    apr_pool_destroy(request->pool);
}

static void act(world_t *w, ss_store_action_t action, const sim_message_t *message)
{
    ss_store_control_t *request = ss_store_control_create(action, "sim", world_wall(w), acted, w);

    if (message) apr_cpystrn(request->id, message->id, sizeof(request->id));
    request->filter = (ss_store_filter_t){ .state = message ? -1 : SS_STATE_HELD, .uid = -1 };
    request->limit = MESSAGES_MAX;
    request->keep_history = storage_keeps();
    storage_post(w, &request->head);
}

static int is_paused(world_t *w)
{
    return ss_relay_is_paused(world_relay(w));
}

static void pause_or_resume(world_t *w)
{
    world_say(w, is_paused(w) ? "resumed" : "paused");
    if (is_paused(w))
        ss_pause_clear(world_relay(w), "sim");
    else
        ss_pause_set(world_relay(w), "a test", "sim", 0);
}

/* ---- faults ---- */

static void jump(world_t *w)
{
    apr_interval_time_t by = (apr_interval_time_t)random_below(&w->random, 6 * 3600) * SECONDS;

    if (random_once(&w->random, 4)) by *= 10000; /* up to seven years */
    w->wall_ahead += random_once(&w->random, 2) ? by : -by;
    world_say(w, "the wall clock is %+ld s off", (long)apr_time_sec(w->wall_ahead));
}

static void get_stuck(world_t *w)
{
    w->is_stuck_full = random_once(&w->random, 2);
    w->stuck_until = ss_mono_add(w->mono, (1 + random_below(&w->random, 60)) * SECONDS);
    world_say(w, "the store %s for %d s", w->is_stuck_full ? "is full" : "hangs",
              (int)apr_time_sec(ss_mono_since(w->stuck_until, w->mono)));
}

/* Once in n turns, where the run has this family of faults. */
static int happens(world_t *w, int family, int n)
{
    return (w->families & family) && !w->is_healed && random_once(&w->random, n);
}

static void chance(world_t *w)
{
    random_t *r = &w->random;

    if (!ss_delivery_is_ready(w->delivery)) return;
    if (happens(w, FAULTS_OPERATOR, 150)) pause_or_resume(w);
    if (happens(w, FAULTS_OPERATOR, 60)) act(w, SS_ACTION_RELEASE, NULL);
    if (happens(w, FAULTS_OPERATOR, 80)) {
        const sim_message_t *message = &w->messages[random_below(r, w->message_count)];
        if (message->is_accepted) act(w, SS_ACTION_HOLD, message);
    }
    if (w->jumps_left && happens(w, FAULTS_CLOCK, 100)) {
        w->jumps_left--;
        jump(w);
    }
    if (happens(w, FAULTS_STUCK, 200) && !ss_mono_before(w->mono, w->stuck_until)) get_stuck(w);
    if (w->crashes_left && happens(w, FAULTS_CRASH, 120)) {
        w->crashes_left--;
        process_crash(w);
    } else if (w->restarts_left && happens(w, FAULTS_RESTART, 200)) {
        w->restarts_left--;
        process_restart(w);
    }
}

/* From here on nothing goes wrong any more. */
static void heal(world_t *w)
{
    world_say(w, "all faults are healed");
    w->is_healed = 1;
    w->clear = w->mono;
    w->truth.faults_left = 0;
    w->truth.rejected_logins = 0;
    memset(w->truth.dislikes, 0, sizeof(w->truth.dislikes));
    w->kind.sick = SICK_NONE;
    w->stuck_until = (ss_mono_t){ 0 };
    for (int i = 0; i <= CONNECTIONS_MAX; i++) {
        if (w->wires[i]) server_heal(&w->wires[i]->server);
    }
}

/* After healing: the operator resumes and releases, as often as it takes. */
static void tidy(world_t *w)
{
    if (!w->is_healed || !ss_delivery_is_ready(w->delivery)) return;
    if (is_paused(w)) pause_or_resume(w);
    for (int i = 0; i < w->message_count; i++) {
        const sim_message_t *message = &w->messages[i];
        for (int r = 0; message->is_accepted && r < message->rcpt_count; r++) {
            if (message->state[r] != SS_STATE_HELD || storage_waiting()) continue;
            act(w, SS_ACTION_RELEASE, NULL);
            return;
        }
    }
}

/* ---- liveness ---- */

/* A server that refuses us is asked seldom, on purpose: mail that waits for that is not late. */
static int is_blocked(world_t *w)
{
    const ss_relay_t *relay = world_relay(w);

    for (int i = 0; i < relay->host_count; i++) {
        if (relay->hosts[i].condition == SS_HOST_BLOCKED) return 1;
    }
    return 0;
}

/* An action and an outcome that cross each other end in the order of their commits: only the store
 * knows whether the message is held. */
static int is_held(world_t *w, sim_message_t *message, int r)
{
    ss_message_t *m = storage_look(w, message->id);

    if (m && m->rcpts[r].state == SS_STATE_HELD) message->state[r] = SS_STATE_HELD;
    if (m) apr_pool_destroy(m->pool);
    return message->state[r] == SS_STATE_HELD;
}

static void judge_liveness(world_t *w)
{
    if (!w->is_healed || !ss_delivery_is_ready(w->delivery)) return;
    if (is_blocked(w)) w->clear = w->mono;
    apr_interval_time_t within = LEAVES_WITHIN +
                                 (w->kind.bdat || w->kind.group ? FOUND_OUT_WITHIN : 0) +
                                 (w->kind.most_a_second ? RATE_WITHIN : 0);
    for (int i = 0; i < w->message_count; i++) {
        sim_message_t *message = &w->messages[i];
        for (int r = 0; r < message->rcpt_count; r++) {
            if (!is_open(message, r) || message->state[r] == SS_STATE_HELD) continue;
            ss_mono_t since = ss_mono_max(w->clear, message->due[r]);
            if (ss_mono_since(w->mono, since) > within + 1000 && !is_held(w, message, r))
                truth_wrong(&w->truth,
                            "message %d recipient %d is due for %d s, and nothing is in its way", i,
                            r, (int)apr_time_sec(ss_mono_since(w->mono, since)));
        }
    }
}

/* How often messages arrived that had arrived before. Recipients of one message may go in several
 * transactions, so that each of them counts for itself. */
static int arrived_again(const world_t *w)
{
    int sum = 0;

    for (int i = 0; i < w->message_count; i++) {
        int most = 0;
        for (int r = 0; r < w->messages[i].rcpt_count; r++) {
            int taken = w->truth.rcpts[i][r].taken;
            if (taken > most) most = taken;
        }
        sum += most > 1 ? most - 1 : 0;
    }
    return sum;
}

static void judge_bounds(world_t *w)
{
    int again = arrived_again(w);

    if (again > w->duplicates_allowed)
        truth_wrong(&w->truth, "%d messages arrived again, %d may", again, w->duplicates_allowed);
    int on_the_way = ss_delivery_in_flight(w->delivery) + ss_delivery_uncommitted(w->delivery);
    if (on_the_way > SS_CLIENT_WINDOW_MAX * (w->settings.connections + 1))
        truth_wrong(&w->truth, "a crash would send %d messages again", on_the_way);
    if (storage_waiting() > 8 * MESSAGES_MAX)
        truth_wrong(&w->truth, "%d requests to the store for %d messages", storage_waiting(),
                    w->message_count);
}

/* ---- turns ---- */

static int is_over(const world_t *w)
{
    if (!ss_delivery_is_ready(w->delivery)) return 0;
    for (int i = 0; i < w->message_count; i++) {
        const sim_message_t *message = &w->messages[i];
        if (!message->is_accepted) return 0;
        for (int r = 0; r < message->rcpt_count; r++) {
            if (is_open(message, r)) return 0;
        }
    }
    return 1;
}

/* Nothing moves: time goes on to what is waited for. */
static void wait_for_time(world_t *w)
{
    ss_mono_t soonest = w->is_healed ? (ss_mono_t){ 0 } : w->heal, when;

    if (ss_timer_next(&w->timers, &when)) soonest = ss_mono_min(soonest, when);
    if (ss_mono_before(w->mono, w->stuck_until)) soonest = ss_mono_min(soonest, w->stuck_until);
    for (int i = 0; i <= CONNECTIONS_MAX; i++)
        if (w->wires[i]) soonest = ss_mono_min(soonest, wire_deadline(w->wires[i]));
    for (int i = 0; i < w->message_count; i++)
        if (!w->messages[i].is_posted && ss_mono_before(w->mono, w->messages[i].submit))
            soonest = ss_mono_min(soonest, w->messages[i].submit);
    if (ss_mono_before(w->mono, soonest)) w->mono = soonest;
    for (int i = 0; i <= CONNECTIONS_MAX; i++) {
        wire_t *wire = w->wires[i];
        ss_mono_t deadline = wire ? wire_deadline(wire) : (ss_mono_t){ 0 };
        if (ss_mono_is_set(deadline) && ss_mono_reached(deadline, w->mono)) wire_tick(wire);
    }
}

static int move(world_t *w)
{
    int moved = process_turn(w);

    for (int i = 0; i <= CONNECTIONS_MAX; i++) {
        if (w->wires[i]) moved |= wire_step(w->wires[i]);
    }
    if (random_once(&w->random, 12)) moved |= storage_work(w);
    return storage_collect() || moved;
}

static int quiet_rounds(const world_t *w)
{
    for (int i = 0; i <= CONNECTIONS_MAX; i++)
        if (w->wires[i] && wire_has_bytes(w->wires[i])) return QUIET_ROUNDS_WITH_BYTES;
    return QUIET_ROUNDS;
}

static void step(world_t *w, int *quiet)
{
    submit_due(w);
    int moved = move(w);
    chance(w);
    if (!w->is_healed && ss_mono_reached(w->heal, w->mono)) heal(w);
    tidy(w);
    w->mono = ss_mono_add(w->mono, random_below(&w->random, 2000));
    *quiet = moved ? 0 : *quiet + 1;
    if (*quiet >= quiet_rounds(w)) {
        *quiet = 0;
        if (!storage_work(w)) wait_for_time(w);
    }
    judge_liveness(w);
    judge_bounds(w);
}

/* ---- a run ---- */

static const char *make_content(world_t *w, int number, apr_size_t *len)
{
    int lines = random_once(&w->random, 30) ? 1500 : random_below(&w->random, 12);
    ss_buf_t text;

    ss_buf_init(&text, 1000000);
    ss_buf_printf(&text, "Subject: %d\r\n\r\n", number);
    for (int i = 0; i < lines; i++) {
        static const char *const parts[] = {
            ".\r\n",      "..\r\n",
            ".a\r\n",     "\r\n",
            "a line\r\n", "a line of somewhat more words than the others have, with a dot.\r\n"
        };
        ss_buf_puts(&text, parts[random_below(&w->random, 6)]);
    }
    *len = text.len;
    const char *content = apr_pmemdup(w->pool, text.data, text.len);
    ss_buf_free(&text);
    return content;
}

/* RFC 5321 4.5.2, by lines. */
static void stuff(world_t *w, int number)
{
    const char *line = w->truth.content[number], *end = line + w->truth.content_len[number];
    ss_buf_t text;

    ss_buf_init(&text, 1000000);
    while (line < end) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        next = next ? next + 1 : end;
        if (*line == '.') ss_buf_puts(&text, ".");
        ss_buf_append(&text, line, (apr_size_t)(next - line));
        line = next;
    }
    ss_buf_puts(&text, ".\r\n");
    w->truth.stuffed[number] = apr_pmemdup(w->pool, text.data, text.len);
    w->truth.stuffed_len[number] = text.len;
    ss_buf_free(&text);
}

static void make_messages(world_t *w)
{
    random_t *r = &w->random;

    int span = random_once(r, 2) ? 3000000 : 60000000;

    /* A store that hangs needs many messages to reach the bound of uncommitted outcomes. */
    w->message_count =
        1 + random_below(r, random_once(r, w->families & FAULTS_STUCK ? 3 : 8) ? MESSAGES_MAX : 10);
    for (int i = 0; i < w->message_count; i++) {
        sim_message_t *message = &w->messages[i];
        message->number = i;
        apr_snprintf(message->id, sizeof(message->id), "%08d-0000-7000-8000-000000000000", i);
        message->rcpt_count = random_once(r, 3) ? 1 + random_below(r, RCPTS_MAX) : 1;
        message->submit = ss_mono_add(w->mono, random_once(r, 3) ? random_below(r, span) : 0);
        w->truth.content[i] = make_content(w, i, &w->truth.content_len[i]);
        stuff(w, i);
        for (int k = 0; k < message->rcpt_count; k++)
            w->truth.rcpts[i][k].is_unknown = random_once(r, 12);
    }
}

/* Any k of the messages. */
static void make_dislikes(world_t *w)
{
    static const char *const replies[] = {
        "554 5.7.1 <x>: Relay access denied\r\n",
        "454 4.7.1 <x>: Relay access denied\r\n",
        "550 5.7.1 Service unavailable; client [192.0.2.1] blocked using x\r\n",
        "451 4.7.1 client [192.0.2.1] blocked using x\r\n",
        "554 5.7.1 sandbox: not an authorized recipient\r\n",
        "530 5.7.0 Authentication required\r\n",
        "550 5.7.60 not allowed to send as this sender\r\n",
        "550-account is\r\n550 under review\r\n",
        "451 4.3.0 local problem\r\n",
    };
    enum { REPLIES = sizeof(replies) / sizeof(replies[0]) };
    /* Chance of its own: what was added later does not change the runs of a seed. */
    random_t own = { w->random.state ^ 0x7069636b79 };
    int most = 1 + random_below(&own, 10), one = random_below(&own, REPLIES),
        is_one = random_once(&own, 2);

    for (int i = 0; (w->families & FAULTS_PICKY) && i < w->message_count; i++) {
        dislike_t *dislike = &w->truth.dislikes[i];
        if (random_below(&own, 10) >= most) continue;
        dislike->at = "MRE"[random_below(&own, 3)];
        dislike->rcpts = 1 + (unsigned)random_below(&own, (1 << RCPTS_MAX) - 1);
        dislike->reply = replies[is_one ? one : random_below(&own, REPLIES)];
        world_say(w, "message %d is refused at %c %x: %s", i, dislike->at, dislike->rcpts,
                  dislike->reply);
    }
}

static void make_server(world_t *w)
{
    random_t *r = &w->random;

    w->kind = (server_kind_t){ .has_pipelining = random_below(r, 4) > 0,
                               .has_chunking = random_once(r, 2),
                               .has_auth = 1,
                               .has_starttls = 1,
                               .has_ehlo = !random_once(r, 20),
                               .most_mails = random_once(r, 10),
                               .most_rcpts = random_once(r, 6) ? 1 + random_below(r, 2) : 0,
                               .bdat = (bdat_t)random_once(r, 10) };
    /* Chance of its own: what was added later does not change the runs of a seed. */
    random_t own = { r->state ^ 0x6d61696c73 };
    if (!w->kind.most_mails && random_once(&own, 6)) w->kind.most_mails = 2 + random_below(&own, 4);
    w->kind.is_stray = random_once(&own, 3);
    if (w->kind.bdat || random_once(&own, 8))
        w->kind.bdat = (bdat_t)(1 + random_below(&own, BDATS - 1));
    if (!w->kind.bdat && random_once(&own, 8))
        w->kind.group = (group_t)(1 + random_below(&own, GROUPS - 1));
    if (!(w->families & FAULTS_PICKY) && random_once(&own, 8))
        w->kind.most_a_second = 1 + random_below(&own, 3);
    if (w->families & FAULTS_SICK) w->kind.sick = (sick_t)random_below(r, SICKNESSES);
    if (w->families & FAULTS_REPLIES) w->truth.faults_left = random_below(r, 8);
}

static void make_settings(world_t *w)
{
    random_t *r = &w->random;
    ss_settings_t *s = &w->settings;

    ss_settings_clear(s);
    s->engine = 1;
    s->relay_name = "default";
    s->server_name = "me.example";
    s->hosts = apr_array_make(w->pool, 1, sizeof(ss_settings_host_t));
    APR_ARRAY_PUSH(s->hosts, ss_settings_host_t) =
        (ss_settings_host_t){ .name = "relay.example", .port = 25 };
    s->bounce = "off";
    s->connections = 1 + random_below(r, CONNECTIONS_MAX);
    s->max_messages = random_once(r, 6) ? 1 + random_below(r, 3) : 0;
    s->pipelining = random_once(r, 8) ? SS_PIPELINING_OFF : SS_PIPELINING_AUTO;
    s->uncertain = random_once(r, 4) ? SS_UNCERTAIN_HOLD : SS_UNCERTAIN_RETRY;
    s->retry = apr_array_make(w->pool, 2, sizeof(apr_interval_time_t));
    APR_ARRAY_PUSH(s->retry, apr_interval_time_t) = 60 * SECONDS;
    APR_ARRAY_PUSH(s->retry, apr_interval_time_t) = 300 * SECONDS;
    s->tls = SS_TLS_NONE;
    if (w->kind.has_ehlo && random_once(r, 3))
        s->tls = random_once(r, 2) ? SS_TLS_STARTTLS : SS_TLS_OPPORTUNISTIC;
    if (w->kind.has_ehlo && random_once(r, 3)) {
        s->username = "me";
        if (w->families & FAULTS_REPLIES)
            w->truth.rejected_logins = random_once(r, 3) ? random_below(r, 4) : 0;
    }
    for (int i = 0; i < SS_TIMEOUTS; i++) s->timeout[i] = 60 * SECONDS;
    ss_settings_finish(s, w->pool);
    w->window_max = random_once(r, 3) ? 1 + random_below(r, 4) : SS_CLIENT_WINDOW_MAX;
    ss_settings_globals_clear(&w->config.globals);
    w->config.relays = apr_array_make(w->pool, 1, sizeof(const ss_settings_t *));
    APR_ARRAY_PUSH(w->config.relays, const ss_settings_t *) = s;
}

static void make_plan(world_t *w)
{
    random_t *r = &w->random;

    w->heal = ss_mono_add(w->mono, (5 + random_below(r, 300)) * SECONDS);
    w->crashes_left = random_once(r, 3) ? 1 + random_below(r, 3) : 0;
    w->restarts_left = random_once(r, 4) ? 1 + random_below(r, 2) : 0;
    w->jumps_left = random_once(r, 3) ? 1 + random_below(r, 3) : 0;
}

/* What must hold when everything is over. */
static void judge_recipient(world_t *w, int i, int r, ss_state_t state)
{
    const truth_t *truth = &w->truth.rcpts[i][r];

    if (!ss_state_is_final(state))
        truth_wrong(&w->truth, "message %d recipient %d is %s at the end", i, r,
                    ss_state_name(state));
    if (state == SS_STATE_SENT && !truth->taken)
        truth_wrong(&w->truth, "message %d is lost for recipient %d", i, r);
    if (state == SS_STATE_FAILED && !truth->refused)
        truth_wrong(&w->truth, "message %d failed for recipient %d, but nobody refused it", i, r);
    if (truth->is_unknown && state == SS_STATE_SENT)
        truth_wrong(&w->truth, "message %d was sent to nobody", i);
    if (state == SS_STATE_EXPIRED)
        truth_wrong(&w->truth, "message %d expired for recipient %d within the hour", i, r);
    w->counts.sent += state == SS_STATE_SENT;
    w->counts.failed += state == SS_STATE_FAILED;
    w->counts.duplicates += truth->taken > 1 ? truth->taken - 1 : 0;
}

/* An attempt is charged for the result, for a deferral and for an uncertain end. Nothing else is: a
 * limit, a rate, a sick relay, extensions that do not work, and what may be about us until it is
 * known whom it is about. */
static void judge_attempts(world_t *w, int i, int r, const ss_recipient_t *rcpt)
{
    int most = 1 + w->truth.faults + w->truth.rcpts[i][r].deferred;

    if (rcpt->is_uncertain) most += w->counts.uncertain;
    if (rcpt->attempts > most)
        truth_wrong(&w->truth, "message %d recipient %d was charged %d attempts, %d at most", i, r,
                    rcpt->attempts, most);
}

static void judge(world_t *w)
{
    apr_int64_t expected[SS_STATES] = { 0 };

    for (int i = 0; i < w->message_count; i++) {
        const sim_message_t *message = &w->messages[i];
        ss_message_t *m = storage_look(w, message->id);
        if (!m && storage_keeps()) truth_wrong(&w->truth, "message %d is not in the store", i);
        for (int r = 0; r < message->rcpt_count; r++) {
            ss_state_t state = m ? m->rcpts[r].state : message->state[r];
            if (state != message->state[r])
                truth_wrong(&w->truth, "message %d recipient %d is %s in the store, not %s", i, r,
                            ss_state_name(state), ss_state_name(message->state[r]));
            judge_recipient(w, i, r, state);
            if (m) judge_attempts(w, i, r, &m->rcpts[r]);
            expected[state]++;
        }
        if (m) apr_pool_destroy(m->pool);
    }
    storage_judge(w, expected);
}

/* Everything is finished: the last outcomes are committed. */
static void finish(world_t *w)
{
    heal(w);
    for (int i = 0; i < LAST_ROUNDS && storage_waiting(); i++) {
        storage_work(w);
        storage_collect();
        process_turn(w);
    }
}

static int families_of(uint64_t seed)
{
    /* Alone, so that nothing else explains a delay; and with the others. */
    if (seed % 10 == 3) return FAULTS_PICKY;
    return FAULTS_USUAL | (seed % 4 ? 0 : FAULTS_CLOCK) | (seed % 3 ? 0 : FAULTS_STUCK) |
           (seed % 5 ? 0 : FAULTS_SICK) | (seed % 10 == 7 ? FAULTS_PICKY : 0);
}

const char *world_run(uint64_t seed, int families, int is_loud, counts_t *counts)
{
    static world_t w;
    int quiet = 0;

    memset(&w, 0, sizeof(w));
    apr_pool_create(&w.pool, NULL);
    w.random.state = seed;
    w.mono.us = 1000 * SECONDS;
    w.is_loud = is_loud;
    w.families = families != FAULTS_BY_SEED ? families : families_of(seed);
    make_server(&w);
    make_settings(&w);
    make_plan(&w);
    make_messages(&w);
    make_dislikes(&w);
    storage_begin(&w);
    ss_secret_source_t source = { SS_SECRET_TEXT, "secret" };
    ss_result_t result;
    w.secret = ss_secret_create(&source);
    ss_secret_load(w.secret, &result);
    process_start(&w);
    while (w.counts.steps < STEPS_MAX && !w.truth.wrong && !is_over(&w)) {
        step(&w, &quiet);
        w.counts.steps++;
    }
    if (w.counts.steps == STEPS_MAX) truth_wrong(&w.truth, "not over after %d steps", STEPS_MAX);
    if (!w.truth.wrong) finish(&w);
    if (!w.truth.wrong) judge(&w);
    w.counts.faults = w.truth.faults;
    *counts = w.counts;
    process_end(&w);
    ss_secret_destroy(w.secret);
    apr_pool_destroy(w.pool);
    return w.truth.wrong;
}
