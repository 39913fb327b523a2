/* relay_card.c: a relay's card: state, hosts, cause and advice, numbers, what can be done. See
 * page_relay.h. */
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

static apr_int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void put_hosts(request_rec *r, const json_t *relay)
{
    const json_t *hosts = json_object_get(relay, "hosts");

    if (!json_array_size(hosts)) return;
    ap_rputs("<dt>Hosts</dt><dd>", r);
    for (size_t i = 0; i < json_array_size(hosts); i++) {
        const json_t *host = json_array_get(hosts, i);
        ap_rputs("<div>", r);
        ss_html_put(r, ss_html_member(host, "name"));
        ap_rputs(" ", r);
        ss_html_state(r, ss_html_member(host, "state"));
        if (*ss_html_member(host, "nextProbe")) {
            ap_rputs(" <span class=\"soft small\">tried again ", r);
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
        put_fact(r, "Found out", "%s: %s%s%s%s", ss_html_member(row, "host"),
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
    ss_nav_button(page, "flush", "Try everything now", "relay", name, NULL);
    if (is_stored) ss_nav_button(page, "resume", "Resume sending", "relay", name, NULL);
    ap_rputs("</div>\n", r);
    if (is_stored) return;
    ap_rputs("<details><summary>Pause sending</summary>\n", r);
    ss_nav_form(page, "pause", "");
    ss_nav_hidden(r, "relay", name);
    ap_rputs("<div class=\"buttons\"><label class=\"wide\">Reason<input name=\"reason\" "
             "maxlength=\"500\"></label><label>For how long (empty: until resumed)<input "
             "name=\"for\" size=\"8\" placeholder=\"30min\"></label><button type=\"submit\">Pause "
             "sending</button></div></form>\n"
             "<p class=\"soft small\">Mail is still accepted and waits. Paused time does not make "
             "it expire.</p></details>\n",
             r);
}

void ss_relay_card_put(ss_page_t *page, const json_t *relay)
{
    request_rec *r = page->r;
    const char *name = ss_html_member(relay, "name"), *cause = ss_html_member(relay, "cause"),
               *key = ss_text_escape_html(r->pool, name);
    apr_int64_t waiting = number_of(relay, "messages");

    ap_rprintf(r,
               "<section class=\"card\" data-key=\"relay-%s\" aria-label=\"Relay %s\">\n<div "
               "class=\"head\"><h2>Relay %s</h2>",
               key, key, key);
    ss_html_state(r, ss_html_member(relay, "state"));
    ap_rputs("</div>\n", r);
    if (*cause && strcmp(ss_html_member(relay, "state"), "paused")) {
        ap_rputs("<p><strong>", r);
        ss_html_put(r, cause);
        ap_rputs("</strong></p>\n", r);
    }
    ss_html_advice(r, json_object_get(relay, "advice"));
    ap_rputs("<dl class=\"facts\">\n", r);
    put_hosts(r, relay);
    put_fact(r, "Waiting", "%" APR_INT64_T_FMT "%s%s", waiting, waiting ? ", the oldest for " : "",
             waiting ? ss_html_age(r, number_of(relay, "oldestSeconds")) : "");
    put_fact(r, "Connections", "%" APR_INT64_T_FMT, number_of(relay, "connections"));
    put_fact(r, "Since the start",
             "%" APR_INT64_T_FMT " sent, %" APR_INT64_T_FMT " failed, %" APR_INT64_T_FMT
             " uncertain",
             number_of(relay, "sent"), number_of(relay, "failed"), number_of(relay, "uncertain"));
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
