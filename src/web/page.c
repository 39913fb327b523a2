/* page.c: the operator's overview: does mail flow, and if not, why and what to do. */
#include "web/status.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "base/text.h"
#include "web/ask.h"
#include "web/html.h"
#include "web/nav.h"
#include "web/reply.h"

#define FAILURES 10

static apr_int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* ---- what is wrong ---- */

static void put_pause(ss_status_t *page, const json_t *relay)
{
    request_rec *r = page->r;
    const json_t *pause = json_object_get(relay, "pause");
    const char *reason = ss_html_member(pause, "reason"), *who = ss_html_member(pause, "who"), *until = ss_html_member(pause, "until");

    if (!json_is_true(json_object_get(relay, "paused"))) return;
    ap_rputs("<p class=\"banner\"><strong>Sending is paused</strong> for relay ", r);
    ss_html_put(r, ss_html_member(relay, "name"));
    if (*ss_html_member(pause, "since")) {
        ap_rputs(", since ", r);
        ss_html_time(r, ss_html_member(pause, "since"));
    }
    if (json_is_true(json_object_get(pause, "directive"))) ap_rputs(", by SMTPSendPause On in the configuration", r);
    if (*who) {
        ap_rputs(", by ", r);
        ss_html_put(r, who);
    }
    if (*reason) {
        ap_rputs(": ", r);
        ss_html_put(r, reason);
    }
    if (*until) {
        ap_rputs(". It ends ", r);
        ss_html_time(r, until);
    }
    ap_rprintf(r, ". %" APR_INT64_T_FMT " messages wait.</p>\n", number_of(relay, "messages"));
}

static void put_reasons(ss_status_t *page)
{
    request_rec *r = page->r;
    const json_t *relays = json_object_get(page->status, "relays");
    json_t *reasons = ss_status_reasons(page);
    int others = 0;

    for (size_t i = 0; i < json_array_size(relays); i++) put_pause(page, json_array_get(relays, i));
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const json_t *row = json_array_get(reasons, i);
        others++;
        if (!strcmp(ss_html_member(row, "reason"), "paused")) continue;
        ap_rputs("<p class=\"banner bad\"><strong>", r);
        ss_html_put(r, ss_html_member(row, "reason"));
        ap_rputs("</strong> ", r);
        ss_html_put(r, ss_html_member(row, "relay"));
        ap_rputs(": ", r);
        ss_html_put(r, ss_html_member(row, "detail"));
        ap_rputs("</p>\n", r);
    }
    if (!others && json_is_true(json_object_get(page->status, "engine"))) ap_rputs("<p class=\"banner ok\">Mail flows.</p>\n", r);
    else if (!others) ap_rputs("<p class=\"banner\">SMTPSendEngine is Off: mail is neither accepted nor sent.</p>\n", r);
    json_decref(reasons);
}

/* ---- counts ---- */

static void put_counts(ss_status_t *page)
{
    request_rec *r = page->r;
    const json_t *queue = json_object_get(page->status, "queue");
    const char *state;
    json_t *count;

    ap_rputs("<h2>Recipients by state</h2>\n<div class=\"cards\">\n", r);
    json_object_foreach(json_object_get(page->status, "counts"), state, count) {
        const char *path = ss_nav_path(page, apr_pstrcat(r->pool, "/queue?state=", ss_query_escape(state, r->pool), NULL));
        ap_rprintf(r, "<a class=\"card\" href=\"%s\"><b>%" APR_INT64_T_FMT "</b> ", path, (apr_int64_t)json_integer_value(count));
        ss_html_put(r, state);
        ap_rputs("</a>\n", r);
    }
    ap_rprintf(r, "</div>\n<p>%" APR_INT64_T_FMT " messages wait, %s; the oldest for %s. Room for %" APR_INT64_T_FMT " and %s.</p>\n", number_of(queue, "messages"),
               ss_html_size(r, number_of(queue, "bytes")), ss_html_age(r, number_of(queue, "oldestSeconds")), number_of(queue, "limitMessages"),
               ss_html_size(r, number_of(queue, "limitBytes")));
}

/* ---- the relays ---- */

static void put_hosts(request_rec *r, const json_t *relay)
{
    const json_t *hosts = json_object_get(relay, "hosts");

    for (size_t i = 0; i < json_array_size(hosts); i++) {
        const json_t *host = json_array_get(hosts, i);
        ap_rputs(i ? "<br>" : "", r);
        ss_html_put(r, ss_html_member(host, "name"));
        ap_rputs(" ", r);
        ss_html_state(r, ss_html_member(host, "state"));
        if (!*ss_html_member(host, "nextProbe")) continue;
        ap_rputs(" <span class=\"soft\">tried again ", r);
        ss_html_time(r, ss_html_member(host, "nextProbe"));
        ap_rputs("</span>", r);
    }
}

