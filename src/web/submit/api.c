/* api.c: the C API. Submissions are processed like those over HTTP. */
#include "web/submit/api.h"

#include <apr_strings.h>
#include <httpd.h>
#include <string.h>

#include "base/text.h"
#include "config/module.h"
#include "smtp_send.h"
#include "web/shared/html.h"
#include "web/shared/key.h"
#include "web/shared/rpc.h"
#include "web/shared/waiting.h"
#include "web/submit/submission.h"
#include "web/submit/submitter.h"

#define SMTP_SEND_DECLARE(type) static type

/* A row of an optional hook's list, as apr_hooks defines it. The public header declares no hook, so
 * that nobody has to link to us. */
typedef struct {
    smtp_send_HOOK_smtp_send_finished_t *pFunc;
    const char *szName;
    const char *const *aszPredecessors;
    const char *const *aszSuccessors;
    int nOrder;
} smtp_send_LINK_smtp_send_finished_t;

APR_IMPLEMENT_OPTIONAL_HOOK_RUN_ALL(smtp_send, SMTP_SEND, int, smtp_send_finished,
                                    (const smtp_send_finished_t *finished), (finished), OK,
                                    DECLINED)

int ss_api_has_listeners(void)
{
    apr_array_header_t *list = apr_optional_hook_get("smtp_send_finished");

    return list && list->nelts;
}

void ss_api_finished(const char *id, const char *from, const char *to, const char *state,
                     const char *reply, const char *metadata)
{
    const smtp_send_finished_t finished = {
        sizeof(finished), id, from, to, state, reply, metadata
    };

    smtp_send_run_smtp_send_finished(&finished);
}

static apr_status_t refused(smtp_send_result_t *result, int status, int retry_after,
                            const char *field, const char *detail)
{
    result->status = status;
    result->retry_after = retry_after;
    apr_cpystrn(result->field, field ? field : "", sizeof(result->field));
    apr_cpystrn(result->detail, detail ? detail : "", sizeof(result->detail));
    return APR_EGENERAL;
}

static apr_status_t read_answer(smtp_send_result_t *result, const ss_rpc_answer_t *answer)
{
    const json_t *fields = answer->fields;
    const char *id = ss_json_text(fields, "id");

    if (answer->raw.status >= 300 || !id) {
        return refused(result, answer->raw.status, (int)ss_json_number(fields, "retryAfter"),
                       ss_html_member(fields, "field"), ss_html_member(fields, "detail"));
    }
    result->status = answer->raw.status;
    result->recipients = (int)ss_json_number(fields, "recipients");
    result->is_paused = ss_json_is(fields, "paused");
    apr_cpystrn(result->id, id, sizeof(result->id));
    return APR_SUCCESS;
}

/* ---- smtp_send_submit ---- */

static void add(ss_params_t *query, const char *name, const char *value)
{
    if (value) APR_ARRAY_PUSH(query->pairs, ss_params_pair_t) = (ss_params_pair_t){ name, value };
}

static void fill_envelope(ss_submission_t *s, const smtp_send_message_t *message)
{
    s->query.pairs = apr_array_make(s->pool, 8, sizeof(ss_params_pair_t));
    add(&s->query, "from", message->from);
    for (int i = 0; i < message->to_count; i++) add(&s->query, "to", message->to[i]);
    add(&s->query, "expire", message->expire);
    add(&s->query, "at", message->at);
    add(&s->query, "relay", message->relay);
    add(&s->query, "priority", message->priority);
}

/* The directives outside any location, for callers without a request. */
static const ss_settings_policy_t *policy_of(const server_rec *s, apr_pool_t *pool)
{
    const ss_settings_policy_t *merged =
        ap_get_module_config(s->lookup_defaults, &smtp_send_module);
    ss_settings_policy_t *policy = apr_pmemdup(pool, merged, sizeof(*merged));

    ss_settings_policy_finish(policy, pool);
    if (policy->max_message_size == SS_UNSET)
        policy->max_message_size = ss_module_relay(s)->max_message_size;
    if (!policy->redirect) policy->redirect = ss_module_relay(s)->redirect;
    return policy;
}

