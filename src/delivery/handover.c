#include "delivery/handover.h"

#include <apr_strings.h>

#include "delivery/backlog.h"
#include "delivery/convert.h"
#include "delivery/delivery_impl.h"
#include "delivery/learned.h"
#include "delivery/outcome.h"
#include "delivery/rate.h"
#include "delivery/reading.h"
#include "delivery/relay_host.h"
#include "delivery/suspects_judge.h"

/* a message that must be converted while enough others are waits */
#define CONVERSION_AGAIN (100 * 1000)

typedef struct {
    ss_client_message_t message; /* what the client sees */
    ss_job_t *job;
    ss_connection_t *connection;
    int *numbers; /* of the recipients, in job->message->rcpts */
    int is_first; /* of its connection */
    ss_outcome_attempt_t attempt;
    ss_reading_t *reading;
    const char *converted; /* the whole content, re-encoded for a relay without 8BITMIME; or NULL */
    ss_conversion_t *conversion; /* made before; or NULL */
} transaction_t;

static const ss_transport_ops_t *ops_of(const ss_connection_t *connection)
{
    return connection->relay->delivery->ports.transport;
}

static const ss_capability_t *capability_of(const ss_connection_t *connection)
{
    return ss_client_capability(ops_of(connection)->client(connection->transport));
}

/* ---- the content, read in place ---- */

static apr_status_t read_content(void *self, apr_off_t at, const char **bytes, apr_size_t *len)
{
    const transaction_t *t = self;

    if (!t->converted) return ss_reading_at(t->reading, at, bytes, len);
    if (at >= t->message.size) return APR_EOF;
    *bytes = t->converted + at;
    *len = (apr_size_t)(t->message.size - at);
    return APR_SUCCESS;
}

static void content_came(void *self)
{
    const transaction_t *t = self;

    ops_of(t->connection)->more(t->connection->transport);
}

static ss_convert_t needs_of(const ss_connection_t *connection, const ss_message_t *m)
{
    const ss_capability_t *have = capability_of(connection);

    return ss_convert_needs(m, have->eight_bit_mime, have->smtputf8);
}

int ss_handover_wants_whole(const ss_connection_t *connection, const ss_message_t *m)
{
    ss_convert_t needs = needs_of(connection, m);

    return (needs.header || needs.body) && ss_message_resident(m) < m->size;
}

int ss_handover_wants_conversion(const ss_connection_t *connection, const ss_job_t *job)
{
    ss_convert_t needs = needs_of(connection, job->message);

    return (needs.header || needs.body) && job->message->size > SS_CONVERSION_FROM &&
           job->delivery->ports.compute && !ss_conversion_fits(job->conversion, needs);
}

static void conversion_over(void *self)
{
    ss_job_t *job = self;

    job->is_loading = 0;
    job->relay->loads--;
    ss_job_settle(job);
    ss_relay_wake(job->relay);
}

void ss_handover_convert(const ss_connection_t *connection, ss_job_t *job)
{
    ss_relay_t *relay = job->relay;

    ss_conversion_drop(job->conversion);
    job->conversion = NULL;
    if (relay->conversions >= SS_CONVERSION_MAX) {
        job->not_before = ss_mono_add(ss_delivery_mono(job->delivery), CONVERSION_AGAIN);
    } else {
        job->conversion = ss_conversion_begin(&job->delivery->ports, job->message,
                                              needs_of(connection, job->message),
                                              &relay->conversions, conversion_over, job);
        job->is_loading = job->conversion->is_running;
        relay->loads += job->is_loading;
    }
    ss_job_settle(job);
}

/* Re-encodes what the server does not take. What cannot be stays as it is: the client then refuses
 * it with the reason, but for a signed header, which is no worse than 8-bit text. */
