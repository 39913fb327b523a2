#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>

#include "config/module.h"
#include "web/shared/html.h"
#include "web/shared/http.h"
#include "web/shared/place.h"
#include "web/submit/submission.h"

/* The whole URL of the handler, for a shell: between single quotes. */
static const char *url_of(request_rec *r)
{
    const char *path = ss_http_path(r, 0), *url;

    url = ap_construct_url(r->pool, *path ? path : "/", r);
    for (const char *quote; (quote = strchr(url, '\''));)
        url = apr_pstrcat(r->pool, apr_pstrmemdup(r->pool, url, (apr_size_t)(quote - url)), "%27",
                          quote + 1, NULL);
    return url;
}

static const char *commands_of(request_rec *r)
{
    const char *url = url_of(r);

    return apr_psprintf(r->pool,
                        "curl -F from=you@example.com -F to=bob@example.net -F subject=Hello -F "
                        "text='It works.' '%s'\n",
                        url);
}

static int put_text(request_rec *r)
{
    const char *text =
        apr_psprintf(r->pool,
                     "POST here submits a message, and answers with its id:\n\n  %s\n"
                     "GET %s/ID returns the state of the message, DELETE cancels it.\n"
                     "Also accepted: application/json, message/rfc822, application/x-ndjson, "
                     "application/x-www-form-urlencoded.\n",
                     commands_of(r), url_of(r));

    return ss_http_text(r, HTTP_OK, "text/plain; charset=utf-8", text, strlen(text));
}

static void put_address(request_rec *r, const char *name, const char *label, int is_required)
{
    ss_html_print(r,
                  "<label class='wide'>%s<input name='%s' type='text' inputmode='email' "
                  "autocomplete='email'%s></label>\n",
                  label, name, is_required ? " required" : "");
}

/* Whether mail is taken, and where it goes. */
static void put_notes(request_rec *r)
{
    const ss_settings_policy_t *policy = ss_module_policy(r);

    if (!ss_module_relay(r->server)->engine)
        ap_rputs("<div class='banner'><div><strong>SMTPSendEngine is Off</strong><p>Mail is not "
                 "accepted here.</p></div></div>\n",
                 r);
    if (policy->redirect)
        ss_html_print(r,
                      "<div class='banner'><div><strong>Every message from here goes to "
                      "%s</strong><p>SMTPSendRedirect replaces its recipients.</p></div></div>\n",
                      policy->redirect);
}

/* No token is needed: like every submission, a form of another site is refused by its origin. */
static int put_page(request_rec *r)
{
    const char *path = ss_http_path(r, 0);
    int has_sender = ss_module_policy(r)->default_from != NULL;

    ss_place_page(r, HTTP_OK, "Send a message", "Send a message");
    put_notes(r);
    ss_html_print(r,
                  "<section class='card' aria-label='A message'>\n<form class='row' method='post' "
                  "action='%s' enctype='multipart/form-data'>\n",
                  *path ? path : "/");
    put_address(r, "from", has_sender ? "From (optional)" : "From", !has_sender);
    put_address(r, "to", "To", 1);
    ap_rputs("<label class='wide'>Subject<input name='subject' type='text'></label>\n<label "
             "class='whole'>Text<textarea name='text' rows='6'></textarea></label>\n<button "
             "type='submit' class='main'>Send</button>\n</form>\n</section>\n",
             r);
    ss_html_print(r,
                  "<details class='card'><summary>From a shell</summary>\n<pre tabindex='0' "
                  "aria-label='Command line'>%s</pre></details>\n",
                  commands_of(r));
    ss_html_end(r);
    return OK;
}

int ss_submission_page(request_rec *r)
{
    static const char *const offers[] = { "text/plain", "text/html" };

    apr_table_setn(r->headers_out, "Vary", "Accept");
    return ss_http_prefers(r, offers, 2) ? put_page(r) : put_text(r);
}

int ss_submission_page_is_wanted(const ss_submission_t *s)
{
    return (s->kind == SS_SUBMISSION_FORM || s->kind == SS_SUBMISSION_MULTIPART) &&
           ss_http_wants_html(s->r);
}

int ss_submission_page_accepted(const ss_submission_t *s, int status, const json_t *document)
{
    request_rec *r = s->r;
    const char *id = ss_html_member(document, "id"), *path = ss_http_path(r, 0),
               *page = *id ? ss_place_message(r, id) : NULL;

    ss_place_page(r, status, "Accepted", s->is_dry_run ? "It would be accepted" : "Accepted");
    ap_rputs("<div class='card'>\n", r);
    if (page)
        ss_html_print(r, "<p>The message is in the queue: <a href='%s'>%s</a></p>\n", page, id);
    else if (*id)
        ss_html_print(r, "<p>The message is in the queue: %s</p>\n", id);
    if (ss_json_is(document, "paused"))
        ap_rputs("<p>Sending is paused: the message is sent after a resume.</p>\n", r);
    if (*ss_html_member(document, "redirectedTo"))
        ss_html_print(r, "<p>SMTPSendRedirect sends it to %s only.</p>\n",
                      ss_html_member(document, "redirectedTo"));
    ss_html_print(r, "<p><a href='%s'>Send another one</a></p>\n</div>\n", *path ? path : "/");
    ss_html_end(r);
    return OK;
}
