/* test_page.c: the page of the connection test: streamed HTML, so that steps appear without a
 * script. */
#include "web/test/test.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "web/shared/csrf.h"
#include "web/shared/html.h"
#include "web/shared/http.h"
#include "web/shared/page.h"
#include "web/shared/place.h"

static const char *action_path(request_rec *r)
{
    const char *path = ss_http_path(r, 0);

    return *path ? path : "/";
}

/* ---- the frame ---- */

/* The outcome is known last and is shown first, to the eye, the keyboard and screen readers,
 * without a script: the slot "outcome" is before everything else, wherever its content comes in the
 * stream. */
static void begin(request_rec *r, const ss_settings_t *relay, const char *heading, const char *busy,
                  int status)
{
    ss_page_t page = { .r = r };
    const char *path = ss_http_path(r, 0);

    /* The cookie must be set before the headers are sent. */
    ss_csrf_token(r, path);
    ss_html_begin(r, status, path, heading);
    ss_place_nav(r, ss_place_path(r, "smtp-send-status"), SS_PLACE_TEST);
    ss_html_print(r,
                  "</div></header>\n<main id='main'>\n<div class='head'><h1>%s</h1><span "
                  "class='soft'>relay %s</span></div>\n",
                  heading, relay->relay_name);
    /* Where the test could not run, the daemon is not waited for again. */
    if (status == HTTP_OK) ss_page_gather(&page);
    if (page.status) ss_page_banner(&page, 0);
    ss_html_print(
        r,
        "<div id='test'><template shadowrootmode='open'><slot name='outcome'></slot><slot>"
        "</slot></template>\n<p class='banner busy'><span class='spinner' "
        "aria-hidden='true'></span> %s</p>\n",
        busy);
}

static void begin_outcome(request_rec *r, const char *class, const char *text)
{
    ss_html_print(r,
                  "<div slot='outcome'>\n<div class='banner %s' role='status' "
                  "id='outcome'><div><strong>%s</strong>",
                  class, apr_pstrmemdup(r->pool, text, strcspn(text, "\n")));
}

/* ---- the forms ---- */

static void field(request_rec *r, const ss_params_t *query, const char *name, const char *label,
                  int is_required)
{
    ss_html_print(r,
                  "<label class='wide'>%s<input name='%s' type='text' inputmode='email' "
                  "autocomplete='email'%s value='%s'></label>\n",
                  label, name, is_required ? " required" : "", ss_params_get(query, name));
}

static void put_again(request_rec *r, const ss_params_t *query)
{
    ss_html_print(r,
                  "<section class='card' aria-labelledby='again-title'>\n<h2 id='again-title'>Run "
                  "the test again</h2>\n<form class='row' id='again' method='get' action='%s'>\n",
                  action_path(r));
    field(r, query, "from", "Try a sender (optional)", 0);
    field(r, query, "to", "Try a recipient (optional; nothing is sent)", 0);
    ap_rprintf(r,
               "<label class='side'><input type='checkbox' name='mask' value='1'%s> shorten names "
               "and addresses</label>\n<button type='submit'>Run again</button>\n</form>\n"
               "</section>\n",
               ss_params_flag(query, "mask", 0) ? " checked" : "");
}

static void put_send(request_rec *r, const ss_params_t *query)
{
    ss_html_print(r,
                  "<section class='card' aria-labelledby='send'>\n<h2 id='send'>Send a test "
                  "message</h2>\n<form class='row' method='post' action='%s'>",
                  action_path(r));
    ss_page_hidden(r, "token", ss_csrf_token(r, ss_http_path(r, 0)));
    ap_rputs("\n", r);
    field(r, query, "from", "Sender (optional)", 0);
    field(r, query, "to", "Recipient", 1);
    ap_rputs(
        "<button type='submit'>Send a test message</button>\n</form>\n<p class='soft small'>Sends "
        "a real message through the queue and waits for its result.</p>\n</section>\n",
        r);
}

static void put_text(request_rec *r, const char *text, int is_open)
{
    ap_rprintf(r,
               "<details class='card'%s><summary>Plain text</summary>\n<pre id='results' "
               "tabindex='0' aria-label='Plain text'>",
               is_open ? " open" : "");
    /* HTML ignores a line end directly after <pre>. */
    ss_html_print(r, "%s%s</pre></details>\n", *text == '\n' ? "\n" : "", text);
}

static void finish(request_rec *r, const ss_params_t *query)
{
    put_again(r, query);
    put_send(r, query);
    ap_rputs("</div>\n", r);
    ss_html_end(r);
}

