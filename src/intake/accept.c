#include "intake/accept.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "delivery/jump.h"
#include "delivery/relay.h"
#include "intake/staging.h"
#include "mail/address.h"
#include "mail/trace.h"
#include "record/event_log.h"
#include "record/health.h"

typedef struct {
    ss_intake_t *intake;
    ss_message_t *message;
    ss_relay_t *relay;
    ss_mono_t received;
    const char *key; /* in intake->accepting, or NULL */
    void (*done)(void *self, const ss_accept_answer_t *answer);
    void *self;
} accepting_t;

static void __attribute__((format(printf, 3, 4)))
refuse(ss_accept_answer_t *answer, ss_accept_refusal_t why, const char *format, ...)
{
    va_list args;

    answer->refusal = why;
    va_start(args, format);
    apr_vsnprintf(answer->detail, sizeof(answer->detail), format, args);
    va_end(args);
}

ss_relay_t *ss_accept_relay(const ss_intake_t *intake, const char *from, ss_relay_t *otherwise)
{
    const apr_array_header_t *list = intake->config->globals.relay_for;

    for (int i = 0; list && i < list->nelts; i++) {
        const ss_settings_pair_t *pair = &APR_ARRAY_IDX(list, i, ss_settings_pair_t);
        ss_relay_t *relay =
            ss_address_fits(pair->name, from) ? ss_relay_find(intake->delivery, pair->value) : NULL;
        if (relay) return relay;
    }
    return otherwise;
}

int ss_accept_fits(const ss_settings_t *settings, apr_uint64_t size, apr_size_t len)
{
    return size + len <= (apr_uint64_t)settings->max_message_size;
}

int ss_accept_may(const ss_intake_t *intake, const ss_relay_t *relay, ss_accept_answer_t *answer)
{
    const ss_delivery_t *d = intake->delivery;
    apr_int64_t messages;
    apr_uint64_t bytes;

    memset(answer, 0, sizeof(*answer));
    ss_delivery_waiting(d, &messages, &bytes);
    if (intake->is_leaving) {
        refuse(answer, SS_ACCEPT_LEAVING, "the delivery daemon is restarting");
    } else if (!intake->queue->store) {
        refuse(answer, SS_ACCEPT_STORE, "%s", intake->queue->result.text);
    } else if (!ss_delivery_is_ready(d)) {
        const char *problem = ss_delivery_start_problem(d);
        refuse(answer, SS_ACCEPT_STORE, "the queue is being opened%s%s", problem ? ": " : "",
               problem ? problem : "");
    } else if (!relay->settings->engine) {
        refuse(answer, SS_ACCEPT_OFF,
               "SMTPSendEngine is Off for relay \"%s\": mail is not accepted", relay->name);
    } else if (!relay->host_count) {
        refuse(answer, SS_ACCEPT_HOST, "no SMTPSendHost is configured for relay \"%s\"",
               relay->name);
    } else if (ss_health_is_full(&intake->config->globals, messages, bytes)) {
        refuse(answer, SS_ACCEPT_FULL,
               "the queue is full: it has %" APR_INT64_T_FMT " messages (SMTPSendQueueLimit)",
               messages);
    }
    return answer->refusal == SS_ACCEPT_TAKEN;
}

ss_message_t *ss_accept_begin(const ss_relay_t *relay)
{
    apr_pool_t *pool = ss_store_pool();
    ss_message_t *m = apr_pcalloc(pool, sizeof(*m));

    m->pool = pool;
    ss_attributes_init(&m->attr);
    m->relay = apr_pstrdup(pool, relay->name);
    ss_jump_stamp(relay, m);
    m->attr.priority = SS_PRIORITY_NORMAL;
    m->from = "";
    return m;
}

int ss_accept_part(const ss_relay_t *relay, ss_message_t *m, const char *bytes, apr_size_t len,
                   ss_accept_answer_t *answer)
{
    if (!ss_accept_fits(relay->settings, m->size, len)) {
        refuse(answer, SS_ACCEPT_SIZE,
               "the message is larger than SMTPSendMaxMessageSize, %" APR_INT64_T_FMT " bytes",
               relay->settings->max_message_size);
        return 0;
    }
    if (!len) return 1;
    /* The array doubles. */
    if (!(m->part_count & (m->part_count - 1))) {
        ss_message_part_t *parts = apr_palloc(
            m->pool, sizeof(*parts) * (apr_size_t)(m->part_count ? m->part_count * 2 : 1));
        if (m->part_count) memcpy(parts, m->parts, sizeof(*parts) * (apr_size_t)m->part_count);
        m->parts = parts;
    }
    /* The first part stays in memory, because its header is needed later. The others may be freed
     * before the message. */
    if (m->part_count && !m->rest) apr_pool_create(&m->rest, m->pool);
    m->parts[m->part_count].bytes = apr_pmemdup(m->part_count ? m->rest : m->pool, bytes, len);
    m->parts[m->part_count].len = len;
    m->part_count++;
    m->size += len;
    return 1;
}

int ss_accept_content(const ss_relay_t *relay, ss_message_t *m, const char *content, apr_size_t len,
                      ss_accept_answer_t *answer)
{
    memset(answer, 0, sizeof(*answer));
    for (apr_size_t at = 0; at < len; at += SS_PART_MAX) {
        if (!ss_accept_part(relay, m, content + at, len - at < SS_PART_MAX ? len - at : SS_PART_MAX,
                            answer))
            return 0;
    }
    return 1;
}

