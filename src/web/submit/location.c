/* location.c: what a location adds to a message and changes in it. */
#include "web/submit/location.h"

#include <ap_expr.h>
#include <apr_strings.h>
#include <string.h>

#include "mail/rewrite.h"
#include "web/submit/limit.h"

int ss_location_headers(request_rec *r, const ss_settings_policy_t *policy,
                        apr_array_header_t **headers, ss_mail_problem_t *problem)
{
    *headers = NULL;
    if (!policy->add_headers || !policy->add_headers->nelts) return 0;
    *headers = apr_array_make(r->pool, policy->add_headers->nelts, sizeof(const char *[2]));
    for (int i = 0; i < policy->add_headers->nelts; i++) {
        const ss_settings_pair_t *pair = &APR_ARRAY_IDX(policy->add_headers, i, ss_settings_pair_t);
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
        entry[1] = ss_limit_field(value, r->pool);
    }
    return 0;
}

int ss_location_rewrite(const ss_settings_policy_t *policy, const ss_settings_t *relay,
                        ss_mail_message_t *m, ss_mail_problem_t *problem)
{
    if (ss_rewrite_alias(m, relay->aliases, relay->default_domain, problem) ||
        ss_rewrite_redirect(m, policy->redirect, problem))
        return -1;
    ss_rewrite_envelope_from(m, relay->envelope_from);
    return ss_rewrite_header_from(m, relay->header_from, problem);
}
