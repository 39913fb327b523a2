/* overview_page.c: the overview: whether mail flows, and if not, why and what to do. */
#include "web/status/overview_page.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "base/text.h"
#include "web/shared/banner.h"
#include "web/shared/html.h"
#include "web/shared/nav.h"
#include "web/shared/page.h"
#include "web/shared/params.h"
#include "web/shared/rpc.h"
#include "web/status/plot.h"
#include "web/status/relay_card.h"

#define FAILURES 8
#define ACTIONS 10

/* ---- the numbers ---- */

static void tile(ss_page_t *page, const char *part, const char *class, const char *value,
                 const char *label)
{
    if (part)
        ap_rprintf(page->r, "<a class=\"tile%s\" href=\"%s\"><b>%s</b> %s</a>\n", class,
                   ss_nav_path(page, part), value, label);
    else
        ap_rprintf(page->r, "<div class=\"tile%s\"><b>%s</b> %s</div>\n", class, value, label);
}

static const char *count_text(request_rec *r, apr_int64_t value)
{
    return apr_psprintf(r->pool, "%" APR_INT64_T_FMT, value);
}

static void put_tiles(ss_page_t *page, const json_t *activity)
{
    request_rec *r = page->r;
    const json_t *queue = json_object_get(page->status, "queue"),
                 *counts = json_object_get(page->status, "counts"),
                 *hour = json_object_get(activity, "hour");
    apr_int64_t failed = ss_plot_sum(hour, "failed"), held = ss_html_number(counts, "held"),
                messages = ss_html_number(queue, "messages");

    ap_rputs("<div class=\"tiles\">\n", r);
    tile(page, "/queue?waiting=1", "", count_text(r, messages),
         messages == 1 ? "message waiting" : "messages waiting");
    tile(page, NULL, "", messages ? ss_html_age(r, ss_html_number(queue, "oldestSeconds")) : "–",
         "age of the oldest");
    tile(page, "/queue?state=sent", "", count_text(r, ss_plot_sum(hour, "sent")),
         "sent in the last hour");
    tile(page, "/queue?state=failed", failed ? " bad" : "", count_text(r, failed),
         "failed in the last hour");
    tile(page, "/queue?state=deferred", "", count_text(r, ss_html_number(counts, "deferred")),
         "deferred");
    tile(page, "/queue?state=held", held ? " warn" : "", count_text(r, held), "held");
    ap_rputs("</div>\n", r);
}

/* ---- over time ---- */

static void put_plots(ss_page_t *page, const json_t *activity)
{
    request_rec *r = page->r;
    ss_plot_span_t span = ss_plot_span(ss_params_get(&page->query, "span"));
    const json_t *series = json_object_get(activity, ss_plot_name(span));

    if (!series) return;
    ap_rputs("<section class=\"card\" aria-labelledby=\"over-time\">\n<div class=\"head\"><h2 "
             "id=\"over-time\">Over time</h2><nav class=\"tabs\" aria-label=\"Time span\">",
             r);
    for (int i = SS_PLOT_HOUR; i <= SS_PLOT_WEEK; i++) {
        const char *name = ss_plot_name((ss_plot_span_t)i);
        ap_rprintf(r, "<a href=\"%s\"%s>%s</a>",
                   ss_nav_path(page, apr_pstrcat(r->pool, "?span=", name, NULL)),
                   (int)span == i ? " aria-current=\"true\"" : "", name);
    }
    ap_rputs("</nav></div>\n<div class=\"grid\"><div>\n", r);
    ss_plot_traffic(r, series, span);
    ap_rputs("</div><div>\n", r);
    ss_plot_waiting(r, series, span);
    ap_rputs("</div></div>\n</section>\n", r);
}

/* ---- recent failures ---- */

static void put_failure(ss_page_t *page, const json_t *row)
{
    request_rec *r = page->r;
    const char *subject = ss_html_member(row, "subject"), *id = ss_html_member(row, "id");

    ap_rprintf(r, "<tr data-key=\"f%s\"><td data-label=\"Accepted\">",
               ss_text_escape_html(r->pool, id));
    ss_html_time(r, ss_html_member(row, "createdAt"));
    ss_html_wrap(r, "</td><td class=\"addr\" data-label=\"To\">",
                 json_string_value(json_array_get(json_object_get(row, "to"), 0)),
                 "</td><td class=\"subject\">");
    ss_nav_message(page, id, *subject ? subject : "(no subject)");
    ss_html_wrap(r, "</td><td class=\"words\"><span class=\"mono small\">",
                 ss_html_member(row, "reply"), "</span>");
    ss_html_advice(r, json_object_get(row, "advice"));
    ap_rputs("</td></tr>\n", r);
}

