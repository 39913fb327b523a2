/* sending_rig.c: see sending_rig.h. */
#include "sending_rig.h"

#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "queue/store_request.h"

#define CONTENT "Subject: x\r\n\r\ntext\r\n"

struct ss_transport_t {
    sending_rig_t *rig;
    ss_transport_t *next;
    ss_transport_options_t options;
    apr_pool_t *pool;
    ss_client_t *client;
    int number;            /* of those opened */
    ss_buf_t in, out;      /* of the server */
    int has_sender, rcpts; /* accepted for this message */
    int is_in_content, is_closing, is_hanging, is_gone;
};

/* ---- the server ---- */

static void answer(ss_transport_t *t, const char *command, const char *usual)
{
    t->rig->host = t->options.host;
    t->rig->session = t->number;
    const char *reply = t->rig->reply ? t->rig->reply(t->rig, command) : NULL;

    if (!reply) reply = usual;
    if (!strcmp(reply, "drop")) {
        t->is_closing = 1;
        return;
    }
    if (!strcmp(reply, "hang")) {
        t->is_hanging = 1;
        return;
    }
    ss_buf_puts(&t->out, reply);
    ss_buf_puts(&t->out, "\r\n");
    if (*reply == '4' && reply[1] == '2' && reply[2] == '1') t->is_closing = 1;
    if (!strncmp(command, "MAIL", 4)) {
        t->has_sender = *reply == '2';
        t->rcpts = 0;
    }
    if (!strncmp(command, "RCPT", 4) && *reply == '2') t->rcpts++;
    if (!strcmp(command, "DATA") && *reply == '3') t->is_in_content = 1;
    if (!strcmp(command, ".") && *reply == '2') {
        t->rig->bodies++;
        t->rig->served[t->options.host]++;
    }
}

static void take_line(ss_transport_t *t, const char *line)
{
    if (t->is_closing || t->is_hanging) return;
    if (t->is_in_content) {
        if (strcmp(line, ".")) return;
        t->is_in_content = 0;
        answer(t, ".", "250 2.0.0 Ok: queued");
    } else if (!strncmp(line, "RCPT", 4) && !t->has_sender) {
        ss_buf_puts(&t->out, "503 5.5.1 MAIL first\r\n");
    } else if (!strncmp(line, "EHLO", 4)) {
        answer(t, line, "250-relay\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME");
    } else if (!strcmp(line, "DATA")) {
        answer(t, line, t->rcpts ? "354 go on" : "554 5.5.1 no valid recipients");
    } else if (!strcmp(line, "QUIT")) {
        t->rig->quits++;
        answer(t, line, "221 2.0.0 bye");
        t->is_closing = 1;
    } else {
        answer(t, line, "250 2.0.0 Ok");
    }
}

static void take_bytes(ss_transport_t *t, const char *bytes, apr_size_t len)
{
    char line[1000];
    char *end;

    for (apr_size_t i = 0; i < len; i++) t->rig->octets_8bit += (bytes[i] & 0x80) != 0;
    ss_buf_append(&t->in, bytes, len);
    while (t->in.len && (end = memchr(t->in.data, '\n', t->in.len)) != NULL) {
        apr_size_t n = (apr_size_t)(end - t->in.data) + 1;
        apr_cpystrn(line, t->in.data, n < sizeof(line) ? n - 1 : sizeof(line));
        ss_buf_take(&t->in, n);
        take_line(t, line);
    }
}

/* ---- the transport ---- */

static apr_status_t prepare(void *self, const ss_settings_t *settings, ss_result_t *result)
{
    (void)self;
    (void)settings;
    (void)result;
    return APR_SUCCESS;
}

