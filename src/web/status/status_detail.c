/* status_detail.c: one message: recipients with replies and advice, history, actions. */
#include "web/status/status.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "base/text.h"
#include "web/shared/html.h"
#include "web/shared/rpc.h"
#include "web/status/action_request.h"
#include "web/status/timeline.h"

/* a page with more would take long to read, for browsers and for people */
#define RECIPIENTS_MAX 500

static void put_item(request_rec *r, const char *name, const char *value)
{
    if (*value) ss_html_print(r, "<dt>%s</dt><dd>%s</dd>\n", name, value);
}

/* A server's reply and its host. */
static void put_reply(request_rec *r, const char *words, const char *host)
{
    if (*words) ss_html_print(r, "<span class='mono small'>%s</span>", words);
    if (*host) ss_html_print(r, " <span class='soft small'>%s</span>", host);
}

static void put_facts(request_rec *r, const json_t *message)
{
    const json_t *waits = json_object_get(message, "waitsFor");

    ap_rputs("<dl class='facts'>\n<dt>State</dt><dd>", r);
    ss_html_state(r, ss_html_member(message, "state"));
    if (ss_json_is(message, "uncertain"))
        ap_rputs(" <span class='state s-uncertain'>uncertain</span> the connection was lost before "
                 "the reply; the relay may or may not have accepted it",
                 r);
    ap_rputs("</dd>\n", r);
    if (json_is_object(waits))
        put_item(r, "Waiting for",
                 apr_pstrcat(r->pool, "the relay, which is ", ss_html_member(waits, "relayState"),
                             ": ", ss_html_member(waits, "cause"), NULL));
    if (ss_json_is(message, "isRedirected"))
        put_item(r, "Redirected", "SMTPSendRedirect has replaced its recipients");
    put_item(r, "Subject", ss_html_member(message, "subject"));
    put_item(r, "From", *ss_html_member(message, "from") ? ss_html_member(message, "from") : "<>");
    put_item(r, "From field", ss_html_member(message, "headerFrom"));
    put_item(r, "Message-ID", ss_html_member(message, "messageId"));
    put_item(r, "Trace", ss_html_member(message, "traceparent"));
    put_item(r, "Id", ss_html_member(message, "id"));
    put_item(r, "Size", ss_html_size(r, ss_json_number(message, "size")));
    ap_rputs("<dt>Accepted</dt><dd>", r);
    ss_html_time(r, ss_html_member(message, "createdAt"));
    ap_rputs("</dd>\n", r);
    if (*ss_html_member(message, "at")) {
        ap_rputs("<dt>Not before</dt><dd>", r);
        ss_html_time(r, ss_html_member(message, "at"));
        ap_rputs("</dd>\n", r);
    }
    put_item(r, "Relay", ss_html_member(message, "relayName"));
    put_item(r, "Submitted by", ss_html_member(message, "submitter"));
    put_item(r, "Submitted via", ss_html_member(message, "door"));
    put_item(r, "Priority", ss_html_member(message, "priority"));
    ap_rputs("</dl>\n", r);
}

static void put_recipient(request_rec *r, const json_t *rcpt)
{
    const char *held = ss_html_member(rcpt, "heldBecause");

    ss_html_print(r, "<tr><td class='addr'>%s</td><td>", ss_html_member(rcpt, "address"));
    ss_html_state(r, ss_html_member(rcpt, "state"));
    if (*held)
        ss_html_print(r, " <span class='small soft'>%s</span>",
                      strcmp(held, "person") ? held : "by an operator");
    ss_html_print(r, "</td><td class='n' data-label='Attempts'>%lld</td><td class='words'>",
                  ss_json_number(rcpt, "attempts"));
    put_reply(r, ss_html_member(rcpt, "reply"), ss_html_member(rcpt, "relay"));
    if (json_is_false(json_object_get(rcpt, "charged")))
        ap_rputs(" <span class='soft small'>not counted as an attempt: it may be about this server "
                 "or a limit</span>",
                 r);
    ap_rputs("</td><td>", r);
    ss_html_due(r, ss_html_member(rcpt, "nextAttempt"));
    if (*ss_html_member(rcpt, "deliveredAt")) ap_rputs("delivered ", r);
    ss_html_time(r, ss_html_member(rcpt, "deliveredAt"));
    ap_rputs("</td></tr>\n", r);
}

static const char *text_of(const json_t *value, apr_pool_t *pool)
{
    char number[64];

    if (json_is_string(value)) return json_string_value(value);
    size_t len = json_dumpb(value, number, sizeof(number), JSON_ENCODE_ANY | JSON_COMPACT);
    return apr_pstrmemdup(pool, number, len < sizeof(number) ? len : 0);
}

/* What was said with the submission: a flat object. */
static void put_metadata(request_rec *r, const json_t *metadata)
{
    const char *name;
    json_t *value;

    if (!json_object_size(metadata)) return;
    ap_rputs("<section class='card' aria-labelledby='metadata'>\n<h2 "
             "id='metadata'>Metadata</h2>\n<dl class='facts'>\n",
             r);
    json_object_foreach((json_t *)metadata, name, value)
    {
        ss_html_print(r, "<dt>%s</dt><dd>%s</dd>\n", name, text_of(value, r->pool));
    }
    ap_rputs("</dl>\n</section>\n", r);
}

