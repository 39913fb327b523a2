/* policy.c: what a location allows and adds. See policy.h. */
#include "web/submit/permission.h"

#include <ap_expr.h>
#include <apr_strings.h>
#include <string.h>

#include "mail/address.h"
#include "mail/rewrite.h"

/* octets of an added field (RFC 5322 2.1.1); longer ones are cut */
#define FIELD_VALUE_MAX 998

/* A value that cannot end its line: whatever an expression gives comes from a request. */
static const char *one_line(apr_pool_t *pool, const char *value)
{
    apr_size_t len = strlen(value);
    char *copy = apr_pstrmemdup(pool, value, len > FIELD_VALUE_MAX ? FIELD_VALUE_MAX : len);

    for (char *p = copy; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = ' ';
    }
    return copy;
}

int ss_location_headers(request_rec *r, const ss_policy_t *policy, apr_array_header_t **headers,
                        ss_mail_problem_t *problem)
{
    *headers = NULL;
    if (!policy->add_headers || !policy->add_headers->nelts) return 0;
    *headers = apr_array_make(r->pool, policy->add_headers->nelts, sizeof(const char *[2]));
    for (int i = 0; i < policy->add_headers->nelts; i++) {
        const ss_pair_t *pair = &APR_ARRAY_IDX(policy->add_headers, i, ss_pair_t);
        const char *error = NULL, *value = pair->value;
        if (pair->compiled) value = ap_expr_str_exec(r, pair->compiled, &error);
        if (error || !value) {
            ss_mail_problem(problem, HTTP_INTERNAL_SERVER_ERROR, NULL,
                            "SMTPSendAddHeader %s: its expression failed: %s", pair->name,
                            error ? error : "no value");
            return -1;
        }
        const char **entry = apr_array_push(*headers);
        entry[0] = pair->name;
        entry[1] = one_line(r->pool, value);
    }
    return 0;
}

static int check_sender(const ss_policy_t *policy, const ss_mail_message_t *m,
                        ss_mail_problem_t *problem)
{
    const char *envelope = *m->from ? m->from : "<>";

    if (!policy->allow_from || !policy->allow_from->nelts) return 0;
    if (!ss_address_matches(policy->allow_from, envelope)) {
        ss_mail_problem(problem, HTTP_FORBIDDEN, "from",
                        "the sender %s is not allowed here (SMTPSendAllowFrom)", envelope);
        return -1;
    }
    /* Readers see the From field and not the envelope: a rule that left it free would be none. */
    if (m->header_from && *m->header_from &&
        !ss_address_matches(policy->allow_from, m->header_from)) {
        ss_mail_problem(problem, HTTP_FORBIDDEN, "from",
                        "the From field's address %s is not allowed here (SMTPSendAllowFrom)",
                        m->header_from);
        return -1;
    }
    return 0;
}

static int check_recipients(const ss_policy_t *policy, const ss_mail_message_t *m,
                            ss_mail_problem_t *problem)
{
    if (!policy->allow_to || !policy->allow_to->nelts) return 0;
    for (int i = 0; i < m->rcpts->nelts; i++) {
        const ss_mail_rcpt_t *rcpt = &APR_ARRAY_IDX(m->rcpts, i, ss_mail_rcpt_t);
        if (!ss_address_matches(policy->allow_to, rcpt->address)) {
            ss_mail_problem(problem, HTTP_FORBIDDEN, "to",
                            "the recipient %s is not allowed here (SMTPSendAllowTo)",
                            rcpt->address);
            return -1;
        }
    }
    return 0;
}

static int check_relay(const ss_policy_t *policy, const ss_mail_message_t *m,
                       ss_mail_problem_t *problem)
{
    if (!m->relay) return 0;
    for (int i = 0; policy->allow_relay && i < policy->allow_relay->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(policy->allow_relay, i, const char *), m->relay)) return 0;
    }
    ss_mail_problem(problem, HTTP_FORBIDDEN, "relay",
                    "the relay \"%s\" may not be asked for here (SMTPSendAllowRelay)", m->relay);
    return -1;
}

/* A submission may ask for less haste than its location gives, never for more. */
static void settle_priority(const ss_policy_t *policy, ss_mail_message_t *m)
{
    int given = policy->priority == SS_UNSET ? (m->is_bulk ? SS_PRIORITY_BULK : SS_PRIORITY_NORMAL)
                                             : policy->priority;

    if (m->priority < 0)
        m->priority = given;
    else if (policy->priority != SS_UNSET && m->priority < policy->priority)
        m->priority = policy->priority;
}

int ss_permission_check(const ss_policy_t *policy, ss_mail_message_t *m, ss_mail_problem_t *problem)
{
    if (check_sender(policy, m, problem) || check_recipients(policy, m, problem) ||
        check_relay(policy, m, problem))
        return -1;
    settle_priority(policy, m);
    return 0;
}

int ss_location_rewrite(const ss_policy_t *policy, const ss_settings_t *relay, ss_mail_message_t *m,
                        ss_mail_problem_t *problem)
{
    if (ss_rewrite_alias(m, relay->aliases, relay->default_domain, problem) ||
        ss_rewrite_redirect(m, policy->redirect, problem))
        return -1;
    ss_rewrite_envelope_from(m, relay->envelope_from);
    return ss_rewrite_header_from(m, relay->header_from, problem);
}

apr_int64_t ss_location_size(const ss_policy_t *policy, const ss_settings_t *relay)
{
    return policy->max_message_size > 0 ? policy->max_message_size : relay->max_message_size;
}
