/* status_list.c: the list of messages, in a form: tick some, and act on them or on all that match
 * the filter. */
#include "web/status/status.h"

#include <http_protocol.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "web/shared/csrf.h"
#include "web/shared/html.h"
#include "web/shared/rpc.h"
#include "web/status/action_request.h"

#define ROWS 50

/* Whether an action can change the message: some of it is not finished yet. */
static int is_open(const json_t *row)
{
    return ss_text_word_index("queued deferred held sending partial",
                              ss_html_member(row, "state")) >= 0;
}

/* ---- a row ---- */

static void put_tick(ss_page_t *page, const json_t *row, const char *subject, const char *to)
{
    request_rec *r = page->r;

    ap_rputs("<td class='box'>", r);
    if (is_open(row)) {
        ss_html_print(r,
                      "<label><span class='unseen'>Select: %s, to %s</span><input type='checkbox' "
                      "name='id' value='%s'",
                      subject, to, ss_html_member(row, "id"));
        ap_rputs(ss_params_flag(&page->query, "checked", 0) ? " checked></label>" : "></label>", r);
    }
    ap_rputs("</td>", r);
}

static int is_past(const char *rfc3339)
{
    apr_time_t when;

    return !ss_text_time_parse(rfc3339, &when) && when <= ss_wall_now();
}

static void put_reply(request_rec *r, const json_t *row)
{
    const char *reply = ss_html_member(row, "reply"), *next = ss_html_member(row, "nextAttempt");

    ap_rputs("<td class='words'>", r);
    /* Of what was not tried yet, the state says that it is due. */
    if (*next && (*reply || !is_past(next))) {
        ap_rputs("<span class='soft small next'>", r);
        ss_html_due(r, next);
        ap_rputs("</span> ", r);
    }
    if (*reply) ss_html_print(r, "<span class='mono small reply'>%s</span>", reply);
    ap_rputs("</td>", r);
}

static void put_row(ss_page_t *page, const json_t *row)
{
    request_rec *r = page->r;
    const char *id = ss_html_member(row, "id"), *subject = ss_html_member(row, "subject"),
               *from = ss_html_member(row, "from"),
               *to = json_string_value(json_array_get(json_object_get(row, "to"), 0));
    long long count = ss_json_number(row, "recipients"), attempts = ss_json_number(row, "attempts");

    if (!*subject) subject = "(no subject)";
    if (!to) to = "nobody";
    ss_html_print(r, "<tr data-key='m%s'>", id);
    put_tick(page, row, subject, to);
    ap_rputs("<td class='what'>", r);
    ss_page_message(page, id, subject);
    ss_html_print(r, "<span class='ends small'><span>to %s", to);
    if (count > 1) ss_html_print(r, " <span class='soft'>and %lld more</span>", count - 1);
    ss_html_print(r,
                  "</span> <span class='soft from'>from %s</span></span></td><td class='short "
                  "state-of'>",
                  *from ? from : "<>");
    ss_html_state(r, ss_html_member(row, "state"));
    ss_html_print(r, "</td><td class='n short' data-label='Attempts'>%s</td><td class='short'>",
                  attempts ? ss_html_count(r, attempts) : "");
    ss_html_time(r, ss_html_member(row, "createdAt"));
    ap_rputs("</td>", r);
    put_reply(r, row);
    ap_rputs("</tr>\n", r);
}

/* ---- the list ---- */

static void put_button(request_rec *r, const char *name)
{
    const ss_action_request_t *action = ss_action_request_named(name);

    ss_html_print(r, "<button type='submit' name='action' value='%s'", name);
    if (action->final) ss_html_print(r, " class='strong' data-final='%s'", action->final);
    ss_html_print(r, ">%s</button>\n", action->label);
}

