#include "web/shared/rpc.h"

#include <apr_strings.h>
#include <string.h>

#include "base/clock.h"
#include "config/module.h"
#include "web/shared/html.h"
#include "web/shared/problem.h"
#include "web/shared/http.h"

static apr_status_t drop(void *value)
{
    json_decref(value);
    return APR_SUCCESS;
}

json_t *ss_rpc_own(apr_pool_t *pool, json_t *value)
{
    if (value) apr_pool_cleanup_register(pool, value, drop, apr_pool_cleanup_null);
    return value;
}

int ss_rpc_read(apr_pool_t *pool, ss_rpc_answer_t *answer)
{
    json_t *fields = json_loadb(answer->raw.header, answer->raw.header_len, JSON_ALLOW_NUL, NULL);

    answer->fields = ss_rpc_own(pool, fields);
    if (!json_is_object(fields)) return 0;
    answer->raw.status = (int)ss_json_number(fields, "status");
    return answer->raw.status >= 200 && answer->raw.status < 600;
}

int ss_rpc_goes_on(void *self)
{
    ss_rpc_wait_t *wait = self;

    wait->trouble = ss_module_trouble(wait->asked);
    return !wait->trouble && (!wait->is_wanted || wait->is_wanted(wait->self));
}

const char *ss_rpc_trouble(ss_rpc_wait_t *wait, apr_pool_t *pool)
{
    if (!wait->trouble) wait->trouble = ss_module_trouble(wait->asked);
    if (!wait->trouble) return NULL;
    return apr_pstrcat(pool, wait->trouble, "; this is tried again (see the error log)", NULL);
}

int ss_rpc_exchange(ss_peer_call_t request, ss_rpc_answer_t *answer, apr_pool_t *pool)
{
    ss_result_t result = { 0 };

    memset(answer, 0, sizeof(*answer));
    if (!request.header) {
        answer->why = "the request to the delivery daemon is too large, or is not UTF-8";
        return 0;
    }
    request.path = ss_module_globals()->socket_path;
    request.instance = ss_module_instance();
    request.header_len = strlen(request.header);
    ss_rpc_wait_t wait = { .is_wanted = request.is_wanted, .self = request.self };
    apr_status_t rv = APR_ECONNRESET;
    request.is_wanted = ss_rpc_goes_on;
    request.self = &wait;
    /* Where it cannot be started, a request would wait for nobody. */
    if (ss_rpc_goes_on(&wait)) {
        wait.asked = ss_mono_now();
        rv = ss_peer_call(&request, &answer->raw, &result, pool);
    }
    if (rv == APR_SUCCESS && ss_rpc_read(pool, answer)) return 1;
    if (rv != APR_SUCCESS) answer->why = ss_rpc_trouble(&wait, pool);
    answer->is_hung = wait.trouble == ss_trouble_hangs;
    if (!answer->why)
        answer->why = ss_result_is_set(&result) ? apr_pstrdup(pool, result.text)
                                                : "the delivery daemon's answer could not be read";
    return 0;
}

ss_peer_call_t ss_rpc_message(const char *header, const ss_mail_message_t *m)
{
    return (ss_peer_call_t){ .header = header,
                             .content = m->content,
                             .content_len = m->content_len,
                             .file = m->tail ? m->tail->fd : -1,
                             .file_len = m->tail ? m->tail->len : 0,
                             .timeout = SS_RPC_TIMEOUT };
}

static ss_peer_call_t call_of(json_t *header, apr_interval_time_t timeout, apr_pool_t *pool)
{
    return (ss_peer_call_t){ .header = ss_json_print(header, pool), .timeout = timeout };
}

int ss_rpc_try(json_t *header, apr_interval_time_t timeout, ss_rpc_answer_t *answer,
               apr_pool_t *pool)
{
    return ss_rpc_exchange(call_of(header, timeout, pool), answer, pool);
}

json_t *ss_rpc_ask(json_t *header, apr_interval_time_t timeout, apr_pool_t *pool)
{
    ss_rpc_answer_t answer;

    return ss_rpc_try(header, timeout, &answer, pool) && answer.raw.status == 200
               ? ss_rpc_document(pool, &answer)
               : NULL;
}

int ss_rpc_refuse(request_rec *r, const json_t *fields)
{
    int status = (int)ss_json_number(fields, "status");
    ss_problem_t problem = { .kind = ss_problem_kind_find(ss_json_text(fields, "code"), status),
                             .retry_after = (int)ss_json_number(fields, "retryAfter"),
                             .detail = ss_html_member(fields, "detail"),
                             .field = ss_json_text(fields, "field"),
                             .state = ss_json_text(fields, "state") };

    return ss_problem_send(r, &problem);
}

int ss_rpc_settle(request_rec *r, int has_answer, const ss_rpc_answer_t *answer)
{
    if (has_answer && answer->raw.status < 300) return 1;
    if (has_answer) return ss_rpc_refuse(r, answer->fields);
    ss_log(ss_module_log(r->server, r->pool), SS_LOG_WARN, 501, "%s: answered with 503: %s", r->uri,
           answer->why);
    return ss_problem(r, HTTP_SERVICE_UNAVAILABLE, NULL, "%s", answer->why);
}

int ss_rpc_submit(request_rec *r, ss_peer_call_t request, ss_rpc_answer_t *answer)
{
    return ss_rpc_settle(r, ss_rpc_exchange(request, answer, r->pool), answer);
}

int ss_rpc_call(request_rec *r, json_t *header, apr_interval_time_t timeout,
                ss_rpc_answer_t *answer)
{
    return ss_rpc_submit(r, call_of(header, timeout, r->pool), answer);
}

int ss_rpc_pass(request_rec *r, const ss_rpc_answer_t *answer)
{
    return ss_http_text(r, HTTP_OK, "application/json",
                        answer->raw.content ? answer->raw.content : "{}",
                        answer->raw.content ? answer->raw.content_len : 2);
}

json_t *ss_rpc_state_request(const char *id)
{
    return json_pack("{s:s,s:o}", "do", "get", "id", ss_json_string(id));
}

json_t *ss_rpc_document(apr_pool_t *pool, const ss_rpc_answer_t *answer)
{
    if (!answer->raw.content) return NULL;
    return ss_rpc_own(
        pool, json_loadb(answer->raw.content, answer->raw.content_len, JSON_ALLOW_NUL, NULL));
}
