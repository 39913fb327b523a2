/* testform.c: the connection test's page: streamed HTML, so that it is live without a script. See testform.h. */
#include "web/testform.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "base/text.h"
#include "web/html.h"
#include "web/reply.h"
#include "web/token.h"

void ss_testform_begin(request_rec *r, const ss_settings_t *relay, const char *heading)
{
    const char *path = ss_reply_path(r, 0);

    /* The cookie must go out with the headers, before the first step. */
    ss_token_for_page(r, path);
    ss_html_begin(r, HTTP_OK, path, heading, 1);
    ap_rputs("<header><strong>", r);
    ss_html_put(r, heading);
    ap_rputs("</strong> <span class=\"soft\">relay ", r);
    ss_html_put(r, relay->relay_name);
    ap_rputs("</span></header>\n<main>\n<h1>", r);
    ss_html_put(r, heading);
    ap_rputs("</h1>\n<pre id=\"steps\" aria-live=\"polite\">", r);
}

void ss_testform_piece(request_rec *r, const char *bytes, apr_size_t len)
{
    ss_html_put(r, ss_text_utf8(r->pool, bytes, len));
}

static void field(request_rec *r, const ss_query_t *query, const char *name, const char *label, int is_required)
{
    ap_rprintf(r, "<label>%s<input name=\"%s\" type=\"text\" inputmode=\"email\" autocomplete=\"email\"%s value=\"", label, name, is_required ? " required" : "");
    ss_html_put(r, ss_query_get(query, name));
    ap_rputs("\"></label>\n", r);
}

static void forms(request_rec *r, const ss_query_t *query)
{
    const char *path = ss_text_escape_html(r->pool, ss_reply_path(r, 0));
    const char *action = *path ? path : "/";

    ap_rprintf(r, "<h2>Run again</h2>\n<form class=\"row\" method=\"get\" action=\"%s\">\n", action);
    field(r, query, "from", "Sender (optional)", 0);
    field(r, query, "to", "Recipient (optional)", 0);
    ap_rprintf(r, "<label class=\"side\"><input type=\"checkbox\" name=\"mask\" value=\"1\"%s> shorten names and addresses</label>\n"
               "<button type=\"submit\">Run again</button>\n</form>\n<p class=\"soft\">With a recipient, sender and recipient are tried too. Nothing is sent.</p>\n",
               ss_query_flag(query, "mask", 0) ? " checked" : "");
    ap_rprintf(r, "<h2>Send a test message</h2>\n<form class=\"row\" method=\"post\" action=\"%s\">\n<input type=\"hidden\" name=\"token\" value=\"", action);
    ss_html_put(r, ss_token_for_page(r, ss_reply_path(r, 0)));
    ap_rputs("\">\n", r);
    field(r, query, "from", "Sender (optional)", 0);
    field(r, query, "to", "Recipient", 1);
    ap_rputs("<button type=\"submit\">Send a test message</button>\n</form>\n", r);
}

void ss_testform_end(request_rec *r, const ss_query_t *query, const char *outcome, const char *text)
{
    const char *path = ss_text_escape_html(r->pool, ss_reply_path(r, 0));
    int is_good = !strcmp(outcome, "passed") || !strcmp(outcome, "sent");

    ap_rprintf(r, "</pre>\n<p class=\"banner %s\" role=\"status\">", is_good ? "ok" : strcmp(outcome, "waits") ? "bad" : "");
    ss_html_put(r, apr_pstrmemdup(r->pool, text, strcspn(text, "\n")));
    ap_rputs("</p>\n<h2>Results</h2>\n<p><button id=\"copy\" type=\"button\" hidden>Copy results</button>", r);
    if (r->method_number == M_GET) ap_rprintf(r, " <a class=\"button\" href=\"%s?download=1\">Run and save as a file</a>", *path ? path : "/");
    ap_rputs("</p>\n<pre id=\"results\">", r);
    ss_html_put(r, text);
    ap_rputs("</pre>\n", r);
    forms(r, query);
    ap_rputs("</main>\n", r);
    ss_html_end(r);
}
