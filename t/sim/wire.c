/* wire.c: a connection of the simulator: the SMTP client at one end, the scripted server at the
 * other, bytes in pieces of any size in between. It is delivery's transport. */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/* Sessions that carry nothing: so many at once, then one a second. */
#define USELESS_AT_ONCE 10
#define USELESS_SPAN (10 * APR_USEC_PER_SEC)
#define LOGIN_SPAN (60 * APR_USEC_PER_SEC)

/* ---- which message, which recipient ---- */

static int number_after(const char *address, char first)
{
    return address && *address == first ? (int)strtol(address + 1, NULL, 10) : -1;
}

static int message_of(const ss_client_message_t *m)
{
    return number_after(m->from, 'm');
}

/* ---- opening and closing ---- */

static void free_wire(wire_t *wire)
{
    world_t *w = wire->world;

    for (int i = 0; i <= CONNECTIONS_MAX; i++) {
        if (w->wires[i] == wire) w->wires[i] = NULL;
    }
    ss_client_destroy(wire->client);
    server_free(&wire->server);
    apr_pool_destroy(wire->pool);
}

static void close_wire(wire_t *wire)
{
    wire->is_closed = 1;
    if (!wire->is_busy) free_wire(wire);
}

static ss_client_options_t client_options(const world_t *w, const ss_transport_options_t *how)
{
    const ss_settings_t *s = &w->settings;
    unsigned learned = how->learned;
    int is_one = s->one_message == SS_ONE_ON;
    ss_client_options_t options = { .helo = "me.example",
                                    .host = "relay.example",
                                    .port = 25,
                                    .is_loopback = 1,
                                    .tls = s->tls == SS_TLS_STARTTLS ? SS_CLIENT_TLS_REQUIRED
                                           : s->tls == SS_TLS_OPPORTUNISTIC
                                               ? SS_CLIENT_TLS_IF_OFFERED
                                               : SS_CLIENT_TLS_OFF,
                                    .username = s->username,
                                    .pipelining = s->pipelining == SS_PIPELINING_AUTO &&
                                                  !(learned & SS_LEARN_NO_PIPELINING),
                                    .chunking = !(learned & SS_LEARN_NO_CHUNKING),
                                    .is_stepwise = (learned & SS_LEARN_NO_STREAMING) != 0,
                                    .use_helo = (learned & SS_LEARN_NO_EHLO) != 0,
                                    .proof = how->proof,
                                    .haste = how->haste,
                                    .window_max = w->window_max,
                                    .max_messages = is_one              ? 1
                                                    : how->max_messages ? how->max_messages
                                                                        : s->max_messages,
                                    .takes_several = (learned & SS_LEARN_SEVERAL) != 0,
                                    .max_recipients = s->max_recipients,
                                    .attempt_deadline = 1800 * APR_USEC_PER_SEC };

    memcpy(options.timeout, s->timeout, sizeof(options.timeout));
    return options;
}

static apr_status_t open_wire(void *self, ss_transport_t **made,
                              const ss_transport_options_t *options)
{
    world_t *w = self;
    ss_client_options_t client = client_options(w, options);
    apr_pool_t *pool;
    int place = 0;

    while (place <= CONNECTIONS_MAX && w->wires[place]) place++;
    if (place > CONNECTIONS_MAX) {
        truth_wrong(&w->truth, "more than %d connections", CONNECTIONS_MAX);
        return APR_EGENERAL;
    }
    apr_pool_create(&pool, w->pool);
    wire_t *wire = apr_pcalloc(pool, sizeof(*wire));
    wire->world = w;
    wire->pool = pool;
    wire->options = *options;
    apr_cpystrn(wire->name, options->name, sizeof(wire->name));
    server_open(&wire->server, &w->kind, &w->truth, &w->random);
    if (w->is_healed) wire->server.kind.sick = SICK_NONE;
    wire->client = ss_client_create(&client, w->mono, pool);
    ss_buf_puts(&wire->server.out, "220 relay.example ESMTP\r\n");
    wire->server.said = wire->server.out.len;
    w->wires[place] = wire;
    w->counts.connections++;
    world_say(w, "connection %d opened", place);
    *made = wire;
    return APR_SUCCESS;
}

