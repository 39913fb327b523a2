/* webhook.c: what is to be told, when, and until when. See webhook.h; webhook_call.c makes the
 * requests. */
#include "record/webhook.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "config/hooks.h"
#include "record/webhook_call.h"

#define WAIT_FIRST (5 * APR_USEC_PER_SEC)
#define WAIT_LAST (3600 * APR_USEC_PER_SEC)
#define GIVE_UP (24 * 3600 * APR_USEC_PER_SEC)
#define SAY_EVERY (60 * APR_USEC_PER_SEC)
#define KEY_MAX 400

typedef struct told_t { /* one result; malloc'ed */
    struct told_t *next, *prev;
    ss_daemon_t *daemon;
    /* of its row, "webhook/NODE/ID": several nodes may share a queue, each tells what it sent */
    char key[KEY_MAX];
    json_t *row; /* {"url","key"?,"private"?,"body","created"} */
    int attempts, is_active, slot;
    ss_mono_t due;
    ss_webhook_call_t call;
    /* of libcurl; lent while the request is under way, since its thread may outlast the daemon's
     * memory by a moment */
    void *handle;
} told_t;

struct ss_webhooks_t {
    told_t *first, *last;
    int waiting, active;
    void *handles[SS_WEBHOOK_ACTIVE_MAX];
    int is_taken[SS_WEBHOOK_ACTIVE_MAX];
    int has_curl, is_used;
    ss_timer_t timer;
    ss_mono_t said; /* last line on dropped results; or not set */
    char node[256];
};

static void pump(ss_daemon_t *d, ss_mono_t now);

static void fired(ss_timer_t *timer, ss_mono_t now)
{
    pump(timer->self, now);
}

void ss_webhook_create(ss_daemon_t *d)
{
    d->webhooks = apr_pcalloc(d->pool, sizeof(*d->webhooks));
    if (gethostname(d->webhooks->node, sizeof(d->webhooks->node) - 1))
        apr_cpystrn(d->webhooks->node, "node", sizeof(d->webhooks->node));
    d->webhooks->timer = (ss_timer_t){ .fired = fired, .self = d };
}

static void unlink_told(struct ss_webhooks_t *w, told_t *told)
{
    if (told->prev)
        told->prev->next = told->next;
    else
        w->first = told->next;
    if (told->next)
        told->next->prev = told->prev;
    else
        w->last = told->prev;
    w->waiting--;
}

static void free_told(told_t *told)
{
    json_decref(told->row);
    free(told);
}

/* What is under way keeps what it needs: see told_t. */
void ss_webhook_destroy(ss_daemon_t *d)
{
    struct ss_webhooks_t *w = d->webhooks;

    for (told_t *told = w->first, *next; told; told = next) {
        next = told->next;
        if (!told->is_active) free_told(told);
    }
    for (int i = 0; i < SS_WEBHOOK_ACTIVE_MAX; i++) {
        if (!w->is_taken[i]) ss_webhook_call_close(w->handles[i]);
    }
}

static void add(ss_daemon_t *d, const char *key, json_t *row)
{
    struct ss_webhooks_t *w = d->webhooks;
    told_t *told = calloc(1, sizeof(*told));

    if (!told) {
        json_decref(row);
        return;
    }
    told->daemon = d;
    told->row = row;
    told->due = ss_loop_now(d->loop);
    apr_cpystrn(told->key, key, sizeof(told->key));
    told->prev = w->last;
    if (w->last)
        w->last->next = told;
    else
        w->first = told;
    w->last = told;
    w->waiting++;
    w->is_used = 1;
}

/* ---- what is told ---- */

static int wants(const json_t *hook, const char *event)
{
    const json_t *events = json_object_get(hook, "events");

    for (size_t i = 0; i < json_array_size(events); i++) {
        const char *name = json_string_value(json_array_get(events, i));
        if (name && !strcmp(name, event)) return 1;
    }
    return 0;
}

static json_t *text_of(const char *text, apr_pool_t *pool)
{
    return text ? json_string(ss_text_utf8(pool, text, strlen(text))) : json_null();
}

static json_t *time_of(apr_time_t time, apr_pool_t *pool)
{
    return time ? json_string(ss_text_time(pool, time)) : json_null();
}

