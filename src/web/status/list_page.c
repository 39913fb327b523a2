/* list_page.c: the list of messages: filter, table, actions, next page. */
#include "web/status/list_page.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "base/text.h"
#include "web/shared/banner.h"
#include "web/shared/html.h"
#include "web/shared/nav.h"
#include "web/shared/page.h"
#include "web/shared/params.h"
#include "web/shared/response.h"
#include "web/shared/rpc.h"

#define ROWS 100

static const char *const states[] = { "queued", "sending", "deferred", "held",
                                      "sent",   "failed",  "expired",  "cancelled" };

static void put_input(ss_page_t *page, const char *name, const char *label, const char *class)
{
    ap_rprintf(page->r, "<label%s>%s<input name=\"%s\" value=\"", class, label, name);
    ss_html_put(page->r, ss_params_get(&page->query, name));
    ap_rputs("\"></label>\n", page->r);
}

static void put_filter(ss_page_t *page)
{
    request_rec *r = page->r;
    const char *state = ss_params_get(&page->query, "state");

    ap_rprintf(r, "<form class=\"row card\" method=\"get\" action=\"%s\" role=\"search\">\n",
               ss_nav_path(page, "/queue"));
    put_input(page, "text", "Search text", " class=\"wide\"");
    ap_rputs("<label>State<select name=\"state\"><option value=\"\">all</option>", r);
    for (apr_size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        ap_rprintf(r, "<option%s>%s</option>",
                   state && !strcmp(state, states[i]) ? " selected" : "", states[i]);
    }
    ap_rputs("</select></label>\n", r);
    put_input(page, "from", "From (* = anything)", "");
    put_input(page, "to", "To", "");
    put_input(page, "relay", "Relay", "");
    ap_rprintf(r,
               "<label class=\"side\"><input type=\"checkbox\" name=\"waiting\" value=\"1\"%s> "
               "only waiting messages</label>\n"
               "<button type=\"submit\" class=\"main\">Show</button>\n</form>\n",
               ss_params_flag(&page->query, "waiting", 0) ? " checked" : "");
}

static void put_reply(request_rec *r, const json_t *row)
{
    ap_rputs("<td class=\"words\" data-label=\"Last reply\">", r);
    if (*ss_html_member(row, "reply"))
        ss_html_wrap(r, "<span class=\"mono small\">", ss_html_member(row, "reply"), "</span>");
    if (*ss_html_member(row, "nextAttempt")) {
        ap_rputs(" <span class=\"soft small\">", r);
        ss_html_due(r, ss_html_member(row, "nextAttempt"));
        ap_rputs("</span>", r);
    }
    ap_rputs("</td>", r);
}

static void put_row(ss_page_t *page, const json_t *row)
{
    request_rec *r = page->r;
    const char *id = ss_html_member(row, "id"), *state = ss_html_member(row, "state"),
               *subject = ss_html_member(row, "subject");
    const char *to = json_string_value(json_array_get(json_object_get(row, "to"), 0));
    apr_int64_t count = json_integer_value(json_object_get(row, "recipients"));
    int waits = !strcmp(state, "queued") || !strcmp(state, "deferred") || !strcmp(state, "held");

    ap_rprintf(r, "<tr data-key=\"m%s\"><td class=\"short\" data-label=\"Date\">",
               ss_text_escape_html(r->pool, id));
    ss_html_time(r, ss_html_member(row, "createdAt"));
    ap_rputs("</td><td class=\"short\">", r);
    ss_html_state(r, state);
    ap_rprintf(r,
               "</td><td class=\"n short\" data-label=\"Attempts\">%" APR_INT64_T_FMT "</td><td>",
               ss_html_number(row, "attempts"));
    ss_nav_message(page, id, *subject ? subject : "(no subject)");
    ap_rputs("</td><td class=\"addr\" data-label=\"To\">", r);
    ss_html_put(r, to);
    if (count > 1)
        ap_rprintf(r, " <span class=\"soft\">and %" APR_INT64_T_FMT " more</span>", count - 1);
    ss_html_wrap(r, "<br><span class=\"soft small\">from ",
                 *ss_html_member(row, "from") ? ss_html_member(row, "from") : "<>", "</span></td>");
    put_reply(r, row);
    ap_rputs("<td class=\"acts\">", r);
    if (waits)
        ss_nav_button(page, strcmp(state, "held") ? "retry" : "release",
                      strcmp(state, "held") ? "Retry" : "Release", "id", id, NULL);
    if (waits)
        ss_nav_button(
            page, "cancel", "Cancel", "id", id,
            apr_psprintf(
                r->pool,
                "Cancel the message to %s? It will not be sent, and its sender is not notified.",
                to ? to : "nobody"));
    ap_rputs("</td></tr>\n", r);
}

