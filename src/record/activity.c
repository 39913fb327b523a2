#include "record/activity.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "delivery/delivery_ports.h"
#include "record/series.h"
#include "record/counters.h"

#define SAMPLE_EVERY (10 * APR_USEC_PER_SEC)
#define SAMPLE_IDLE (30 * APR_USEC_PER_SEC) /* while nothing happens: an idle daemon sleeps */
#define SAVE_EVERY (60 * APR_USEC_PER_SEC)
#define ACTIONS_MAX 50 /* the newest; older ones are in the log */
#define WORDS_MAX 300  /* of who, and of what */
#define KEY "chronicle/"

typedef struct {
    apr_time_t time;
    char who[WORDS_MAX], what[WORDS_MAX];
} action_t;

struct ss_activity_t {
    ss_record_t *record;
    ss_series_t series;
    ss_timer_t timer;
    apr_uint64_t sent, failed; /* of the last sample */
    ss_mono_t saved;
    int is_changed;
    /* the stored row was read: only then may it be replaced */
    int is_ready;
    action_t actions[ACTIONS_MAX]; /* time 0: none yet */
    int next;                      /* action to be replaced */
};

static void add_action(ss_activity_t *a, apr_time_t time, const char *who, const char *what)
{
    action_t *action = &a->actions[a->next];

    action->time = time;
    apr_cpystrn(action->who, who ? who : "unknown", sizeof(action->who));
    apr_cpystrn(action->what, what ? what : "", sizeof(action->what));
    a->next = (a->next + 1) % ACTIONS_MAX;
}

/* Returns whether anything was sent or failed since the last sample, or is waiting. */
static int sample(ss_activity_t *a, apr_time_t now)
{
    const ss_metrics_t *metrics = &a->record->metrics;
    apr_uint64_t sent = metrics->sent, failed = metrics->failed + metrics->expired, bytes;
    apr_int64_t waiting;

    ss_delivery_waiting(a->record->delivery, &waiting, &bytes);
    int is_busy = sent != a->sent || failed != a->failed || waiting > 0;
    if (is_busy) a->is_changed = 1;
    ss_series_add(&a->series, sent - a->sent, failed - a->failed,
                  waiting > 0 ? (apr_uint64_t)waiting : 0, now);
    a->sent = sent;
    a->failed = failed;
    return is_busy;
}

static void tick(ss_timer_t *timer, ss_mono_t now)
{
    ss_activity_t *a = timer->self;
    apr_time_t wall = ss_loop_wall(a->record->loop);
    int is_busy = sample(a, wall);

    if (ss_mono_since(now, a->saved) >= SAVE_EVERY) ss_activity_save(a->record, wall);
    ss_loop_timer(a->record->loop, &a->timer,
                  ss_mono_add(now, is_busy ? SAMPLE_EVERY : SAMPLE_IDLE));
}

void ss_activity_start(ss_record_t *r)
{
    ss_activity_t *a = apr_pcalloc(r->pool, sizeof(*a));

    a->record = r;
    a->timer = (ss_timer_t){ .fired = tick, .self = a };
    a->saved = ss_loop_now(r->loop);
    r->activity = a;
    ss_loop_timer(r->loop, &a->timer, ss_mono_add(ss_loop_now(r->loop), SAMPLE_EVERY));
}

void ss_activity_restore(ss_record_t *r, const char *key, const char *json, apr_time_t now)
{
    ss_activity_t *a = r->activity;
    json_t *row = a->is_ready ? NULL : json_loads(json, 0, NULL);
    const json_t *actions = json_object_get(row, "actions");

    if (!row) return;
    ss_series_restore(&a->series, row, now);
    /* Newest first, as they were written: the oldest is added first. */
    for (size_t i = json_array_size(actions); i-- > 0;) {
        const json_t *action = json_array_get(actions, i);
        apr_time_t time;
        if (ss_text_time_parse(ss_json_text(action, "time"), &time)) continue;
        add_action(a, time, ss_json_text(action, "who"), ss_json_text(action, "what"));
    }
    json_decref(row);
    if (!strcmp(key, KEY)) return;
    /* An older version kept it under the host's name. */
    ss_delivery_remember(r->delivery, key, "", NULL);
    a->is_changed = 1;
}

void ss_activity_ready(ss_record_t *r)
{
    r->activity->is_ready = 1;
    if (r->activity->is_changed) ss_activity_save(r, ss_loop_wall(r->loop));
}

json_t *ss_activity_json(ss_record_t *r, apr_time_t now)
{
    ss_activity_t *a = r->activity;
    json_t *actions = json_array(), *json;

    sample(a, now);
    json = ss_series_json(&a->series, now);
    for (int i = 1; i <= ACTIONS_MAX; i++) {
        const action_t *action = &a->actions[(a->next + ACTIONS_MAX - i) % ACTIONS_MAX];
        if (!action->time) break;
        json_array_append_new(
            actions, json_pack("{s:o,s:o,s:o}", "time", ss_json_time(action->time), "who",
                               ss_json_string(action->who), "what", ss_json_string(action->what)));
    }
    json_object_set_new(json, "actions", actions);
    return json;
}

void ss_activity_save(ss_record_t *r, apr_time_t now)
{
    ss_activity_t *a = r->activity;

    if (!a || !r->queue->store || !a->is_ready) return;
    sample(a, now);
    if (!a->is_changed) return;
    ss_delivery_remember_json(r->delivery, KEY, "", ss_activity_json(r, now));
    ss_counters_save(r);
    a->saved = ss_loop_now(r->loop);
    a->is_changed = 0;
}

void ss_activity_note(ss_record_t *r, const char *who, const char *what, apr_time_t now)
{
    add_action(r->activity, now, who, what);
    r->activity->is_changed = 1;
    ss_activity_save(r, now);
}
