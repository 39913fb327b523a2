/* page_message.c: one message: its recipients, each with the server's words and advice, its history, what can be done. */
#include "web/status.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "web/ask.h"
#include "web/html.h"
#include "web/nav.h"
#include "web/problem.h"

static void put_item(request_rec *r, const char *name, const char *value)
{
    if (!value || !*value) return;
    ap_rprintf(r, "<dt>%s</dt><dd>", name);
    ss_html_put(r, value);
    ap_rputs("</dd>\n", r);
}

static void put_facts(request_rec *r, const json_t *message)
{
    const json_t *waits = json_object_get(message, "waitsFor");

    ap_rputs("<dl>\n<dt>State</dt><dd>", r);
    ss_html_state(r, ss_html_member(message, "state"));
    if (json_is_true(json_object_get(message, "uncertain"))) ap_rputs(" <span class=\"state s-warn\">uncertain</span> the connection was lost before the answer: nobody knows whether the relay has it", r);
    ap_rputs("</dd>\n", r);
    if (json_is_object(waits)) put_item(r, "Waits for", apr_pstrcat(r->pool, "relay is ", ss_html_member(waits, "relayState"), ": ", ss_html_member(waits, "cause"), NULL));
    put_item(r, "Subject", ss_html_member(message, "subject"));
    put_item(r, "From", *ss_html_member(message, "from") ? ss_html_member(message, "from") : "<>");
    put_item(r, "From field", ss_html_member(message, "headerFrom"));
    put_item(r, "Message-ID", ss_html_member(message, "messageId"));
    put_item(r, "Id", ss_html_member(message, "id"));
    put_item(r, "Size", ss_html_size(r, (apr_int64_t)json_integer_value(json_object_get(message, "size"))));
    ap_rputs("<dt>Accepted</dt><dd>", r);
    ss_html_time(r, ss_html_member(message, "createdAt"));
    ap_rputs("</dd>\n", r);
    put_item(r, "Not before", ss_html_member(message, "at"));
    put_item(r, "Relay", ss_html_member(message, "relayName"));
    put_item(r, "Submitted by", ss_html_member(message, "submitter"));
    put_item(r, "Door", ss_html_member(message, "door"));
    put_item(r, "Priority", ss_html_member(message, "priority"));
    ap_rputs("</dl>\n", r);
}

static void put_recipient(request_rec *r, const json_t *rcpt)
{
    ap_rputs("<tr><td>", r);
    ss_html_put(r, ss_html_member(rcpt, "address"));
    ap_rputs("</td><td>", r);
    ss_html_state(r, ss_html_member(rcpt, "state"));
    if (*ss_html_member(rcpt, "heldBecause")) {
        ap_rputs(" ", r);
        ss_html_put(r, ss_html_member(rcpt, "heldBecause"));
    }
    ap_rprintf(r, "</td><td class=\"n\">%" APR_INT64_T_FMT "</td><td class=\"min\">", (apr_int64_t)json_integer_value(json_object_get(rcpt, "attempts")));
    ss_html_put(r, ss_html_member(rcpt, "reply"));
    if (*ss_html_member(rcpt, "relay")) {
        ap_rputs(" <span class=\"soft\">", r);
        ss_html_put(r, ss_html_member(rcpt, "relay"));
        ap_rputs("</span>", r);
    }
    ss_html_advice(r, json_object_get(rcpt, "advice"));
    ap_rputs("</td><td>", r);
    ss_html_time(r, ss_html_member(rcpt, "nextAttempt"));
    ss_html_time(r, ss_html_member(rcpt, "deliveredAt"));
    ap_rputs("</td></tr>\n", r);
}

static void put_history(request_rec *r, const json_t *history)
{
    if (!json_array_size(history)) return;
    ap_rputs("<h2>History</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">When</th><th scope=\"col\">What</th><th scope=\"col\">Recipient</th>"
             "<th scope=\"col\">Words</th></tr></thead>\n<tbody>\n", r);
    for (size_t i = 0; i < json_array_size(history); i++) {
        const json_t *row = json_array_get(history, i);
        ap_rputs("<tr><td>", r);
        ss_html_time(r, ss_html_member(row, "time"));
        ap_rputs("</td><td>", r);
        ss_html_put(r, ss_html_member(row, "what"));
        ap_rputs("</td><td>", r);
        ss_html_put(r, ss_html_member(row, "recipient"));
        ap_rputs("</td><td class=\"min\">", r);
        ss_html_put(r, ss_html_member(row, "text"));
        if (*ss_html_member(row, "relay")) {
            ap_rputs(" <span class=\"soft\">", r);
            ss_html_put(r, ss_html_member(row, "relay"));
            ap_rputs("</span>", r);
        }
        ap_rputs("</td></tr>\n", r);
    }
    ap_rputs("</tbody></table></div>\n", r);
}

static void put_actions(ss_status_t *page, const json_t *message)
{
    static const char *const done[] = { "sent", "failed", "expired", "cancelled" };
    const char *id = ss_html_member(message, "id"), *state = ss_html_member(message, "state");

    /* "partial" may still have a recipient that waits: the daemon knows, and says 409 where it has none. */
    for (apr_size_t i = 0; i < sizeof(done) / sizeof(done[0]); i++) {
        if (!strcmp(state, done[i])) return;
    }
    ap_rputs("<h2>Actions</h2>\n<div class=\"row\">\n", page->r);
    ss_nav_button(page, "retry", "Reattempt", "id", id, 0);
    if (!strcmp(state, "held")) ss_nav_button(page, "release", "Release", "id", id, 0);
    else ss_nav_button(page, "hold", "Hold", "id", id, 0);
    ss_nav_button(page, "cancel", "Delete silently", "id", id, 1);
    ss_nav_button(page, "bounce", "Return to the sender", "id", id, 1);
    ap_rputs("</div>\n", page->r);
}

int ss_page_message(ss_status_t *page, const char *id)
{
    request_rec *r = page->r;
    ss_answer_t answer;

    if (!ss_ask(r, json_pack("{s:s,s:s}", "do", "show", "id", id), NULL, 0, SS_ASK_TIMEOUT, &answer)) return OK;
    if (answer.raw.status != 200) return ss_ask_refused(r, &answer);
    const json_t *message = ss_ask_document(r, &answer), *rcpts = json_object_get(message, "recipients");

    ss_nav_begin(page, HTTP_OK, "Message");
    ap_rputs("<div id=\"live\" data-live>\n", r);
    put_facts(r, message);
    ap_rputs("<h2>Recipients</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Address</th><th scope=\"col\">State</th><th scope=\"col\" class=\"n\">Attempts</th>"
             "<th scope=\"col\">The server's words</th><th scope=\"col\">When</th></tr></thead>\n<tbody>\n", r);
    for (size_t i = 0; i < json_array_size(rcpts); i++) put_recipient(r, json_array_get(rcpts, i));
    ap_rputs("</tbody></table></div>\n", r);
    put_history(r, json_object_get(message, "history"));
    ap_rputs("</div>\n", r);
    put_actions(page, message);
    ss_nav_end(page);
    return OK;
}