/* The filter of this page as a query string, without "after". */
static const char *filter_query(const ss_page_t *page)
{
    static const char *const names[] = { "state", "relay", "from", "to", "text", "waiting" };
    const char *text = "";

    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = ss_params_get(&page->query, names[i]);
        if (value && *value)
            text = apr_pstrcat(page->r->pool, text, names[i], "=",
                               ss_params_escape(value, page->r->pool), "&", NULL);
    }
    return text;
}

/* Actions on all messages that match the filter, to be confirmed with their number. Such a filter
 * cannot contain text. */
static void put_bulk(ss_page_t *page)
{
    static const struct {
        const char *action, *label;
        int strong;
    } buttons[] = { { "retry", "Retry all", 0 },
                    { "hold", "Hold all", 0 },
                    { "cancel", "Cancel all", 1 } };
    static const char *const names[] = { "state", "relay", "from", "to" };
    const char *text = ss_params_get(&page->query, "text");
    int is_named = 0;

    for (apr_size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
        const char *value = ss_params_get(&page->query, names[k]);
        is_named |= value && *value;
    }
    if (!is_named || (text && *text)) return;
    ap_rputs("<div class=\"buttons\" role=\"group\" aria-label=\"All matching messages\">\n",
             page->r);
    for (apr_size_t i = 0; i < sizeof(buttons) / sizeof(buttons[0]); i++) {
        ss_nav_form(page, buttons[i].action, " data-bulk");
        for (apr_size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
            const char *value = ss_params_get(&page->query, names[k]);
            if (value && *value) ss_nav_hidden(page->r, names[k], value);
        }
        ap_rprintf(page->r, "<button type=\"submit\"%s>%s</button></form>\n",
                   buttons[i].strong ? " class=\"strong\"" : "", buttons[i].label);
    }
    ap_rputs("</div>\n", page->r);
}

json_t *ss_list_page_request(const ss_page_t *page, int limit)
{
    static const char *const names[] = { "state", "relay", "from", "to", "text", "after" };
    json_t *header = json_pack("{s:s,s:i}", "do", "queue", "limit", limit);

    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = ss_params_get(&page->query, names[i]);
        if (value && *value)
            json_object_set_new(header, names[i], ss_response_string(page->r, value));
    }
    if (ss_params_flag(&page->query, "waiting", 0))
        json_object_set_new(header, "waiting", json_true());
    return header;
}

int ss_list_page(ss_page_t *page)
{
    request_rec *r = page->r;
    ss_rpc_answer_t answer;

    if (!ss_rpc_call(r, ss_list_page_request(page, ROWS), SS_RPC_TIMEOUT, &answer)) return OK;
    if (answer.raw.status != 200) return ss_rpc_refuse(r, &answer);
    const json_t *document = ss_rpc_document(r->pool, &answer),
                 *rows = json_object_get(document, "messages");
    const char *more = ss_html_member(document, "more");

    ss_nav_begin(page, HTTP_OK, "Messages", "/queue");
    ap_rputs("<div id=\"live-banner\" data-live>\n", r);
    ss_banner_put(page, 0);
    ap_rputs("</div>\n", r);
    put_filter(page);
    ap_rputs("<section class=\"card\" id=\"live\" data-live aria-label=\"Messages\">\n", r);
    if (!json_array_size(rows))
        ap_rputs("<p>No messages.</p>\n", r);
    else {
        ap_rputs("<div class=\"scroll\"><table class=\"list\">\n<thead><tr><th "
                 "scope=\"col\">Date</th><th scope=\"col\">State</th><th scope=\"col\" "
                 "class=\"n\">Attempts</th><th scope=\"col\">Subject</th><th scope=\"col\">To, "
                 "from</th><th scope=\"col\">Last reply</th><th scope=\"col\"><span "
                 "class=\"unseen\">Actions</span></th></tr></thead>\n<tbody>\n",
                 r);
        for (size_t i = 0; i < json_array_size(rows); i++) put_row(page, json_array_get(rows, i));
        ap_rputs("</tbody></table></div>\n", r);
    }
    if (*more) {
        const char *query = apr_pstrcat(r->pool, "/queue?", filter_query(page),
                                        "after=", ss_params_escape(more, r->pool), NULL);
        ap_rprintf(r, "<p><a class=\"button\" rel=\"next\" href=\"%s\">Older messages</a></p>\n",
                   ss_nav_path(page, query));
    }
    ap_rputs("</section>\n", r);
    if (json_array_size(rows)) put_bulk(page);
    ss_nav_end(page);
    return OK;
}
