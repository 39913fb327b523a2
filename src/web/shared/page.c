#include "web/shared/page.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "web/shared/csrf.h"
#include "web/shared/html.h"
#include "web/shared/place.h"
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
    page->is_hung = answer.is_hung;
    if (!page->down) page->down = "the delivery daemon did not report its status";
}

json_t *ss_page_reasons(const ss_page_t *page)
{
    json_t *reasons = json_object_get(page->status, "reasons");

    if (page->status) return json_is_array(reasons) ? json_incref(reasons) : json_array();
    return json_pack("[{s:s,s:s,s:o}]", "reason", "daemon", "level", "bad", "detail",
                     ss_json_string(page->down));
}

/* ---- navigation and small forms ---- */

const char *ss_page_path(const ss_page_t *page, const char *part)
{
    return *page->base || *part ? apr_pstrcat(page->r->pool, page->base, part, NULL) : "/";
}

static void put_search(ss_page_t *page)
{
    ss_html_print(page->r,
                  "<form class='find' method='get' action='%s' role='search' aria-label='All "
                  "messages'><label><span class='unseen'>Find messages by address, subject, id or "
                  "reply</span><input name='text' type='search' placeholder='Find mail' "
                  "value='%s'></label><button type='submit'>Search</button></form>\n",
                  ss_page_path(page, "/queue"), ss_params_get(&page->query, "text"));
}

void ss_page_begin(ss_page_t *page, int status, const char *title, const char *part)
{
    request_rec *r = page->r;

    /* The cookie must be set before the headers are sent. */
    ss_csrf_token(r, page->base);
    ss_html_begin(r, status, page->base, title);
    ss_place_nav(r, page->base, part);
    put_search(page);
    ss_html_print(r, "</div></header>\n<main id='main'>\n<div class='head'><h1>%s</h1></div>\n",
                  title);
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
    ap_rputs(question ? "<button type='submit' class='strong'" : "<button type='submit'", page->r);
    /* Several relays have a button of the same name. */
    if (!strcmp(name, "relay")) ss_html_print(page->r, " aria-label='%s: relay %s'", label, value);
    ss_html_print(page->r, ">%s</button></form>\n", label);
}

void ss_page_message(ss_page_t *page, const char *id, const char *text)
{
    ss_html_print(page->r, "<a class='row-link' href='%s/message/%s'>%s</a>", page->base,
                  ss_params_escape(id, page->r->pool), text);
}

/* ---- whether mail flows; if not, why, and a button that helps ---- */

typedef struct {
    const char *reason;
    const char *one, *several; /* for the page's only relay; "1 of 2 relays ..." */
    int is_before;             /* the detail goes on: "for 5min: connection refused" */
} headline_t;

/* The worst first. */
static const headline_t headlines[] = {
    { "daemon", "The delivery daemon does not answer", NULL, 0 },
    { "queue", "The queue cannot be used", NULL, 0 },
    { "blocked", "The relay rejects our mail", "rejecting our mail", 1 },
    { "down", "The relay is down", "down", 1 },
    { "stuck", "Mail is stuck", "stuck", 0 },
    { "off", "Sending is switched off", "switched off", 0 },
};

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

static int is_warning(const json_t *reason)
{
    return !strcmp(ss_html_member(reason, "level"), "warning");
}

static int is_of(const json_t *reason, const char *word)
{
    return !strcmp(ss_html_member(reason, "reason"), word);
}

/* A line of a banner: the relay, where there are several, the detail, and a button that helps. */
static void put_line(ss_page_t *page, const json_t *reason, int has_detail)
{
    request_rec *r = page->r;
    const char *relay = ss_html_member(reason, "relay"), *detail = ss_html_member(reason, "detail");
    int is_named = *relay && json_array_size(json_object_get(page->status, "relays")) > 1,
        can_flush = *relay && page->base && !is_of(reason, "off");

    if (!is_named && !has_detail && !can_flush) return;
    ap_rputs("<div class='line'><span>", r);
    if (is_named) ss_html_print(r, "Relay <strong>%s</strong>", relay);
    if (has_detail)
        ss_html_print(r, "%s%s", !is_named ? "" : strncmp(detail, "for ", 4) ? ": " : " ", detail);
    ap_rputs("</span>", r);
    if (can_flush) ss_page_button(page, "flush", "Flush", "relay", relay, NULL);
    ap_rputs("</div>\n", r);
}

