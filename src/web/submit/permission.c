#include "web/submit/permission.h"

#include <string.h>

#include "mail/address.h"
#include "mail/authors.h"

/* patterns: those of rule, SMTPSendAllowFrom or a key's; none: all are allowed. */
static int check_sender(const apr_array_header_t *patterns, const char *rule,
                        const ss_settings_policy_t *policy, const ss_mail_message_t *m,
                        ss_mail_problem_t *problem)
{
    const char *envelope = *m->from ? m->from : "<>";
    apr_array_header_t *authors;

    if (!patterns || !patterns->nelts) return 0;
    if (!ss_address_matches(patterns, envelope))
        return ss_mail_problem(problem, SS_PROBLEM_SENDER_FORBIDDEN, "from",
                               "the sender %s is not allowed here (%s)", envelope, rule);
    /* Also the fields, since they are what readers see. */
    if (ss_authors_read(&authors, m, policy->add_headers, problem)) return -1;
    for (int i = 0; i < authors->nelts; i++) {
        const ss_authors_t *author = &APR_ARRAY_IDX(authors, i, ss_authors_t);
        if (!ss_address_matches(patterns, author->address))
            return ss_mail_problem(problem, SS_PROBLEM_SENDER_FORBIDDEN, "from",
                                   "the %s field's address %s is not allowed here (%s)",
                                   author->field, author->address, rule);
    }
    return 0;
}

static int check_recipients(const ss_settings_policy_t *policy, const ss_mail_message_t *m,
                            ss_mail_problem_t *problem)
{
    if (!policy->allow_to || !policy->allow_to->nelts) return 0;
    for (int i = 0; i < m->rcpts->nelts; i++) {
        const ss_mail_rcpt_t *rcpt = &APR_ARRAY_IDX(m->rcpts, i, ss_mail_rcpt_t);
        if (!ss_address_matches(policy->allow_to, rcpt->address))
            return ss_mail_problem(problem, SS_PROBLEM_RECIPIENT_FORBIDDEN, "to",
                                   "the recipient %s is not allowed here (SMTPSendAllowTo)",
                                   rcpt->address);
    }
    return 0;
}

/* A key may have a relay of its own. */
static int check_relay(const ss_settings_policy_t *policy, const ss_mail_message_t *m,
                       ss_mail_problem_t *problem)
{
    if (!m->attr.relay) return 0;
    if (policy->key_relay && !strcmp(policy->key_relay, m->attr.relay)) return 0;
    for (int i = 0; policy->allow_relay && i < policy->allow_relay->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(policy->allow_relay, i, const char *), m->attr.relay)) return 0;
    }
    return ss_mail_problem(problem, SS_PROBLEM_RELAY_FORBIDDEN, "relay",
                           "the relay \"%s\" is not allowed here (SMTPSendAllowRelay)",
                           m->attr.relay);
}

/* A submission can lower the priority of its location, never raise it. */
static void settle_priority(const ss_settings_policy_t *policy, ss_mail_message_t *m)
{
    int given = policy->priority == SS_UNSET ? (m->is_bulk ? SS_PRIORITY_BULK : SS_PRIORITY_NORMAL)
                                             : policy->priority;

    if (m->attr.priority < 0)
        m->attr.priority = given;
    else if (policy->priority != SS_UNSET && m->attr.priority < policy->priority)
        m->attr.priority = policy->priority;
}

int ss_permission_check(const ss_settings_policy_t *policy, ss_mail_message_t *m,
                        ss_mail_problem_t *problem)
{
    if (check_sender(policy->allow_from, "SMTPSendAllowFrom", policy, m, problem) ||
        check_sender(policy->key_from, "the key's own senders", policy, m, problem) ||
        check_recipients(policy, m, problem) || check_relay(policy, m, problem))
        return -1;
    if (!m->attr.relay) m->attr.relay = policy->key_relay;
    settle_priority(policy, m);
    return 0;
}