static char *body_of(const ss_message_t *m, const ss_recipient_t *rcpt, const char *event,
                     apr_time_t now, apr_pool_t *pool)
{
    json_t *metadata = m->attr.metadata ? json_loads(m->attr.metadata, 0, NULL) : NULL;
    json_t *body = json_pack(
        "{s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:{s:o,s:s,s:b,s:i,s:o,s:o,s:o,s:o}}", "event", event, "id",
        m->id, "time", time_of(now, pool), "from", text_of(m->from, pool), "subject",
        text_of(m->attr.subject, pool), "messageId", text_of(m->attr.message_id, pool), "metadata",
        metadata ? metadata : json_null(), "recipient", "address", text_of(rcpt->address, pool),
        "state", ss_state_name(rcpt->state), "uncertain", rcpt->is_uncertain, "attempts",
        rcpt->attempts, "reply", text_of(rcpt->reply, pool), "dsn", text_of(rcpt->dsn, pool),
        "relay", text_of(rcpt->host, pool), "deliveredAt", time_of(rcpt->delivered_at, pool));
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

    json_decref(body);
    return text;
}

static void say_full(ss_daemon_t *d)
{
    ss_mono_t now = ss_loop_now(d->loop), said = d->webhooks->said;

    if (ss_mono_is_set(said) && ss_mono_since(now, said) < SAY_EVERY) return;
    d->webhooks->said = now;
    ss_log(d->log, SS_LOG_WARN, 295,
           "%d results wait for applications that do not take them (SMTPSendWebhook): further ones "
           "are dropped",
           SS_WEBHOOK_WAITING_MAX);
}

static void tell_event(ss_daemon_t *d, const ss_message_t *m, const ss_recipient_t *rcpt,
                       const json_t *hook, const char *event, apr_time_t now, apr_pool_t *pool)
{
    struct ss_webhooks_t *w = d->webhooks;
    char key[KEY_MAX];

    if (!wants(hook, event)) return;
    if (w->waiting >= SS_WEBHOOK_WAITING_MAX) {
        say_full(d);
        return;
    }
    char *body = body_of(m, rcpt, event, now, pool);
    json_t *row = json_object();
    json_object_set(row, "url", json_object_get(hook, "url"));
    if (json_object_get(hook, "key")) json_object_set(row, "key", json_object_get(hook, "key"));
    if (json_is_true(json_object_get(hook, "private")))
        json_object_set(row, "private", json_true());
    json_object_set_new(row, "body", body ? json_string(body) : json_null());
    json_object_set_new(row, "created", json_integer(now));
    free(body);
    apr_snprintf(key, sizeof(key), "webhook/%s/%s-%d-%s-%d", w->node, m->id, rcpt->number, event,
                 rcpt->attempts);
    char *text = json_dumps(row, JSON_COMPACT);
    if (text) ss_daemon_remember(d, key, text);
    free(text);
    add(d, key, row);
}

void ss_webhook_notify(ss_daemon_t *d, const ss_message_t *m, const ss_recipient_t *rcpt,
                       apr_time_t now)
{
    apr_pool_t *pool;
    json_t *hook;

    if (d->finished && ss_state_is_final(rcpt->state)) {
        d->finished(m->id, m->from, rcpt->address, ss_state_name(rcpt->state), rcpt->reply,
                    m->attr.metadata);
    }
    if (!m->attr.webhook) return;
    apr_pool_create(&pool, NULL);
    hook = json_loads(m->attr.webhook, 0, NULL);
    if (hook) {
        tell_event(d, m, rcpt, hook, ss_state_name(rcpt->state), now, pool);
        if (rcpt->is_uncertain && rcpt->state != SS_STATE_SENT)
            tell_event(d, m, rcpt, hook, "uncertain", now, pool);
    }
    json_decref(hook);
    apr_pool_destroy(pool);
    if (hook) ss_loop_timer(d->loop, &d->webhooks->timer, ss_loop_now(d->loop));
}

/* Recipients in which state are reported: the baton of a lookup, in its pool. */
typedef struct {
    ss_daemon_t *daemon;
    ss_state_t state;
} wanted_t;

static void looked(ss_store_request_t *request)
{
    const wanted_t *wanted = request->baton;
    const ss_store_lookup_t *lookup = ss_store_request_as(request, SS_STORE_LOOKUP);
    ss_daemon_t *d = wanted->daemon;
    const ss_message_t *m = lookup->message;

    for (int i = 0; request->rv == APR_SUCCESS && m && i < m->rcpt_count; i++) {
        if (m->rcpts[i].state == wanted->state)
            ss_webhook_notify(d, m, &m->rcpts[i], ss_loop_wall(d->loop));
    }
    apr_pool_destroy(request->pool);
}

