/* control.c: what people and programs ask of the daemon besides submitting: questions about messages, actions on them, pauses. */
#include "daemon/daemon.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "daemon/move.h"
#include "daemon/waiter.h"
#include "daemon/webhook.h"

#define LIST_LIMIT 100
#define LIST_MAX 1000
#define CONTROL_STEP 500                                /* messages an action touches in one commit */
#define WAIT_MAX (120 * APR_USEC_PER_SEC)
#define IDS_MAX 1000

typedef struct {
    ss_asker_t *asker;
    ss_daemon_t *daemon;
    apr_pool_t *pool;
    int is_full;                     /* show: with history */
    apr_time_t until;                /* get with wait */
    int is_asking, was_woken;        /* a look-up is under way; something was committed since it was asked for */
    ss_waiter_t waiter;
    char id[SS_IDENT_TEXT];
    /* actions */
    ss_control_t control;
    const char *verb, *who;
    ss_filter_t filter;
    apr_array_header_t *ids;
    int next_id;
    apr_int64_t matched, done, confirm;
    int is_filtered;
} work_t;

static work_t *work_create(ss_asker_t *asker)
{
    apr_pool_t *pool;
    work_t *work;

    apr_pool_create(&pool, asker->daemon->pool);
    work = apr_pcalloc(pool, sizeof(*work));
    work->asker = asker;
    work->daemon = asker->daemon;
    work->pool = pool;
    return work;
}

static void work_end(work_t *work)
{
    ss_waiter_leave(work->daemon, &work->waiter);
    apr_pool_destroy(work->pool);
}

static const char *string_of(const json_t *header, const char *name, apr_pool_t *pool)
{
    const char *value = json_string_value(json_object_get(header, name));

    return value && *value ? apr_pstrdup(pool, value) : NULL;
}

static void refuse_store(ss_asker_t *asker, const ss_store_request_t *request)
{
    ss_asker_refuse(asker, 503, 5, NULL, "%s", ss_result_is_set(&request->result) ? request->result.text : "the queue cannot be read");
}

/* ---- one message ---- */

static void ask_lookup(work_t *work);

/* What the daemon has in memory is newer than the store. */
static void overlay(ss_daemon_t *d, ss_message_t *m)
{
    const ss_job_t *job = ss_job_find(d, m->id);

    if (!job || !job->message || job->is_gone) return;
    for (int i = 0; i < m->rcpt_count && i < job->message->rcpt_count; i++) {
        const ss_recipient_t *now = &job->message->rcpts[i];
        if (ss_state_is_final(m->rcpts[i].state)) continue;
        if (now->state == SS_STATE_SENDING || (!m->rcpts[i].reply && now->reply && !ss_state_is_final(now->state))) {
            m->rcpts[i].state = now->state;
            m->rcpts[i].reply = now->reply;
            m->rcpts[i].host = now->host;
            m->rcpts[i].advice = now->advice;
        }
    }
}

static void look_again(ss_timer_t *timer, apr_time_t now)
{
    work_t *work = timer->self;

    (void)now;
    work->was_woken = 1;
    if (!work->is_asking) ask_lookup(work);
}

static int may_see(const ss_asker_t *asker, const ss_message_t *m)
{
    return ss_asker_is_trusted(asker) || (m->uid >= 0 && m->uid == asker->uid);
}

static void looked_up(ss_store_request_t *request)
{
    work_t *work = request->baton;
    ss_asker_t *asker = work->asker;
    ss_message_t *m = request->message;
    int any = 0;

    work->is_asking = 0;
    if (asker->is_closing || APR_STATUS_IS_NOTFOUND(request->rv) || (request->rv == APR_SUCCESS && !may_see(asker, m))) {
        ss_asker_refuse(asker, 404, 0, NULL, "no message %s is known (finished ones are kept for SMTPSendHistory)", work->id);
    } else if (request->rv != APR_SUCCESS) {
        refuse_store(asker, request);
    } else {
        ss_message_due(m, &any);
        if (any && work->until > apr_time_now() && !work->daemon->is_leaving) {
            apr_pool_destroy(request->pool);
            if (work->was_woken) ask_lookup(work);
            return;
        }
        overlay(work->daemon, m);
        ss_asker_document(asker, 200, ss_document_message(work->daemon, m, work->is_full ? request->history : NULL));
    }
    apr_pool_destroy(request->pool);
    work_end(work);
}

