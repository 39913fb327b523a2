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

/* ---- the pages that answer ---- */

static const char *messages(request_rec *r, long long count)
{
    return apr_psprintf(r->pool, "%s message%s", ss_html_count(r, count), count == 1 ? "" : "s");
}

/* Begins a form that repeats the fields of form, with the token and one more field. */
static void repeat_form(ss_page_t *page, const ss_params_t *form, const char *action,
                        const char *more, const char *value)
{
    static const char *const names[] = { "id", "which", "after" };
    request_rec *r = page->r;

    ss_html_print(r, "<form class='row' method='post' action='%s'>\n", ss_page_path(page, ""));
    ss_page_hidden(r, "token", ss_csrf_token(r, page->base));
    ss_page_hidden(r, "action", action);
    ss_page_hidden(r, more, value);
    ss_status_filter_hidden(r, form);
    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        for (int k = 0; k < form->pairs->nelts; k++) {
            const ss_params_pair_t *pair = &APR_ARRAY_IDX(form->pairs, k, ss_params_pair_t);
            if (!strcmp(pair->name, names[i])) ss_page_hidden(r, names[i], pair->value);
        }
    }
}

/* Begins the page and its card. */
static void begin(ss_page_t *page, int status, const char *title)
{
    ss_page_begin(page, status, title, NULL);
    ap_rputs("<section class='card'>\n", page->r);
}

/* A link back to where the action came from. It has the focus: for who uses the keyboard, one key
 * leads on. */
static void end(ss_page_t *page, const ss_params_t *form, int is_done)
{
    request_rec *r = page->r;
    const char *id = ss_params_get(form, "id"), *path, *label;

    if (ss_params_get(form, "which")) {
        path = ss_status_filter_path(page, form, ss_params_get(form, "after"));
        label = "Messages";
    } else if (id) {
        path = apr_pstrcat(r->pool, page->base, "/message/", ss_params_escape(id, r->pool), NULL);
        label = "Message";
    } else {
        path = ss_page_path(page, "");
        label = "Overview";
    }
    ss_html_print(
        r, "<p class='buttons'><a class='button' href='%s' autofocus>%s</a></p>\n</section>\n",
        path, is_done ? label : "Go back");
    ss_html_end(r);
}

/* Nothing was done yet: the form again, with what makes it act. */
static int ask(ss_page_t *page, const ss_params_t *form, const ss_action_request_t *action,
               long long count)
{
    request_rec *r = page->r;
    int is_named = ss_action_request_is_named(form);
    const char *what = apr_pstrcat(r->pool, action->label, " ", messages(r, count), NULL);

    begin(page, HTTP_OK, apr_pstrcat(r->pool, what, "?", NULL));
    if (!is_named)
        ss_html_print(r, "<p>Filter: <strong>%s</strong>. %s match%s.</p>\n",
                      ss_action_request_filter(form, r->pool), messages(r, count),
                      count == 1 ? "es" : "");
    ss_html_print(r, "<p>%s Nothing has been done yet.</p>\n", action->final);
    repeat_form(page, form, action->name, is_named ? "sure" : "confirm",
                is_named ? "1" : apr_psprintf(r->pool, "%" APR_INT64_T_FMT, (apr_int64_t)count));
    ss_html_print(r, "<button class='%s' type='submit'>%s</button></form>\n",
                  action->final ? "strong" : "main", what);
    end(page, form, 0);
    return OK;
}

static void put_relays(request_rec *r, const json_t *relays)
{
    for (size_t i = 0; i < json_array_size(relays); i++) {
        const json_t *relay = json_array_get(relays, i);
        ss_html_print(r, "<p role='status'>Relay <strong>%s</strong>: %s. %s</p>\n",
                      ss_html_member(relay, "name"),
                      ss_json_is(relay, "paused") ? "paused" : "not paused",
                      ss_html_member(relay, "note"));
    }
}

static int answer_page(ss_page_t *page, const ss_params_t *form, const ss_action_request_t *action,
                       const json_t *document)
{
    request_rec *r = page->r;
    const json_t *relays = json_object_get(document, "relays");
    long long matched = ss_json_number(document, "matched"),
              done = ss_json_number(document, "done");

    if (!relays && matched && !done && !ss_action_request_is_named(form))
        return ask(page, form, action, matched);
    begin(page, HTTP_OK, action->done);
    put_relays(r, relays);
    if (!relays && !matched)
        ap_rputs("<p role='status'>No message matches that this action could change.</p>\n", r);
    else if (!relays)
        ss_html_print(r, "<p role='status'>%s: %lld of %s.</p>\n", action->done, done,
                      messages(r, matched));
    if (!relays && done < matched)
        ap_rputs("<p>The others are finished, being sent, or in a state that this action does not "
                 "change.</p>\n",
                 r);
    end(page, form, 1);
    return OK;
}

static int refuse_page(ss_page_t *page, const ss_params_t *form, const ss_action_request_t *action,
                       int status, const char *detail)
{
    begin(page, status, apr_pstrcat(page->r->pool, action->label, ": not possible", NULL));
    ss_html_print(page->r, "<p role='alert'>Nothing was done: %s.</p>\n", detail);
    end(page, form, 0);
    return OK;
}

/* ---- the action ---- */

/* Asks before what cannot be undone; with JavaScript, the script has asked already. */
static int is_to_be_asked(const ss_params_t *form, const ss_action_request_t *action)
{
    return action->final && ss_action_request_is_named(form) && ss_params_get(form, "id") &&
           !ss_params_flag(form, "sure", 0);
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
    if (as_page && is_to_be_asked(&form, action))
        return ask(page, &form, action, ss_params_count(&form, "id"));

    json_t *header = ss_action_request_create(action, &form, &problem);
    if (!header && as_page) return refuse_page(page, &form, action, problem.status, problem.detail);
    if (!header) return ss_problem_mail(r, &problem);
    ss_json_put(header, "who", ss_http_user(r));
    int has_answer = ss_rpc_try(header, ACTION_TIMEOUT, &answer, r->pool);
    if (as_page && has_answer && answer.raw.status >= 400)
        return refuse_page(page, &form, action, answer.raw.status,
                           ss_html_member(answer.fields, "detail"));
    if (!ss_rpc_settle(r, has_answer, &answer)) return OK;
    return as_page ? answer_page(page, &form, action, ss_rpc_document(r->pool, &answer))
                   : ss_rpc_pass(r, &answer);
}
