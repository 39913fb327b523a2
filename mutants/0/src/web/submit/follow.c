/* follow.c: GET (state) and DELETE (cancel) of one message. */
#include "web/submit/follow.h"

#include "web/shared/body.h"
#include "web/shared/html.h"
#include "web/shared/http.h"
#include "web/shared/problem.h"
#include "web/shared/rpc.h"
#include "web/submit/limit.h"

int ss_follow_wait(request_rec *r, const ss_params_t *query, apr_interval_time_t *wait)
{
    const char *text = ss_params_get(query, "wait");

    if (ss_limit_wait(text, wait)) return 1;
    ss_problem(r, HTTP_BAD_REQUEST, "wait", "\"%s\" is not a duration of at most 2min, such as 10s",
               text);
    return 0;
}

static int show(request_rec *r, const char *id)
{
    static const char *const known[] = { "wait", NULL };
    ss_params_t query;
    ss_rpc_answer_t answer;
    apr_interval_time_t wait;

    return ss_body_query(r, &query) && ss_body_known(r, &query, known) &&
                   ss_follow_wait(r, &query, &wait) &&
                   ss_rpc_call(r, ss_rpc_state_request(id, wait), wait + SS_RPC_TIMEOUT, &answer)
               ? ss_rpc_pass(r, &answer)
               : OK;
}

static int cancel(request_rec *r, const char *id)
{
    ss_rpc_answer_t answer;
    json_t *header = json_pack("{s:s,s:s,s:o}", "do", "cancel", "id", id, "who",
                               ss_json_string(ss_http_user(r)));

    if (!ss_rpc_call(r, header, SS_RPC_TIMEOUT, &answer)) return OK;
    const char *state = ss_html_member(ss_rpc_document(r->pool, &answer), "state");
    return ss_http_json(r, HTTP_OK, "application/json",
                        json_pack("{s:s,s:s}", "id", id, "state", *state ? state : "cancelled"));
}

int ss_follow(request_rec *r, const char *id)
{
    switch (r->method_number) {
    case M_GET: return show(r, id);
    case M_DELETE: return cancel(r, id);
    default: return ss_problem_not_allowed(r, "GET, HEAD, DELETE");
    }
}