static void put_failures(ss_page_t *page)
{
    request_rec *r = page->r;
    ss_rpc_answer_t answer;
    const char *why = NULL;

    if (!ss_rpc_try(r,
                    json_pack("{s:s,s:s,s:i}", "do", "queue", "state", "failed", "limit", FAILURES),
                    SS_RPC_TIMEOUT, &answer, &why))
        return;
    const json_t *rows = json_object_get(ss_rpc_document(r->pool, &answer), "messages");
    ap_rprintf(
        r,
        "<section class=\"card\" aria-labelledby=\"failed\">\n<div class=\"head\"><h2 "
        "id=\"failed\">Recent failures</h2><a class=\"small\" href=\"%s\">all failures</a></div>\n",
        ss_nav_path(page, "/queue?state=failed"));
    if (!json_array_size(rows)) {
        ap_rputs("<p class=\"soft\">None.</p>\n</section>\n", r);
        return;
    }
    ap_rputs("<div class=\"scroll\"><table class=\"list\">\n<thead><tr><th "
             "scope=\"col\">Accepted</th><th scope=\"col\">To</th><th "
             "scope=\"col\">Subject</th><th scope=\"col\">Last reply</th></tr></thead>\n<tbody>\n",
             r);
    for (size_t i = 0; i < json_array_size(rows); i++) put_failure(page, json_array_get(rows, i));
    ap_rputs("</tbody></table></div>\n</section>\n", r);
}

/* ---- activity ---- */

static void put_actions(ss_page_t *page, const json_t *activity)
{
    request_rec *r = page->r;
    const json_t *actions = json_object_get(activity, "actions");

    ap_rputs(
        "<section class=\"card\" aria-labelledby=\"actions\">\n<h2 id=\"actions\">Activity</h2>\n",
        r);
    if (!json_array_size(actions))
        ap_rputs("<p class=\"soft\">None yet.</p>\n", r);
    else
        ap_rputs("<ol class=\"timeline\">\n", r);
    for (size_t i = 0; i < json_array_size(actions) && i < ACTIONS; i++) {
        const json_t *action = json_array_get(actions, i);
        ss_html_wrap(r, "<li><strong>", ss_html_member(action, "who"), "</strong>: ");
        ss_html_put(r, ss_html_member(action, "what"));
        ap_rputs(" <span class=\"soft small\">", r);
        ss_html_time(r, ss_html_member(action, "time"));
        ap_rputs("</span></li>\n", r);
    }
    if (json_array_size(actions)) ap_rputs("</ol>\n", r);
    ap_rputs("</section>\n", r);
}

/* ---- the page ---- */

static void put_search(ss_page_t *page)
{
    ap_rprintf(
        page->r,
        "<form class=\"row card\" method=\"get\" action=\"%s\" role=\"search\"><label "
        "class=\"wide\">Find a message: address, subject, id, or reply<input name=\"text\" "
        "type=\"search\"></label><button type=\"submit\" class=\"main\">Search</button></form>\n",
        ss_nav_path(page, "/queue"));
}

static const json_t *ask_activity(ss_page_t *page)
{
    ss_rpc_answer_t answer;
    const char *why = NULL;

    if (!ss_rpc_try(page->r, json_pack("{s:s}", "do", "activity"), SS_RPC_TIMEOUT, &answer, &why) ||
        answer.raw.status != 200)
        return NULL;
    return ss_rpc_document(page->r->pool, &answer);
}

/* The other nodes that share the queue. */
static void put_nodes(ss_page_t *page)
{
    request_rec *r = page->r;
    const json_t *nodes = json_object_get(page->status, "nodes"), *node;
    size_t i;

    if (!nodes) return;
    ap_rputs(json_array_size(nodes) ? " Other nodes: " : " There are no other nodes", r);
    json_array_foreach(nodes, i, node)
    {
        if (i) ap_rputs(", ", r);
        ss_html_put(r, ss_html_member(node, "name"));
        if (json_is_true(json_object_get(node, "silent")))
            ap_rputs(" (no heartbeat: the others send its mail)", r);
    }
    ap_rputs(".", r);
}

static void put_room(ss_page_t *page)
{
    request_rec *r = page->r;
    const json_t *queue = json_object_get(page->status, "queue");

    ap_rprintf(r,
               "<p class=\"soft small\">The queue holds %s of %s and %" APR_INT64_T_FMT
               " of %" APR_INT64_T_FMT " messages. The daemon (pid %" APR_INT64_T_FMT ") started ",
               ss_html_size(r, ss_html_number(queue, "bytes")),
               ss_html_size(r, ss_html_number(queue, "limitBytes")),
               ss_html_number(queue, "messages"), ss_html_number(queue, "limitMessages"),
               ss_html_number(page->status, "pid"));
    ss_html_time(r, ss_html_member(page->status, "startedAt"));
    ap_rputs(".", r);
    put_nodes(page);
    ap_rputs("</p>\n", r);
}

int ss_overview_page(ss_page_t *page)
{
    request_rec *r = page->r;
    const json_t *activity = page->status ? ask_activity(page) : NULL,
                 *relays = json_object_get(page->status, "relays");

    ss_nav_begin(page, page->status ? HTTP_OK : HTTP_SERVICE_UNAVAILABLE, "Mail overview", "");
    ap_rputs("<div id=\"live\" data-live>\n", r);
    ss_banner_put(page, 1);
    if (page->status) {
        put_tiles(page, activity);
        put_plots(page, activity);
        ap_rputs("<div class=\"grid\" id=\"relays\">\n", r);
        for (size_t i = 0; i < json_array_size(relays); i++)
            ss_relay_card_put(page, json_array_get(relays, i));
        ap_rputs("</div>\n", r);
        put_failures(page);
        put_actions(page, activity);
        put_room(page);
    }
    ap_rputs("</div>\n", r);
    if (page->status) put_search(page);
    ss_nav_end(page);
    return OK;
}
