/* status_card.c: a relay on the overview: state, hosts, cause and advice, counts, actions. */
#include "web/status/status.h"

#include <http_protocol.h>
#include <string.h>

#include "web/shared/html.h"

static void put_hosts(request_rec *r, const json_t *relay)
{
    const json_t *hosts = json_object_get(relay, "hosts");

    if (!json_array_size(hosts)) return;
    ap_rputs("<dt>Hosts</dt><dd>", r);
    for (size_t i = 0; i < json_array_size(hosts); i++) {
        const json_t *host = json_array_get(hosts, i);
        ss_html_print(r, "<div>%s ", ss_html_member(host, "name"));
        ss_html_state(r, ss_html_member(host, "state"));
        if (*ss_html_member(host, "nextProbe")) {
            ap_rputs(" <span class='soft small'>next attempt ", r);
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
        ss_html_print(r, "<dt>Learned</dt><dd>%s: %s%s%s%s</dd>\n", ss_html_member(row, "host"),
                      ss_html_member(row, "what"), *directive ? " (" : "", directive,
                      *directive ? " makes it permanent)" : "");
    }
}

static void put_buttons(ss_page_t *page, const json_t *relay)
{
    request_rec *r = page->r;
    const char *name = ss_html_member(relay, "name");
    int is_stored = ss_json_is(json_object_get(relay, "pause"), "stored");

    ap_rputs("<div class='buttons'>", r);
    ss_page_button(page, "flush", "Flush", "relay", name, NULL);
    if (is_stored) ss_page_button(page, "resume", "Resume sending", "relay", name, NULL);
    ap_rputs("</div>\n", r);
    if (is_stored) return;
    ap_rputs("<details><summary>Pause sending</summary>\n", r);
    ss_page_form(page, "pause", NULL, NULL);
    ss_page_hidden(r, "relay", name);
    ap_rputs("<div class='buttons'><label class='wide'>Reason<input name='reason' "
             "maxlength='500'></label><label>Duration (empty: until resumed)<input name='for' "
             "size='8' placeholder='30min'></label><button type='submit'>Pause "
             "sending</button></div></form>\n<p class='soft small'>Mail is still accepted and "
             "queued. Paused time does not count towards expiry.</p></details>\n",
             r);
}

void ss_status_card_put(ss_page_t *page, const json_t *relay)
{
    request_rec *r = page->r;
    const char *name = ss_html_member(relay, "name"), *cause = ss_html_member(relay, "cause"),
               *state = ss_html_relay_state(relay), *last = ss_html_member(relay, "lastSuccess");
    long long waiting = ss_json_number(relay, "messages");

    ss_html_print(r,
                  "<section class='card' data-key='relay-%s' aria-label='Relay %s'>\n<div "
                  "class='head'><h2>Relay %s</h2>",
                  name, name, name);
    ss_html_state(r, state);
    ap_rputs("</div>\n", r);
    if (*cause && strcmp(state, "paused")) ss_html_print(r, "<p><strong>%s</strong></p>\n", cause);
    ss_html_advice(r, json_object_get(relay, "advice"));
    ap_rputs("<dl class='facts'>\n", r);
    put_hosts(r, relay);
    ss_html_print(
        r,
        "<dt>Waiting</dt><dd>%lld%s%s</dd>\n<dt>Connections</dt><dd>%lld</dd>\n<dt>So "
        "far</dt><dd>%lld sent, %lld failed, %lld uncertain</dd>\n<dt>Last success</dt><dd>%s",
        waiting, waiting ? ", oldest for " : "",
        waiting ? ss_html_age(r, ss_json_number(relay, "oldestSeconds")) : "",
        ss_json_number(relay, "connections"), ss_json_number(relay, "sent"),
        ss_json_number(relay, "failed"), ss_json_number(relay, "uncertain"),
        *last ? "" : "none yet");
    ss_html_time(r, last);
    ap_rputs("</dd>\n", r);
    put_learned(r, relay);
    ap_rputs("</dl>\n", r);
    put_buttons(page, relay);
    ap_rputs("</section>\n", r);
}
