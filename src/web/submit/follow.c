/* follow.c: one message: its state (GET), its cancellation (DELETE). */
#include "web/submit/follow.h"

#include <http_protocol.h>
#include <string.h>

#include "base/text.h"
#include "web/shared/http.h"
#include "web/shared/params.h"
#include "web/shared/problem.h"
#include "web/shared/response.h"
#include "web/shared/rpc.h"

#define WAIT_MAX (120 * APR_USEC_PER_SEC)

static int show(request_rec *r, const char *id)
{
    static const char *const known[] = { "wait", NULL };
    ss_params_t query;
    ss_rpc_answer_t answer;
    apr_interval_time_t wait = 0;
    const char *why = NULL;

    if (ss_params_parse(&query, r->args, &why, r->pool))
        return ss_problem(r, HTTP_BAD_REQUEST, NULL, "the query string is malformed: %s", why);
    const char *unknown = ss_params_unknown(&query, known), *text = ss_params_get(&query, "wait");
    if (unknown)
        return ss_problem(r, HTTP_BAD_REQUEST, unknown, "there is no parameter \"%s\" here",
                          unknown);
    if (text && (ss_text_duration(text, &wait) || wait > WAIT_MAX))
        return ss_problem(r, HTTP_BAD_REQUEST, "wait",
                          "\"%s\" is not a time of at most 2min, like 10s", text);

    json_t *header = json_pack("{s:s,s:s}", "do", "get", "id", id);
    if (wait) json_object_set_new(header, "wait", json_integer(wait));
    if (!ss_rpc_call(r, header, NULL, 0, wait + SS_RPC_TIMEOUT, &answer)) return OK;
    if (answer.raw.status != 200 || !answer.raw.content) return ss_rpc_refuse(r, &answer);
    return ss_response_text(r, HTTP_OK, "application/json", answer.raw.content,
                            answer.raw.content_len);
}

static int cancel(request_rec *r, const char *id)
{
    ss_rpc_answer_t answer;
    json_t *header = json_pack("{s:s,s:s,s:o}", "do", "cancel", "id", id, "who",
                               ss_response_string(r, ss_http_user(r)));

    if (!ss_rpc_call(r, header, NULL, 0, SS_RPC_TIMEOUT, &answer)) return OK;
    if (answer.raw.status != 200) return ss_rpc_refuse(r, &answer);
    json_t *state = json_object_get(ss_rpc_document(r, &answer), "state");
    const char *name = json_is_string(state) ? json_string_value(state) : "cancelled";
    return ss_response_json(r, HTTP_OK, "application/json",
                            json_pack("{s:s,s:s}", "id", id, "state", name));
}

int ss_follow(request_rec *r, const char *id)
{
    switch (r->method_number) {
    case M_GET: return show(r, id);
    case M_DELETE: return cancel(r, id);
    default: return ss_problem_not_allowed(r, "GET, HEAD, DELETE");
    }
}