static apr_status_t open_transport(void *self, ss_transport_t **out,
                                   const ss_transport_options_t *options)
{
    sending_rig_t *rig = self;
    ss_client_options_t how = { .helo = "me.example",
                                .host = "relay.example",
                                .port = 25,
                                .is_loopback = 1,
                                .pipelining = !(options->learned & SS_LEARN_NO_PIPELINING),
                                .proof = options->proof,
                                .haste = options->haste,
                                .window_max = 4,
                                .username = rig->user,
                                .max_recipients = 100,
                                .attempt_deadline = 1800 * RIG_SECOND,
                                .max_messages = options->max_messages,
                                .mechanism = options->mechanism,
                                .mechanism_lost = options->mechanism_lost,
                                .logins = options->logins,
                                .takes_several = (options->learned & SS_LEARN_SEVERAL) != 0 };
    apr_pool_t *pool;

    rig->opened++;
    rig->opened_to[options->host]++;
    if (rig->lacks) return rig->lacks;
    if (rig->refuses & 1 << options->host) return APR_EGENERAL;
    apr_pool_create(&pool, NULL);
    ss_transport_t *t = apr_pcalloc(pool, sizeof(*t));
    t->rig = rig;
    t->number = rig->opened;
    t->pool = pool;
    t->options = *options;
    for (int i = 0; i < SS_TIMEOUTS; i++) how.timeout[i] = 60 * RIG_SECOND;
    t->client = ss_client_create(&how, rig->mono, pool);
    ss_buf_init(&t->in, 1000000);
    ss_buf_init(&t->out, 1000000);
    answer(t, "", "220 relay ESMTP");
    t->next = rig->transports;
    rig->transports = t;
    rig->open++;
    *out = t;
    return APR_SUCCESS;
}

static void close_transport(ss_transport_t *t)
{
    t->is_gone = 1;
    t->rig->open--;
}

static const ss_client_t *client_of(const ss_transport_t *t)
{
    return t->client;
}

static apr_status_t send_message(ss_transport_t *t, ss_client_message_t *message)
{
    return ss_client_send(t->client, message, t->rig->mono);
}

static void more(ss_transport_t *t)
{
    ss_client_more(t->client, t->rig->mono);
}

static void secret(ss_transport_t *t, const char *bytes, apr_size_t len)
{
    ss_client_secret(t->client, bytes, len, t->rig->mono);
}

static void quit(ss_transport_t *t)
{
    ss_client_quit(t->client, t->rig->mono);
}

static int take_events(ss_transport_t *t)
{
    const ss_client_event_t *event;
    int count = 0;

    while (!t->is_gone && (event = ss_client_next(t->client)) != NULL) {
        t->options.event(t->options.owner, event);
        count++;
    }
    return count;
}

static void abort_transport(ss_transport_t *t, const char *why)
{
    (void)why;
    ss_client_lost(t->client, APR_ECONNABORTED, NULL, t->rig->mono);
    take_events(t);
}

static const char *name_of(const ss_transport_t *t)
{
    (void)t;
    return "relay.example[192.0.2.1]:25";
}

static const ss_transport_ops_t ops = { prepare,         open_transport, close_transport, client_of,
                                        send_message,    more,           secret,          quit,
                                        abort_transport, name_of };

/* Moves bytes and events; whether anything moved. */
static int step(ss_transport_t *t)
{
    struct iovec pieces[8];
    int moved = take_events(t);

    if (t->is_gone) return 1;
    int count = ss_client_output(t->client, pieces, 8, t->rig->mono);
    apr_size_t sum = 0;
    for (int i = 0; i < count; i++) {
        take_bytes(t, pieces[i].iov_base, pieces[i].iov_len);
        sum += pieces[i].iov_len;
    }
    if (sum) ss_client_sent(t->client, sum, t->rig->mono);
    if (t->out.len) {
        apr_size_t len = t->out.len;
        ss_client_feed(t->client, t->out.data, &len, t->rig->mono);
        ss_buf_clear(&t->out);
        moved = 1;
    } else if (t->is_closing) {
        t->is_closing = 0;
        ss_client_lost(t->client, APR_EOF, NULL, t->rig->mono);
        moved = 1;
    }
    return take_events(t) || sum || moved;
}

static void free_gone(sending_rig_t *rig)
{
    for (ss_transport_t **at = &rig->transports; *at;) {
        ss_transport_t *t = *at;
        if (!t->is_gone) {
            at = &t->next;
            continue;
        }
        *at = t->next;
        ss_client_destroy(t->client);
        ss_buf_free(&t->in);
        ss_buf_free(&t->out);
        apr_pool_destroy(t->pool);
    }
}

/* ---- the store ---- */

static int find(const sending_rig_t *rig, const char *id)
{
    for (int i = 0; i < rig->count; i++)
        if (!strcmp(rig->stored[i].id, id)) return i;
    return -1;
}