static void ask_lookup(work_t *work)
{
    ss_store_request_t *request = ss_store_request(SS_STORE_LOOKUP, looked_up, work);

    apr_cpystrn(request->id, work->id, sizeof(request->id));
    /* Waiting begins before the question: what is committed between its answer and the next look is not missed. */
    work->is_asking = 1;
    work->was_woken = 0;
    if (work->until) ss_waiter_wait(work->daemon, &work->waiter, work->id, work->until);
    ss_daemon_post(work->daemon, request);
}

static void get(ss_asker_t *asker, const json_t *header, int is_full)
{
    work_t *work = work_create(asker);
    const char *id = json_string_value(json_object_get(header, "id"));
    apr_interval_time_t wait = json_integer_value(json_object_get(header, "wait"));

    if (!id || !ss_ident_is_valid(id)) {
        work_end(work);
        ss_asker_refuse(asker, 404, 0, NULL, "that is not a message's id");
        return;
    }
    apr_cpystrn(work->id, id, sizeof(work->id));
    work->is_full = is_full;
    work->until = wait > 0 ? apr_time_now() + (wait < WAIT_MAX ? wait : WAIT_MAX) : 0;
    work->waiter.timer = (ss_timer_t){ .fired = look_again, .self = work };
    ask_lookup(work);
}

/* ---- the list ---- */

int ss_control_filter(ss_asker_t *asker, const json_t *from, ss_filter_t *filter, apr_pool_t *pool)
{
    const char *state = string_of(from, "state", pool);
    const char *after = string_of(from, "after", pool);

    *filter = (ss_filter_t){ .state = -1, .uid = ss_asker_is_trusted(asker) ? -1 : asker->uid };
    if (state) {
        filter->state = ss_state_find(state);
        if (filter->state < 0) {
            ss_asker_refuse(asker, 400, 0, "state", "\"%s\" is no state: queued sending deferred held sent failed expired cancelled", state);
            return 0;
        }
    }
    if (after && !ss_ident_is_valid(after)) {
        ss_asker_refuse(asker, 400, 0, "after", "\"%s\" is no message's id", after);
        return 0;
    }
    if (after) apr_cpystrn(filter->after, after, sizeof(filter->after));
    filter->relay = string_of(from, "relay", pool);
    filter->from = string_of(from, "from", pool);
    filter->to = string_of(from, "to", pool);
    filter->text = string_of(from, "text", pool);
    filter->is_waiting = json_is_true(json_object_get(from, "waiting"));
    return 1;
}

static void listed(ss_store_request_t *request)
{
    work_t *work = request->baton;
    json_t *document, *rows;

    if (request->rv != APR_SUCCESS) {
        refuse_store(work->asker, request);
    } else {
        rows = json_array();
        const char *last = NULL;
        for (int i = 0; i < request->rows->nelts; i++) {
            ss_message_t *m = APR_ARRAY_IDX(request->rows, i, ss_message_t *);
            overlay(work->daemon, m);
            json_array_append_new(rows, ss_document_summary(work->daemon, m));
            last = m->id;
        }
        document = json_object();
        json_object_set_new(document, "messages", rows);
        json_object_set_new(document, "more", request->more && last ? json_string(last) : json_null());
        ss_asker_document(work->asker, 200, document);
    }
    apr_pool_destroy(request->pool);
    work_end(work);
}

