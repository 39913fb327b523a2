/* status_overview.c: the overview: whether mail flows, and if not, why and what to do. */
#include "web/status/status.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "base/ident.h"
#include "web/shared/html.h"
#include "web/shared/rpc.h"
#include "web/status/failure_causes.h"
#include "web/status/plot.h"

#define FAILURES 100 /* the newest ones, which are grouped */
#define REPLIES 5    /* of one cause */
#define ACTIONS 10

/* ---- the numbers ---- */

static void tile(ss_page_t *page, const char *part, const char *class, long long value,
                 const char *label)
{
    ss_html_print(page->r, "<a class='tile%s' href='%s'><b>%lld</b> %s</a>\n", class,
                  ss_page_path(page, part), value, label);
}

static void put_tiles(ss_page_t *page, const json_t *activity)
{
    request_rec *r = page->r;
    const json_t *queue = json_object_get(page->status, "queue"),
                 *counts = json_object_get(page->status, "counts"),
                 *hour = json_object_get(activity, "hour");
    long long failed = ss_plot_sum(hour, "failed"), held = ss_json_number(counts, "held"),
              messages = ss_json_number(queue, "messages");

    ap_rputs("<div class='tiles'>\n", r);
    tile(page, "/queue?waiting=1", "", messages,
         !ss_json_is(queue, "counted") ? "messages since the start; the queue is not counted yet"
         : messages == 1               ? "message waiting"
                                       : "messages waiting");
    ss_html_print(r, "<div class='tile'><b>%s</b> age of the oldest</div>\n",
                  messages ? ss_html_age(r, ss_json_number(queue, "oldestSeconds")) : "–");
    tile(page, "/queue?state=sent", "", ss_plot_sum(hour, "sent"), "sent in the last hour");
    tile(page, "/queue?state=failed", failed ? " bad" : "", failed, "failed in the last hour");
    tile(page, "/queue?state=deferred", "", ss_json_number(counts, "deferred"), "deferred");
    tile(page, "/queue?state=held", held ? " warn" : "", held, "held");
    ap_rputs("</div>\n", r);
}

/* ---- over time ---- */

static void put_plots(ss_page_t *page, const json_t *activity)
{
    request_rec *r = page->r;
    ss_plot_span_t span = ss_plot_span(ss_params_get(&page->query, "span"));
    const json_t *series = json_object_get(activity, ss_plot_name(span));

    if (!series) return;
    ap_rputs("<section class='card' aria-labelledby='over-time'>\n<div class='head'><h2 "
             "id='over-time'>Over time</h2><nav class='tabs' aria-label='Time span'>",
             r);
    for (int i = SS_PLOT_HOUR; i <= SS_PLOT_WEEK; i++) {
        const char *name = ss_plot_name((ss_plot_span_t)i);
        ss_html_print(r, "<a href='%s?span=%s'", *page->base ? page->base : "/", name);
        ap_rprintf(r, "%s>%s</a>", (int)span == i ? " aria-current='true'" : "", name);
    }
    ap_rputs("</nav></div>\n<div class='grid'>\n", r);
    ss_plot_traffic(r, series, span);
    ss_plot_waiting(r, series, span);
    ap_rputs("</div>\n</section>\n", r);
}

/* ---- recent failures ---- */

/* Who a message was for, and its subject as a link to its page. */
static void put_example(ss_page_t *page, const json_t *row)
{
    const char *subject = ss_html_member(row, "subject");

    ap_rputs("<li>", page->r);
    ss_page_message(page, ss_html_member(row, "id"), *subject ? subject : "(no subject)");
    ss_html_print(page->r, " to %s <span class='soft'>",
                  json_string_value(json_array_get(json_object_get(row, "to"), 0)));
    ss_html_time(page->r, ss_html_member(row, "createdAt"));
    ap_rputs("</span></li>\n", page->r);
}

static void put_replies(request_rec *r, const apr_array_header_t *replies)
{
    for (int i = 0; i < replies->nelts && i < REPLIES; i++) {
        const ss_failure_reply_t *reply = &APR_ARRAY_IDX(replies, i, ss_failure_reply_t);
        if (!*reply->text) continue;
        ss_html_print(r, "<p class='mono small'>%s", reply->text);
        if (replies->nelts > 1) ss_html_print(r, " <strong>(%d)</strong>", reply->count);
        ap_rputs("</p>\n", r);
    }
}

static void put_cause(ss_page_t *page, const ss_failure_cause_t *cause)
{
    request_rec *r = page->r;
    const char *title = ss_html_member(cause->advice, "title");

    ss_html_print(r,
                  "<li data-key='cause-%s'><div class='head'><h3>%s</h3><strong>%lld "
                  "message%s</strong></div>\n",
                  cause->key,
                  *title        ? title
                  : *cause->key ? cause->key
                                : "No reply",
                  (long long)cause->count, cause->count == 1 ? "" : "s");
    put_replies(r, cause->replies);
    if (cause->advice)
        ss_html_print(r, "<p class='advice'>%s</p>\n", ss_html_member(cause->advice, "text"));
    ap_rputs("<ul class='small'>", r);
    for (int i = 0; i < SS_FAILURE_CAUSES_SHOWN && cause->newest[i]; i++)
        put_example(page, cause->newest[i]);
    if (cause->count > SS_FAILURE_CAUSES_SHOWN)
        ss_html_print(r, "<li class='soft'>and %d more</li>",
                      cause->count - SS_FAILURE_CAUSES_SHOWN);
    ap_rputs("</ul></li>\n", r);
}