/* All reasons of one kind: "1 of 2 relays down for 5 min: connection refused". */
static void put_reasons(ss_page_t *page, const json_t *reasons, const headline_t *headline,
                        int is_bad, int count)
{
    request_rec *r = page->r;
    int total = (int)json_array_size(json_object_get(page->status, "relays")),
        is_in_head = count == 1 && headline->is_before;

    ss_html_print(r, "<div class='banner%s'><div><strong>", is_bad ? " bad" : "");
    if (total > 1 && headline->several)
        ss_html_print(r, "%d of %d relays %s", count, total, headline->several);
    else
        ss_html_print(r, "%s", headline->one);
    for (size_t i = 0; is_in_head && i < json_array_size(reasons); i++) {
        const json_t *reason = json_array_get(reasons, i);
        if (is_of(reason, headline->reason))
            ss_html_print(r, " %s", ss_html_member(reason, "detail"));
    }
    ap_rputs("</strong>\n", r);
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const json_t *reason = json_array_get(reasons, i);
        if (is_of(reason, headline->reason)) put_line(page, reason, !is_in_head);
    }
    ap_rputs("</div></div>\n", r);
}

/* Reasons of the level, kind by kind; a kind is bad where one of its reasons is. */
static void put_level(ss_page_t *page, const json_t *reasons, int wants_bad)
{
    for (apr_size_t k = 0; k < sizeof(headlines) / sizeof(headlines[0]); k++) {
        int count = 0, is_bad = 0;
        for (size_t i = 0; i < json_array_size(reasons); i++) {
            const json_t *reason = json_array_get(reasons, i);
            if (!is_of(reason, headlines[k].reason)) continue;
            count++;
            is_bad |= !is_warning(reason);
        }
        if (count && is_bad == wants_bad) put_reasons(page, reasons, &headlines[k], is_bad, count);
    }
}

/* What single messages wait for is nobody's alarm, and is not hidden either. */
static void put_single(const ss_page_t *page)
{
    request_rec *r = page->r;
    const json_t *counts = json_object_get(page->status, "counts");
    long long held = ss_json_number(counts, "held"), deferred = ss_json_number(counts, "deferred");

    if (held <= 0 && deferred <= 0) return;
    ap_rputs("<aside class='single' aria-label='Individual messages'><div>Problems of individual "
             "messages</div>\n<div>",
             r);
    if (deferred > 0)
        ss_html_print(r, "<a href='%s?state=deferred'>%lld deferred</a>",
                      ss_page_path(page, "/queue"), deferred);
    if (held > 0)
        ss_html_print(r, "%s<a href='%s?state=held'>%lld held</a>", deferred > 0 ? ", " : "",
                      ss_page_path(page, "/queue"), held);
    ap_rputs(" <span class='soft small'>(recipients)</span></div></aside>\n", r);
}

static int is_unused(const json_t *relays)
{
    for (size_t i = 0; i < json_array_size(relays); i++)
        if (ss_json_is(json_array_get(relays, i), "used")) return 0;
    return json_array_size(relays) > 0;
}

void ss_page_banner(ss_page_t *page, int is_full)
{
    request_rec *r = page->r;
    const json_t *relays = json_object_get(page->status, "relays");
    json_t *reasons = ss_page_reasons(page);

    ap_rputs("<div id='banners'><div>\n", r);
    if (is_full) put_level(page, reasons, 1);
    if (is_full) put_level(page, reasons, 0);
    for (size_t i = 0; i < json_array_size(relays); i++) put_pause(page, json_array_get(relays, i));
    if (is_full && page->status && !ss_json_is(page->status, "engine") &&
        !json_array_size(reasons)) {
        ap_rputs("<div class='banner'><div><strong>SMTPSendEngine is Off</strong><p>Mail is "
                 "neither accepted nor sent.</p></div></div>\n",
                 r);
    } else if (is_full && !json_array_size(reasons)) {
        ss_html_print(r, "<div class='banner ok'><div><strong>%s</strong></div></div>\n",
                      is_unused(relays) ? "Ready: no mail has been sent yet" : "Mail flows");
    }
    ap_rputs("</div>\n", r);
    if (is_full) put_single(page);
    ap_rputs("</div>\n", r);
    json_decref(reasons);
}
