#include "record/webhook.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "config/hooks.h"
#include "delivery/delivery_ports.h"
#include "record/event_log.h"
#include "record/webhook_turns.h"

#define FULL_LOG_EVERY (60 * APR_USEC_PER_SEC)
#define KEY_MAX 400

typedef struct note_t {     /* one notification; malloc'ed */
    ss_webhook_turn_t turn; /* first */
    ss_record_t *record;
    char key[KEY_MAX]; /* of its row: "webhook/EVENT'S ID", of older versions "webhook/HOST/ID" */
    json_t *row;       /* {"url","key"?,"private"?,"body","created","by"?,"trace"?} */
    int attempts;
    ss_webhook_call_t call;
    /* libcurl's, lent while the request is under way, because its thread may run a moment longer
     * than the daemon */
    void *handle;
} note_t;

struct ss_webhook_t {
    ss_webhook_turns_t turns;
    void *idle[SS_WEBHOOK_TURNS_MAX]; /* handles that no request uses */
    int idle_count;
    int is_used;
    ss_timer_t timer;
    ss_mono_t logged; /* that the backlog is full; or not set */
};

/* ---- when a notification is repeated ---- */

ss_webhook_retry_t ss_webhook_retry_judge(int status, apr_interval_time_t age)
{
    if (status >= 200 && status < 300) return SS_WEBHOOK_TAKEN;
    if (status == 410 || age >= SS_WEBHOOK_RETRY_SPAN) return SS_WEBHOOK_GONE;
    return SS_WEBHOOK_TRY_AGAIN;
}

apr_interval_time_t ss_webhook_retry_wait(int failed)
{
    apr_interval_time_t wait = SS_WEBHOOK_RETRY_FIRST;

    for (int i = 1; i < failed && wait < SS_WEBHOOK_RETRY_LONGEST; i++) wait *= 2;
    return wait < SS_WEBHOOK_RETRY_LONGEST ? wait : SS_WEBHOOK_RETRY_LONGEST;
}

int ss_webhook_retry_has_room(int waiting)
{
    return waiting < SS_WEBHOOK_RETRY_BACKLOG;
}

/* ---- the notifications that wait ---- */

static void pump(ss_record_t *r, ss_mono_t now);

static void fired(ss_timer_t *timer, ss_mono_t now)
{
    pump(timer->self, now);
}

void ss_webhook_create(ss_record_t *r)
{
    r->webhook = apr_pcalloc(r->pool, sizeof(*r->webhook));
    ss_webhook_turns_init(&r->webhook->turns);
    r->webhook->timer = (ss_timer_t){ .fired = fired, .self = r };
}

static void free_note(note_t *note)
{
    json_decref(note->row);
    free(note);
}

/* A request under way keeps what it needs: see note_t. */
void ss_webhook_destroy(ss_record_t *r)
{
    ss_webhook_t *w = r->webhook;
    ss_webhook_turn_t *turn;

    while ((turn = ss_webhook_turns_any(&w->turns)) != NULL) {
        int is_active = turn->is_active;
        ss_webhook_turns_remove(&w->turns, turn);
        if (!is_active) free_note((note_t *)turn);
    }
    while (w->idle_count) ss_webhook_call_close(w->idle[--w->idle_count]);
}

static void add(ss_record_t *r, const char *key, json_t *row)
{
    ss_webhook_t *w = r->webhook;
    note_t *note = calloc(1, sizeof(*note));
    const char *url = ss_json_text(row, "url"), *by = ss_json_text(row, "by");

    if (!note || !url ||
        ss_webhook_turns_add(&w->turns, &note->turn, by ? by : url, url, ss_loop_now(r->loop))) {
        json_decref(row);
        free(note);
        return;
    }
    note->record = r;
    note->row = row;
    apr_cpystrn(note->key, key, sizeof(note->key));
    if (!w->is_used) ss_webhook_call_init();
    w->is_used = 1;
}

/* ---- what is notified ---- */

static int wants(const json_t *hook, const char *event)
{
    const json_t *events = json_object_get(hook, "events");

    for (size_t i = 0; i < json_array_size(events); i++) {
        const char *name = json_string_value(json_array_get(events, i));
        if (name && !strcmp(name, event)) return 1;
    }
    return 0;
}