static void list(ss_asker_t *asker, const json_t *header)
{
    work_t *work = work_create(asker);
    json_int_t limit = json_integer_value(json_object_get(header, "limit"));

    if (!ss_control_filter(asker, header, &work->filter, work->pool)) {
        work_end(work);
        return;
    }
    ss_store_request_t *request = ss_store_request(SS_STORE_LIST, listed, work);
    request->filter = work->filter;
    request->limit = limit > 0 && limit <= LIST_MAX ? (int)limit : LIST_LIMIT;
    ss_daemon_post(work->daemon, request);
}

/* ---- actions on messages ---- */

static void next_action(work_t *work);

static void refresh_touched(work_t *work, const ss_store_request_t *request)
{
    ss_daemon_t *d = work->daemon;
    apr_time_t now = apr_time_now();

    for (int i = 0; i < request->rows->nelts; i++) {
        const ss_touched_t *t = &APR_ARRAY_IDX(request->rows, i, ss_touched_t);
        ss_relay_t *relay = ss_relay_for(d, t->relay);
        ss_waiters_wake(d, t->id);
        ss_log(d->log, SS_LOG_NOTICE, 270, "%s: %s by %s", t->id, work->verb, work->who);
        for (int k = 0; k < t->recipients; k++) {
            if (work->control == SS_CONTROL_CANCEL) {
                ss_relay_counted(relay, t->from_state, SS_STATE_CANCELLED);
                relay->metrics.results[SS_STATE_CANCELLED]++;
                d->metrics.cancelled++;
            } else if (work->control == SS_CONTROL_HOLD) {
                ss_relay_counted(relay, t->from_state, SS_STATE_HELD);
            } else {
                ss_relay_counted(relay, t->from_state, SS_STATE_QUEUED);
            }
        }
        if (work->control == SS_CONTROL_CANCEL && t->is_finished) {
            ss_message_t gone = { .rcpt_count = t->recipients, .size = t->size };
            ss_relay_stored(relay, &gone, -1);
        }
        if (work->control == SS_CONTROL_CANCEL) ss_webhook_look(d, t->id, SS_STATE_CANCELLED);
        if (work->control == SS_CONTROL_HOLD) ss_webhook_look(d, t->id, SS_STATE_HELD);
        if (work->control == SS_CONTROL_RETRY || work->control == SS_CONTROL_RELEASE || ss_job_find(d, t->id)) ss_job_refresh(d, t->id, relay, now);
    }
}

static void acted(ss_store_request_t *request)
{
    work_t *work = request->baton;
    ss_asker_t *asker = work->asker;

    if (request->rv != APR_SUCCESS) {
        if (APR_STATUS_IS_NOTFOUND(request->rv)) ss_asker_refuse(asker, 404, 0, NULL, "no message %s is known", work->id);
        else refuse_store(asker, request);
        apr_pool_destroy(request->pool);
        work_end(work);
        return;
    }
    work->done += request->touched;
    refresh_touched(work, request);
    if (work->ids && !request->touched && work->ids->nelts == 1) {
        /* One message was named and nothing of it can be changed: its state says why. */
        json_t *fields = json_object();
        json_object_set_new(fields, "state", json_string(request->value ? request->value : "unknown"));
        json_object_set_new(fields, "detail", json_string(apr_psprintf(work->pool, "message %s is %s: %s is not possible", work->id, request->value ? request->value : "unknown", work->verb)));
        ss_asker_answer(asker, 409, fields, NULL, 0);
        apr_pool_destroy(request->pool);
        work_end(work);
        return;
    }
    int more = work->is_filtered ? request->more && request->touched : 0;
    apr_pool_destroy(request->pool);
    if (more || (work->ids && work->next_id < work->ids->nelts)) {
        next_action(work);
        return;
    }
    if (work->done) {
        ss_chronicle_note(work->daemon, work->who, work->ids && work->ids->nelts == 1 ? apr_psprintf(work->pool, "%s of message %s", work->verb, work->id)
                          : apr_psprintf(work->pool, "%s of %" APR_INT64_T_FMT " messages", work->verb, work->done), apr_time_now());
    }
    json_t *document = json_object();
    if (work->is_filtered) json_object_set_new(document, "matched", json_integer(work->matched));
    else json_object_set_new(document, "matched", json_integer(work->ids->nelts));
    json_object_set_new(document, "done", json_integer(work->done));
    if (!work->is_filtered && work->ids->nelts == 1) {
        json_object_set_new(document, "id", json_string(work->id));
        if (work->control == SS_CONTROL_CANCEL) json_object_set_new(document, "state", json_string("cancelled"));
    }
    ss_asker_document(asker, 200, document);
    work_end(work);
}