static ss_message_t *make_message(const sending_rig_t *rig, int number)
{
    apr_pool_t *pool = ss_store_pool();
    ss_message_t *m = apr_pcalloc(pool, sizeof(*m));
    const char *content = rig->content ? rig->content : CONTENT;

    m->pool = pool;
    apr_cpystrn(m->id, rig->stored[number].id, sizeof(m->id));
    m->relay = "default";
    m->from = rig->stored[number].from ? rig->stored[number].from : "app@example.com";
    m->rcpt_count = rig->stored[number].rcpt_count;
    m->rcpts = apr_pmemdup(pool, rig->stored[number].rcpts,
                           sizeof(ss_recipient_t) * (apr_size_t)m->rcpt_count);
    m->parts = apr_pcalloc(pool, sizeof(*m->parts));
    m->part_count = 1;
    m->parts[0].bytes = content;
    m->parts[0].len = m->size = strlen(content);
    m->attr.is_8bit = rig->content != NULL;
    m->attr.priority = SS_PRIORITY_NORMAL;
    m->attr.submitter = "app";
    m->attr.expire = rig->stored[number].expire;
    m->attr.at = rig->stored[number].at;
    m->created = rig->stored[number].created;
    m->paused_base = rig->stored[number].paused_base;
    return m;
}

static void store_outcome(sending_rig_t *rig, const ss_store_outcome_t *outcome)
{
    int number = find(rig, outcome->message->id);

    for (int i = 0; number >= 0 && i < outcome->changed_count; i++) {
        const ss_recipient_t *from = &outcome->message->rcpts[outcome->changed[i]];
        ss_recipient_t *to = &rig->stored[number].rcpts[outcome->changed[i]];
        to->state = from->state;
        to->attempts = from->attempts;
        to->next = from->next;
        to->is_delay_reported = from->is_delay_reported;
    }
}

static void find_due(const sending_rig_t *rig, ss_store_due_t *due)
{
    due->rows = apr_array_make(due->head.pool, 1, sizeof(ss_store_due_row_t));
    for (int i = 0; i < rig->count && !due->after_id[0]; i++) {
        ss_store_due_row_t row = { .relay = "default", .submitter = "app", .created = rig->wall };
        const ss_recipient_t *rcpts = rig->stored[i].rcpts;
        if (rcpts[0].state > SS_STATE_DEFERRED) continue;
        row.due = rcpts[0].next;
        for (int r = 0; r < rig->stored[i].rcpt_count; r++) {
            if (rcpts[r].next < row.due) row.due = rcpts[r].next;
            if (rcpts[r].attempts > row.attempts) row.attempts = rcpts[r].attempts;
            row.queued += rcpts[r].state == SS_STATE_QUEUED;
        }
        apr_cpystrn(row.id, rig->stored[i].id, sizeof(row.id));
        APR_ARRAY_PUSH(due->rows, ss_store_due_row_t) = row;
    }
}

static void count(const sending_rig_t *rig, ss_store_counts_t *counts)
{
    counts->rows = apr_array_make(counts->head.pool, rig->count + 1, sizeof(ss_store_count_t));
    for (int i = 0; i < rig->count; i++) {
        for (int r = 0; r < rig->stored[i].rcpt_count; r++)
            APR_ARRAY_PUSH(counts->rows, ss_store_count_t) =
                (ss_store_count_t){ .relay = "default",
                                    .state = rig->stored[i].rcpts[r].state,
                                    .messages = !r,
                                    .recipients = 1,
                                    .bytes = r ? 0 : strlen(CONTENT) };
    }
}

/* What cannot be read. */
static void hold(sending_rig_t *rig, ss_store_control_t *control)
{
    int number = find(rig, control->id);

    if (rig->fails_holds) control->head.rv = SS_STORE_UNREADABLE;
    if (rig->fails_holds || number < 0) return;
    APR_ARRAY_PUSH(control->rows, ss_store_changed_t) =
        (ss_store_changed_t){ .relay = "default",
                              .recipients = rig->stored[number].rcpt_count,
                              .from_state = rig->stored[number].rcpts[0].state };
    for (int i = 0; i < rig->stored[number].rcpt_count; i++)
        rig->stored[number].rcpts[i].state = SS_STATE_HELD;
}