static apr_status_t smtp_send_submit(request_rec *r, server_rec *server,
                                     const smtp_send_message_t *message, smtp_send_result_t *result,
                                     apr_pool_t *pool)
{
    ss_submission_t s = { .r = r,
                          .via = "c",
                          .pool = pool,
                          .kind = message->json ? SS_SUBMISSION_JSON : SS_SUBMISSION_MESSAGE };
    const char *bytes = message->json ? message->json : message->content;
    apr_size_t len = bytes ? message->len ? message->len : strlen(bytes) : 0;
    ss_rpc_answer_t answer;

    memset(result, 0, sizeof(*result));
    if (message->size < sizeof(*message) || !len)
        return refused(result, 400, 0, NULL, "there is no message");
    if (!ss_module_config() || !ss_module_relay(server))
        return refused(result, 503, 0, NULL, "mod_smtp_send failed to start");
    s.relay = ss_module_relay(server);
    s.policy = r ? ss_key_policy(r) : policy_of(server, pool);
    s.submitter = r ? ss_submitter_of(r, "c") : ss_submitter_of_server(server, pool);
    if (!s.relay->engine)
        return refused(result, 503, 60, NULL, "SMTPSendEngine is Off here: mail is not accepted");
    fill_envelope(&s, message);
    if (message->idempotency_key) {
        s.idempotency.key = message->idempotency_key;
        ss_idempotency_hash(message->json ? "c json" : "c message", message->from, bytes, len,
                            &s.idempotency);
    }
    if (ss_submission_compose(&s, bytes, len))
        return refused(result, s.problem.status ? s.problem.status : 400, 0, s.problem.field,
                       s.problem.detail);
    if (!ss_rpc_exchange(ss_rpc_message(ss_submission_request(&s), s.m), &answer, pool))
        return refused(result, 503, 5, NULL, answer.why);
    return read_answer(result, &answer);
}

/* ---- state and pause ---- */

/* header is taken over. */
static const char *ask_state(json_t *header, apr_interval_time_t wait, apr_pool_t *pool)
{
    ss_rpc_answer_t answer;
    int place = wait > 0 ? ss_waiting_begin() : -1;
    if (place < 0) wait = 0;
    if (wait) json_object_set_new(header, "wait", json_integer(wait));
    int is_known = ss_rpc_try(header, wait + SS_RPC_TIMEOUT, &answer, pool);
    ss_waiting_end(place);
    return is_known && answer.raw.status == 200 ? answer.raw.content : NULL;
}

static const char *smtp_send_state(server_rec *s, const char *id, apr_interval_time_t wait,
                                   apr_pool_t *pool)
{
    (void)s;
    return ask_state(ss_rpc_state_request(id), wait, pool);
}

static const char *smtp_send_own_state(request_rec *r, const char *id, apr_interval_time_t wait,
                                       apr_pool_t *pool)
{
    json_t *header = ss_rpc_state_request(id);

    json_object_set_new(header, "submitters", json_pack("[s]", ss_submitter_of(r, "c")));
    return ask_state(header, wait, pool);
}

static apr_status_t smtp_send_pause(server_rec *s, const char *relay, int on, const char *reason,
                                    const char *who, apr_pool_t *pool)
{
    ss_rpc_answer_t answer;
    json_t *header = json_pack("{s:s,s:o}", "do", on ? "pause" : "resume", "who",
                               ss_json_string(who ? who : "a module"));

    (void)s;
    ss_json_put(header, "relay", relay);
    ss_json_put(header, "reason", reason);
    return ss_rpc_try(header, SS_RPC_TIMEOUT, &answer, pool) && answer.raw.status == 200
               ? APR_SUCCESS
               : APR_EGENERAL;
}

void ss_api_register(void)
{
    APR_REGISTER_OPTIONAL_FN(smtp_send_submit);
    APR_REGISTER_OPTIONAL_FN(smtp_send_state);
    APR_REGISTER_OPTIONAL_FN(smtp_send_own_state);
    APR_REGISTER_OPTIONAL_FN(smtp_send_pause);
}