static void put_relay(ss_status_t *page, const json_t *relay)
{
    request_rec *r = page->r;

    ap_rputs("<tr><td><strong>", r);
    ss_html_put(r, ss_html_member(relay, "name"));
    ap_rputs("</strong></td><td>", r);
    ss_html_state(r, ss_html_member(relay, "state"));
    ap_rputs("</td><td class=\"min\">", r);
    put_hosts(r, relay);
    if (*ss_html_member(relay, "cause")) {
        ap_rputs("<p>", r);
        ss_html_put(r, ss_html_member(relay, "cause"));
        ap_rputs("</p>\n", r);
    }
    ss_html_advice(r, json_object_get(relay, "advice"));
    ap_rprintf(r, "</td><td class=\"n\">%" APR_INT64_T_FMT "</td><td class=\"n\">%" APR_INT64_T_FMT "</td><td class=\"n\">%s</td><td class=\"n\">%" APR_INT64_T_FMT
               "</td><td class=\"n\">%" APR_INT64_T_FMT "</td><td>", number_of(relay, "connections"), number_of(relay, "messages"),
               ss_html_age(r, number_of(relay, "oldestSeconds")), number_of(relay, "sent"), number_of(relay, "failed"));
    ss_html_time(r, ss_html_member(relay, "lastSuccess"));
    ap_rputs("</td></tr>\n", r);
}

static void put_relays(ss_status_t *page)
{
    const json_t *relays = json_object_get(page->status, "relays");

    ap_rputs("<h2>Relays</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Relay</th><th scope=\"col\">State</th><th scope=\"col\">Hosts</th>"
             "<th scope=\"col\" class=\"n\">Connections</th><th scope=\"col\" class=\"n\">Waiting</th><th scope=\"col\" class=\"n\">Oldest</th><th scope=\"col\" class=\"n\">Sent</th>"
             "<th scope=\"col\" class=\"n\">Failed</th><th scope=\"col\">Last success</th></tr></thead>\n<tbody>\n", page->r);
    for (size_t i = 0; i < json_array_size(relays); i++) put_relay(page, json_array_get(relays, i));
    ap_rputs("</tbody></table></div>\n", page->r);
}

static void put_controls(ss_status_t *page)
{
    request_rec *r = page->r;
    const json_t *relays = json_object_get(page->status, "relays");

    ap_rputs("<h2>Control</h2>\n", r);
    for (size_t i = 0; i < json_array_size(relays); i++) {
        const json_t *relay = json_array_get(relays, i);
        const char *name = ss_html_member(relay, "name");
        ap_rputs("<p><strong>", r);
        ss_html_put(r, name);
        ap_rputs("</strong></p>\n<div class=\"row\">\n", r);
        ss_nav_button(page, "flush", "Try everything now", "relay", name, 0);
        if (json_is_true(json_object_get(json_object_get(relay, "pause"), "stored"))) ss_nav_button(page, "resume", "Resume sending", "relay", name, 0);
        ss_nav_form(page, "pause");
        ap_rputs("<input type=\"hidden\" name=\"relay\" value=\"", r);
        ss_html_put(r, name);
        ap_rputs("\"><label>Reason<input name=\"reason\" maxlength=\"500\"></label><label>For (empty: until resumed)<input name=\"for\" size=\"8\" placeholder=\"30min\"></label>"
                 "<button type=\"submit\">Pause sending</button></form>\n</div>\n", r);
    }
}

/* ---- the newest failures ---- */

static void put_failures(ss_status_t *page)
{
    request_rec *r = page->r;
    ss_answer_t answer;
    const char *why = NULL;

    if (!ss_ask_quietly(r, json_pack("{s:s,s:s,s:i}", "do", "queue", "state", "failed", "limit", FAILURES), NULL, 0, SS_ASK_TIMEOUT, &answer, &why)) return;
    const json_t *rows = json_object_get(ss_ask_document(r, &answer), "messages");
    if (!json_array_size(rows)) return;
    ap_rputs("<h2>Failed lately</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Message</th><th scope=\"col\">Accepted</th><th scope=\"col\">To</th>"
             "<th scope=\"col\">The server's words</th></tr></thead>\n<tbody>\n", r);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        ap_rputs("<tr><td>", r);
        ss_nav_message(page, ss_html_member(row, "id"));
        ap_rputs("</td><td>", r);
        ss_html_time(r, ss_html_member(row, "createdAt"));
        ap_rputs("</td><td>", r);
        ss_html_put(r, json_string_value(json_array_get(json_object_get(row, "to"), 0)));
        ap_rputs("</td><td class=\"min\">", r);
        ss_html_put(r, ss_html_member(row, "reply"));
        ap_rputs("</td></tr>\n", r);
    }
    ap_rputs("</tbody></table></div>\n", r);
}

int ss_page_overview(ss_status_t *page)
{
    request_rec *r = page->r;

    ss_nav_begin(page, page->status ? HTTP_OK : HTTP_SERVICE_UNAVAILABLE, "Mail overview");
    ap_rputs("<div id=\"live\" data-live>\n", r);
    put_reasons(page);
    if (page->status) {
        put_counts(page);
        put_relays(page);
        put_failures(page);
    }
    ap_rputs("</div>\n", r);
    if (page->status) {
        put_controls(page);
        ap_rprintf(r, "<h2>Search</h2>\n<form class=\"row\" method=\"get\" action=\"%s\"><label>Address, subject, id or the relay's words<input name=\"text\" type=\"search\"></label>"
                   "<button type=\"submit\">Search</button></form>\n", ss_nav_path(page, "/queue"));
    }
    ss_nav_end(page);
    return OK;
}