static apr_status_t prepare(void *self, const ss_settings_t *settings, ss_result_t *result)
{
    (void)self;
    (void)settings;
    (void)result;
    return APR_SUCCESS;
}

/* ---- what the client says against what the server did ---- */

static void compare(wire_t *wire, const ss_client_message_t *m, int i)
{
    static const char *const fates[] = { "sent",    "deferred", "failed",    "again",  "down",
                                         "blocked", "suspect",  "uncertain", "limited" };
    world_t *w = wire->world;
    const ss_client_rcpt_t *rcpt = &m->rcpts[i];
    int message = message_of(m), number = number_after(rcpt->address, 'r');
    truth_t *truth = &w->truth.rcpts[message][number];
    const char *fate = fates[rcpt->fate];

    world_say(w, "message %d recipient %d: %s (%d %s)", message, number, fate, rcpt->code,
              rcpt->text ? rcpt->text : "");
    if (rcpt->cmd == SS_CMD_NONE || !rcpt->advice || !rcpt->text)
        truth_wrong(&w->truth, "message %d came back undecided", message);
    if (rcpt->fate == SS_FATE_SENT && !truth->known)
        truth_wrong(&w->truth, "message %d is reported sent, but no reply arrived", message);
    if (rcpt->fate == SS_FATE_FAILED && !truth->refused)
        truth_wrong(&w->truth, "message %d failed for recipient %d without a final refusal",
                    message, number);
    if (rcpt->fate == SS_FATE_UNCERTAIN && !server_has_whole(&wire->server, message))
        truth_wrong(&w->truth, "message %d is uncertain, but its end was never written", message);
    if (rcpt->fate == SS_FATE_UNCERTAIN && wire->server.has_left && !wire->server.out.len &&
        !wire->server.kind.is_stray)
        truth_wrong(&w->truth, "message %d is uncertain, but the server had left before", message);
    /* Its MAIL was refused, and what shows whether the rest was accepted was lost. */
    if (rcpt->fate == SS_FATE_UNCERTAIN && wire->server.kind.is_stray) truth->known = 0;
    if (rcpt->fate != SS_FATE_SENT && truth->known)
        truth_wrong(&w->truth, "message %d was accepted and answered, but is %s", message, fate);
}

static void done(wire_t *wire, const ss_client_message_t *m)
{
    world_t *w = wire->world;
    int is_uncertain = 0;

    wire->in_flight--;
    for (int i = 0; i < m->rcpt_count; i++) {
        if (!w->is_dead) compare(wire, m, i);
        is_uncertain |= m->rcpts[i].fate == SS_FATE_UNCERTAIN;
        wire->is_useful |= m->rcpts[i].fate == SS_FATE_SENT || m->rcpts[i].fate == SS_FATE_FAILED;
        wire->is_useful |= m->rcpts[i].fate == SS_FATE_DEFERRED;
        /* delivery may find that it is the message's failure */
        wire->is_useful |= m->rcpts[i].fate == SS_FATE_SUSPECT;
    }
    if (wire->is_useful) w->rejected = (ss_mono_t){ 0 };
    if (!is_uncertain) return;
    w->counts.uncertain++;
    w->duplicates_allowed++;
    if (++wire->uncertain > w->window_max + 1)
        truth_wrong(&w->truth, "%d messages uncertain on one connection", wire->uncertain);
}

/* What is remembered of a host must be true of it. */
static void learned(wire_t *wire, const ss_client_event_t *event)
{
    world_t *w = wire->world;
    const server_kind_t *kind = &wire->server.kind;

    world_say(w, "learned %u %d (%s)", event->learn, event->number, event->text);
    if ((event->learn == SS_LEARN_MAX_MESSAGES && event->number < kind->most_mails &&
         !kind->group) ||
        (event->learn == SS_LEARN_MAX_RECIPIENTS && !kind->most_rcpts) ||
        (event->learn == SS_LEARN_NO_CHUNKING && !kind->bdat && !wire->server.has_met_fault) ||
        (event->learn == SS_LEARN_NO_EHLO && kind->has_ehlo))
        truth_wrong(&w->truth, "learned %u of a server that is not like that (%.100s)",
                    event->learn, event->text);
}