static const char *body_of(const ss_message_t *m, const ss_recipient_t *rcpt, const char *event,
                           apr_time_t now, apr_pool_t *pool)
{
    json_t *metadata = m->attr.metadata ? json_loads(m->attr.metadata, 0, NULL) : NULL;

    return ss_json_print(
        json_pack("{s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:{s:o,s:s,s:b,s:i,s:o,s:o,s:o,s:o}}", "event",
                  event, "id", m->id, "time", ss_json_time(now), "from", ss_json_string(m->from),
                  "subject", ss_json_string(m->attr.subject), "messageId",
                  ss_json_string(m->attr.message_id), "metadata", metadata ? metadata : json_null(),
                  "traceparent", ss_json_string(m->attr.traceparent), "recipient", "address",
                  ss_json_string(rcpt->address), "state", ss_state_name(rcpt->state), "uncertain",
                  rcpt->is_uncertain, "attempts", rcpt->attempts, "reply",
                  ss_json_string(rcpt->reply), "dsn", ss_json_string(rcpt->dsn), "relay",
                  ss_json_string(rcpt->host), "deliveredAt", ss_json_time(rcpt->delivered_at)),
        pool);
}

static void log_full(ss_record_t *r)
{
    ss_mono_t now = ss_loop_now(r->loop), logged = r->webhook->logged;

    if (ss_mono_is_set(logged) && ss_mono_since(now, logged) < FULL_LOG_EVERY) return;
    r->webhook->logged = now;
    ss_log(r->log, SS_LOG_WARN, 295, "webhook backlog full (%d events): new events are dropped",
           SS_WEBHOOK_RETRY_BACKLOG);
}

/* Whether there is room for one more of the submitter's; perhaps another one's newest is dropped
 * for it. */
static int make_room(ss_record_t *r, const char *submitter)
{
    ss_webhook_turns_t *turns = &r->webhook->turns;
    ss_webhook_turn_t *excess;

    if (ss_webhook_retry_has_room(turns->waiting)) return 1;
    log_full(r);
    excess = ss_webhook_turns_excess(turns, submitter);
    if (!excess) return 0;
    ss_delivery_remember(r->delivery, ((note_t *)excess)->key, "", NULL);
    ss_webhook_turns_remove(turns, excess);
    free_note((note_t *)excess);
    return 1;
}

static void notify_event(ss_record_t *r, const ss_message_t *m, const ss_recipient_t *rcpt,
                         const json_t *hook, const char *event, apr_time_t now, apr_pool_t *pool)
{
    const char *by = m->attr.submitter ? m->attr.submitter : "";
    char key[KEY_MAX];

    if (!wants(hook, event) || !make_room(r, by)) return;
    json_t *is_private = json_object_get(hook, "private");
    json_t *row = json_pack("{s:O*,s:O*,s:O*,s:s?,s:I,s:o,s:s*}", "url",
                            json_object_get(hook, "url"), "key", json_object_get(hook, "key"),
                            "private", json_is_true(is_private) ? is_private : NULL, "body",
                            body_of(m, rcpt, event, now, pool), "created", now, "by",
                            ss_json_string(by), "trace", m->attr.traceparent);
    apr_snprintf(key, sizeof(key), "webhook/%s-%d-%s-%d", m->id, rcpt->number, event,
                 rcpt->attempts);
    ss_delivery_remember_json(r->delivery, key, "", json_incref(row));
    add(r, key, row);
}

void ss_webhook_notify(ss_record_t *r, const ss_message_t *m, const ss_recipient_t *rcpt,
                       apr_time_t now)
{
    apr_pool_t *pool;

    if (r->finished && ss_state_is_final(rcpt->state)) {
        r->finished(m->id, m->from, rcpt->address, ss_state_name(rcpt->state), rcpt->reply,
                    m->attr.metadata);
    }
    if (!m->attr.webhook) return;
    json_t *hook = json_loads(m->attr.webhook, 0, NULL);
    if (!hook) return;
    apr_pool_create(&pool, NULL);
    notify_event(r, m, rcpt, hook, ss_state_name(rcpt->state), now, pool);
    if (rcpt->is_uncertain && rcpt->state != SS_STATE_SENT)
        notify_event(r, m, rcpt, hook, "uncertain", now, pool);
    json_decref(hook);
    apr_pool_destroy(pool);
    ss_loop_timer(r->loop, &r->webhook->timer, ss_loop_now(r->loop));
}

/* Recipients in which state are notified of: the baton of a lookup, in its pool. */
typedef struct {
    ss_record_t *record;
    ss_state_t state;
} wanted_t;

static void looked(ss_store_request_t *request)
{
    const wanted_t *wanted = request->baton;
    const ss_store_lookup_t *lookup = ss_store_request_as(request, SS_STORE_LOOKUP);
    ss_record_t *r = wanted->record;
    const ss_message_t *m = lookup->message;

    for (int i = 0; request->rv == APR_SUCCESS && m && i < m->rcpt_count; i++) {
        if (m->rcpts[i].state != wanted->state) continue;
        ss_webhook_notify(r, m, &m->rcpts[i], ss_loop_wall(r->loop));
        if (ss_state_is_final(wanted->state)) ss_event_log_final(r, m, &m->rcpts[i]);
    }
    apr_pool_destroy(request->pool);
}