/* Clocks and counts are those of the tests that put them there. */
static void set(sending_rig_t *rig, const ss_store_set_t *set)
{
    int i = 0;

    if (strncmp(set->key, "kept/", 5)) return;
    while (i < rig->settings_count && strcmp(rig->settings_rows[i][0], set->key)) i++;
    CU_ASSERT_FATAL(i < 8);
    if (i == rig->settings_count) rig->settings_count++;
    apr_cpystrn(rig->settings_rows[i][0], set->value ? set->key : "", sizeof(**rig->settings_rows));
    apr_cpystrn(rig->settings_rows[i][1], set->value ? set->value : "",
                sizeof(**rig->settings_rows));
}

static void do_request(sending_rig_t *rig, ss_store_request_t *request)
{
    request->rv =
        rig->fails || (rig->fails_verbs & 1u << request->verb) ? APR_EGENERAL : APR_SUCCESS;
    if (request->verb == SS_STORE_LOAD) {
        ss_store_load_t *load = ss_store_request_as(request, SS_STORE_LOAD);
        int number = find(rig, load->id);
        if (number < 0) request->rv = APR_NOTFOUND;
        if (number == 0 && rig->load_rv) {
            request->rv = rig->load_rv;
            ss_result_set(&request->result, "queue", "", NULL, "a page is damaged");
        }
        if (request->rv == APR_SUCCESS) {
            load->message = make_message(rig, number);
            load->message->is_foreign = rig->is_foreign;
        }
    } else if (request->verb == SS_STORE_OUTCOME && !rig->fails) {
        store_outcome(rig, ss_store_request_as(request, SS_STORE_OUTCOME));
    } else if (request->verb == SS_STORE_DUE) {
        find_due(rig, ss_store_request_as(request, SS_STORE_DUE));
    } else if (request->verb == SS_STORE_COUNTS) {
        count(rig, ss_store_request_as(request, SS_STORE_COUNTS));
    } else if (request->verb == SS_STORE_SETTINGS) {
        ss_store_settings_t *settings = ss_store_request_as(request, SS_STORE_SETTINGS);
        settings->rows = apr_array_make(request->pool, 8, sizeof(ss_store_setting_t));
        for (int i = 0; i < rig->settings_count; i++)
            APR_ARRAY_PUSH(settings->rows, ss_store_setting_t) =
                (ss_store_setting_t){ rig->settings_rows[i][0], rig->settings_rows[i][1] };
    } else if (request->verb == SS_STORE_SET) {
        set(rig, ss_store_request_as(request, SS_STORE_SET));
    } else if (request->verb == SS_STORE_LIST) {
        ss_store_list_t *list = ss_store_request_as(request, SS_STORE_LIST);
        rig->listed = list->filter;
        list->rows = apr_array_make(request->pool, 1, sizeof(ss_message_t *));
    } else if (request->verb == SS_STORE_CONTROL) {
        ss_store_control_t *control = ss_store_request_as(request, SS_STORE_CONTROL);
        rig->controlled = control->filter;
        control->rows = apr_array_make(request->pool, 1, sizeof(ss_store_changed_t));
        if (control->reason) hold(rig, control);
    } else if (request->verb == SS_STORE_PURGE) {
        ss_store_purge_t *purge = ss_store_request_as(request, SS_STORE_PURGE);
        rig->purged_before = purge->before;
        purge->rows = apr_array_make(request->pool, 1, sizeof(ss_store_count_t));
    }
}

static int work(sending_rig_t *rig)
{
    struct ss_requests_t mine;
    int did = 0;

    if (rig->holds || APR_RING_EMPTY(&rig->posted, ss_store_request_t, link)) return 0;
    APR_RING_INIT(&mine, ss_store_request_t, link);
    APR_RING_CONCAT(&mine, &rig->posted, ss_store_request_t, link);
    while (!APR_RING_EMPTY(&mine, ss_store_request_t, link)) {
        ss_store_request_t *request = APR_RING_FIRST(&mine);
        APR_RING_REMOVE(request, link);
        if (rig->holds_loads && request->verb == SS_STORE_LOAD) {
            APR_RING_INSERT_TAIL(&rig->posted, request, ss_store_request_t, link);
            continue;
        }
        did = 1;
        do_request(rig, request);
        request->done(request);
    }
    return did;
}

