/* bounce_queue.c: see bounce_queue.h. The text of a report is mail/bounce.h's. */
#include "delivery/bounce_queue.h"

#include <apr_strings.h>
#include <string.h>

#include "delivery/delivery_impl.h"
#include "delivery/jump.h"
#include "delivery/retry.h"
#include "mail/header.h"
#include "mail/mail.h"
#include "smtp/advice.h"

/* of a header put together from parts; submissions have at most half of it */
#define HEADER_MAX (512 * 1024)

/* The sender of reports: "" for <>. */
static const char *sender_of(const ss_settings_t *s)
{
    return !s->bounce_from || !strcmp(s->bounce_from, "<>") ? "" : s->bounce_from;
}

const char *ss_bounce_queue_reader(const ss_settings_t *s, const ss_message_t *m)
{
    const char *sender = sender_of(s);

    /* Reports: ours, and those of others, which come from <>. */
    if (m->attr.created_by || !*m->from || (*sender && !strcasecmp(m->from, sender))) return NULL;
    if (s->bounce && !strcmp(s->bounce, "off")) return NULL;
    /* SMTPSendRedirect: the sender may be a real person. */
    if (s->redirect) return s->redirect;
    if (m->attr.is_redirected && m->rcpt_count) return m->rcpts[0].address;
    if (!s->bounce || !strcmp(s->bounce, "sender")) return m->from;
    return s->bounce;
}

/* So much of the content may be looked at for its header: what is in memory of it. */
static apr_size_t header_room(const ss_message_t *m)
{
    apr_size_t len = ss_message_resident(m);

    return len < HEADER_MAX ? len : HEADER_MAX;
}

/* The first len bytes of the content, put together where they lie in several parts; NULL: not in
 * memory. */
static const char *content_of(const ss_message_t *m, apr_size_t len, apr_pool_t *pool)
{
    apr_size_t at = 0;
    char *bytes;

    if (!m->part_count || !m->parts || !m->parts[0].bytes) return NULL;
    if (m->parts[0].len >= len) return m->parts[0].bytes;
    bytes = apr_palloc(pool, len);
    for (int i = 0; i < m->part_count && at < len; i++) {
        apr_size_t piece = m->parts[i].len < len - at ? m->parts[i].len : len - at;
        if (!m->parts[i].bytes) return NULL;
        memcpy(bytes + at, m->parts[i].bytes, piece);
        at += piece;
    }
    return at == len ? bytes : NULL;
}

int ss_bounce_queue_wants(const ss_settings_t *s, const ss_message_t *m, const ss_recipient_t *rcpt,
                          ss_bounce_kind_t kind)
{
    static const unsigned bits[] = { [SS_BOUNCE_FAILED] = SS_NOTIFY_FAILURE,
                                     [SS_BOUNCE_DELAYED] = SS_NOTIFY_DELAY,
                                     [SS_BOUNCE_RELAYED] = SS_NOTIFY_SUCCESS };

    if (!ss_bounce_queue_reader(s, m)) return 0;
    /* Without NOTIFY failures and delays are reported, success is not (RFC 3461 4.1). */
    if (rcpt->notify == SS_NOTIFY_NONE) return kind != SS_BOUNCE_RELAYED;
    return (rcpt->notify & bits[kind]) != 0;
}

apr_time_t ss_bounce_queue_delay_at(const ss_settings_t *s, const ss_message_t *m,
                                    const ss_recipient_t *rcpt, apr_interval_time_t age,
                                    apr_time_t now)
{
    if (s->delay_notice <= 0 || rcpt->is_delay_reported ||
        !ss_bounce_queue_wants(s, m, rcpt, SS_BOUNCE_DELAYED))
        return 0;
    return now - age + s->delay_notice;
}

int ss_bounce_queue_kind(const ss_settings_t *s, const ss_message_t *m, const ss_recipient_t *rcpt,
                         int has_dsn, apr_interval_time_t age, apr_time_t now)
{
    apr_time_t at;

    switch (rcpt->state) {
    case SS_STATE_FAILED:
    case SS_STATE_EXPIRED:
        return ss_bounce_queue_wants(s, m, rcpt, SS_BOUNCE_FAILED) ? SS_BOUNCE_FAILED : -1;
    case SS_STATE_SENT:
        return !has_dsn && ss_bounce_queue_wants(s, m, rcpt, SS_BOUNCE_RELAYED) ? SS_BOUNCE_RELAYED
                                                                                : -1;
    case SS_STATE_DEFERRED:
        at = ss_bounce_queue_delay_at(s, m, rcpt, age, now);
        return at && at <= now ? SS_BOUNCE_DELAYED : -1;
    default: return -1;
    }
}

/* ---- one report ---- */

