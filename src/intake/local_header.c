#include "intake/local_header.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "mail/address.h"
#include "mail/attributes_json.h"
#include "mail/mail.h"

int ss_local_header_refuse(ss_local_refusal_t *no, int kind, int retry_after, const char *field,
                           const char *format, ...)
{
    va_list args;

    no->kind = kind;
    no->retry_after = retry_after;
    no->field = field;
    va_start(args, format);
    apr_vsnprintf(no->detail, sizeof(no->detail), format, args);
    va_end(args);
    return 0;
}

int ss_local_header_is_composed(const json_t *header)
{
    return json_is_object(json_object_get(header, "compose"));
}

static int read_rcpts(const json_t *header, ss_message_t *m, ss_local_refusal_t *no)
{
    const json_t *to = json_object_get(header, "to");
    const json_t *notifies = json_object_get(header, "notifies");
    const json_t *orcpts = json_object_get(header, "orcpts");
    unsigned notify = (unsigned)ss_json_number(header, "notify");
    apr_size_t count = json_array_size(to);

    if (!count)
        return ss_local_header_refuse(no, SS_PROBLEM_RECIPIENT, 0, "to",
                                      "a message needs a recipient");
    if (count > SS_MAIL_RECIPIENTS_MAX)
        return ss_local_header_refuse(no, SS_PROBLEM_TOO_MANY, 0, "to",
                                      "more than %d recipients in one message",
                                      SS_MAIL_RECIPIENTS_MAX);
    m->rcpts = apr_pcalloc(m->pool, count * sizeof(*m->rcpts));
    m->rcpt_count = (int)count;
    for (apr_size_t i = 0; i < count; i++) {
        ss_recipient_t *rcpt = &m->rcpts[i];
        const char *address = json_string_value(json_array_get(to, i));
        const char *orcpt = json_string_value(json_array_get(orcpts, i));
        const json_t *own = json_array_get(notifies, i);
        const char *why;
        address = ss_address_normal(address, 0, &why, m->pool);
        if (!address) {
            return ss_local_header_refuse(no, SS_PROBLEM_ADDRESS, 0, "to",
                                          "recipient %d is not an address: %s", (int)i + 1, why);
        }
        rcpt->number = (int)i;
        rcpt->address = apr_pstrdup(m->pool, address);
        rcpt->orcpt = orcpt && !ss_text_has_control(orcpt) ? apr_pstrdup(m->pool, orcpt) : NULL;
        rcpt->notify = own ? (unsigned)json_integer_value(own) : notify;
        rcpt->state = SS_STATE_QUEUED;
    }
    return 1;
}

static int read_from(const json_t *value, ss_message_t *m, ss_local_refusal_t *no)
{
    const char *from = json_string_value(value), *why;

    if (!value || json_is_null(value) || (from && !*from)) return 1;
    from = ss_address_normal(from, 0, &why, m->pool);
    if (!from) {
        return ss_local_header_refuse(no, SS_PROBLEM_ADDRESS, 0, "from",
                                      "the sender is not an address: %s", why);
    }
    m->from = apr_pstrdup(m->pool, from);
    return 1;
}

static int has_many_outside_ascii(const json_t *to)
{
    apr_size_t octets = 0, i;
    const json_t *row;

    json_array_foreach(to, i, row)
    {
        const char *text = json_string_value(row);
        if (text && ss_text_has_8bit(text)) octets += strlen(text);
    }
    return octets > SS_LOCAL_HEADER_8BIT_MAX;
}

int ss_local_header_read(ss_message_t *m, const json_t *header, ss_local_client_id_t client,
                         ss_local_refusal_t *no)
{
    int is_composed = ss_local_header_is_composed(header);

    if (!client.is_trusted && has_many_outside_ascii(json_object_get(header, "to")))
        return ss_local_header_refuse(no, SS_PROBLEM_TOO_MANY, 0, "to",
                                      "the recipients outside ASCII have more than %d octets; send "
                                      "the message to some of them at a time",
                                      SS_LOCAL_HEADER_8BIT_MAX);
    if (!is_composed && !read_rcpts(header, m, no)) return 0;
    const char *wrong = ss_attributes_json_read(
        &m->attr, header, SS_SET_SOCKET | (client.is_trusted ? SS_SET_TRUSTED : 0), m->pool);
    if (wrong)
        return ss_local_header_refuse(no, 400, 0, wrong,
                                      "%s has the wrong type, is out of its range, is longer than "
                                      "%d bytes, or contains a zero byte",
                                      wrong, SS_ATTRIBUTES_TEXT_MAX);
    m->attr.uid = client.uid;
    if (!m->attr.submitter) m->attr.submitter = apr_psprintf(m->pool, "uid:%d", client.uid);
    return is_composed || read_from(json_object_get(header, "from"), m, no);
}