/* ---- the other ports ---- */

static void post(void *self, ss_store_request_t *request)
{
    sending_rig_t *rig = self;

    rig->requests[request->verb]++;
    APR_RING_INSERT_TAIL(&rig->posted, request, ss_store_request_t, link);
}

static int store_waiting(void *self)
{
    const sending_rig_t *rig = self;

    return !APR_RING_EMPTY(&rig->posted, ss_store_request_t, link);
}

static const char *store_fault(void *self)
{
    return ((const sending_rig_t *)self)->fault;
}

static ss_secret_t *secret_of(void *self, const ss_settings_t *settings)
{
    (void)settings;
    return ((sending_rig_t *)self)->secret;
}

static void read_secret(ss_deferred_t *deferred, ss_mono_t now)
{
    sending_rig_t *rig = deferred->self;
    ss_result_t result;

    (void)now;
    ss_result_clear(&result);
    apr_status_t rv = ss_secret_reload(rig->secret, 10 * RIG_SECOND, &result);
    rig->loads++;
    rig->loaded(rig->loaded_baton, rv, &result);
}

static apr_status_t secret_load(void *self, ss_secret_t *of_relay,
                                void (*done)(void *, apr_status_t, const ss_result_t *),
                                void *baton)
{
    sending_rig_t *rig = self;

    if (!of_relay) return APR_ENOTIMPL;
    rig->load = (ss_deferred_t){ .call = read_secret, .self = rig };
    rig->loaded = done;
    rig->loaded_baton = baton;
    ss_deferred_add(&rig->deferred, &rig->load);
    return APR_SUCCESS;
}

static ss_mono_t mono_now(void *self)
{
    return ((const sending_rig_t *)self)->mono;
}

static apr_time_t wall_now(void *self)
{
    return ((const sending_rig_t *)self)->wall;
}

static void set_timer(void *self, ss_timer_t *timer, ss_mono_t when)
{
    ss_timer_set(&((sending_rig_t *)self)->timers, timer, when);
}

static void clear_timer(void *self, ss_timer_t *timer)
{
    ss_heap_remove(&((sending_rig_t *)self)->timers, &timer->node);
}

static void defer(void *self, ss_deferred_t *deferred)
{
    ss_deferred_add(&((sending_rig_t *)self)->deferred, deferred);
}

static apr_uint32_t draw(void *self)
{
    (void)self;
    return 0x80000000u; /* no jitter */
}

/* Work is done when the turn ends. */
static void compute_now(ss_deferred_t *deferred, ss_mono_t now)
{
    sending_rig_t *rig = deferred->self;

    (void)now;
    if (rig->holds_work) return;
    rig->work(rig->work_baton);
    rig->works++;
    rig->work_done(rig->work_baton);
}

static apr_status_t compute(void *self, void (*begin)(void *baton), void (*done)(void *baton),
                            void *baton)
{
    sending_rig_t *rig = self;

    if (rig->refuses_work || rig->computing.is_pending) return APR_ENOMEM;
    rig->work = begin;
    rig->work_done = done;
    rig->work_baton = baton;
    rig->computing = (ss_deferred_t){ .call = compute_now, .self = rig };
    ss_deferred_add(&rig->deferred, &rig->computing);
    return APR_SUCCESS;
}

static int may_log(void *self, const char *key)
{
    (void)self;
    (void)key;
    return 1;
}

static void recipient_changed(void *self, const ss_message_t *m, const ss_recipient_t *rcpt,
                              apr_time_t now)
{
    (void)self;
    (void)m;
    (void)rcpt;
    (void)now;
}

/* What the event log would get, a line each. */
static void note_event(sending_rig_t *rig, const char *event, const char *what)
{
    apr_size_t len = strlen(rig->events);

    apr_snprintf(rig->events + len, sizeof(rig->events) - len, "%s %s\n", event, what);
}

static void attempted(void *self, const ss_message_t *m, const ss_recipient_t *rcpt,
                      const ss_ports_attempt_t *attempt)
{
    (void)m;
    (void)attempt;
    note_event(self, "attempt", ss_state_name(rcpt->state));
}