static void fit(transaction_t *t)
{
    const ss_message_t *m = t->job->message;
    ss_convert_t needs = needs_of(t->connection, m), asked = needs;
    int has_8bitmime = capability_of(t->connection)->eight_bit_mime;
    const char *bytes = NULL;
    apr_size_t len = 0;
    int is_changed = 0;

    if (ss_conversion_fits(t->job->conversion, asked)) {
        t->conversion = t->job->conversion;
        t->job->conversion = NULL;
        is_changed = t->conversion->is_changed;
        bytes = t->conversion->bytes;
        len = t->conversion->len;
        needs = t->conversion->left;
    } else if (needs.header || needs.body) {
        is_changed = !ss_convert_make(m, &needs, &bytes, &len, t->message.pool);
    }
    if (is_changed) {
        t->converted = bytes;
        t->message.size = (apr_off_t)len;
    }
    t->message.why_8bit = needs.why;
    if (asked.body) t->message.is_8bit = needs.body;
    if (asked.header) t->message.is_utf8 &= needs.header;
    /* The header as it came: relays behind this one shall keep it so. */
    if (m->attr.is_8bit_header && (!asked.header || needs.header) &&
        (has_8bitmime || !t->message.is_utf8))
        t->message.is_8bit = 1;
}

/* ---- making it ---- */

int ss_handover_max_recipients(int setting, int learned, int offered)
{
    int limit = setting;

    if (learned > 0 && learned < limit) limit = learned;
    if (offered > 0 && offered < limit) limit = offered;
    if (limit > SS_CLIENT_RECIPIENTS_MAX) limit = SS_CLIENT_RECIPIENTS_MAX;
    return limit > 0 ? limit : 1;
}

static int max_recipients(const ss_connection_t *connection)
{
    int learned = 0;

    ss_learned_bits(connection->relay->delivery, connection->name, &learned);
    return ss_handover_max_recipients(connection->relay->settings->max_recipients, learned,
                                      capability_of(connection)->limit_recipients);
}

/* The recipients of the next transaction: those that were never tried first, as between messages;
 * and at a host that may refuse us, those that it has not refused. */
static int choose(const ss_connection_t *connection, const ss_job_t *job, int *numbers, int limit)
{
    const ss_message_t *m = job->message;
    int count = 0, is_suspected = ss_suspects_is(connection->relay, connection->host);

    for (int pass = 0; pass < 4 && !(count && pass == 2 && is_suspected); pass++) {
        for (int i = 0; i < m->rcpt_count && count < limit; i++) {
            const ss_recipient_t *rcpt = &m->rcpts[i];
            if ((rcpt->attempts > 0) == pass % 2 &&
                ss_suspects_is_first(rcpt, connection->host) == (pass < 2) &&
                ss_job_is_due(job, rcpt))
                numbers[count++] = i;
        }
    }
    return count;
}

static transaction_t *make(ss_connection_t *connection, ss_job_t *job)
{
    ss_message_t *m = job->message;
    int numbers[SS_CLIENT_RECIPIENTS_MAX];
    int count = choose(connection, job, numbers, max_recipients(connection));
    apr_pool_t *pool;

    if (!count) return NULL;
    apr_pool_create(&pool, m->pool);
    transaction_t *t = apr_pcalloc(pool, sizeof(*t));
    t->job = job;
    t->connection = connection;
    t->is_first = !connection->messages;
    t->reading = ss_reading_begin(job->delivery, m, content_came, t, pool);
    t->numbers = apr_pmemdup(pool, numbers, sizeof(int) * (apr_size_t)count);
    t->message = (ss_client_message_t){ .owner = t,
                                        .pool = pool,
                                        .from = m->from,
                                        .rcpts = apr_pcalloc(pool, sizeof(ss_client_rcpt_t) *
                                                                       (apr_size_t)count),
                                        .rcpt_count = count,
                                        .size = (apr_off_t)m->size,
                                        .content = { read_content, t },
                                        .is_8bit = m->attr.is_8bit,
                                        .is_utf8 = m->attr.is_utf8,
                                        .requires_tls = m->attr.requires_tls,
                                        .dsn_options = m->attr.dsn_options };
    for (int i = 0; i < count; i++) {
        const ss_recipient_t *from = &m->rcpts[numbers[i]];
        t->message.rcpts[i] = (ss_client_rcpt_t){ .address = from->address,
                                                  .orcpt = from->orcpt,
                                                  .notify = from->notify };
    }
    fit(t);
    return t;
}

