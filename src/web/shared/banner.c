/* banner.c: whether mail flows; if not, why, and a button that helps. */
#include "web/shared/banner.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "web/shared/html.h"
#include "web/shared/nav.h"
#include "web/shared/page.h"

static const struct {
    const char *reason, *title;
} titles[] = { { "blocked", "The relay rejects our mail" },
               { "stuck", "Mail is stuck" },
               { "daemon down", "The delivery daemon is down" },
               { "disk", "The queue cannot be used" },
               { "full", "The queue is full" } };

static const char *title_of(const char *reason)
{
    for (apr_size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
        if (!strcmp(titles[i].reason, reason)) return titles[i].title;
    }
    return reason;
}

/* ", since 3 min ago by ann: maintenance. It ends in 20 min." */
static void put_pause_facts(request_rec *r, const json_t *pause)
{
    const char *reason = ss_html_member(pause, "reason"), *who = ss_html_member(pause, "who"),
               *until = ss_html_member(pause, "until");

    if (*ss_html_member(pause, "since")) {
        ap_rputs(", since ", r);
        ss_html_time(r, ss_html_member(pause, "since"));
    }
    if (*who) {
        ap_rputs(" by ", r);
        ss_html_put(r, who);
    }
    if (json_is_true(json_object_get(pause, "directive")))
        ap_rputs(*who ? "; also by SMTPSendPause On in the configuration"
                      : " by SMTPSendPause On in the configuration",
                 r);
    if (*reason) {
        ap_rputs(": ", r);
        ss_html_put(r, reason);
    }
    ap_rputs(".", r);
    if (*until) {
        ap_rputs(" It ends ", r);
        ss_html_time(r, until);
        ap_rputs(".", r);
    }
}

static void put_pause(ss_page_t *page, const json_t *relay)
{
    request_rec *r = page->r;
    const json_t *pause = json_object_get(relay, "pause");
    apr_int64_t waiting = json_integer_value(json_object_get(relay, "messages"));

    if (!json_is_true(json_object_get(relay, "paused"))) return;
    ap_rputs("<div class=\"banner\"><div><strong>Sending is paused</strong> for relay ", r);
    ss_html_put(r, ss_html_member(relay, "name"));
    put_pause_facts(r, pause);
    ap_rprintf(r, " %" APR_INT64_T_FMT " %s.</div>\n", waiting,
               waiting == 1 ? "message is waiting" : "messages are waiting");
    if (page->base && json_is_true(json_object_get(pause, "stored")))
        ss_nav_button(page, "resume", "Resume sending", "relay", ss_html_member(relay, "name"),
                      NULL);
    ap_rputs("</div>\n", r);
}

static void put_reason(ss_page_t *page, const json_t *reason)
{
    request_rec *r = page->r;
    const char *word = ss_html_member(reason, "reason"), *relay = ss_html_member(reason, "relay");

    if (!strcmp(word, "paused")) return;
    ss_html_wrap(r, "<div class=\"banner bad\"><div><strong>", title_of(word), "</strong>");
    if (*relay) ss_html_wrap(r, " (relay ", relay, ")");
    ss_html_wrap(r, "<p>", ss_html_member(reason, "detail"), "</p></div>\n");
    if (*relay) ss_nav_button(page, "flush", "Flush", "relay", relay, NULL);
    ap_rputs("</div>\n", r);
}

void ss_banner_put(ss_page_t *page, int is_full)
{
    request_rec *r = page->r;
    const json_t *relays = json_object_get(page->status, "relays");
    json_t *reasons = ss_page_reasons(page);

    ap_rputs("<div id=\"banners\" role=\"status\">\n", r);
    for (size_t i = 0; i < json_array_size(relays); i++) put_pause(page, json_array_get(relays, i));
    for (size_t i = 0; is_full && i < json_array_size(reasons); i++)
        put_reason(page, json_array_get(reasons, i));
    if (is_full && page->status && !json_is_true(json_object_get(page->status, "engine"))) {
        ap_rputs("<div class=\"banner\"><div><strong>SMTPSendEngine is Off</strong><p>Mail is "
                 "neither accepted nor sent.</p></div></div>\n",
                 r);
    } else if (is_full && !json_array_size(reasons)) {
        ap_rputs("<div class=\"banner ok\"><div><strong>Mail flows</strong></div></div>\n", r);
    }
    ap_rputs("</div>\n", r);
    json_decref(reasons);
}
