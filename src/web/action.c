/* action.c: POST to smtp-send-status: pause, resume, flush; retry, hold, release, cancel, bounce. */
#include "web/status.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "base/ident.h"
#include "base/text.h"
#include "web/ask.h"
#include "web/body.h"
#include "web/html.h"
#include "web/problem.h"
#include "web/reply.h"
#include "web/token.h"

#define FORM_MAX 262144            /* a form naming IDS_MAX messages fits */
#define IDS_MAX 1000
#define REASON_MAX 500
#define ACTION_TIMEOUT (60 * APR_USEC_PER_SEC)   /* an action by filter works through the queue in steps */

static const struct { const char *name; int is_regulation; } actions[] = {
    { "pause", 1 }, { "resume", 1 }, { "flush", 1 }, { "retry", 0 }, { "hold", 0 }, { "release", 0 }, { "cancel", 0 }, { "bounce", 0 }
};

/* The index of the action, or -1. */
static int find_action(const char *name)
{
    for (int i = 0; name && i < (int)(sizeof(actions) / sizeof(actions[0])); i++) {
        if (!strcmp(actions[i].name, name)) return i;
    }
    return -1;
}

static void put_text(ss_status_t *page, json_t *object, const ss_query_t *form, const char *name)
{
    const char *value = ss_query_get(form, name);

    if (value && *value) json_object_set_new(object, name, ss_reply_string(page->r, value));
}

/* 0: refused. */
static int put_regulation(ss_status_t *page, json_t *header, const ss_query_t *form)
{
    const char *lasts = ss_query_get(form, "for"), *reason = ss_query_get(form, "reason");
    apr_interval_time_t time = 0;

    if (lasts && *lasts && (ss_text_duration(lasts, &time) || time <= 0)) {
        ss_problem(page->r, HTTP_BAD_REQUEST, "for", "\"%s\" is not a time like 30min", lasts);
        return 0;
    }
    if (reason && strlen(reason) > REASON_MAX) {
        ss_problem(page->r, HTTP_BAD_REQUEST, "reason", "a reason is at most %d bytes", REASON_MAX);
        return 0;
    }
    put_text(page, header, form, "relay");
    put_text(page, header, form, "reason");
    if (time) json_object_set_new(header, "for", json_integer(time));
    return 1;
}

/* 0: refused. */
static int put_ids(ss_status_t *page, json_t *header, const ss_query_t *form)
{
    json_t *ids = json_array();

    json_object_set_new(header, "id", ids);
    for (int i = 0; i < form->pairs->nelts; i++) {
        const ss_query_pair_t *pair = &APR_ARRAY_IDX(form->pairs, i, ss_query_pair_t);
        if (strcmp(pair->name, "id")) continue;
        if (!ss_ident_is_valid(pair->value)) {
            ss_problem(page->r, HTTP_BAD_REQUEST, "id", "\"%s\" is not a message's id", pair->value);
            return 0;
        }
        json_array_append_new(ids, json_string(pair->value));
    }
    if (json_array_size(ids) <= IDS_MAX) return 1;
    ss_problem(page->r, HTTP_UNPROCESSABLE_ENTITY, "id", "more than %d messages are named: use a filter", IDS_MAX);
    return 0;
}

/* 0: refused. */
static int put_filter(ss_status_t *page, json_t *header, const ss_query_t *form)
{
    static const char *const names[] = { "state", "relay", "from", "to" };
    json_t *filter = json_object();
    const char *confirm = ss_query_get(form, "confirm");
    apr_int64_t count = 0;
    int is_named = 0;

    json_object_set_new(header, "filter", filter);
    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        put_text(page, filter, form, names[i]);
        is_named |= ss_query_get(form, names[i]) != NULL;
    }
    if (!is_named) {
        ss_problem(page->r, HTTP_BAD_REQUEST, "id", "name messages by id, or a filter: state, relay, from, to");
        return 0;
    }
    if (confirm && ss_text_number(confirm, 0, APR_INT64_MAX, &count)) {
        ss_problem(page->r, HTTP_BAD_REQUEST, "confirm", "\"%s\" is not the number of messages that the same request without confirm told", confirm);
        return 0;
    }
    if (confirm) json_object_set_new(header, "confirm", json_integer(count));
    return 1;
}

/* ---- the answer as a page ---- */

static void put_hidden(request_rec *r, const char *name, const char *value)
{
    ap_rprintf(r, "<input type=\"hidden\" name=\"%s\" value=\"", name);
    ss_html_put(r, value);
    ap_rputs("\">\n", r);
}