static int is_in_flight(ss_daemon_t *d, const char *id)
{
    const ss_job_t *job = ss_job_find(d, id);

    return job && job->is_sending;
}

static void next_action(work_t *work)
{
    ss_store_request_t *request = ss_store_request(SS_STORE_CONTROL, acted, work);

    request->control = work->control;
    request->who = work->who;
    request->limit = CONTROL_STEP;
    request->now = apr_time_now();
    request->keep_history = work->daemon->config->globals.history > 0;
    request->filter = work->filter;
    if (!work->is_filtered) {
        apr_cpystrn(work->id, APR_ARRAY_IDX(work->ids, work->next_id, const char *), sizeof(work->id));
        work->next_id++;
        apr_cpystrn(request->id, work->id, sizeof(request->id));
        /* What is being sent cannot be called back. */
        if (is_in_flight(work->daemon, work->id) && work->control != SS_CONTROL_RETRY && work->ids->nelts == 1) {
            apr_pool_destroy(request->pool);
            json_t *fields = json_object();
            json_object_set_new(fields, "state", json_string("sending"));
            json_object_set_new(fields, "detail", json_string("the message is being sent: that cannot be called back"));
            ss_asker_answer(work->asker, 409, fields, NULL, 0);
            work_end(work);
            return;
        }
    }
    ss_daemon_post(work->daemon, request);
}

static void counted(ss_store_request_t *request)
{
    work_t *work = request->baton;

    if (request->rv != APR_SUCCESS) {
        refuse_store(work->asker, request);
        apr_pool_destroy(request->pool);
        work_end(work);
        return;
    }
    work->matched = request->touched;
    apr_pool_destroy(request->pool);
    if (work->confirm != work->matched || !work->matched) {
        ss_asker_document(work->asker, 200, json_pack("{s:I,s:i}", "matched", (json_int_t)work->matched, "done", 0));
        work_end(work);
        return;
    }
    next_action(work);
}

static int read_ids(work_t *work, const json_t *header)
{
    const json_t *ids = json_object_get(header, "id");
    apr_size_t count = json_is_array(ids) ? json_array_size(ids) : ids ? 1 : 0;

    if (!count) return 0;
    work->ids = apr_array_make(work->pool, (int)count, sizeof(const char *));
    for (apr_size_t i = 0; i < count && i < IDS_MAX; i++) {
        const char *id = json_string_value(json_is_array(ids) ? json_array_get(ids, i) : ids);
        if (!id || !ss_ident_is_valid(id)) return -1;
        APR_ARRAY_PUSH(work->ids, const char *) = apr_pstrdup(work->pool, id);
    }
    return 1;
}

