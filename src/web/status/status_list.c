/* status_list.c: the list of messages: filter, table, actions, next page. */
#include "web/status/status.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "web/shared/html.h"
#include "web/shared/rpc.h"

#define ROWS 100

static const char *const states[] = { "queued", "sending", "deferred", "held",
                                      "sent",   "failed",  "expired",  "cancelled" };

static void put_input(ss_page_t *page, const char *class, const char *name, const char *label)
{
    ss_html_print(page->r, "<label class='%s'>%s<input name='%s' value='%s'></label>\n", class,
                  label, name, ss_params_get(&page->query, name));
}

static void put_filter(ss_page_t *page)
{
    request_rec *r = page->r;
    const char *state = ss_params_get(&page->query, "state");

    ss_html_print(r, "<form class='row card' method='get' action='%s' role='search'>\n",
                  ss_page_path(page, "/queue"));
    put_input(page, "wide", "text", "Search text");
    ap_rputs("<label>State<select name='state'><option value=''>all</option>", r);
    for (apr_size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        ss_html_print(r, "<option%s>%s</option>",
                      state && !strcmp(state, states[i]) ? " selected" : "", states[i]);
    ap_rputs("</select></label>\n", r);
    put_input(page, "", "from", "From (* = anything)");
    put_input(page, "", "to", "To");
    put_input(page, "", "relay", "Relay");
    ss_html_print(
        r,
        "<label class='side'><input type='checkbox' name='waiting' value='1'%s> only waiting "
        "messages</label>\n<button type='submit' class='main'>Show</button>\n</form>\n",
        ss_params_flag(&page->query, "waiting", 0) ? " checked" : "");
}

static void put_reply(request_rec *r, const json_t *row)
{
    const char *reply = ss_html_member(row, "reply"), *next = ss_html_member(row, "nextAttempt");

    ap_rputs("<td class='words' data-label='Last reply'>", r);
    if (*reply) ss_html_print(r, "<span class='mono small'>%s</span>", reply);
    if (*next) {
        ap_rputs(" <span class='soft small'>", r);
        ss_html_due(r, next);
        ap_rputs("</span>", r);
    }
    ap_rputs("</td>", r);
}

static void put_row(ss_page_t *page, const json_t *row)
{
    request_rec *r = page->r;
    const char *id = ss_html_member(row, "id"), *state = ss_html_member(row, "state"),
               *subject = ss_html_member(row, "subject"), *from = ss_html_member(row, "from"),
               *to = json_string_value(json_array_get(json_object_get(row, "to"), 0));
    long long count = ss_json_number(row, "recipients");
    int is_held = !strcmp(state, "held"),
        waits = !strcmp(state, "queued") || !strcmp(state, "deferred") || is_held;

    ss_html_print(r, "<tr data-key='m%s'><td class='short' data-label='Date'>", id);
    ss_html_time(r, ss_html_member(row, "createdAt"));
    ap_rputs("</td><td class='short'>", r);
    ss_html_state(r, state);
    ss_html_print(r, "</td><td class='n short' data-label='Attempts'>%lld</td><td>",
                  ss_json_number(row, "attempts"));
    ss_page_message(page, id, *subject ? subject : "(no subject)");
    ss_html_print(r, "</td><td class='addr' data-label='To'>%s", to);
    if (count > 1) ss_html_print(r, " <span class='soft'>and %lld more</span>", count - 1);
    ss_html_print(r, "<br><span class='soft small'>from %s</span></td>", *from ? from : "<>");
    put_reply(r, row);
    ap_rputs("<td class='acts'>", r);
    if (waits) {
        ss_page_button(page, is_held ? "release" : "retry", is_held ? "Release" : "Retry", "id", id,
                       NULL);
        ss_page_button(
            page, "cancel", "Cancel", "id", id,
            apr_psprintf(
                r->pool,
                "Cancel the message to %s? It will not be sent, and its sender is not notified.",
                to ? to : "nobody"));
    }
    ap_rputs("</td></tr>\n", r);
}

/* A parameter that is given and not empty, or NULL. */
static const char *given(const ss_page_t *page, const char *name)
{
    const char *value = ss_params_get(&page->query, name);

    return value && *value ? value : NULL;
}

/* The filter of this page as a query string, without "after". */
static const char *filter_query(const ss_page_t *page)
{
    static const char *const names[] = { "state", "relay", "from", "to", "text", "waiting" };
    apr_pool_t *pool = page->r->pool;
    const char *text = "";

    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = given(page, names[i]);
        if (value)
            text = apr_pstrcat(pool, text, names[i], "=", ss_params_escape(value, pool), "&", NULL);
    }
    return text;
}