/* Each piece of advice once, however many recipients it is for. */
static void put_advice(request_rec *r, const json_t *rcpts)
{
    json_t *seen = json_object();

    for (size_t i = 0; i < json_array_size(rcpts); i++) {
        const json_t *advice = json_object_get(json_array_get(rcpts, i), "advice");
        const char *code = ss_html_member(advice, "code");
        if (!*code || json_object_get(seen, code)) continue;
        if (!json_object_size(seen))
            ap_rputs("<section class='card' aria-labelledby='todo'>\n<h2 id='todo'>What to "
                     "do</h2>\n",
                     r);
        json_object_set_new(seen, code, json_true());
        ss_html_advice(r, advice);
    }
    if (json_object_size(seen)) ap_rputs("</section>\n", r);
    json_decref(seen);
}

static void put_recipients(request_rec *r, const json_t *message)
{
    const json_t *rcpts = json_object_get(message, "recipients");
    long long all = ss_json_number(message, "recipientCount");

    ap_rputs("<section class='card' aria-labelledby='recipients'>\n<h2 "
             "id='recipients'>Recipients</h2>\n<div class='scroll'><table "
             "class='list'>\n<thead><tr><th scope='col'>Address</th><th scope='col'>State</th><th "
             "scope='col' class='n'>Attempts</th><th scope='col'>Last reply</th><th "
             "scope='col'>Delivered or next attempt</th></tr></thead>\n<tbody>\n",
             r);
    for (size_t i = 0; i < json_array_size(rcpts); i++) put_recipient(r, json_array_get(rcpts, i));
    ap_rputs("</tbody></table></div>\n", r);
    if (all)
        ss_html_print(r,
                      "<p>%d of %lld recipients; those that are neither sent nor queued come "
                      "first. <a href='?format=json'>All of them as JSON</a></p>\n",
                      RECIPIENTS_MAX, all);
    ap_rputs("</section>\n", r);
}

static void put_event(request_rec *r, const ss_timeline_event_t *event)
{
    ss_html_print(r, "<li class='t-%s'><strong>%s</strong> ", event->what, event->what);
    if (*event->recipient) ss_html_print(r, "for %s ", event->recipient);
    ap_rputs("<span class='soft small'>", r);
    ss_html_time(r, event->time);
    ss_html_print(r, " · %s</span>", event->time);
    if (*event->text || *event->host) ap_rputs("<br>", r);
    put_reply(r, event->text, event->host);
    ap_rputs("</li>\n", r);
}

static void put_timeline(request_rec *r, const json_t *message)
{
    const apr_array_header_t *events = ss_timeline(message, r->pool);

    ap_rputs("<section class='card' aria-labelledby='timeline'>\n<h2 "
             "id='timeline'>History</h2>\n<ol class='timeline'>\n",
             r);
    for (int i = 0; i < events->nelts; i++)
        put_event(r, &APR_ARRAY_IDX(events, i, ss_timeline_event_t));
    ap_rputs("</ol>\n</section>\n", r);
}

static void put_action(ss_page_t *page, const char *id, const char *name)
{
    const ss_action_request_t *action = ss_action_request_named(name);

    ss_page_button(page, name, action->label, "id", id,
                   action->final ? apr_pstrcat(page->r->pool, action->label, " this message? ",
                                               action->final, NULL)
                                 : NULL);
}

static void put_actions(ss_page_t *page, const json_t *message)
{
    const char *id = ss_html_member(message, "id"), *state = ss_html_member(message, "state");

    /* "partial" may still have unfinished recipients: the daemon knows, and answers 409 if not. */
    if (ss_text_word_index("sent failed expired cancelled bounced suppressed", state) >= 0) return;
    ap_rputs("<div class='buttons' role='group' aria-label='Actions'>\n", page->r);
    put_action(page, id, "retry");
    put_action(page, id, strcmp(state, "held") ? "hold" : "release");
    put_action(page, id, "cancel");
    put_action(page, id, "bounce");
    ap_rputs("</div>\n", page->r);
}

int ss_status_detail(ss_page_t *page, const char *id)
{
    request_rec *r = page->r;
    ss_rpc_answer_t answer;

    if (!ss_rpc_call(r, json_pack("{s:s,s:s,s:i}", "do", "show", "id", id, "most", RECIPIENTS_MAX),
                     SS_RPC_TIMEOUT, &answer))
        return OK;
    const json_t *message = ss_rpc_document(r->pool, &answer);
    const char *subject = ss_html_member(message, "subject");

    ss_page_begin(page, HTTP_OK, *subject ? subject : "(no subject)", NULL);
    ap_rputs("<div id='live' data-live>\n", r);
    ss_page_banner(page, 0);
    ap_rputs("<section class='card' aria-label='The message'>\n", r);
    put_facts(r, message);
    ap_rputs("</section>\n", r);
    put_actions(page, message);
    put_advice(r, json_object_get(message, "recipients"));
    put_recipients(r, message);
    put_metadata(r, json_object_get(message, "metadata"));
    put_timeline(r, message);
    ap_rputs("</div>\n", r);
    ss_status_content_put(page, id);
    ss_html_end(r);
    return OK;
}