static void finished(void *self, const ss_message_t *m, const ss_recipient_t *rcpt)
{
    (void)m;
    CU_ASSERT_PTR_NOT_NULL(rcpt->address);
    note_event(self, "final", ss_state_name(rcpt->state));
}

static void ignore_text(void *self, const char *text)
{
    (void)self;
    (void)text;
}

static void ignore_setting(void *self, const char *key, const char *value)
{
    (void)self;
    (void)key;
    (void)value;
}

static void settings_read(void *self)
{
    (void)self;
}

static void went_idle(void *self)
{
    (void)self;
}

static void log_line(void *self, ss_log_level_t level, const char *line)
{
    sending_rig_t *rig = self;
    apr_size_t len = strlen(rig->said);

    (void)level;
    apr_snprintf(rig->said + len, sizeof(rig->said) - len, "%s\n", line);
}

/* ---- for tests ---- */

void sending_rig_begin(sending_rig_t *rig)
{
    static const int waits[] = { 60, 300, 900 };
    ss_settings_t *s = &rig->settings;

    memset(rig, 0, sizeof(*rig));
    apr_pool_create(&rig->pool, NULL);
    rig->mono = (ss_mono_t){ 1000 * RIG_SECOND };
    rig->wall = RIG_WALL;
    rig->log = (ss_log_t){ .write = log_line, .self = rig, .level = SS_LOG_INFO };
    ss_settings_clear(s);
    s->engine = 1;
    s->relay_name = "default";
    s->server_name = "me.example";
    s->tls = SS_TLS_NONE;
    s->bounce = "off";
    s->hosts = apr_array_make(rig->pool, 1, sizeof(ss_settings_host_t));
    APR_ARRAY_PUSH(s->hosts, ss_settings_host_t) =
        (ss_settings_host_t){ .name = "relay.example", .port = 25 };
    s->retry = apr_array_make(rig->pool, 3, sizeof(apr_interval_time_t));
    for (int i = 0; i < 3; i++)
        APR_ARRAY_PUSH(s->retry, apr_interval_time_t) = waits[i] * RIG_SECOND;
    ss_settings_finish(s, rig->pool);
    ss_settings_globals_clear(&rig->config.globals);
    rig->config.globals.history = 3600 * RIG_SECOND;
    rig->config.relays = apr_array_make(rig->pool, 1, sizeof(const ss_settings_t *));
    APR_ARRAY_PUSH(rig->config.relays, const ss_settings_t *) = s;
    APR_RING_INIT(&rig->posted, ss_store_request_t, link);
    ss_heap_init(&rig->timers, 1000);
}

void sending_rig_start(sending_rig_t *rig)
{
    ss_delivery_options_t options = { .config = &rig->config,
                                      .log = &rig->log,
                                      .idents = &rig->idents,
                                      .ports = { .self = rig,
                                                 .post = post,
                                                 .store_waiting = store_waiting,
                                                 .store_fault = store_fault,
                                                 .transport = &ops,
                                                 .transport_self = rig,
                                                 .secret_of = secret_of,
                                                 .secret_load = secret_load,
                                                 .boot = rig->boot,
                                                 .mono_now = mono_now,
                                                 .wall_now = wall_now,
                                                 .timer = set_timer,
                                                 .untimer = clear_timer,
                                                 .defer = defer,
                                                 .compute = compute,
                                                 .random = draw,
                                                 .may_log = may_log,
                                                 .recipient_changed = recipient_changed,
                                                 .attempted = attempted,
                                                 .finished = finished,
                                                 .message_written = ignore_text,
                                                 .setting = ignore_setting,
                                                 .settings_read = settings_read,
                                                 .went_idle = went_idle } };

    CU_ASSERT_EQUAL_FATAL(ss_delivery_create(&rig->delivery, &options, rig->pool), APR_SUCCESS);
    rig->relay = ss_relay_at(rig->delivery, 0);
    ss_delivery_start(rig->delivery, 0);
    sending_rig_run(rig, 0);
    CU_ASSERT(rig->fails || rig->fails_verbs || ss_delivery_is_ready(rig->delivery));
}