/* ---- the steps, as they arrive ---- */

void ss_test_page_begin(request_rec *r, const ss_settings_t *relay, int status)
{
    begin(r, relay, "Connection test", "The test is running.", status);
}

/* Shown while this is the last step. */
static void put_next(request_rec *r, const char *next)
{
    if (!*next) return;
    ap_rputs("<div class='next'><span class='spinner' aria-hidden='true'></span> ", r);
    ss_html_print(r, "%s</div>", !strcmp(next, "search") ? "looking for settings that work" : next);
}

static void put_step(request_rec *r, const json_t *step)
{
    const char *result = ss_html_member(step, "result"), *name = ss_html_member(step, "step");
    const json_t *advice = json_object_get(step, "advice");

    ss_html_print(r,
                  "<li data-step='%s'><span class='mark s-%s' role='img' "
                  "aria-label='%s'>%s</span><span class='name'>%s</span><div class='found'>%s",
                  name, result, result,
                  !strcmp(result, "ok")     ? "✓"
                  : !strcmp(result, "warn") ? "!"
                                            : "✕",
                  name, ss_html_member(step, "detail"));
    if (json_is_object(advice) && strcmp(result, "ok"))
        ss_html_print(r, "<div class='advice'><strong>%s</strong>%s %s</div>",
                      ss_html_member(advice, "title"), ss_html_member(advice, "meaning"),
                      ss_html_member(advice, "text"));
    ap_rprintf(r, "</div><span class='took'>%.0f ms</span>",
               json_number_value(json_object_get(step, "ms")));
    put_next(r, ss_html_member(step, "next"));
    ap_rputs("</li>\n", r);
}

void ss_test_page_step(request_rec *r, ss_test_page_t *page, const char *bytes, apr_size_t len)
{
    json_t *step = json_loadb(bytes, len, 0, NULL);

    if (json_object_get(step, "step")) {
        if (!page->steps++)
            ap_rputs("<section class='card' aria-labelledby='steps-title'>\n<h2 "
                     "id='steps-title'>Steps</h2>\n<ol class='steps' id='steps' "
                     "aria-live='polite'>\n",
                     r);
        put_step(r, step);
    }
    json_decref(step);
}

/* ---- the settings ---- */

static int is_default(const json_t *setting)
{
    return !strcmp(ss_html_member(setting, "source"), "default");
}

static void put_table(request_rec *r, const json_t *settings, int of_defaults)
{
    ap_rputs("<div class='scroll'><table>\n<thead><tr><th scope='col'>Directive</th><th "
             "scope='col'>Value</th><th scope='col'>From</th></tr></thead>\n<tbody>\n",
             r);
    for (size_t i = 0; i < json_array_size(settings); i++) {
        const json_t *setting = json_array_get(settings, i);
        if (is_default(setting) != of_defaults) continue;
        ss_html_print(
            r,
            "<tr><td class='mono'>%s</td><td class='mono'>%s</td><td class='soft'>%s</td></tr>\n",
            ss_html_member(setting, "name"), ss_html_member(setting, "value"),
            ss_html_member(setting, "source"));
    }
    ap_rputs("</tbody></table></div>\n", r);
}

static void put_settings(request_rec *r, const json_t *settings)
{
    size_t count = json_array_size(settings);
    int defaults = 0, set;

    if (!count) return;
    for (size_t i = 0; i < count; i++) defaults += is_default(json_array_get(settings, i));
    set = (int)count - defaults;
    ap_rprintf(r,
               "<details class='card' id='settings'><summary>Settings in effect (%d set, %d at "
               "their defaults)</summary>\n",
               set, defaults);
    if (set) put_table(r, settings, 0);
    if (defaults) {
        ap_rprintf(r, "<details><summary>%d at their defaults</summary>\n", defaults);
        put_table(r, settings, 1);
        ap_rputs("</details>\n", r);
    }
    ap_rputs("</details>\n", r);
}

/* ---- the outcome ---- */

/* What failed, in the step's own words. */
static void put_cause(request_rec *r, const json_t *report)
{
    const json_t *steps = json_object_get(report, "steps");

    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i);
        const char *detail = ss_html_member(step, "detail");
        if (!strcmp(ss_html_member(step, "result"), "fail"))
            ss_html_print(r, "<p>%s</p>", apr_pstrmemdup(r->pool, detail, strcspn(detail, "\n")));
    }
}