int ss_webhook_reads_stored(const ss_record_t *r)
{
    return r->finished || r->webhook->is_used || ss_hooks_are_used() || ss_event_log_is_on(r);
}

void ss_webhook_notify_stored(ss_record_t *r, const char *id, ss_state_t state)
{
    if (!ss_webhook_reads_stored(r)) return;
    ss_store_lookup_t *request = ss_store_lookup_create(id, looked, NULL);
    wanted_t *wanted = apr_palloc(request->head.pool, sizeof(*wanted));
    *wanted = (wanted_t){ r, state };
    request->head.baton = wanted;
    ss_store_port_post(r->queue, &request->head);
}

void ss_webhook_restore(ss_record_t *r, const char *key, const char *json)
{
    json_t *row = json_loads(json, 0, NULL);

    if (!row) return;
    add(r, key, row);
    ss_loop_timer(r->loop, &r->webhook->timer, ss_loop_now(r->loop));
}

/* ---- the requests ---- */

static const char *event_of(const note_t *note)
{
    return strrchr(note->key, '/') + 1;
}

static void log_failure(ss_record_t *r, ss_log_level_t level, int number, const note_t *note,
                        const char *what)
{
    char status[32];

    if (!ss_delivery_may_log(r->delivery, "webhook notifications to %s that failed: %s",
                             note->call.url, what))
        return;
    apr_snprintf(status, sizeof(status), "HTTP status %d", note->call.status);
    ss_log(r->log, level, number, "%s: webhook notification to %s failed: %s; %s", event_of(note),
           note->call.url, note->call.status ? status : note->call.error, what);
}

static void work(void *baton)
{
    note_t *note = baton;

    ss_webhook_call(&note->call, &note->handle);
}

static void done(void *baton)
{
    note_t *note = baton;
    ss_record_t *r = note->record;
    ss_webhook_t *w = r->webhook;
    ss_mono_t now = ss_loop_now(r->loop);
    apr_time_t created = ss_json_number(note->row, "created");
    ss_webhook_retry_t next =
        ss_webhook_retry_judge(note->call.status, ss_loop_wall(r->loop) - created);

    ss_webhook_turns_end(&w->turns, &note->turn, now);
    w->idle[w->idle_count++] = note->handle;
    if (next == SS_WEBHOOK_TRY_AGAIN) {
        note->turn.due = ss_mono_add(now, ss_webhook_retry_wait(++note->attempts));
        if (note->attempts == 1)
            log_failure(r, SS_LOG_INFO, 296, note, "it is retried for 24 hours");
    } else {
        if (next == SS_WEBHOOK_GONE) log_failure(r, SS_LOG_WARN, 297, note, "it is given up");
        ss_delivery_remember(r->delivery, note->key, "", NULL);
        ss_webhook_turns_remove(&w->turns, &note->turn);
        free_note(note);
    }
    pump(r, now);
}

static int begin(ss_record_t *r, note_t *note)
{
    ss_webhook_t *w = r->webhook;
    const char *key = ss_json_text(note->row, "key");

    note->call = (ss_webhook_call_t){ .event = event_of(note),
                                      .url = ss_json_text(note->row, "url"),
                                      .body = ss_json_text(note->row, "body"),
                                      .trace = ss_json_text(note->row, "trace"),
                                      .secret = key ? ss_hooks_find(key) : NULL,
                                      .may_be_private = ss_json_is(note->row, "private") };
    if (!note->call.url || !note->call.body) return 0;
    /* Without its key a notification is never sent unsigned. */
    if (key && !note->call.secret) return 0;
    note->handle = w->idle_count ? w->idle[w->idle_count - 1] : NULL;
    if (ss_loop_help_long(r->loop, work, done, note) != APR_SUCCESS) return 0;
    if (w->idle_count) w->idle_count--;
    return 1;
}

static void pump(ss_record_t *r, ss_mono_t now)
{
    ss_webhook_t *w = r->webhook;
    ss_webhook_turn_t *turn;
    ss_mono_t next;

    if (r->is_leaving) return;
    while ((turn = ss_webhook_turns_next(&w->turns, now, &next)) != NULL) {
        if (begin(r, (note_t *)turn)) continue;
        turn->due = ss_mono_add(now, SS_WEBHOOK_RETRY_FIRST);
        ss_webhook_turns_end(&w->turns, turn, now);
    }
    if (ss_mono_is_set(next)) ss_loop_timer(r->loop, &w->timer, next);
}
