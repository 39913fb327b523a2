/* status_action.c: actions: pause, resume and flush of relays; retry, hold, release, cancel and
 * bounce of messages. */
#include "web/status/status.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "web/shared/body.h"
#include "web/shared/csrf.h"
#include "web/shared/html.h"
#include "web/shared/http.h"
#include "web/shared/problem.h"
#include "web/shared/rpc.h"
#include "web/status/action_request.h"

#define FORM_MAX 262144 /* bytes; enough for as many ids as an action takes */
/* an action by filter takes several steps */
#define ACTION_TIMEOUT (60 * APR_USEC_PER_SEC)

/* Begins a form that repeats the fields of form, with the token and one more field. */
static void repeat_form(ss_page_t *page, const ss_params_t *form, const char *action,
                        const char *more, const char *value)
{
    static const char *const names[] = { "id", "state", "relay", "from", "to" };
    request_rec *r = page->r;

    ss_html_print(r, "<form class='row' method='post' action='%s'>\n", ss_page_path(page, ""));
    ss_page_hidden(r, "token", ss_csrf_token(r, page->base));
    ss_page_hidden(r, "action", action);
    ss_page_hidden(r, more, value);
    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        for (int k = 0; k < form->pairs->nelts; k++) {
            const ss_params_pair_t *pair = &APR_ARRAY_IDX(form->pairs, k, ss_params_pair_t);
            if (!strcmp(pair->name, names[i])) ss_page_hidden(r, names[i], pair->value);
        }
    }
}

/* The filter matched and nothing was done yet: the form again, with the number of messages. */
static void ask_to_confirm(ss_page_t *page, const ss_params_t *form,
                           const ss_action_request_t *action, long long matched)
{
    ss_html_print(page->r, "<p>%lld %s. Nothing has been done yet.</p>\n", matched,
                  matched == 1 ? "message matches" : "messages match");
    repeat_form(page, form, action->name, "confirm",
                apr_psprintf(page->r->pool, "%" APR_INT64_T_FMT, (apr_int64_t)matched));
    ss_html_print(page->r, "<button class='%s' type='submit'>%s: %lld messages</button></form>\n",
                  action->is_strong ? "strong" : "main", action->label, matched);
}

static void put_relays(request_rec *r, const json_t *relays)
{
    for (size_t i = 0; i < json_array_size(relays); i++) {
        const json_t *relay = json_array_get(relays, i);
        ss_html_print(
            r, "<p>Relay <strong>%s</strong>: %s. %s</p>\n", ss_html_member(relay, "name"),
            ss_json_is(relay, "paused") ? "paused" : "not paused", ss_html_member(relay, "note"));
    }
}

static void put_back(ss_page_t *page, const ss_params_t *form)
{
    const char *id = ss_params_get(form, "id");

    ap_rputs("<p class='buttons'>", page->r);
    if (id)
        ss_html_print(page->r, "<a class='button' href='%s/message/%s'>Message</a> ", page->base,
                      id);
    ss_html_print(page->r,
                  "<a class='button' href='%s'>Messages</a> <a class='button' "
                  "href='%s'>Overview</a></p>\n</section>\n",
                  ss_page_path(page, "/queue"), ss_page_path(page, ""));
}

static int answer_page(ss_page_t *page, const ss_params_t *form, const ss_action_request_t *action,
                       const json_t *document)
{
    request_rec *r = page->r;
    const json_t *relays = json_object_get(document, "relays");
    long long matched = ss_json_number(document, "matched"),
              done = ss_json_number(document, "done");
    int is_asking = !relays && matched && !done && !ss_params_get(form, "id");

    ss_page_begin(page, HTTP_OK,
                  is_asking ? apr_pstrcat(r->pool, action->label, "?", NULL) : action->done, NULL);
    ap_rputs("<section class='card'>\n", r);
    put_relays(r, relays);
    if (is_asking)
        ask_to_confirm(page, form, action, matched);
    else if (!relays && !matched)
        ap_rputs("<p>No message matches.</p>\n", r);
    else if (!relays)
        ss_html_print(r, "<p role='status'>%s: %lld of %lld %s.</p>\n", action->done, done, matched,
                      matched == 1 ? "message" : "messages");
    put_back(page, form);
    ss_html_end(r);
    return OK;
}

/* Asks before what cannot be undone; with JavaScript, the script has asked already. */
static int ask_first(ss_page_t *page, const ss_params_t *form, const ss_action_request_t *action)
{
    request_rec *r = page->r;

    ss_page_begin(page, HTTP_OK, apr_pstrcat(r->pool, action->label, "?", NULL), NULL);
    ss_html_print(r, "<section class='card'>\n<p>The message will %s. This cannot be undone.</p>\n",
                  !strcmp(action->name, "cancel") ? "not be sent, and its sender is not notified"
                                                  : "be given up, and its sender gets a bounce");
    repeat_form(page, form, action->name, "sure", "1");
    ap_rprintf(r, "<button class='strong' type='submit'>%s</button></form>\n", action->label);
    put_back(page, form);
    ss_html_end(r);
    return OK;
}

int ss_status_action(ss_page_t *page)
{
    request_rec *r = page->r;
    ss_params_t form;
    ss_mail_problem_t problem = { 0 };
    ss_rpc_answer_t answer;

    if (!ss_body_form(r, FORM_MAX, &form) || !ss_csrf_check(r, &form, page->base)) return OK;
    const ss_action_request_t *action = ss_action_request_find(&form);
    if (!action)
        return ss_problem(
            r, HTTP_BAD_REQUEST, "action",
            "action is one of pause, resume, flush, retry, hold, release, cancel, bounce");

    int as_page = ss_http_wants_html(r);
    if (as_page && action->is_strong && ss_params_get(&form, "id") &&
        !ss_params_flag(&form, "sure", 0))
        return ask_first(page, &form, action);

    json_t *header = ss_action_request_create(action, &form, &problem);
    if (!header) return ss_problem_mail(r, &problem);
    ss_json_put(header, "who", ss_http_user(r));
    if (!ss_rpc_call(r, header, ACTION_TIMEOUT, &answer)) return OK;
    return as_page ? answer_page(page, &form, action, ss_rpc_document(r->pool, &answer))
                   : ss_rpc_pass(r, &answer);
}