static void describe(ss_bounce_rcpt_t *to, const ss_recipient_t *rcpt)
{
    const ss_advice_t *advice = rcpt->advice ? ss_advice_find(rcpt->advice) : NULL;

    *to = (ss_bounce_rcpt_t){ .address = rcpt->address,
                              .orcpt = rcpt->orcpt,
                              .dsn = rcpt->dsn,
                              .reply = rcpt->reply,
                              .host = rcpt->host,
                              .last_attempt = rcpt->last_attempt };
    if (!advice) return;
    to->title = advice->title;
    to->meaning = advice->meaning;
    to->remedy = advice->remedy;
}

static apr_uint64_t random64(const ss_delivery_t *d)
{
    apr_uint64_t high = ss_delivery_random(d);

    return high << 32 | ss_delivery_random(d);
}

static const char *author_of(const ss_settings_t *s, apr_pool_t *pool)
{
    const char *sender = sender_of(s);

    /* Relays that take only their own user as sender look at this field too. */
    if (*sender) return sender;
    if (s->header_from && strcmp(s->header_from, "keep")) return s->header_from;
    return apr_pstrcat(pool, "mailer-daemon@", s->mail_name, NULL);
}

static void write_text(ss_bounce_text_t *text, const ss_job_t *job, ss_bounce_kind_t kind,
                       const ss_bounce_rcpt_t *rcpts, int count, apr_time_t now, apr_pool_t *pool)
{
    const ss_message_t *m = job->message;
    const ss_settings_t *s = job->relay->settings;
    int is_whole = kind == SS_BOUNCE_FAILED && m->attr.dsn_options.ret == SS_RET_FULL &&
                   m->size <= SS_BOUNCE_FULL_MAX && ss_message_resident(m) == m->size;
    apr_size_t len = is_whole ? (apr_size_t)m->size : header_room(m);

    ss_bounce_t model = { .kind = kind,
                          .to = ss_bounce_queue_reader(s, m),
                          .from = author_of(s, pool),
                          .host = s->mail_name,
                          .id = m->id,
                          .dsn_options = m->attr.dsn_options,
                          .arrived = m->created,
                          .now = now,
                          .until = kind == SS_BOUNCE_DELAYED
                                       ? now + ss_retry_expire(m, s) -
                                             ss_jump_age(job->relay, job->message)
                                       : 0,
                          .random = random64(job->delivery),
                          .rcpts = rcpts,
                          .rcpt_count = count,
                          .content = content_of(m, len, pool),
                          .content_len = len,
                          .is_whole = is_whole };
    ss_bounce(text, &model, pool);
}

static void put_content(ss_message_t *m, const ss_bounce_text_t *text)
{
    int count = (int)((text->len + SS_PART_MAX - 1) / SS_PART_MAX);

    m->parts = apr_pcalloc(m->pool, sizeof(*m->parts) * (apr_size_t)count);
    m->part_count = count;
    m->size = text->len;
    for (int i = 0; i < count; i++) {
        apr_size_t at = (apr_size_t)i * SS_PART_MAX;
        m->parts[i].bytes = text->bytes + at;
        m->parts[i].len = text->len - at < SS_PART_MAX ? text->len - at : SS_PART_MAX;
    }
}

static ss_message_t *make(ss_job_t *job, ss_bounce_kind_t kind, const ss_bounce_rcpt_t *rcpts,
                          int count, apr_time_t now)
{
    ss_delivery_t *d = job->delivery;
    apr_pool_t *pool = ss_store_pool();
    ss_message_t *m = apr_pcalloc(pool, sizeof(*m));
    apr_uint64_t number = random64(d);
    unsigned char random[8];
    ss_bounce_text_t text;

    write_text(&text, job, kind, rcpts, count, now, pool);
    m->pool = pool;
    memcpy(random, &number, sizeof(random));
    ss_ident_make(d->idents, now, random, m->id);
    m->relay = apr_pstrdup(pool, job->relay->name);
    m->from = sender_of(job->relay->settings);
    m->rcpts = apr_pcalloc(pool, sizeof(*m->rcpts));
    m->rcpt_count = 1;
    m->rcpts[0].address =
        apr_pstrdup(pool, ss_bounce_queue_reader(job->relay->settings, job->message));
    m->rcpts[0].notify = SS_NOTIFY_NEVER;
    m->rcpts[0].state = SS_STATE_QUEUED;
    put_content(m, &text);
    m->attr.is_8bit = text.is_8bit;
    m->attr.is_utf8 = text.is_utf8;
    m->attr.is_auto = 1;
    m->attr.priority = SS_PRIORITY_NORMAL;
    m->attr.subject = text.subject;
    m->attr.message_id = text.message_id;
    m->attr.header_from = author_of(job->relay->settings, pool);
    m->attr.submitter = "report";
    m->attr.via = "report";
    m->attr.uid = -1;
    ss_jump_stamp(job->relay, m);
    m->attr.traceparent = apr_pstrdup(pool, job->message->attr.traceparent);
    m->attr.created_by = apr_pstrdup(pool, job->message->id);
    return m;
}

