#include "web/submit/submission.h"

#include <ap_expr.h>
#include <apr_strings.h>

#include "base/clock.h"
#include "base/random.h"
#include "config/module.h"
#include "mail/form.h"
#include "mail/rewrite.h"
#include "mail/trace.h"
#include "web/submit/envelope.h"
#include "web/submit/form_body.h"
#include "web/submit/limit.h"
#include "web/submit/permission.h"
#include "web/submit/webhook_rule.h"
#include "wire/frame.h"

static ss_parse_options_t options_of(const ss_submission_t *s)
{
    ss_parse_options_t options = { .adds_missing = s->kind != SS_SUBMISSION_MESSAGE,
                                   /* Where SMTPSendAllowFrom asks for one. */
                                   .adds_from =
                                       s->policy->allow_from && s->policy->allow_from->nelts,
                                   .host = s->relay->helo,
                                   .author = s->relay->header_from,
                                   .default_domain = s->relay->default_domain,
                                   .default_from = s->policy->default_from,
                                   .add_headers = s->added,
                                   .lines_before = s->lines_before,
                                   .lift = s->lift };

    /* An address literal would look odd in a Message-ID. */
    if (!options.host || *options.host == '[') options.host = s->relay->mail_name;
    options.now = ss_wall_now();
    /* Only where needed: it costs a tenth of a small message. */
    if (options.adds_missing) ss_random_bytes(&options.random, sizeof(options.random));
    options.max_size = (apr_size_t)ss_limit_message(s->policy, s->relay);
    return options;
}

/* Evaluates the fields of SMTPSendAddHeader, once per request. */
static int evaluate_headers(ss_submission_t *s)
{
    const ss_settings_policy_t *policy = s->policy;
    apr_pool_t *pool = s->r->pool;

    if (!policy->add_headers || !policy->add_headers->nelts) return 0;
    apr_array_header_t *added =
        apr_array_make(pool, policy->add_headers->nelts, sizeof(const char *[2]));
    for (int i = 0; i < policy->add_headers->nelts; i++) {
        const ss_settings_pair_t *pair = &APR_ARRAY_IDX(policy->add_headers, i, ss_settings_pair_t);
        const char *error = NULL, *value = pair->value;
        if (pair->compiled) value = ap_expr_str_exec(s->r, pair->compiled, &error);
        if (error || !value)
            return ss_mail_problem(&s->problem, HTTP_INTERNAL_SERVER_ERROR, NULL,
                                   "SMTPSendAddHeader %s: its expression failed: %s", pair->name,
                                   error ? error : "no value");
        const char **entry = apr_array_push(added);
        entry[0] = pair->name;
        entry[1] = ss_limit_field(value, pool);
    }
    s->added = added;
    return 0;
}

/* Applies SMTPSendAlias, SMTPSendRedirect, SMTPSendEnvelopeFrom and SMTPSendHeaderFrom of the relay
 * that will carry the message. After the permissions: those are about what the application asked
 * for, not about what the administrator makes of it. */
static int rewrite(ss_submission_t *s)
{
    ss_mail_message_t *m = s->m;
    const ss_settings_t *named =
        m->attr.relay ? ss_config_relay(ss_module_config(), m->attr.relay) : NULL;
    const ss_settings_t *relay = named ? named : s->relay;

    if (ss_rewrite_alias(m, relay->aliases, relay->default_domain, &s->problem) ||
        ss_rewrite_redirect(m, s->policy->redirect ? s->policy->redirect : relay->redirect,
                            &s->problem))
        return -1;
    ss_rewrite_envelope_from(m, relay->envelope_from);
    return ss_rewrite_header_from(m, relay->header_from, &s->problem);
}

static int read_message(ss_submission_t *s, const char *bytes, apr_size_t len)
{
    ss_parse_options_t options;

    if (!s->added && s->r && evaluate_headers(s)) return -1;
    options = options_of(s);
    switch (s->kind) {
    case SS_SUBMISSION_JSON:
    case SS_SUBMISSION_LINES: return ss_form_json(s->m, bytes, len, &options, &s->problem);
    case SS_SUBMISSION_FORM:
    case SS_SUBMISSION_MULTIPART:
        return ss_form_body_read(s->m, s->type, bytes, len, &options, &s->problem);
    case SS_SUBMISSION_DOCUMENT:
        return ss_form_document(s->m, s->document, s->files, &options, &s->problem);
    case SS_SUBMISSION_MESSAGE: break;
    }
    if (ss_envelope_read(s->m, &s->query, s->relay->default_domain, &s->problem)) return -1;
    options.takes_rcpts = !s->m->rcpts->nelts;
    return ss_parse_message(s->m, bytes, len, &options, &s->problem);
}

int ss_submission_compose(ss_submission_t *s, const char *bytes, apr_size_t len)
{
    s->m = ss_mail_create(s->pool);
    s->problem.status = 0;
    if (read_message(s, bytes, len)) return -1;
    if (!s->m->from) s->m->from = s->policy->default_from;
    if (!s->m->from)
        return ss_mail_problem(
            &s->problem, SS_PROBLEM_SENDER, "from",
            "the message has no sender, and this location has no SMTPSendDefaultFrom");
    if (!s->m->rcpts->nelts)
        return ss_mail_problem(&s->problem, SS_PROBLEM_RECIPIENT, "to",
                               "the message has no recipient");
    if (ss_permission_check(s->policy, s->m, &s->problem) ||
        ss_webhook_rule_apply(s->policy, s->m, &s->problem))
        return -1;
    return rewrite(s);
}

static void put_rates(const ss_submission_t *s, ss_object_t *request)
{
    const apr_array_header_t *list = s->policy->submitter_rate;

    if (!list || !list->nelts) return;
    ss_object_list(request, "rates");
    for (int i = 0; i < list->nelts; i++) {
        const ss_settings_rate_t *rate = &APR_ARRAY_IDX(list, i, ss_settings_rate_t);
        ss_object_item_number(request, rate->count);
        ss_object_item_number(request, rate->per);
    }
    ss_object_list_end(request);
}

/* What the message says itself, else what the request says, else the field of its content. */
static void trace(ss_submission_t *s)
{
    const char *header = s->r ? apr_table_get(s->r->headers_in, "traceparent") : NULL;
    ss_mail_message_t *m = s->m;

    if (ss_trace_parent(m->attr.traceparent, s->pool)) return;
    m->attr.traceparent = ss_trace_parent(header, s->pool);
    if (!m->attr.traceparent) m->attr.traceparent = ss_trace_parent(m->traceparent, s->pool);
}

const char *ss_submission_request(ss_submission_t *s)
{
    ss_object_t request;
    ss_buf_t out;

    ss_buf_init(&out, SS_FRAME_HEADER_MAX);
    ss_object_begin(&request, &out);
    s->m->attr.via = s->via;
    s->m->attr.submitter = s->submitter;
    if (s->idempotency.key && !s->is_dry_run) {
        s->m->attr.idempotency_key = s->idempotency.key;
        s->m->attr.content_hash = s->idempotency.hash;
    }
    trace(s);
    ss_envelope_put(&request, s->m);
    ss_object_text(&request, "do", "submit");
    ss_object_flag(&request, "asIs", 1);
    ss_object_flag(&request, "dryRun", s->is_dry_run);
    ss_object_text(&request, "server", s->relay->relay_name);
    ss_object_number(&request, "size", (apr_int64_t)s->m->content_len);
    put_rates(s, &request);
    const char *text =
        ss_object_end(&request) == APR_SUCCESS ? apr_pstrmemdup(s->pool, out.data, out.len) : NULL;
    ss_buf_free(&out);
    return text;
}