static void free_transaction(transaction_t *t)
{
    ss_reading_end(t->reading);
    ss_conversion_drop(t->conversion);
    apr_pool_destroy(t->message.pool);
}

int ss_handover_begin(ss_connection_t *connection, ss_job_t *job)
{
    const ss_transport_ops_t *ops = ops_of(connection);
    transaction_t *t = make(connection, job);

    if (!t) return 0;
    t->attempt.host = apr_pstrdup(t->message.pool, ops->name(connection->transport));
    t->attempt.handed = ss_delivery_mono(job->delivery);
    t->attempt.has_dsn = capability_of(connection)->dsn;
    /* The first message of a connection waited for it. */
    if (!connection->messages && !ss_mono_before(connection->ready, job->received))
        t->attempt.connected_for = ss_mono_since(connection->ready, connection->opened);
    if (ops->send(connection->transport, &t->message) != APR_SUCCESS) {
        free_transaction(t);
        return 0;
    }
    for (int i = 0; i < t->message.rcpt_count; i++) {
        ss_recipient_t *rcpt = &job->message->rcpts[t->numbers[i]];
        ss_relay_move(connection->relay, rcpt->state, SS_STATE_SENDING);
        ss_recipient_go(rcpt, SS_STATE_SENDING);
    }
    job->is_sending = 1;
    connection->messages++;
    connection->in_flight++;
    connection->relay->in_flight++;
    connection->relay->suspicions[connection->host].in_flight++;
    ss_delivery_untimer(job->delivery, &connection->idle);
    return 1;
}

/* The server answered for a message or a recipient: the session is good for something. */
static int is_served(const ss_client_message_t *message)
{
    for (int i = 0; i < message->rcpt_count; i++) {
        const ss_client_rcpt_t *rcpt = &message->rcpts[i];
        if (rcpt->fate == SS_FATE_LIMITED) return 1;
        if (!rcpt->code || rcpt->code == 421) continue;
        if (rcpt->fate == SS_FATE_SENT || rcpt->fate == SS_FATE_FAILED ||
            rcpt->fate == SS_FATE_DEFERRED)
            return 1;
    }
    return 0;
}

/* What a message shows of how many a connection carries. */
static void learn(const transaction_t *t)
{
    ss_connection_t *connection = t->connection;
    ss_delivery_t *d = connection->relay->delivery;
    int was_sent = 0, has_passed = 0, is_refused = 0;

    for (int i = 0; i < t->message.rcpt_count; i++) {
        const ss_client_rcpt_t *rcpt = &t->message.rcpts[i];
        was_sent |= rcpt->fate == SS_FATE_SENT;
        has_passed |= rcpt->code && rcpt->cmd != SS_CMD_MAIL;
        is_refused |= rcpt->code && rcpt->cmd == SS_CMD_MAIL;
    }
    connection->carried += was_sent;
    if (t->is_first && (has_passed || is_refused))
        ss_learned_first(d, connection->name, connection->opened, has_passed);
    else if (was_sent && !connection->most && connection->carried > 1)
        ss_learned_carried(d, connection->name, connection->carried);
}

int ss_handover_end(ss_client_message_t *message)
{
    transaction_t *t = message->owner;
    ss_connection_t *connection = t->connection;
    ss_relay_t *relay = connection->relay;
    ss_job_t *job = t->job;

    connection->in_flight--;
    relay->in_flight--;
    relay->suspicions[connection->host].in_flight--;
    ss_suspects_judge(connection, job, message->rcpts, t->numbers, message->rcpt_count);
    if (is_served(message)) ss_connection_served(connection);
    int is_refused =
        ss_relay_host_judge(relay, connection->host, message->rcpts, message->rcpt_count);
    learn(t);
    ss_rate_judge(relay, message);
    t->attempt.started = message->started;
    t->attempt.ended = message->ended;
    job->is_sending = 0;
    ss_outcome_take(job, message->rcpts, t->numbers, message->rcpt_count, &t->attempt);
    const ss_result_t *why = ss_reading_failure(t->reading);
    if (why) ss_backlog_set_aside(job, why->text);
    free_transaction(t);
    ss_job_settle(job);
    return is_refused;
}
