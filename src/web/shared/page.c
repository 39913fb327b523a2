#include "web/shared/page.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "web/shared/csrf.h"
#include "web/shared/html.h"
#include "web/shared/rpc.h"

/* people and monitoring wait for the answer: report a missing daemon soon */
#define STATUS_TIMEOUT (10 * APR_USEC_PER_SEC)

void ss_page_gather(ss_page_t *page)
{
    ss_rpc_answer_t answer;

    if (ss_rpc_try(json_pack("{s:s}", "do", "status"), STATUS_TIMEOUT, &answer, page->r->pool)) {
        if (answer.raw.status == 200) page->status = ss_rpc_document(page->r->pool, &answer);
        answer.why = ss_json_text(answer.fields, "detail");
    }
    page->down = answer.why;
    if (!page->down) page->down = "the delivery daemon did not report its status";
}

json_t *ss_page_reasons(const ss_page_t *page)
{
    json_t *reasons = json_object_get(page->status, "reasons");

    if (page->status) return json_is_array(reasons) ? json_incref(reasons) : json_array();
    return json_pack("[{s:s,s:o}]", "reason", "daemon down", "detail", ss_json_string(page->down));
}

/* ---- navigation and small forms ---- */

const char *ss_page_path(const ss_page_t *page, const char *part)
{
    return *page->base || *part ? apr_pstrcat(page->r->pool, page->base, part, NULL) : "/";
}

static void put_entry(ss_page_t *page, const char *part, const char *label, const char *current)
{
    ss_html_print(page->r, "<a href='%s'", ss_page_path(page, part));
    ap_rputs(current && !strcmp(part, current) ? " aria-current='page'>" : ">", page->r);
    ss_html_print(page->r, "%s</a>\n", label);
}

void ss_page_begin(ss_page_t *page, int status, const char *title, const char *part)
{
    request_rec *r = page->r;

    /* The cookie must be set before the headers are sent. */
    ss_csrf_token(r, page->base);
    ss_html_begin(r, status, page->base, title);
    ap_rputs("<nav class='top' aria-label='Pages'>\n", r);
    put_entry(page, "", "Overview", part);
    put_entry(page, "/queue", "Messages", part);
    put_entry(page, "/metrics", "Metrics", part);
    put_entry(page, "/health", "Health", part);
    ss_html_print(
        r, "</nav></div></header>\n<main id='main'>\n<div class='head'><h1>%s</h1></div>\n", title);
}

void ss_page_hidden(request_rec *r, const char *name, const char *value)
{
    ss_html_print(r, "<input type='hidden' name='%s' value='%s'>", name, value);
}

void ss_page_form(ss_page_t *page, const char *action, const char *attribute, const char *value)
{
    ss_html_print(page->r, "<form class='in row' method='post' action='%s' data-act",
                  ss_page_path(page, ""));
    if (attribute) ss_html_print(page->r, " %s='%s'", attribute, value);
    ap_rputs(">", page->r);
    ss_page_hidden(page->r, "token", ss_csrf_token(page->r, page->base));
    ss_page_hidden(page->r, "action", action);
}

void ss_page_button(ss_page_t *page, const char *action, const char *label, const char *name,
                    const char *value, const char *question)
{
    ss_page_form(page, action, question ? "data-confirm" : NULL, question);
    ss_page_hidden(page->r, name, value);
    ap_rputs(question ? "<button type='submit' class='strong'>" : "<button type='submit'>",
             page->r);
    ss_html_print(page->r, "%s</button></form>\n", label);
}

void ss_page_message(ss_page_t *page, const char *id, const char *text)
{
    ss_html_print(page->r, "<a class='row-link' href='%s/message/%s'>%s</a>", page->base,
                  ss_params_escape(id, page->r->pool), text);
}

/* ---- whether mail flows; if not, why, and a button that helps ---- */

static const char *title_of(const char *reason)
{
    static const struct {
        const char *reason, *title;
    } titles[] = { { "blocked", "The relay rejects our mail" },
                   { "stuck", "Mail is stuck" },
                   { "daemon down", "The delivery daemon is down" },
                   { "queue", "The queue cannot be used" } };

    for (apr_size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
        if (!strcmp(titles[i].reason, reason)) return titles[i].title;
    }
    return reason;
}

/* ", since 3 min ago by ann: maintenance. It ends in 20 min." */
static void put_pause_facts(request_rec *r, const json_t *pause)
{
    const char *reason = ss_html_member(pause, "reason"), *who = ss_html_member(pause, "who"),
               *since = ss_html_member(pause, "since"), *until = ss_html_member(pause, "until");

    if (*since) ap_rputs(", since ", r);
    ss_html_time(r, since);
    if (*who) ss_html_print(r, " by %s", who);
    if (ss_json_is(pause, "directive"))
        ss_html_print(r, "%s by SMTPSendPause On in the configuration", *who ? "; also" : "");
    ss_html_print(r, *reason ? ": %s." : "%s.", reason);
    if (!*until) return;
    ap_rputs(" It ends ", r);
    ss_html_time(r, until);
    ap_rputs(".", r);
}

static void put_pause(ss_page_t *page, const json_t *relay)
{
    request_rec *r = page->r;
    const json_t *pause = json_object_get(relay, "pause");
    const char *name = ss_html_member(relay, "name");
    long long waiting = ss_json_number(relay, "messages");

    if (!ss_json_is(relay, "paused")) return;
    ss_html_print(r, "<div class='banner'><div><strong>Sending is paused</strong> for relay %s",
                  name);
    put_pause_facts(r, pause);
    ss_html_print(r, " %lld %s.</div>\n", waiting,
                  waiting == 1 ? "message is waiting" : "messages are waiting");
    if (page->base && ss_json_is(pause, "stored"))
        ss_page_button(page, "resume", "Resume sending", "relay", name, NULL);
    ap_rputs("</div>\n", r);
}

static void put_reason(ss_page_t *page, const json_t *reason)
{
    request_rec *r = page->r;
    const char *word = ss_html_member(reason, "reason"), *relay = ss_html_member(reason, "relay");

    if (!strcmp(word, "paused")) return;
    ss_html_print(r, "<div class='banner bad'><div><strong>%s</strong>", title_of(word));
    if (*relay) ss_html_print(r, " (relay %s)", relay);
    ss_html_print(r, "<p>%s</p></div>\n", ss_html_member(reason, "detail"));
    if (*relay) ss_page_button(page, "flush", "Flush", "relay", relay, NULL);
    ap_rputs("</div>\n", r);
}

void ss_page_banner(ss_page_t *page, int is_full)
{
    request_rec *r = page->r;
    const json_t *relays = json_object_get(page->status, "relays");
    json_t *reasons = ss_page_reasons(page);

    ap_rputs("<div id='banners' role='status'>\n", r);
    for (size_t i = 0; i < json_array_size(relays); i++) put_pause(page, json_array_get(relays, i));
    for (size_t i = 0; is_full && i < json_array_size(reasons); i++)
        put_reason(page, json_array_get(reasons, i));
    if (is_full && page->status && !ss_json_is(page->status, "engine")) {
        ap_rputs("<div class='banner'><div><strong>SMTPSendEngine is Off</strong><p>Mail is "
                 "neither accepted nor sent.</p></div></div>\n",
                 r);
    } else if (is_full && !json_array_size(reasons)) {
        ap_rputs("<div class='banner ok'><div><strong>Mail flows</strong></div></div>\n", r);
    }
    ap_rputs("</div>\n", r);
    json_decref(reasons);
}