int ss_local_header_rates(ss_settings_rate_t rates[SS_QUOTA_RATES_MAX], const json_t *header,
                          ss_local_client_id_t client)
{
    const json_t *list = client.is_trusted ? json_object_get(header, "rates") : NULL;
    int count = 0;

    /* Pairs: how many messages, in how many microseconds. */
    for (apr_size_t i = 0; i + 1 < json_array_size(list) && count < SS_QUOTA_RATES_MAX; i += 2) {
        rates[count].count = json_integer_value(json_array_get(list, i));
        rates[count].per = json_integer_value(json_array_get(list, i + 1));
        if (rates[count].count > 0 && rates[count].per > 0) count++;
    }
    return count;
}

/* ---- a message from another queue ---- */

static const char *text(const json_t *row, const char *name, apr_pool_t *pool)
{
    const char *value = ss_json_text(row, name);

    return value ? apr_pstrdup(pool, value) : NULL;
}

static int restore_recipient(ss_recipient_t *rcpt, const json_t *row, apr_pool_t *pool)
{
    const char *name = ss_json_text(row, "state");
    int state = name ? ss_state_find(name) : -1;

    if (state < 0 || ss_state_is_final((ss_state_t)state)) return 0;
    rcpt->state = state == SS_STATE_SENDING ? SS_STATE_QUEUED : (ss_state_t)state;
    rcpt->attempts = (int)ss_json_number(row, "attempts");
    rcpt->next = rcpt->state == SS_STATE_HELD ? 0 : ss_json_number(row, "next");
    rcpt->last_attempt = ss_json_number(row, "last");
    rcpt->is_uncertain = ss_json_is(row, "uncertain");
    rcpt->reply = text(row, "reply", pool);
    rcpt->dsn = text(row, "dsn", pool);
    rcpt->host = text(row, "host", pool);
    rcpt->cause = rcpt->state == SS_STATE_HELD ? text(row, "cause", pool) : NULL;
    return 1;
}

static int refuse_restore(ss_local_refusal_t *no, const char *why)
{
    return ss_local_header_refuse(no, 400, 0, "restore", "%s", why);
}

int ss_local_header_restore(ss_message_t *m, const json_t *header, ss_local_client_id_t client,
                            apr_time_t now, const char **relay, ss_local_refusal_t *no)
{
    const json_t *restore = json_object_get(header, "restore");
    const char *id = ss_json_text(restore, "id");
    const json_t *rows = json_object_get(restore, "recipients");

    *relay = NULL;
    if (!restore) return 1;
    if (client.is_trusted != SS_REQUEST_ALL)
        return refuse_restore(no, "only root and the delivery daemon's user may import");
    if (!id || !ss_ident_is_valid(id))
        return refuse_restore(no, "\"restore\" has no valid message id");
    if (json_array_size(rows) != (apr_size_t)m->rcpt_count)
        return refuse_restore(no, "the recipients in \"restore\" are not those in \"to\"");
    apr_cpystrn(m->id, id, sizeof(m->id));
    m->created = ss_json_number(restore, "created");
    if (m->created <= 0 || m->created > now) m->created = now;
    if (ss_attributes_json_read(&m->attr, restore, SS_SET_RESTORE, m->pool))
        return refuse_restore(no, "an attribute in \"restore\" is malformed");
    *relay = text(restore, "relay", m->pool);
    for (int i = 0; i < m->rcpt_count; i++) {
        if (!restore_recipient(&m->rcpts[i], json_array_get(rows, (apr_size_t)i), m->pool))
            return refuse_restore(no, "a recipient's state is not one of a waiting message");
        if (m->rcpts[i].state == SS_STATE_HELD) m->held_since = now;
    }
    return 1;
}
