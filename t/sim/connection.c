/* connection.c: a connection of the simulator: the client on one end, the scripted server on the
 * other, bytes in pieces of any size in between. */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

typedef struct { /* a message on its way */
    ss_client_message_t message;
    job_t *job;
    int numbers[RCPTS_MAX]; /* of its recipients in the job */
    int taken[RCPTS_MAX];   /* how often the server had them before */
} sending_t;

conn_t *conn_open(world_t *w)
{
    apr_pool_t *pool;
    ss_client_options_t options = w->options;

    apr_pool_create(&pool, w->pool);
    conn_t *c = apr_pcalloc(pool, sizeof(*c));
    c->world = w;
    c->pool = pool;
    if (w->learned & SS_LEARN_NO_PIPELINING) options.pipelining = 0;
    if (w->learned & SS_LEARN_NO_CHUNKING) options.chunking = 0;
    if (w->learned & SS_LEARN_ONE_MESSAGE) options.max_messages = 1;
    if (w->learned & SS_LEARN_NO_EHLO) options.use_helo = 1;
    server_open(&c->server, &w->kind, &w->truth, &w->random);
    c->client = ss_client_create(&options, (ss_mono_t){ w->now }, pool);
    ss_buf_puts(&c->server.out, "220 relay.example ESMTP\r\n");
    c->server.said = c->server.out.len;
    w->counts.connections++;
    return c;
}

static void conn_free(conn_t *c)
{
    world_t *w = c->world;

    for (int i = 0; i < CONNECTIONS_MAX; i++) {
        if (w->conns[i] == c) w->conns[i] = NULL;
    }
    ss_client_destroy(c->client);
    server_free(&c->server);
    apr_pool_destroy(c->pool);
}

static apr_status_t read_content(void *self, apr_off_t at, const char **bytes, apr_size_t *len)
{
    const sending_t *s = self;

    if (at >= (apr_off_t)s->job->content_len) return APR_EOF;
    *bytes = s->job->content + at;
    *len = s->job->content_len - (apr_size_t)at;
    return APR_SUCCESS;
}

static int is_due(const ss_recipient_t *rcpt, apr_time_t now)
{
    return (rcpt->state == SS_STATE_QUEUED || rcpt->state == SS_STATE_DEFERRED) &&
           rcpt->next <= now;
}

int conn_send(conn_t *c, job_t *job)
{
    world_t *w = c->world;
    apr_pool_t *pool;
    int most = w->learned_rcpts ? w->learned_rcpts : RCPTS_MAX;

    apr_pool_create(&pool, w->pool);
    sending_t *s = apr_pcalloc(pool, sizeof(*s));
    s->job = job;
    s->message =
        (ss_client_message_t){ .owner = s,
                               .pool = pool,
                               .from = apr_psprintf(pool, "m%d@x.example", job->number),
                               .size = (apr_off_t)job->content_len,
                               .rcpts = apr_pcalloc(pool, sizeof(ss_client_rcpt_t) * RCPTS_MAX),
                               .content = { read_content, s } };
    for (int i = 0; i < job->rcpt_count && s->message.rcpt_count < most; i++) {
        if (!is_due(&job->rcpts[i], w->now)) continue;
        s->numbers[s->message.rcpt_count] = i;
        s->taken[s->message.rcpt_count] = w->truth.rcpts[job->number][i].taken;
        s->message.rcpts[s->message.rcpt_count++].address = apr_psprintf(pool, "r%d@y.example", i);
    }
    if (!s->message.rcpt_count ||
        ss_client_send(c->client, &s->message, (ss_mono_t){ w->now }) != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return 0;
    }
    for (int i = 0; i < s->message.rcpt_count; i++)
        ss_recipient_go(&job->rcpts[s->numbers[i]], SS_STATE_SENDING);
    job->is_sending = 1;
    c->in_flight++;
    if (c->in_flight > SS_CLIENT_WINDOW_MAX)
        truth_wrong(&w->truth, "%d messages in flight", c->in_flight);
    return 1;
}