static void act(ss_asker_t *asker, const json_t *header, const char *verb, ss_control_t control)
{
    work_t *work = work_create(asker);
    const json_t *filter = json_object_get(header, "filter");
    int named = read_ids(work, header);

    work->control = control;
    work->verb = apr_pstrdup(work->pool, verb);
    work->who = string_of(header, "who", work->pool);
    if (!work->who || !ss_asker_is_trusted(asker)) work->who = apr_psprintf(work->pool, "uid %d", asker->uid);
    work->filter = (ss_filter_t){ .state = -1, .uid = ss_asker_is_trusted(asker) ? -1 : asker->uid };
    if (named < 0 || (!named && !json_is_object(filter))) {
        work_end(work);
        ss_asker_refuse(asker, named < 0 ? 404 : 400, 0, "id", named < 0 ? "that is not a message's id" : "name a message by id, or a filter: state, relay, from, to");
        return;
    }
    if (named) {
        next_action(work);
        return;
    }
    work->is_filtered = 1;
    work->confirm = json_integer_value(json_object_get(header, "confirm"));
    if (!ss_control_filter(asker, filter, &work->filter, work->pool)) {
        work_end(work);
        return;
    }
    /* The same filter for the count and for each step: an action takes what it touched out of what it matches. */
    ss_store_request_t *request = ss_store_request(SS_STORE_CONTROL, counted, work);
    request->control = SS_CONTROL_COUNT;
    request->counted_for = control;
    request->filter = work->filter;
    ss_daemon_post(work->daemon, request);
}

/* ---- pause, resume, flush ---- */

static void pause_one(ss_relay_t *relay, const json_t *header, const char *who, json_t *rows, apr_time_t now)
{
    apr_interval_time_t lasts = json_integer_value(json_object_get(header, "for"));

    ss_pause_set(relay, json_string_value(json_object_get(header, "reason")), who, lasts > 0 ? now + lasts : 0, now);
    json_array_append_new(rows, json_pack("{s:s,s:b,s:n}", "name", relay->name, "paused", 1, "note"));
}

/* "rate": [count, microseconds] of the request; NULL: none. */
static const ss_rate_t *read_rate(const json_t *header, ss_rate_t *rate)
{
    const json_t *pair = json_object_get(header, "rate");

    rate->count = json_integer_value(json_array_get(pair, 0));
    rate->per = json_integer_value(json_array_get(pair, 1));
    return rate->count > 0 && rate->per > 0 ? rate : NULL;
}

static void resume_one(ss_relay_t *relay, const json_t *header, const char *who, json_t *rows, apr_time_t now)
{
    const char *note = NULL;
    ss_rate_t rate;

    ss_relay_ramp(relay, read_rate(header, &rate), now);
    ss_pause_clear(relay, who, now);
    if (relay->pause.directive) note = "still paused: the configuration says SMTPSendPause On";
    else if (!relay->settings->engine) note = "nothing is sent: the configuration says SMTPSendEngine Off";
    json_array_append_new(rows, json_pack("{s:s,s:b,s:s?}", "name", relay->name, "paused", relay->pause.directive, "note", note));
}

typedef struct { ss_asker_t *asker; json_t *document; } settled_t;

/* The answer leaves after the pause is on stable storage: a request behind the rows written says so. */
static void pause_stored(ss_store_request_t *request)
{
    settled_t *s = request->baton;

    if (request->rv != APR_SUCCESS) {
        json_decref(s->document);
        refuse_store(s->asker, request);
    } else {
        ss_asker_document(s->asker, 200, s->document);
    }
    apr_pool_destroy(request->pool);
}

static void note_regulation(ss_daemon_t *d, const char *verb, const char *relay, const char *reason, const char *who, apr_time_t now)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, d->pool);
    ss_chronicle_note(d, who, apr_pstrcat(pool, verb, " of ", relay && *relay ? "relay " : "all relays", relay ? relay : "", reason && *reason ? ": " : "", reason ? reason : "", NULL), now);
    apr_pool_destroy(pool);
}