/* "SMTPSendTLS starttls, SMTPSendPort 587"; words that follow directives are no part of them. */
static void put_works(request_rec *r, const json_t *works)
{
    for (size_t i = 0; i < json_array_size(works); i++) {
        const char *line = json_string_value(json_array_get(works, i)),
                   *words = strstr(line, ", only");
        apr_size_t len = words ? (apr_size_t)(words - line) : strlen(line);
        ap_rputs(i ? "<br>" : "<p>These settings work: ", r);
        ss_html_print(r, "<code>%s</code>%s", apr_pstrmemdup(r->pool, line, len), words);
    }
    if (json_array_size(works)) ap_rputs("</p>", r);
}

static void put_advice(request_rec *r, const json_t *advice)
{
    if (!json_array_size(advice)) return;
    ap_rputs("<section class='card' aria-labelledby='todo'>\n<h2 id='todo'>What to do</h2>\n", r);
    for (size_t i = 0; i < json_array_size(advice); i++)
        ss_html_advice(r, json_array_get(advice, i));
    ap_rputs("</section>\n", r);
}

/* The query of this page with download=1: runs the same test again and saves it as a file. */
static const char *download_query(request_rec *r, const ss_params_t *query)
{
    static const char *const names[] = { "from", "to", "mask", "probe" };
    const char *text = "?download=1";

    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = ss_params_get(query, names[i]);
        if (value && *value)
            text = apr_pstrcat(r->pool, text, "&", names[i], "=", ss_params_escape(value, r->pool),
                               NULL);
    }
    return text;
}

static void put_outcome(request_rec *r, const ss_params_t *query, const json_t *report,
                        const char *text, const char *why)
{
    int is_passed = !strcmp(ss_html_member(report, "result"), "passed");

    begin_outcome(r, is_passed ? "ok" : "bad", text);
    if (why) ss_html_print(r, "<p>%s</p>", why);
    put_cause(r, report);
    put_works(r, json_object_get(report, "works"));
    if (report)
        ap_rprintf(r, "<p class='small'>Total time: %.0f ms</p>",
                   json_number_value(json_object_get(report, "ms")));
    ap_rputs("</div></div>\n", r);
    put_advice(r, json_object_get(report, "advice"));
    ss_html_print(r,
                  "<div class='buttons' role='group' aria-label='Results'><button id='copy' "
                  "type='button' class='main' "
                  "hidden>Copy results</button> <button type='submit' form='again'>Run "
                  "again</button> <a class='button' href='%s%s'>Run again and save as a "
                  "file</a></div>\n</div>\n",
                  action_path(r), download_query(r, query));
}

static void put_dialogue(request_rec *r, const json_t *dialogue)
{
    if (!json_array_size(dialogue)) return;
    ap_rputs("<details class='card'><summary>Dialogue</summary>\n<pre id='dialogue' tabindex='0' "
             "aria-label='Dialogue'>",
             r);
    for (size_t i = 0; i < json_array_size(dialogue); i++) {
        const char *line = json_string_value(json_array_get(dialogue, i));
        ap_rputs(*line == 'C' ? "<span class='c'>" : "<span>", r);
        ss_html_print(r, "%s</span>\n", line);
    }
    ap_rputs("</pre></details>\n", r);
}

void ss_test_page_end(request_rec *r, const ss_test_page_t *page, const ss_params_t *query,
                      const json_t *report, const char *text, const char *why)
{
    if (page->steps) ap_rputs("</ol>\n</section>\n", r);
    put_outcome(r, query, report, text, why);
    put_dialogue(r, json_object_get(report, "dialogue"));
    put_settings(r, json_object_get(report, "settings"));
    put_text(r, text, !report);
    finish(r, query);
}

/* ---- a test message ---- */

void ss_test_page_message_begin(request_rec *r, const ss_settings_t *relay, const char *id,
                                const char *to)
{
    const char *page = ss_place_message(r, id);

    begin(r, relay, "Test message", "The message is in the queue: waiting for the result.",
          HTTP_OK);
    ss_html_print(r, "<p>To %s, ", to);
    ss_html_print(r,
                  page ? "<a href='%s' id='message'>message %s</a>.</p>\n" : "%smessage %s.</p>\n",
                  page, id);
    ap_rflush(r);
}

void ss_test_page_message_end(request_rec *r, const ss_params_t *query, const char *class,
                              const char *text)
{
    begin_outcome(r, class, text);
    ap_rputs("</div></div>\n<div class='buttons' role='group' aria-label='Results'><button "
             "id='copy' type='button' class='main' "
             "hidden>Copy results</button></div>\n</div>\n",
             r);
    put_text(r, text, 1);
    finish(r, query);
}