/* The client's word about a recipient against what the server did. */
static void compare(conn_t *c, const sending_t *s, int i)
{
    static const char *const fates[] = { "sent", "deferred", "failed",   "again",
                                         "down", "blocked",  "uncertain" };
    world_t *w = c->world;
    const ss_client_rcpt_t *rcpt = &s->message.rcpts[i];
    const truth_t *truth = &w->truth.rcpts[s->job->number][s->numbers[i]];

    world_say(w, "message %d recipient %d: %s (%d %s)", s->job->number, s->numbers[i],
              fates[rcpt->fate], rcpt->code, rcpt->text ? rcpt->text : "");
    if (rcpt->cmd == SS_CMD_NONE || !rcpt->advice || !rcpt->text)
        truth_wrong(&w->truth, "message %d came back undecided", s->job->number);
    if (rcpt->fate == SS_FATE_SENT && !truth->known)
        truth_wrong(&w->truth, "message %d is called sent, and its answer has not arrived",
                    s->job->number);
    if (rcpt->fate == SS_FATE_FAILED && !truth->refused)
        truth_wrong(&w->truth, "message %d failed for recipient %d without a final refusal",
                    s->job->number, s->numbers[i]);
    if (rcpt->fate == SS_FATE_UNCERTAIN && !server_has_whole(&c->server, s->job->number))
        truth_wrong(&w->truth, "message %d is called uncertain, and its end was never written",
                    s->job->number);
    if (rcpt->fate == SS_FATE_UNCERTAIN && c->server.has_left && !c->server.out.len)
        truth_wrong(&w->truth, "message %d is called uncertain, and the server had left before",
                    s->job->number);
    if (rcpt->fate != SS_FATE_SENT && truth->known)
        truth_wrong(&w->truth, "message %d was taken and answered, and is called %s",
                    s->job->number, fates[rcpt->fate]);
    if (rcpt->fate != SS_FATE_SENT && rcpt->fate != SS_FATE_UNCERTAIN && truth->taken > s->taken[i])
        truth_wrong(&w->truth, "message %d was taken for recipient %d, and is called %s",
                    s->job->number, s->numbers[i], fates[rcpt->fate]);
}

static void done(conn_t *c, ss_client_message_t *m)
{
    world_t *w = c->world;
    sending_t *s = m->owner;
    job_t *job = s->job;

    c->in_flight--;
    if (!job->is_sending) truth_wrong(&w->truth, "message %d came back twice", job->number);
    job->is_sending = 0;
    for (int i = 0; i < m->rcpt_count; i++) {
        compare(c, s, i);
        if (m->rcpts[i].fate == SS_FATE_UNCERTAIN && !i) c->uncertain++;
        m->rcpts[i].orcpt = (const char *)(apr_uintptr_t)&job->rcpts[s->numbers[i]];
    }
    m->internal = job;
    world_done(w, c, m);
    if (c->uncertain > SS_CLIENT_WINDOW_MAX)
        truth_wrong(&w->truth, "%d messages uncertain on one connection", c->uncertain);
    apr_pool_destroy(m->pool);
}

static void want_secret(conn_t *c)
{
    world_t *w = c->world;

    if (w->rejected && w->now < w->rejected + 60 * APR_USEC_PER_SEC)
        truth_wrong(&w->truth, "a login %d s after one was rejected",
                    (int)apr_time_sec(w->now - w->rejected));
    ss_client_secret(c->client, "secret", 6, (ss_mono_t){ w->now });
}

/* What is remembered of a host must be true of it. */
static void learned(conn_t *c, const ss_client_event_t *event)
{
    world_t *w = c->world;
    const server_kind_t *kind = &w->kind;

    world_say(w, "learned %u %d (%s)", event->learn, event->number, event->text);
    if ((event->learn == SS_LEARN_ONE_MESSAGE && !kind->one_mail) ||
        (event->learn == SS_LEARN_MAX_RECIPIENTS && !kind->most_rcpts) ||
        (event->learn == SS_LEARN_NO_CHUNKING && !kind->refuses_bdat) ||
        (event->learn == SS_LEARN_NO_EHLO && kind->has_ehlo))
        truth_wrong(&w->truth, "learned %u of a server that is not like that (%.100s)",
                    event->learn, event->text);
    w->learned |= event->learn;
    if (event->learn == SS_LEARN_MAX_RECIPIENTS)
        w->learned_rcpts = event->number > 0 ? event->number : 1;
}

