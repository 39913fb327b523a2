/* rpc.c: one request to the delivery daemon. */
#include "web/shared/rpc.h"

#include <apr_strings.h>
#include <http_log.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config/module.h"
#include "web/shared/problem.h"

static apr_status_t drop(void *value)
{
    json_decref(value);
    return APR_SUCCESS;
}

json_t *ss_rpc_own(request_rec *r, json_t *value)
{
    if (value) apr_pool_cleanup_register(r->pool, value, drop, apr_pool_cleanup_null);
    return value;
}

int ss_rpc_read(request_rec *r, ss_rpc_answer_t *answer)
{
    json_t *fields = json_loadb(answer->raw.header, answer->raw.header_len, JSON_ALLOW_NUL, NULL);

    answer->fields = ss_rpc_own(r, fields);
    if (!json_is_object(fields)) return 0;
    answer->raw.status = (int)json_integer_value(json_object_get(fields, "status"));
    return answer->raw.status >= 200 && answer->raw.status < 600;
}

static int call_text(request_rec *r, const char *request, const char *content, apr_size_t len,
                     int file, apr_uint64_t file_len, apr_interval_time_t timeout,
                     ss_rpc_answer_t *answer, const char **why)
{
    ss_result_t result;

    ss_result_clear(&result);
    memset(answer, 0, sizeof(*answer));
    if (!request) {
        *why = "the request to the delivery daemon is too large, or is not UTF-8";
        return 0;
    }
    apr_status_t rv = ss_peer_call_file(ss_module_globals()->socket_path, ss_module_instance(),
                                        request, strlen(request), content, len, file, file_len,
                                        timeout, &answer->raw, &result, r->pool);
    if (rv == APR_SUCCESS && ss_rpc_read(r, answer)) return 1;
    *why = ss_result_is_set(&result) ? apr_pstrdup(r->pool, result.text)
                                     : "the delivery daemon's answer could not be read";
    return 0;
}

int ss_rpc_try(request_rec *r, json_t *header, const char *content, apr_size_t len,
               apr_interval_time_t timeout, ss_rpc_answer_t *answer, const char **why)
{
    char *request = json_dumps(header, JSON_COMPACT);
    int has_answer = call_text(r, request, content, len, -1, 0, timeout, answer, why);

    json_decref(header);
    free(request);
    return has_answer;
}

static int send_unavailable(request_rec *r, const char *why)
{
    ss_log(ss_module_log(r->server, r->pool), SS_LOG_WARN, 501, "%s: answered with 503: %s", r->uri,
           why);
    ss_problem(r, HTTP_SERVICE_UNAVAILABLE, NULL, "%s", why);
    return 0;
}

int ss_rpc_call(request_rec *r, json_t *header, const char *content, apr_size_t len,
                apr_interval_time_t timeout, ss_rpc_answer_t *answer)
{
    const char *why = NULL;

    return ss_rpc_try(r, header, content, len, timeout, answer, &why) || send_unavailable(r, why);
}

int ss_rpc_call_file(request_rec *r, const char *request, const char *content, apr_size_t len,
                     int file, apr_uint64_t file_len, apr_interval_time_t timeout,
                     ss_rpc_answer_t *answer)
{
    const char *why = NULL;

    return call_text(r, request, content, len, file, file_len, timeout, answer, &why) ||
           send_unavailable(r, why);
}

int ss_rpc_refuse(request_rec *r, const ss_rpc_answer_t *answer)
{
    ss_problem_t problem = { .status = answer->raw.status };

    problem.detail = json_string_value(json_object_get(answer->fields, "detail"));
    problem.field = json_string_value(json_object_get(answer->fields, "field"));
    problem.state = json_string_value(json_object_get(answer->fields, "state"));
    problem.retry_after = (int)json_integer_value(json_object_get(answer->fields, "retryAfter"));
    return ss_problem_send(r, &problem);
}

json_t *ss_rpc_document(request_rec *r, const ss_rpc_answer_t *answer)
{
    if (!answer->raw.content) return NULL;
    return ss_rpc_own(
        r, json_loadb(answer->raw.content, answer->raw.content_len, JSON_ALLOW_NUL, NULL));
}