/* Accounts get locked by repeated logins. What another session delivers meanwhile proves that the
 * account works. */
static void want_secret(wire_t *wire)
{
    world_t *w = wire->world;

    if (ss_mono_is_set(w->rejected) && ss_mono_since(w->mono, w->rejected) < LOGIN_SPAN)
        truth_wrong(&w->truth, "a login %d s after one was refused",
                    (int)apr_time_sec(ss_mono_since(w->mono, w->rejected)));
}

/* A relay that is sick must not be flooded with connections. */
static void count_useless(wire_t *wire)
{
    world_t *w = wire->world;

    if (wire->is_useful || w->is_dead) return;
    if (!w->useless++) w->first_useless = w->mono;
    apr_interval_time_t span = ss_mono_since(w->mono, w->first_useless);
    apr_int64_t most = USELESS_AT_ONCE;
    if (span > USELESS_SPAN) most += (span - USELESS_SPAN) / APR_USEC_PER_SEC + 1;
    if (w->useless > most)
        truth_wrong(&w->truth, "%d connections in %.1f s carried nothing", w->useless,
                    (double)span / 1e6);
}

static void closed(wire_t *wire, const ss_client_event_t *event)
{
    world_t *w = wire->world;

    world_say(w, "connection closed: %s", event->result.text);
    if (wire->in_flight)
        truth_wrong(&w->truth, "closed with %d messages in flight", wire->in_flight);
    if (event->cmd == SS_CMD_AUTH && event->verdict.fate == SS_FATE_BLOCKED) w->rejected = w->mono;
    if (!event->is_ok) count_useless(wire);
}

/* ---- events ---- */

/* 1: the connection is gone. */
static int take_events(wire_t *wire)
{
    const ss_client_event_t *event;
    int is_last = 0;

    if (wire->is_busy) return 0;
    wire->is_busy = 1;
    while (!wire->is_closed && !is_last && (event = ss_client_next(wire->client))) {
        switch (event->kind) {
        case SS_EVENT_START_TLS: wire->is_starting_tls = 1; continue;
        case SS_EVENT_WANT_SECRET: want_secret(wire); break;
        case SS_EVENT_DONE: done(wire, event->message); break;
        case SS_EVENT_LEARNED: learned(wire, event); break;
        case SS_EVENT_CLOSED:
            closed(wire, event);
            is_last = 1;
            break;
        default: break;
        }
        wire->options.event(wire->options.owner, event);
    }
    wire->is_busy = 0;
    if (!wire->is_closed) return 0;
    free_wire(wire);
    return 1;
}

/* ---- the transport's verbs ---- */

static const ss_client_t *client_of(const wire_t *wire)
{
    return wire->client;
}

static apr_status_t send_message(wire_t *wire, ss_client_message_t *m)
{
    world_t *w = wire->world;
    apr_status_t rv = ss_client_send(wire->client, m, w->mono);

    if (rv != APR_SUCCESS) return rv;
    wire->in_flight++;
    if (wire->in_flight > SS_CLIENT_WINDOW_MAX)
        truth_wrong(&w->truth, "%d messages in flight", wire->in_flight);
    return rv;
}

static void more(wire_t *wire)
{
    ss_client_more(wire->client, wire->world->mono);
}

static void secret(wire_t *wire, const char *bytes, apr_size_t len)
{
    ss_client_secret(wire->client, bytes, len, wire->world->mono);
}

static void quit(wire_t *wire)
{
    ss_client_quit(wire->client, wire->world->mono);
}

static void abort_wire(wire_t *wire, const char *why)
{
    ss_result_t result;

    ss_result_clear(&result);
    ss_result_set(&result, "", "", NULL, "%s", why);
    ss_client_lost(wire->client, APR_ECONNABORTED, &result, wire->world->mono);
    take_events(wire);
}