/* The filter matched and nothing was done yet: the same form again, with the number. */
static void ask_to_confirm(ss_status_t *page, const ss_query_t *form, const char *action, apr_int64_t matched)
{
    static const char *const names[] = { "state", "relay", "from", "to" };
    request_rec *r = page->r;

    ap_rprintf(r, "<p>%" APR_INT64_T_FMT " messages match. Nothing was done yet.</p>\n<form class=\"row\" method=\"post\" action=\"%s\">\n", matched,
               *page->base ? ss_text_escape_html(r->pool, page->base) : "/");
    put_hidden(r, "token", ss_token_for_page(r, page->base));
    put_hidden(r, "action", action);
    put_hidden(r, "confirm", apr_psprintf(r->pool, "%" APR_INT64_T_FMT, matched));
    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (ss_query_get(form, names[i])) put_hidden(r, names[i], ss_query_get(form, names[i]));
    }
    ap_rprintf(r, "<button class=\"strong\" type=\"submit\">%s %" APR_INT64_T_FMT " messages</button>\n</form>\n", action, matched);
}

static int answer_page(ss_status_t *page, const ss_query_t *form, const char *action, const json_t *document)
{
    request_rec *r = page->r;
    const json_t *relays = json_object_get(document, "relays");
    apr_int64_t matched = json_integer_value(json_object_get(document, "matched")), done = json_integer_value(json_object_get(document, "done"));

    ss_html_begin(r, HTTP_OK, page->base, action, 0);
    ap_rprintf(r, "<main>\n<h1>%s</h1>\n", action);
    for (size_t i = 0; i < json_array_size(relays); i++) {
        const json_t *relay = json_array_get(relays, i);
        ap_rputs("<p>Relay <strong>", r);
        ss_html_put(r, ss_html_member(relay, "name"));
        ap_rputs(json_is_true(json_object_get(relay, "paused")) ? "</strong>: paused. " : "</strong>: not paused. ", r);
        ss_html_put(r, ss_html_member(relay, "note"));
        ap_rputs("</p>\n", r);
    }
    if (!relays && matched && !done && !ss_query_get(form, "id")) ask_to_confirm(page, form, action, matched);
    else if (!relays) ap_rprintf(r, "<p>%" APR_INT64_T_FMT " of %" APR_INT64_T_FMT " messages: done.</p>\n", done, matched);
    ap_rprintf(r, "<p><a href=\"%s\">Back to the overview</a></p>\n</main>\n", *page->base ? ss_text_escape_html(r->pool, page->base) : "/");
    ss_html_end(r);
    return OK;
}

int ss_status_action(ss_status_t *page)
{
    request_rec *r = page->r;
    const char *bytes, *why = NULL;
    apr_size_t len;
    ss_query_t form;
    ss_answer_t answer;

    if (!ss_body_read(r, FORM_MAX, "a form", &bytes, &len)) return OK;
    const char *both = r->args && *r->args ? apr_pstrcat(r->pool, r->args, "&", bytes, NULL) : bytes;
    if (strlen(bytes) != len || ss_query_parse(&form, both, &why, r->pool)) return ss_problem(r, HTTP_BAD_REQUEST, NULL, "the form is malformed: %s", why ? why : "a zero byte");
    if (!ss_token_check(r, &form)) return OK;
    int which = find_action(ss_query_get(&form, "action"));
    if (which < 0) return ss_problem(r, HTTP_BAD_REQUEST, "action", "action is one of pause, resume, flush, retry, hold, release, cancel, bounce");

    json_t *header = ss_ask_own(r, json_pack("{s:s,s:o}", "do", actions[which].name, "who", ss_reply_string(r, ss_reply_who(r))));
    int ok = actions[which].is_regulation ? put_regulation(page, header, &form) : ss_query_get(&form, "id") ? put_ids(page, header, &form) : put_filter(page, header, &form);
    if (!ok || !ss_ask(r, json_incref(header), NULL, 0, ACTION_TIMEOUT, &answer)) return OK;
    if (answer.raw.status != 200) return ss_ask_refused(r, &answer);
    if (ss_reply_wants_html(r)) return answer_page(page, &form, actions[which].name, ss_ask_document(r, &answer));
    return ss_reply_text(r, HTTP_OK, "application/json", answer.raw.content ? answer.raw.content : "{}", answer.raw.content ? answer.raw.content_len : 2);
}
