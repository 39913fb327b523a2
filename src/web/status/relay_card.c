/* relay_card.c: a relay on the overview: state, hosts, cause and advice, counts, actions. */
#include "web/status/relay_card.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "base/text.h"
#include "web/shared/html.h"
#include "web/shared/nav.h"
#include "web/shared/page.h"

static void put_fact(request_rec *r, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void put_fact(request_rec *r, const char *name, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const char *text = apr_pvsprintf(r->pool, format, args);
    va_end(args);
    ap_rprintf(r, "<dt>%s</dt><dd>", name);
    ss_html_put(r, text);
    ap_rputs("</dd>\n", r);
}

static void put_hosts(request_rec *r, const json_t *relay)
{
    const json_t *hosts = json_object_get(relay, "hosts");

    if (!json_array_size(hosts)) return;
    ap_rputs("<dt>Hosts</dt><dd>", r);
    for (size_t i = 0; i < json_array_size(hosts); i++) {
        const json_t *host = json_array_get(hosts, i);
        ss_html_wrap(r, "<div>", ss_html_member(host, "name"), " ");
        ss_html_state(r, ss_html_member(host, "state"));
        if (*ss_html_member(host, "nextProbe")) {
            ap_rputs(" <span class=\"soft small\">next attempt ", r);
            ss_html_time(r, ss_html_member(host, "nextProbe"));
            ap_rputs("</span>", r);
        }
        ap_rputs("</div>", r);
    }
    ap_rputs("</dd>\n", r);
}

static void put_learned(request_rec *r, const json_t *relay)
{
    const json_t *learned = json_object_get(relay, "learned");

    for (size_t i = 0; i < json_array_size(learned); i++) {
        const json_t *row = json_array_get(learned, i);
        const char *directive = ss_html_member(row, "directive");
        put_fact(r, "Learned", "%s: %s%s%s%s", ss_html_member(row, "host"),
                 ss_html_member(row, "what"), *directive ? " (" : "", directive,
                 *directive ? " makes it permanent)" : "");
    }
}

static void put_buttons(ss_page_t *page, const json_t *relay)
{
    request_rec *r = page->r;
    const char *name = ss_html_member(relay, "name");
    int is_stored = json_is_true(json_object_get(json_object_get(relay, "pause"), "stored"));

    ap_rputs("<div class=\"buttons\">", r);
    ss_nav_button(page, "flush", "Flush", "relay", name, NULL);
    if (is_stored) ss_nav_button(page, "resume", "Resume sending", "relay", name, NULL);
    ap_rputs("</div>\n", r);
    if (is_stored) return;
    ap_rputs("<details><summary>Pause sending</summary>\n", r);
    ss_nav_form(page, "pause", "");
    ss_nav_hidden(r, "relay", name);
    ap_rputs("<div class=\"buttons\"><label class=\"wide\">Reason<input name=\"reason\" "
             "maxlength=\"500\"></label><label>Duration (empty: until resumed)<input name=\"for\" "
             "size=\"8\" placeholder=\"30min\"></label><button type=\"submit\">Pause "
             "sending</button></div></form>\n"
             "<p class=\"soft small\">Mail is still accepted and queued. Paused time does not "
             "count towards expiry.</p></details>\n",
             r);
}

void ss_relay_card_put(ss_page_t *page, const json_t *relay)
{
    request_rec *r = page->r;
    const char *name = ss_html_member(relay, "name"), *cause = ss_html_member(relay, "cause"),
               *key = ss_text_escape_html(r->pool, name);
    apr_int64_t waiting = ss_html_number(relay, "messages");

    ap_rprintf(r,
               "<section class=\"card\" data-key=\"relay-%s\" aria-label=\"Relay %s\">\n<div "
               "class=\"head\"><h2>Relay %s</h2>",
               key, key, key);
    ss_html_state(r, ss_html_member(relay, "state"));
    ap_rputs("</div>\n", r);
    if (*cause && strcmp(ss_html_member(relay, "state"), "paused"))
        ss_html_wrap(r, "<p><strong>", cause, "</strong></p>\n");
    ss_html_advice(r, json_object_get(relay, "advice"));
    ap_rputs("<dl class=\"facts\">\n", r);
    put_hosts(r, relay);
    put_fact(r, "Waiting", "%" APR_INT64_T_FMT "%s%s", waiting, waiting ? ", oldest for " : "",
             waiting ? ss_html_age(r, ss_html_number(relay, "oldestSeconds")) : "");
    put_fact(r, "Connections", "%" APR_INT64_T_FMT, ss_html_number(relay, "connections"));
    put_fact(r, "Since start",
             "%" APR_INT64_T_FMT " sent, %" APR_INT64_T_FMT " failed, %" APR_INT64_T_FMT
             " uncertain",
             ss_html_number(relay, "sent"), ss_html_number(relay, "failed"),
             ss_html_number(relay, "uncertain"));
    ap_rputs("<dt>Last success</dt><dd>", r);
    if (*ss_html_member(relay, "lastSuccess"))
        ss_html_time(r, ss_html_member(relay, "lastSuccess"));
    else
        ap_rputs("none yet", r);
    ap_rputs("</dd>\n", r);
    put_learned(r, relay);
    ap_rputs("</dl>\n", r);
    put_buttons(page, relay);
    ap_rputs("</section>\n", r);
}
