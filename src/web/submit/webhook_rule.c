#include "web/submit/webhook_rule.h"

#include <apr_uri.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define URL_MAX 2000

static int refuse(ss_mail_problem_t *problem, int kind, const char *detail)
{
    return ss_mail_problem(problem, kind, "webhook", "webhook: %s", detail);
}

/* *is_named: set to 1 if the host itself is listed, not only a pattern that matches it. */
static int is_allowed(const apr_array_header_t *hosts, const char *host, int *is_named)
{
    int is_match = 0;

    for (int i = 0; hosts && i < hosts->nelts; i++) {
        if (ss_text_matches(APR_ARRAY_IDX(hosts, i, const char *), host)) is_match = 1;
        if (ss_text_same(APR_ARRAY_IDX(hosts, i, const char *), host)) *is_named = 1;
    }
    return is_match;
}

static int check(const ss_settings_policy_t *policy, const ss_mail_message_t *m, int *is_named,
                 ss_mail_problem_t *problem)
{
    apr_uri_t uri;

    for (const char *p = m->attr.webhook; *p; p++) {
        if ((unsigned char)*p <= ' ' || (unsigned char)*p > '~')
            return refuse(problem, SS_PROBLEM_MEMBER, "not a URL");
    }
    if (strlen(m->attr.webhook) > URL_MAX || apr_uri_parse(m->pool, m->attr.webhook, &uri) ||
        !uri.scheme || !uri.hostname || !*uri.hostname)
        return refuse(problem, SS_PROBLEM_MEMBER, "not a URL");
    if (!ss_text_same(uri.scheme, "http") && !ss_text_same(uri.scheme, "https"))
        return refuse(problem, SS_PROBLEM_MEMBER, "not a URL of http or https");
    if (uri.user || uri.password)
        return refuse(problem, SS_PROBLEM_MEMBER, "a URL with user or password is not allowed");
    if (!is_allowed(policy->webhook_allow, uri.hostname, is_named))
        return refuse(problem, SS_PROBLEM_WEBHOOK_FORBIDDEN,
                      "its host is not allowed here (SMTPSendWebhookAllow)");
    return 0;
}

/* The results that are reported to it. */
static json_t *events_of(const ss_settings_policy_t *policy)
{
    json_t *events = json_array();

    for (int i = 0; policy->webhook_events && i < policy->webhook_events->nelts; i++) {
        json_array_append_new(events,
                              json_string(APR_ARRAY_IDX(policy->webhook_events, i, const char *)));
    }
    return events;
}

int ss_webhook_rule_apply(const ss_settings_policy_t *policy, ss_mail_message_t *m,
                          ss_mail_problem_t *problem)
{
    int may_be_private = !m->attr.webhook; /* the administrator's own URL may be internal */

    if (m->attr.webhook && check(policy, m, &may_be_private, problem)) return -1;
    if (!m->attr.webhook) m->attr.webhook = policy->webhook;
    if (!m->attr.webhook) return 0;
    json_t *hook = json_pack("{s:s,s:o}", "url", m->attr.webhook, "events", events_of(policy));
    ss_json_put(hook, "key", policy->webhook_key);
    if (may_be_private) json_object_set_new(hook, "private", json_true());
    m->attr.webhook = ss_json_print(hook, m->pool);
    return 0;
}