/* ---- into the store, and back ---- */

static void answer_client(const accepting_t *a, ss_accept_answer_t *answer)
{
    ss_metrics_t *metrics = a->intake->metrics;

    if (answer->refusal)
        metrics->refused++;
    else if (answer->is_repeated)
        metrics->repeated++;
    else
        metrics->accepted++;
    answer->rcpt_count = a->message->rcpt_count;
    answer->is_paused = ss_relay_is_paused(a->relay);
    a->done(a->self, answer);
}

static void stored(ss_store_request_t *request)
{
    const accepting_t *a = request->baton;
    const ss_store_accept_t *accept = ss_store_request_as(request, SS_STORE_ACCEPT);
    ss_message_t *m = a->message;
    ss_accept_answer_t answer;

    if (a->key) apr_hash_set(a->intake->accepting, a->key, APR_HASH_KEY_STRING, NULL);
    memset(&answer, 0, sizeof(answer));
    apr_cpystrn(answer.id, *accept->existing_id ? accept->existing_id : m->id, sizeof(answer.id));
    answer.is_repeated = *accept->existing_id != '\0';
    if (request->rv != APR_SUCCESS) {
        refuse(&answer, SS_ACCEPT_STORE, "%s",
               ss_result_is_set(&request->result) ? request->result.text
                                                  : "the queue could not store the message");
    } else if (answer.is_repeated && !accept->existing_same) {
        refuse(&answer, SS_ACCEPT_KEY,
               "this Idempotency-Key was used with other content, for message %s",
               accept->existing_id);
    }
    if (!answer.refusal && !answer.is_repeated && a->intake->record)
        ss_event_log_accepted(a->intake->record, m);
    answer_client(a, &answer);
    /* Whether its commit took effect is not known, or was found out late: the store knows. */
    if (request->is_unknown) ss_delivery_doubt(a->intake->delivery, a->relay->name);
    if (!answer.refusal && (answer.is_repeated || request->is_unknown))
        ss_delivery_found(a->intake->delivery, a->relay->name, answer.id);
    if (answer.refusal || answer.is_repeated || request->is_unknown)
        ss_staging_drop(a->intake, m);
    else
        ss_delivery_accepted(a->intake->delivery, a->relay->name, m, a->received);
    apr_pool_destroy(request->pool);
}

static void drop(ss_intake_t *intake, ss_message_t *m, ss_accept_refusal_t why, const char *detail,
                 void (*done)(void *self, const ss_accept_answer_t *answer), void *self)
{
    ss_accept_answer_t answer;

    memset(&answer, 0, sizeof(answer));
    refuse(&answer, why, "%s", detail);
    intake->metrics->refused++;
    ss_staging_drop(intake, m);
    done(self, &answer);
}

/* Everything was checked. */
static void answer_dry_run(ss_intake_t *intake, const ss_relay_t *relay, ss_message_t *m,
                           void (*done)(void *self, const ss_accept_answer_t *answer), void *self)
{
    ss_accept_answer_t answer;

    memset(&answer, 0, sizeof(answer));
    answer.is_dry_run = 1;
    answer.rcpt_count = m->rcpt_count;
    answer.is_paused = ss_relay_is_paused(relay);
    ss_staging_drop(intake, m);
    done(self, &answer);
}

void ss_accept_message(ss_intake_t *intake, ss_relay_t *relay, ss_message_t *m,
                       void (*done)(void *self, const ss_accept_answer_t *answer), void *self)
{
    if (!m->size) {
        drop(intake, m, SS_ACCEPT_EMPTY, "the message is empty", done, self);
        return;
    }
    if (m->is_dry_run) {
        answer_dry_run(intake, relay, m, done, self);
        return;
    }
    /* Two equal ones at once: whether the first is accepted is not known yet. */
    const char *key = m->attr.idempotency_key ? apr_pstrcat(m->pool, m->attr.submitter, "\n",
                                                            m->attr.idempotency_key, NULL)
                                              : NULL;
    if (key && apr_hash_get(intake->accepting, key, APR_HASH_KEY_STRING)) {
        drop(intake, m, SS_ACCEPT_BUSY,
             "the first message with this Idempotency-Key is still being accepted", done, self);
        return;
    }
    if (key) apr_hash_set(intake->accepting, key, APR_HASH_KEY_STRING, key);
    m->attr.traceparent = ss_trace_parent(m->attr.traceparent, m->pool);
    ss_intake_name(intake, m);
    for (int i = 0; i < m->rcpt_count; i++) {
        if (!m->rcpts[i].next) m->rcpts[i].next = m->attr.at;
    }

    ss_store_accept_t *request = ss_store_accept_create(m, stored, NULL);
    accepting_t *a = apr_pcalloc(request->head.pool, sizeof(*a));
    *a = (accepting_t){ .intake = intake,
                        .message = m,
                        .relay = relay,
                        .received = ss_loop_now(intake->loop),
                        .key = key,
                        .done = done,
                        .self = self };
    request->head.baton = a;
    ss_store_port_post(intake->queue, &request->head);
}
