/* draft.c: a program's content becomes a message. See draft.h. */
#include "intake/draft.h"

#include <apr_strings.h>
#include <string.h>

#include "base/random.h"
#include "mail/address.h"
#include "mail/parse.h"
#include "mail/rewrite.h"
#include "mail/trace.h"

static int refuse(ss_mail_problem_t *problem, const char *field, const char *what, const char *text,
                  const char *why)
{
    return ss_mail_problem(problem, SS_PROBLEM_ADDRESS, field,
                           "the %s \"%.200s\" is not an address: %s", what, text, why);
}

int ss_draft_from(ss_mail_message_t *mail, const char *text, const char *default_domain,
                  ss_mail_problem_t *problem)
{
    const char *why = NULL, *from = ss_address_normal(text, 1, NULL, mail->pool);
    ss_address_t one;

    if (!*text || !strcmp(text, "<>")) {
        mail->from = "";
        return 0;
    }
    if (!from) {
        if (ss_address_one(&one, text, &why, mail->pool))
            return refuse(problem, "from", "sender", text, why);
        from = one.address;
    }
    from = ss_address_with_domain(apr_pstrdup(mail->pool, from), default_domain, mail->pool);
    mail->from = ss_address_normal(from, 0, &why, mail->pool);
    return mail->from ? 0 : refuse(problem, "from", "sender", text, why);
}

static int add_rcpt(ss_mail_message_t *mail, const char *address, unsigned notify,
                    const char *default_domain, ss_mail_problem_t *problem)
{
    return ss_mail_add_rcpt(mail, ss_address_with_domain(address, default_domain, mail->pool),
                            notify, "to", problem);
}

/* A word without a domain next to a name is part of that name ("Doe, Jane <jane@example.net>").
 * Else it is a local name ("root,admin@example.com", as MAILTO of cron has it). */
static const char *stray(const apr_array_header_t *list, apr_pool_t *pool)
{
    const char *word = ss_address_stray(list, 1);

    for (int i = 0; word && i < list->nelts; i++) {
        if (APR_ARRAY_IDX(list, i, ss_address_t).is_phrased)
            return ss_address_stray_why(word, pool);
    }
    return NULL;
}

int ss_draft_rcpt(ss_mail_message_t *mail, const char *text, unsigned notify,
                  const char *default_domain, ss_mail_problem_t *problem)
{
    apr_array_header_t *list;
    const char *why = "it is malformed";

    if (ss_address_normal(text, 1, NULL, mail->pool))
        return add_rcpt(mail, text, notify, default_domain, problem);
    if (ss_address_list(&list, text, strlen(text), &why, mail->pool) || !list->nelts)
        return refuse(problem, "to", "recipient", text, why);
    why = stray(list, mail->pool);
    if (why) return refuse(problem, "to", "recipient", text, why);
    for (int i = 0; i < list->nelts; i++) {
        if (add_rcpt(mail, APR_ARRAY_IDX(list, i, ss_address_t).address, notify, default_domain,
                     problem))
            return -1;
    }
    return 0;
}

int ss_draft_finish(ss_mail_message_t *mail, const char *bytes, apr_size_t len,
                    const ss_draft_t *how, ss_mail_problem_t *problem)
{
    const ss_settings_t *s = how->settings;
    ss_parse_options_t options = { .takes_rcpts = how->takes_rcpts,
                                   .adds_missing = 1,
                                   .takes_plain_text = 1,
                                   .takes_names = how->takes_names,
                                   .host = s->helo,
                                   .author = s->header_from,
                                   .default_domain = s->default_domain,
                                   .from_name = how->full_name,
                                   .now = how->now,
                                   .max_size = (apr_size_t)s->max_message_size };

    /* Nobody expects an address literal on the right side of a Message-ID. */
    if (!options.host || *options.host == '[') options.host = s->mail_name;
    options.random = (apr_uint64_t)ss_random_32() << 32 | ss_random_32();
    if (ss_parse_message(mail, bytes, len, &options, problem)) return -1;
    if (mail->received_count > SS_DRAFT_RECEIVED_MAX) {
        ss_mail_problem(problem, SS_PROBLEM_HEADER, "Received",
                        "it has come through %d servers: a loop", mail->received_count);
        return -1;
    }
    if (!mail->from) {
        ss_mail_problem(problem, SS_PROBLEM_SENDER, "from", "the message has no sender");
        return -1;
    }
    if (!mail->rcpts->nelts) {
        ss_mail_problem(problem, SS_PROBLEM_RECIPIENT, "to", "the message has no recipient");
        return -1;
    }
    for (int i = 0; how->notify && i < mail->rcpts->nelts; i++)
        APR_ARRAY_IDX(mail->rcpts, i, ss_mail_rcpt_t).notify = how->notify;
    if (ss_rewrite_alias(mail, s->aliases, s->default_domain, problem) ||
        ss_rewrite_redirect(mail, how->redirect ? how->redirect : s->redirect, problem))
        return -1;
    ss_rewrite_envelope_from(mail, s->envelope_from);
    return ss_rewrite_header_from(mail, s->header_from, problem);
}

static void refer(ss_message_t *m, const char *content, apr_size_t len)
{
    apr_size_t count = (len + SS_PART_MAX - 1) / SS_PART_MAX;

    m->parts = apr_palloc(m->pool, sizeof(*m->parts) * (count ? count : 1));
    m->part_count = (int)count;
    m->size = len;
    for (apr_size_t i = 0; i < count; i++) {
        apr_size_t left = len - i * SS_PART_MAX;
        m->parts[i] = (ss_message_part_t){ content + i * SS_PART_MAX,
                                           left < SS_PART_MAX ? left : SS_PART_MAX };
    }
}

int ss_draft_take(const ss_relay_t *relay, ss_message_t *m, const ss_mail_message_t *mail,
                  const char *bytes, apr_size_t len, ss_accept_answer_t *answer)
{
    int is_borrowed = mail->content >= bytes && mail->content <= bytes + len;

    memset(answer, 0, sizeof(*answer));
    m->from = mail->from;
    m->rcpt_count = mail->rcpts->nelts;
    m->rcpts = apr_pcalloc(m->pool, sizeof(*m->rcpts) * (apr_size_t)m->rcpt_count);
    for (int i = 0; i < m->rcpt_count; i++) {
        const ss_mail_rcpt_t *rcpt = &APR_ARRAY_IDX(mail->rcpts, i, ss_mail_rcpt_t);
        m->rcpts[i] = (ss_recipient_t){ .number = i,
                                        .address = rcpt->address,
                                        .orcpt = rcpt->orcpt,
                                        .notify = rcpt->notify,
                                        .state = SS_STATE_QUEUED };
    }
    ss_attributes_copy(&m->attr, &mail->attr, SS_SET_CONTENT, NULL);
    if (!ss_trace_parent(m->attr.traceparent, m->pool)) m->attr.traceparent = mail->traceparent;
    if (mail->is_bulk && m->attr.priority == SS_PRIORITY_NORMAL)
        m->attr.priority = SS_PRIORITY_BULK;
    if (is_borrowed) return ss_accept_content(relay, m, mail->content, mail->content_len, answer);
    refer(m, mail->content, mail->content_len);
    return 1;
}