static void regulate(ss_asker_t *asker, const json_t *header, const char *verb)
{
    ss_daemon_t *d = asker->daemon;
    const char *name = json_string_value(json_object_get(header, "relay"));
    const char *who = json_string_value(json_object_get(header, "who"));
    char uid[32];
    apr_time_t now = apr_time_now();
    json_t *rows;

    if (!ss_asker_is_trusted(asker)) {
        ss_asker_refuse(asker, 403, 0, NULL, "only root and httpd's user may %s", verb);
        return;
    }
    if (name && *name && !ss_relay_find(d, name)) {
        ss_asker_refuse(asker, 404, 0, "relay", "no relay is called \"%s\"", name);
        return;
    }
    apr_snprintf(uid, sizeof(uid), "uid %d", asker->uid);
    if (!who) who = uid;
    rows = json_array();
    for (int i = 0; i < d->relays->nelts; i++) {
        ss_relay_t *relay = APR_ARRAY_IDX(d->relays, i, ss_relay_t *);
        if (name && *name && strcmp(relay->name, name)) continue;
        if (!strcmp(verb, "pause")) {
            pause_one(relay, header, who, rows, now);
        } else if (!strcmp(verb, "resume")) {
            resume_one(relay, header, who, rows, now);
        } else {
            ss_log(d->log, SS_LOG_NOTICE, 271, "relay \"%s\": flushed by %s: everything that waits is tried at once", relay->name, who);
            ss_relay_flush(relay, who);
            json_array_append_new(rows, json_pack("{s:s,s:b,s:s?}", "name", relay->name, "paused", ss_relay_is_paused(relay),
                                                  "note", ss_relay_is_paused(relay) ? "sending is paused: nothing goes out before it is resumed" : NULL));
        }
    }
    note_regulation(d, verb, name, json_string_value(json_object_get(header, "reason")), who, now);
    ss_store_request_t *request = ss_store_request(SS_STORE_SET, pause_stored, NULL);
    settled_t *s = apr_palloc(request->pool, sizeof(*s));
    s->asker = asker;
    s->document = json_pack("{s:o}", "relays", rows);
    request->baton = s;
    request->key = "last/regulated";
    request->value = apr_pstrdup(request->pool, verb);
    ss_daemon_post(d, request);
}

/* ---- the status ---- */

#define METRICS_MAX (16 << 20)

typedef struct { ss_asker_t *asker; void (*answer)(ss_asker_t *asker); } counting_t;

static void answer_status(ss_asker_t *asker)
{
    ss_asker_document(asker, 200, ss_document_status(asker->daemon, apr_time_now()));
}

static void answer_metrics(ss_asker_t *asker)
{
    ss_buf_t out;

    ss_buf_init(&out, METRICS_MAX);
    ss_exposition_print(asker->daemon, &out, apr_time_now());
    ss_asker_answer(asker, 200, NULL, out.data, out.len);
    ss_buf_free(&out);
}

static void ages_counted(ss_store_request_t *request)
{
    const counting_t *counting = request->baton;
    ss_asker_t *asker = counting->asker;
    void (*answer)(ss_asker_t *) = counting->answer;
    ss_daemon_t *d = asker->daemon;

    ss_tally_take_oldest(d, request);
    apr_pool_destroy(request->pool);
    d->counted = apr_time_now();
    answer(asker);
}

/* The oldest message's age comes from the store, at most every two seconds; everything else the daemon counts itself. */
static void with_ages(ss_asker_t *asker, void (*answer)(ss_asker_t *asker))
{
    ss_daemon_t *d = asker->daemon;

    if (!d->store || apr_time_now() - d->counted < 2 * APR_USEC_PER_SEC) {
        answer(asker);
        return;
    }
    ss_store_request_t *request = ss_store_request(SS_STORE_OLDEST, ages_counted, NULL);
    counting_t *counting = apr_palloc(request->pool, sizeof(*counting));
    *counting = (counting_t){ asker, answer };
    request->baton = counting;
    for (int i = 0; i < d->relays->nelts; i++) ss_tally_ask_oldest(APR_ARRAY_IDX(d->relays, i, ss_relay_t *), request);
    ss_daemon_post(d, request);
}

static void do_status(ss_asker_t *asker, const json_t *header) { (void)header; with_ages(asker, answer_status); }
static void do_metrics(ss_asker_t *asker, const json_t *header) { (void)header; with_ages(asker, answer_metrics); }