static void put_failures(ss_page_t *page)
{
    request_rec *r = page->r;
    const json_t *failed =
        ss_rpc_ask(json_pack("{s:s,s:s,s:i}", "do", "queue", "state", "failed", "limit", FAILURES),
                   SS_RPC_TIMEOUT, r->pool);

    if (!failed) return;
    const apr_array_header_t *causes =
        ss_failure_causes(json_object_get(failed, "messages"), r->pool);
    ss_html_print(r,
                  "<section class='card' aria-labelledby='failed'>\n<div class='head'><h2 "
                  "id='failed'>Recent failures by cause</h2><a class='small' href='%s'>all failed "
                  "messages</a></div>\n",
                  ss_page_path(page, "/queue?state=failed"));
    if (!causes->nelts) {
        ap_rputs("<p class='soft'>None.</p>\n</section>\n", r);
        return;
    }
    if (*ss_html_member(failed, "more"))
        ss_html_print(r, "<p class='soft small'>The newest %d failed messages.</p>\n", FAILURES);
    ap_rputs("<ul class='causes'>\n", r);
    for (int i = 0; i < causes->nelts; i++)
        put_cause(page, &APR_ARRAY_IDX(causes, i, ss_failure_cause_t));
    ap_rputs("</ul>\n</section>\n", r);
}

/* ---- activity ---- */

/* "hold of message 0189...": the id is a link. */
static void put_what(ss_page_t *page, const char *what)
{
    const char *blank = strrchr(what, ' '), *id = blank ? blank + 1 : what;

    if (!ss_ident_is_valid(id)) {
        ss_html_print(page->r, "%s", what);
        return;
    }
    ss_html_print(page->r, "%s", apr_pstrmemdup(page->r->pool, what, (apr_size_t)(id - what)));
    ss_page_message(page, id, id);
}

static void put_actions(ss_page_t *page, const json_t *activity)
{
    request_rec *r = page->r;
    const json_t *actions = json_object_get(activity, "actions");

    ap_rputs("<section class='card' aria-labelledby='actions'>\n<h2 id='actions'>Activity</h2>\n",
             r);
    if (!json_array_size(actions)) {
        ap_rputs("<p class='soft'>None yet.</p>\n</section>\n", r);
        return;
    }
    ap_rputs("<ol class='timeline'>\n", r);
    for (size_t i = 0; i < json_array_size(actions) && i < ACTIONS; i++) {
        const json_t *action = json_array_get(actions, i);
        ss_html_print(r, "<li><strong>%s</strong>: ", ss_html_member(action, "who"));
        put_what(page, ss_html_member(action, "what"));
        ap_rputs(" <span class='soft small'>", r);
        ss_html_time(r, ss_html_member(action, "time"));
        ap_rputs("</span></li>\n", r);
    }
    ap_rputs("</ol>\n</section>\n", r);
}

/* ---- the page ---- */

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
        ss_html_print(r, "%s%s%s", i ? ", " : "", ss_html_member(node, "name"),
                      ss_json_is(node, "silent") ? " (no heartbeat: the others send its mail)"
                                                 : "");
    }
    ap_rputs(".", r);
}

static void put_room(ss_page_t *page)
{
    request_rec *r = page->r;
    const json_t *queue = json_object_get(page->status, "queue");

    ss_html_print(
        r,
        "<p class='soft small'>The queue %s %s of %s and %lld of %lld messages. The "
        "daemon (pid %d) started ",
        ss_json_is(queue, "counted") ? "holds" : "is not counted yet; since the start it took",
        ss_html_size(r, ss_json_number(queue, "bytes")),
        ss_html_size(r, ss_json_number(queue, "limitBytes")), ss_json_number(queue, "messages"),
        ss_json_number(queue, "limitMessages"), (int)ss_json_number(page->status, "pid"));
    ss_html_time(r, ss_html_member(page->status, "startedAt"));
    ap_rputs(".", r);
    put_nodes(page);
    ap_rputs("</p>\n", r);
}

int ss_status_overview(ss_page_t *page)
{
    request_rec *r = page->r;
    const json_t *activity = page->status ? ss_rpc_ask(json_pack("{s:s}", "do", "activity"),
                                                       SS_RPC_TIMEOUT, r->pool)
                                          : NULL,
                 *relays = json_object_get(page->status, "relays");

    ss_page_begin(page, page->status ? HTTP_OK : HTTP_SERVICE_UNAVAILABLE, "Mail overview", "");
    ap_rputs("<div id='live' data-live>\n", r);
    ss_page_banner(page, 1);
    if (page->status) {
        put_tiles(page, activity);
        put_plots(page, activity);
        ap_rputs("<div class='grid' id='relays'>\n", r);
        for (size_t i = 0; i < json_array_size(relays); i++)
            ss_status_card_put(page, json_array_get(relays, i));
        ap_rputs("</div>\n", r);
        put_failures(page);
        put_actions(page, activity);
        put_room(page);
    }
    ap_rputs("</div>\n", r);
    ss_html_end(r);
    return OK;
}