/* The one bar of actions. Without the script, a link ticks all boxes. */
static void put_bar(ss_page_t *page)
{
    request_rec *r = page->r;
    const char *path =
        ss_status_filter_path(page, &page->query, ss_params_get(&page->query, "after"));

    ss_html_print(
        r,
        "<div class='bar' role='group' aria-label='Actions'>\n<label class='side "
        "with-script'><input type='checkbox' data-all>All<span> on this page</span></label>\n<a "
        "class='button without-script' href='%s%schecked=1'>Select all on this "
        "page</a>\n<label class='side'><span>Apply to</span><select name='which'><option "
        "value='selected'>selected</option><option "
        "value='matching'>%s</option></select></label>\n<output class='small "
        "with-script' data-count></output>\n<div class='buttons'>",
        path, strchr(path, '?') ? "&" : "?",
        ss_status_filter_is_given(&page->query) ? "all matching" : "all messages");
    put_button(r, "retry");
    put_button(r, "hold");
    put_button(r, "release");
    put_button(r, "cancel");
    put_button(r, "bounce");
    ap_rputs("</div></div>\n", r);
}

static void put_rows(ss_page_t *page, const json_t *rows)
{
    request_rec *r = page->r;

    ap_rputs("<table class='list queue'>\n<thead><tr><th scope='col'><span "
             "class='unseen'>Select</span></th><th scope='col'>Message</th><th "
             "scope='col'>State</th><th scope='col' class='n'>Attempts</th><th "
             "scope='col'>Accepted</th><th scope='col'>Last reply</th></tr></thead>\n<tbody>\n",
             r);
    for (size_t i = 0; i < json_array_size(rows); i++) put_row(page, json_array_get(rows, i));
    ap_rputs("</tbody></table>\n", r);
}

static void put_list(ss_page_t *page, const json_t *rows)
{
    request_rec *r = page->r;
    int has_open = 0;

    for (size_t i = 0; i < json_array_size(rows); i++) has_open |= is_open(json_array_get(rows, i));
    ss_html_print(r, "<form id='list' method='post' action='%s' data-act data-filter='%s'>\n",
                  ss_page_path(page, ""), ss_action_request_filter(&page->query, r->pool));
    ss_page_hidden(r, "token", ss_csrf_token(r, page->base));
    ss_status_filter_hidden(r, &page->query);
    if (has_open) put_bar(page);
    put_rows(page, rows);
    ap_rputs("</form>\n", r);
}

static void put_pages(ss_page_t *page, const char *more)
{
    const char *after = ss_params_get(&page->query, "after");

    if (!*more && !after) return;
    ap_rputs("<nav class='buttons' aria-label='Pages of the list'>", page->r);
    if (after)
        ss_html_print(page->r, "<a class='button' href='%s'>Newest messages</a>",
                      ss_status_filter_path(page, &page->query, NULL));
    if (*more)
        ss_html_print(page->r, "<a class='button' rel='next' href='%s'>Older messages</a>",
                      ss_status_filter_path(page, &page->query, more));
    ap_rputs("</nav>\n", page->r);
}

/* The heading and the banner, which is live by itself: what is typed into the filter stays. */
static void begin(ss_page_t *page, int status)
{
    ss_page_begin(page, status, "Messages", "/queue");
    ap_rputs("<div id='live-banner' data-live>\n", page->r);
    ss_page_banner(page, status != HTTP_OK);
    ap_rputs("</div>\n", page->r);
}

int ss_status_list(ss_page_t *page)
{
    request_rec *r = page->r;
    ss_rpc_answer_t answer;

    if (!page->status) {
        begin(page, HTTP_SERVICE_UNAVAILABLE);
        ss_html_end(r);
        return OK;
    }

    if (!ss_rpc_call(r, ss_status_list_request(page, ROWS), SS_RPC_TIMEOUT, &answer)) return OK;
    const json_t *document = ss_rpc_document(r->pool, &answer),
                 *rows = json_object_get(document, "messages");

    begin(page, HTTP_OK);
    ss_status_filter_put(page);
    ap_rputs("<section class='card' id='live' data-live aria-label='Messages'>\n", r);
    if (json_array_size(rows))
        put_list(page, rows);
    else
        ap_rputs("<p>No messages.</p>\n", r);
    put_pages(page, ss_html_member(document, "more"));
    ap_rputs("</section>\n", r);
    ss_html_end(r);
    return OK;
}