static void do_chronicle(ss_asker_t *asker, const json_t *header)
{
    (void)header;
    ss_asker_document(asker, 200, ss_chronicle_json(asker->daemon, apr_time_now()));
}

/* ---- a message's content ---- */

static void part_read(ss_store_request_t *request)
{
    ss_asker_t *asker = request->baton;

    if (APR_STATUS_IS_NOTFOUND(request->rv) || (request->rv == APR_SUCCESS && !request->bytes_len)) {
        ss_asker_refuse(asker, 404, 0, NULL, "the queue has no such content: it goes when a message is finished");
    } else if (request->rv != APR_SUCCESS) {
        refuse_store(asker, request);
    } else {
        ss_asker_answer(asker, 200, NULL, request->bytes, request->bytes_len);
    }
    apr_pool_destroy(request->pool);
}

/* One part: whoever wants the whole asks for one after the other, until there is none. */
static void do_content(ss_asker_t *asker, const json_t *header)
{
    const char *id = json_string_value(json_object_get(header, "id"));

    if (!ss_asker_is_trusted(asker)) {
        ss_asker_refuse(asker, 403, 0, NULL, "only root and httpd's user may read contents");
        return;
    }
    if (!id || !ss_ident_is_valid(id)) {
        ss_asker_refuse(asker, 404, 0, "id", "that is not a message's id");
        return;
    }
    ss_store_request_t *request = ss_store_request(SS_STORE_PART, part_read, asker);
    apr_cpystrn(request->id, id, sizeof(request->id));
    request->number = (int)json_integer_value(json_object_get(header, "part"));
    ss_daemon_post(asker->daemon, request);
}

/* ---- by verb ---- */

static void get_short(ss_asker_t *asker, const json_t *header) { get(asker, header, 0); }
static void get_full(ss_asker_t *asker, const json_t *header) { get(asker, header, 1); }
static void do_retry(ss_asker_t *asker, const json_t *header) { act(asker, header, "retry", SS_CONTROL_RETRY); }
static void do_hold(ss_asker_t *asker, const json_t *header) { act(asker, header, "hold", SS_CONTROL_HOLD); }
static void do_release(ss_asker_t *asker, const json_t *header) { act(asker, header, "release", SS_CONTROL_RELEASE); }
static void do_cancel(ss_asker_t *asker, const json_t *header) { act(asker, header, "cancel", SS_CONTROL_CANCEL); }
static void do_pause(ss_asker_t *asker, const json_t *header) { regulate(asker, header, "pause"); }
static void do_resume(ss_asker_t *asker, const json_t *header) { regulate(asker, header, "resume"); }
static void do_flush(ss_asker_t *asker, const json_t *header) { regulate(asker, header, "flush"); }

static const struct { const char *name; void (*call)(ss_asker_t *, const json_t *); int needs_store; } verbs[] = {
    { "get", get_short, 1 }, { "show", get_full, 1 }, { "queue", list, 1 },
    { "retry", do_retry, 1 }, { "hold", do_hold, 1 }, { "release", do_release, 1 }, { "cancel", do_cancel, 1 }, { "bounce", ss_give_up, 1 }, { "export", ss_move_export, 1 },
    { "pause", do_pause, 1 }, { "resume", do_resume, 1 }, { "flush", do_flush, 1 },
    { "status", do_status, 0 }, { "metrics", do_metrics, 0 }, { "chronicle", do_chronicle, 0 },
    { "content", do_content, 1 }, { "test", ss_testing, 0 }, { "testmail", ss_testing_message, 1 }
};

void ss_control(ss_asker_t *asker, const char *verb, const json_t *header)
{
    for (apr_size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].name, verb)) continue;
        if (verbs[i].needs_store && !asker->daemon->store) {
            ss_asker_refuse(asker, 503, 5, NULL, "%s", asker->daemon->store_result.text);
            return;
        }
        verbs[i].call(asker, header);
        return;
    }
    ss_asker_refuse(asker, 501, 0, NULL, "the running daemon does not know \"%s\"", verb);
}