static const char *name_of(const wire_t *wire)
{
    return wire->name;
}

const ss_transport_ops_t wire_ops = { .prepare = prepare,
                                      .open = open_wire,
                                      .close = close_wire,
                                      .client = client_of,
                                      .send = send_message,
                                      .more = more,
                                      .secret = secret,
                                      .quit = quit,
                                      .abort = abort_wire,
                                      .name = name_of };

/* ---- bytes ---- */

static void tell_time(const wire_t *wire)
{
    world_truth_t *truth = &wire->world->truth;
    apr_int64_t second = wire->world->mono.us / APR_USEC_PER_SEC;

    if (truth->second != second) truth->in_second = 0;
    truth->second = second;
}

/* The server still works on what arrived, whatever became of the connection. */
static void server_finish(wire_t *wire)
{
    tell_time(wire);
    while (server_work(&wire->server)) continue;
}

static apr_size_t some(world_t *w, apr_size_t len)
{
    return len < 2 || random_below(&w->random, 3)
               ? len
               : 1 + (apr_size_t)random_below(&w->random, (int)len);
}

/* Client to server. */
static int move_out(wire_t *wire)
{
    world_t *w = wire->world;
    struct iovec pieces[16];
    int count = ss_client_output(wire->client, pieces, 16, w->mono);
    apr_size_t sum = 0;

    if (!count) return 0;
    for (int i = 0; i < count; i++) {
        /* One that cares about what comes together gets what was sent together. */
        apr_size_t len = w->kind.group ? pieces[i].iov_len : some(w, pieces[i].iov_len);
        server_take(&wire->server, pieces[i].iov_base, len);
        sum += len;
        if (len < pieces[i].iov_len) break;
    }
    ss_client_sent(wire->client, sum, w->mono);
    return 1;
}

/* Server to client. */
static int move_in(wire_t *wire)
{
    world_t *w = wire->world;
    server_t *s = &wire->server;
    apr_size_t len = some(w, s->out.len), taken;

    if (!s->out.len) return 0;
    char *copy = malloc(len); /* exact, so that reading too far is seen */
    memcpy(copy, s->out.data, len);
    taken = len;
    server_fed(s, len);
    ss_client_feed(wire->client, copy, &taken, w->mono);
    free(copy);
    return 1;
}

int wire_step(wire_t *wire)
{
    world_t *w = wire->world;
    server_t *s = &wire->server;
    int moved = 0;

    if (wire->is_starting_tls && !s->out.len && s->wants_tls) {
        wire->is_starting_tls = 0;
        s->is_tls = 1;
        ss_client_tls_on(wire->client, NULL, NULL, 0, w->mono);
        moved = 1;
    }
    if (random_below(&w->random, 4)) moved |= move_out(wire);
    tell_time(wire);
    if (random_below(&w->random, 4)) moved |= server_work(s);
    if (take_events(wire)) return 1;
    if (random_below(&w->random, 4)) moved |= move_in(wire);
    if (take_events(wire)) return 1;
    if (s->is_closing && !s->out.len && random_once(&w->random, 2)) {
        ss_client_lost(wire->client, s->is_reset ? ECONNRESET : APR_EOF, NULL, w->mono);
        moved = 1;
    }
    /* The server may be busy with what the client has written off. */
    if (!ss_client_can_send(wire->client) && random_once(&w->random, 8)) server_finish(wire);
    return take_events(wire) || moved;
}

int wire_has_bytes(const wire_t *wire)
{
    struct iovec piece;

    return wire->server.out.len || wire->server.in.len || wire->server.is_closing ||
           ss_client_output(wire->client, &piece, 1, wire->world->mono);
}

ss_mono_t wire_deadline(const wire_t *wire)
{
    return ss_client_deadline(wire->client);
}

void wire_tick(wire_t *wire)
{
    ss_client_tick(wire->client, wire->world->mono);
    server_finish(wire);
    take_events(wire);
}

void wire_crash(wire_t *wire)
{
    server_finish(wire);
}