/* Actions on all messages that match the filter, to be confirmed with their number. Such a filter
 * cannot contain text. */
static void put_bulk(ss_page_t *page)
{
    static const struct {
        const char *action, *label, *attribute;
    } buttons[] = { { "retry", "Retry all", "" },
                    { "hold", "Hold all", "" },
                    { "cancel", "Cancel all", " class='strong'" } };
    static const char *const names[] = { "state", "relay", "from", "to" };
    int is_named = 0;

    for (apr_size_t k = 0; k < 4; k++) is_named |= given(page, names[k]) != NULL;
    if (!is_named || given(page, "text")) return;
    ap_rputs("<div class='buttons' role='group' aria-label='All matching messages'>\n", page->r);
    for (apr_size_t i = 0; i < sizeof(buttons) / sizeof(buttons[0]); i++) {
        ss_page_form(page, buttons[i].action, "data-bulk", "");
        for (apr_size_t k = 0; k < 4; k++) {
            const char *value = given(page, names[k]);
            if (value) ss_page_hidden(page->r, names[k], value);
        }
        ap_rprintf(page->r, "<button type='submit'%s>%s</button></form>\n", buttons[i].attribute,
                   buttons[i].label);
    }
    ap_rputs("</div>\n", page->r);
}

json_t *ss_status_list_request(const ss_page_t *page, int limit)
{
    static const char *const names[] = { "state", "relay", "from", "to", "text", "after" };
    json_t *header = json_pack("{s:s,s:i}", "do", "queue", "limit", limit);

    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        ss_json_put(header, names[i], given(page, names[i]));
    if (ss_params_flag(&page->query, "waiting", 0))
        json_object_set_new(header, "waiting", json_true());
    return header;
}

int ss_status_list(ss_page_t *page)
{
    request_rec *r = page->r;
    ss_rpc_answer_t answer;

    if (!ss_rpc_call(r, ss_status_list_request(page, ROWS), SS_RPC_TIMEOUT, &answer)) return OK;
    const json_t *document = ss_rpc_document(r->pool, &answer),
                 *rows = json_object_get(document, "messages");
    const char *more = ss_html_member(document, "more");

    ss_page_begin(page, HTTP_OK, "Messages", "/queue");
    ap_rputs("<div id='live-banner' data-live>\n", r);
    ss_page_banner(page, 0);
    ap_rputs("</div>\n", r);
    put_filter(page);
    ap_rputs("<section class='card' id='live' data-live aria-label='Messages'>\n", r);
    if (!json_array_size(rows))
        ap_rputs("<p>No messages.</p>\n", r);
    else {
        ap_rputs("<div class='scroll'><table class='list'>\n<thead><tr><th "
                 "scope='col'>Date</th><th scope='col'>State</th><th scope='col' "
                 "class='n'>Attempts</th><th scope='col'>Subject</th><th scope='col'>To, "
                 "from</th><th scope='col'>Last reply</th><th scope='col'><span "
                 "class='unseen'>Actions</span></th></tr></thead>\n<tbody>\n",
                 r);
        for (size_t i = 0; i < json_array_size(rows); i++) put_row(page, json_array_get(rows, i));
        ap_rputs("</tbody></table></div>\n", r);
    }
    if (*more)
        ss_html_print(
            r,
            "<p><a class='button' rel='next' href='%s/queue?%safter=%s'>Older messages</a></p>\n",
            page->base, filter_query(page), ss_params_escape(more, r->pool));
    ap_rputs("</section>\n", r);
    if (json_array_size(rows)) put_bulk(page);
    ss_html_end(r);
    return OK;
}