static void stop(sending_rig_t *rig)
{
    ss_delivery_leave(rig->delivery);
    ss_delivery_abort(rig->delivery);
    ss_delivery_save(rig->delivery);
    rig->holds = rig->holds_loads = 0;
    while (work(rig)) continue;
    free_gone(rig);
    CU_ASSERT_EQUAL(rig->open, 0);
    ss_delivery_destroy(rig->delivery);
}

void sending_rig_restart(sending_rig_t *rig, apr_interval_time_t later)
{
    stop(rig);
    ss_heap_free(&rig->timers);
    ss_heap_init(&rig->timers, 1000);
    memset(&rig->deferred, 0, sizeof(rig->deferred));
    rig->mono = ss_mono_add(rig->mono, later);
    rig->wall += later;
    sending_rig_start(rig);
}

void sending_rig_end(sending_rig_t *rig)
{
    stop(rig);
    ss_heap_free(&rig->timers);
    apr_pool_destroy(rig->pool);
}

static int add(sending_rig_t *rig, int recipients)
{
    int number = rig->count++;

    apr_snprintf(rig->stored[number].id, SS_IDENT_TEXT, "%08d-0000-7000-8000-000000000000", number);
    rig->stored[number].rcpt_count = recipients;
    rig->stored[number].created = rig->wall;
    for (int i = 0; i < recipients; i++)
        rig->stored[number].rcpts[i] =
            (ss_recipient_t){ .number = i,
                              .address = apr_psprintf(rig->pool, "r%d@example.net", i) };
    return number;
}

int sending_rig_add(sending_rig_t *rig, int recipients)
{
    int number = add(rig, recipients);

    ss_delivery_accepted(rig->delivery, "default", make_message(rig, number), rig->mono);
    return number;
}

int sending_rig_add_to(sending_rig_t *rig, const char *from, const char *to)
{
    char *rest = apr_pstrdup(rig->pool, to), *state = NULL, *word;
    int number = add(rig, 0);

    rig->stored[number].from = from;
    while ((word = apr_strtok(rest, " ", &state)) != NULL) {
        int i = rig->stored[number].rcpt_count++;
        rig->stored[number].rcpts[i] = (ss_recipient_t){ .number = i, .address = word };
        rest = NULL;
    }
    ss_delivery_accepted(rig->delivery, "default", make_message(rig, number), rig->mono);
    return number;
}

int sending_rig_put(sending_rig_t *rig)
{
    return add(rig, 1);
}

/* Everything that happens without time passing. */
static void settle(sending_rig_t *rig)
{
    int moved = 1;

    for (int round = 0; moved && round < 10000; round++) {
        moved = ss_deferred_any(&rig->deferred);
        ss_deferred_run(&rig->deferred, rig->mono);
        moved |= work(rig);
        for (ss_transport_t *t = rig->transports; t; t = t->next)
            if (!t->is_gone) moved |= step(t);
        free_gone(rig);
    }
    CU_ASSERT_FALSE(moved);
}

void sending_rig_run(sending_rig_t *rig, apr_interval_time_t time)
{
    ss_mono_t end = ss_mono_add(rig->mono, time), when;

    settle(rig);
    for (;;) {
        ss_mono_t next = end;
        if (ss_timer_next(&rig->timers, &when) && ss_mono_before(when, next)) next = when;
        for (const ss_transport_t *t = rig->transports; t; t = t->next) {
            ss_mono_t deadline = ss_client_deadline(t->client);
            if (ss_mono_is_set(deadline) && ss_mono_before(deadline, next)) next = deadline;
        }
        if (ss_mono_before(rig->mono, next)) {
            rig->wall += ss_mono_since(next, rig->mono);
            rig->mono = next;
        }
        int is_end = !ss_mono_before(rig->mono, end);
        ss_timer_fire(&rig->timers, rig->mono);
        for (ss_transport_t *t = rig->transports; t; t = t->next) {
            ss_mono_t deadline = ss_client_deadline(t->client);
            if (ss_mono_is_set(deadline) && ss_mono_reached(deadline, rig->mono))
                ss_client_tick(t->client, rig->mono);
        }
        settle(rig);
        if (is_end) return;
    }
}

ss_state_t sending_rig_state(const sending_rig_t *rig, int message)
{
    return rig->stored[message].rcpts[0].state;
}

int sending_rig_attempts(const sending_rig_t *rig, int message)
{
    return rig->stored[message].rcpts[0].attempts;
}