/* 1: the connection is gone. */
static int take_events(conn_t *c)
{
    world_t *w = c->world;
    const ss_client_event_t *event;

    while ((event = ss_client_next(c->client))) {
        switch (event->kind) {
        case SS_EVENT_READY:
            c->is_ready = 1;
            ss_breaker_worked(&w->host, w->now);
            break;
        case SS_EVENT_START_TLS: c->is_starting_tls = 1; break;
        case SS_EVENT_WANT_SECRET: want_secret(c); break;
        case SS_EVENT_DONE: done(c, event->message); break;
        case SS_EVENT_LEARNED: learned(c, event); break;
        case SS_EVENT_CLOSED:
            if (c->in_flight)
                truth_wrong(&w->truth, "closed with %d messages in flight", c->in_flight);
            world_closed(w, c, event);
            conn_free(c);
            return 1;
        default: break;
        }
    }
    return 0;
}

/* The server still works on what arrived, whatever became of the connection. */
static void server_finish(conn_t *c)
{
    while (server_work(&c->server)) continue;
}

static apr_size_t some(world_t *w, apr_size_t len)
{
    return len < 2 || random_below(&w->random, 3)
               ? len
               : 1 + (apr_size_t)random_below(&w->random, (int)len);
}

/* Client to server. */
static int move_out(conn_t *c)
{
    world_t *w = c->world;
    struct iovec pieces[6];
    int count = ss_client_output(c->client, pieces, 6, (ss_mono_t){ w->now });
    apr_size_t sum = 0;

    if (!count) return 0;
    for (int i = 0; i < count; i++) {
        apr_size_t len = some(w, pieces[i].iov_len);
        server_take(&c->server, pieces[i].iov_base, len);
        sum += len;
        if (len < pieces[i].iov_len) break;
    }
    ss_client_sent(c->client, sum, (ss_mono_t){ w->now });
    return 1;
}

/* Server to client. */
static int move_in(conn_t *c)
{
    world_t *w = c->world;
    server_t *s = &c->server;
    apr_size_t len = some(w, s->out.len), taken;

    if (!s->out.len) return 0;
    char *copy = malloc(len); /* exact, so that reading too far is seen */
    memcpy(copy, s->out.data, len);
    taken = len;
    server_fed(s, len);
    ss_client_feed(c->client, copy, &taken, (ss_mono_t){ w->now });
    free(copy);
    return 1;
}

int conn_step(conn_t *c)
{
    world_t *w = c->world;
    server_t *s = &c->server;
    int moved = 0;

    if (c->is_starting_tls && !s->out.len && s->wants_tls) {
        c->is_starting_tls = 0;
        s->is_tls = 1;
        ss_client_tls_on(c->client, NULL, NULL, 0, (ss_mono_t){ w->now });
        moved = 1;
    }
    if (random_below(&w->random, 4)) moved |= move_out(c);
    if (random_below(&w->random, 4)) moved |= server_work(s);
    if (take_events(c)) return 1;
    if (random_below(&w->random, 4)) moved |= move_in(c);
    if (take_events(c)) return 1;
    if (s->is_closing && !s->out.len && random_once(&w->random, 2)) {
        ss_client_lost(c->client, s->is_reset ? ECONNRESET : APR_EOF, NULL, (ss_mono_t){ w->now });
        moved = 1;
    }
    /* The server may be busy with what the client has written off. */
    if (!ss_client_can_send(c->client) && random_once(&w->random, 8)) server_finish(c);
    return take_events(c) || moved;
}

apr_time_t conn_deadline(const conn_t *c)
{
    return ss_client_deadline(c->client).us;
}

void conn_tick(conn_t *c)
{
    ss_client_tick(c->client, (ss_mono_t){ c->world->now });
    server_finish(c);
    take_events(c);
}

void conn_quit(conn_t *c)
{
    ss_client_quit(c->client, (ss_mono_t){ c->world->now });
    take_events(c);
}

void conn_crash(conn_t *c)
{
    server_finish(c);
    conn_free(c);
}