/* ---- for an outcome ---- */

static int is_loop(const ss_message_t *m)
{
    apr_size_t len = header_room(m);
    const char *content;
    int yes;
    apr_pool_t *pool;

    apr_pool_create(&pool, m->pool);
    content = content_of(m, len, pool);
    yes = content && ss_bounce_is_loop(content, len);
    apr_pool_destroy(pool);
    return yes;
}

static void add_one(ss_job_t *job, ss_store_outcome_t *outcome, ss_bounce_kind_t kind,
                    const ss_bounce_rcpt_t *rcpts, int count, apr_time_t now)
{
    static const char *const what[] = { [SS_BOUNCE_FAILED] = "failure reported",
                                        [SS_BOUNCE_DELAYED] = "delay reported",
                                        [SS_BOUNCE_RELAYED] = "passing on reported" };
    ss_message_t *report = make(job, kind, rcpts, count, now);

    if (!outcome->reports)
        outcome->reports = apr_array_make(outcome->head.pool, 1, sizeof(ss_message_t *));
    APR_ARRAY_PUSH(outcome->reports, ss_message_t *) = report;
    if (!outcome->history)
        outcome->history = apr_array_make(outcome->head.pool, 1, sizeof(ss_message_history_t));
    ss_message_history_t *row = apr_array_push(outcome->history);
    *row = (ss_message_history_t){ .time = now,
                                   .recipient = -1,
                                   .what = what[kind],
                                   .text = apr_pstrcat(outcome->head.pool, "to ",
                                                       report->rcpts[0].address, " by message ",
                                                       report->id, NULL) };
}

static void say_unreported(const ss_job_t *job, const ss_recipient_t *rcpt)
{
    ss_log(
        job->delivery->log, SS_LOG_WARN, 253,
        "%s: a report on message %s could not be delivered to <%s> (%s): no further report is sent",
        job->message->id, job->message->attr.created_by, rcpt->address,
        rcpt->reply ? rcpt->reply : "no reason given");
}

void ss_bounce_queue_add(ss_job_t *job, ss_store_outcome_t *outcome, const int *numbers, int count,
                         int has_dsn, apr_time_t now)
{
    const ss_settings_t *s = job->relay->settings;
    ss_message_t *m = job->message;
    apr_interval_time_t age = ss_jump_age(job->relay, job->message);
    ss_bounce_rcpt_t *rcpts = NULL;

    for (int kind = SS_BOUNCE_FAILED; kind <= SS_BOUNCE_RELAYED; kind++) {
        int found = 0;
        for (int i = 0; i < count; i++) {
            const ss_recipient_t *rcpt = &m->rcpts[numbers[i]];
            if (kind == SS_BOUNCE_FAILED && m->attr.created_by && ss_state_is_final(rcpt->state) &&
                rcpt->state != SS_STATE_SENT)
                say_unreported(job, rcpt);
            if (ss_bounce_queue_kind(s, m, rcpt, has_dsn, age, now) != kind) continue;
            if (!rcpts) {
                if (is_loop(m)) {
                    ss_log(job->delivery->log, SS_LOG_WARN, 254,
                           "%s: an automatic answer or a mail loop: no report is sent", m->id);
                    return;
                }
                rcpts = apr_palloc(outcome->head.pool, sizeof(*rcpts) * (apr_size_t)count);
            }
            describe(&rcpts[found++], rcpt);
        }
        if (found) add_one(job, outcome, (ss_bounce_kind_t)kind, rcpts, found, now);
    }
    for (int i = 0; outcome->reports && i < count; i++) {
        ss_recipient_t *rcpt = &m->rcpts[numbers[i]];
        if (ss_bounce_queue_kind(s, m, rcpt, has_dsn, age, now) == SS_BOUNCE_DELAYED)
            rcpt->is_delay_reported = 1;
    }
}

void ss_bounce_queue_committed(ss_relay_t *relay, const ss_store_outcome_t *outcome)
{
    ss_delivery_t *d = relay->delivery;

    for (int i = 0; outcome->reports && i < outcome->reports->nelts; i++) {
        ss_message_t *report = APR_ARRAY_IDX(outcome->reports, i, ss_message_t *);
        if (outcome->head.rv != APR_SUCCESS) {
            apr_pool_destroy(report->pool);
            continue;
        }
        ss_log(d->log, SS_LOG_INFO, 252, "%s: bounce %s sent to <%s>", report->attr.created_by,
               report->id, report->rcpts[0].address);
        if (d->ports.reported) d->ports.reported(d->ports.self, report);
        ss_relay_add_message(relay, report);
        ss_job_t *job = ss_job_create(d, relay, report, NULL);
        job->stored = ss_delivery_mono(d);
        ss_job_settle(job);
    }
}
