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
               *since = ss_html_member(pause, "since"), *until = ss_html_member(pause, "until");

    if (*since) ap_rputs(", since ", r);
    ss_html_time(r, since);
    if (*who) ss_html_print(r, " by %s", who);
    if (ss_html_is(pause, "directive"))
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
    long long waiting = ss_html_number(relay, "messages");

    if (!ss_html_is(relay, "paused")) return;
    ss_html_print(r, "<div class=\"banner\"><div><strong>Sending is paused</strong> for relay %s",
                  name);
    put_pause_facts(r, pause);
    ss_html_print(r, " %lld %s.</div>\n", waiting,
                  waiting == 1 ? "message is waiting" : "messages are waiting");
    if (page->base && ss_html_is(pause, "stored"))
        ss_nav_button(page, "resume", "Resume sending", "relay", name, NULL);
    ap_rputs("</div>\n", r);
}

static void put_reason(ss_page_t *page, const json_t *reason)
{
    request_rec *r = page->r;
    const char *word = ss_html_member(reason, "reason"), *relay = ss_html_member(reason, "relay");

    if (!strcmp(word, "paused")) return;
    ss_html_print(r, "<div class=\"banner bad\"><div><strong>%s</strong>", title_of(word));
    if (*relay) ss_html_print(r, " (relay %s)", relay);
    ss_html_print(r, "<p>%s</p></div>\n", ss_html_member(reason, "detail"));
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
    if (is_full && page->status && !ss_html_is(page->status, "engine")) {
        ap_rputs("<div class=\"banner\"><div><strong>SMTPSendEngine is Off</strong><p>Mail is "
                 "neither accepted nor sent.</p></div></div>\n",
                 r);
    } else if (is_full && !json_array_size(reasons)) {
        ap_rputs("<div class=\"banner ok\"><div><strong>Mail flows</strong></div></div>\n", r);
    }
    ap_rputs("</div>\n", r);
    json_decref(reasons);
}