void ss_webhook_notify_stored(ss_daemon_t *d, const char *id, ss_state_t state)
{
    if (!d->finished && !d->webhooks->is_used && !ss_hooks_are_used()) return;
    ss_store_lookup_t *request = ss_store_lookup_create(id, looked, NULL);
    wanted_t *wanted = apr_palloc(request->head.pool, sizeof(*wanted));
    *wanted = (wanted_t){ d, state };
    request->head.baton = wanted;
    ss_store_port_post(&d->queue, &request->head);
}

void ss_webhook_restore(ss_daemon_t *d, const char *key, const char *json)
{
    json_t *row = json_loads(json, 0, NULL);

    if (!row) return;
    add(d, key, row);
    ss_loop_timer(d->loop, &d->webhooks->timer, ss_loop_now(d->loop));
}

/* ---- when it is told ---- */

static const char *event_of(const told_t *told)
{
    return strrchr(told->key, '/') + 1;
}

static void say_untaken(ss_daemon_t *d, ss_log_level_t level, int number, const told_t *told,
                        const char *what)
{
    char status[32];

    if (!ss_daemon_is_new(d, "results that could not be told to %s: %s", told->call.url, what))
        return;
    apr_snprintf(status, sizeof(status), "HTTP status %d", told->call.status);
    ss_log(d->log, level, number, "%s: the result could not be told to %s: %s; %s", event_of(told),
           told->call.url, told->call.status ? status : told->call.error, what);
}

static void work(void *baton)
{
    told_t *told = baton;

    ss_webhook_call(&told->call, &told->handle);
}

static void done(void *baton)
{
    told_t *told = baton;
    ss_daemon_t *d = told->daemon;
    struct ss_webhooks_t *w = d->webhooks;
    ss_mono_t now = ss_loop_now(d->loop);
    apr_time_t created = json_integer_value(json_object_get(told->row, "created"));
    int status = told->call.status, is_taken = status >= 200 && status < 300;
    apr_interval_time_t wait = WAIT_FIRST;

    told->is_active = 0;
    w->handles[told->slot] = told->handle;
    w->is_taken[told->slot] = 0;
    w->active--;
    if (!is_taken && status != 410 && ss_loop_wall(d->loop) - created < GIVE_UP) {
        for (int i = 0; i < told->attempts && wait < WAIT_LAST; i++) wait *= 2;
        told->attempts++;
        told->due = ss_mono_add(now, wait < WAIT_LAST ? wait : WAIT_LAST);
        if (told->attempts == 1)
            say_untaken(d, SS_LOG_INFO, 296, told, "it is tried again for a day");
    } else {
        if (!is_taken) say_untaken(d, SS_LOG_WARN, 297, told, "it is given up");
        ss_daemon_remember(d, told->key, NULL);
        unlink_told(w, told);
        free_told(told);
    }
    pump(d, now);
}

static int begin(ss_daemon_t *d, told_t *told)
{
    struct ss_webhooks_t *w = d->webhooks;
    const char *key = json_string_value(json_object_get(told->row, "key"));

    if (!w->has_curl) ss_webhook_call_init();
    w->has_curl = 1;
    for (told->slot = 0; w->is_taken[told->slot]; told->slot++) {
    }
    told->call = (ss_webhook_call_t){ .event = event_of(told),
                                      .url = json_string_value(json_object_get(told->row, "url")),
                                      .body = json_string_value(json_object_get(told->row, "body")),
                                      .secret = key ? ss_hooks_find(key) : NULL,
                                      .may_be_private =
                                          json_is_true(json_object_get(told->row, "private")) };
    if (!told->call.url || !told->call.body) return 0;
    /* A result that was to be signed never goes out unsigned. */
    if (key && !told->call.secret) return 0;
    told->handle = w->handles[told->slot];
    if (ss_loop_help(d->loop, work, done, told) != APR_SUCCESS) return 0;
    told->is_active = 1;
    w->is_taken[told->slot] = 1;
    w->active++;
    return 1;
}

static void pump(ss_daemon_t *d, ss_mono_t now)
{
    struct ss_webhooks_t *w = d->webhooks;
    ss_mono_t next = { 0 };

    if (d->is_leaving) return;
    for (told_t *told = w->first; told && w->active < SS_WEBHOOK_ACTIVE_MAX; told = told->next) {
        if (told->is_active) continue;
        int is_due = ss_mono_reached(told->due, now);
        if (!is_due || !begin(d, told)) {
            if (is_due) told->due = ss_mono_add(now, WAIT_FIRST);
            next = ss_mono_min(next, told->due);
        }
    }
    if (ss_mono_is_set(next) && w->active < SS_WEBHOOK_ACTIVE_MAX)
        ss_loop_timer(d->loop, &w->timer, next);
}
