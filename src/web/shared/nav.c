/* nav.c: navigation and small forms of the status pages. */
#include "web/shared/nav.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "web/shared/csrf.h"
#include "web/shared/html.h"
#include "web/shared/page.h"
#include "web/shared/params.h"

const char *ss_nav_path(const ss_page_t *page, const char *part)
{
    return *page->base || *part ? apr_pstrcat(page->r->pool, page->base, part, NULL) : "/";
}

static void put_entry(ss_page_t *page, const char *part, const char *label, const char *current)
{
    ss_html_print(page->r, "<a href=\"%s\"", ss_nav_path(page, part));
    ap_rputs(current && !strcmp(part, current) ? " aria-current=\"page\">" : ">", page->r);
    ss_html_print(page->r, "%s</a>\n", label);
}

void ss_nav_begin(ss_page_t *page, int status, const char *title, const char *part)
{
    request_rec *r = page->r;

    /* The cookie must be set before the headers are sent. */
    ss_csrf_token(r, page->base);
    ss_html_begin(r, status, page->base, title, 1);
    ss_html_brand(r, "Mail");
    ap_rputs("<nav class=\"top\" aria-label=\"Pages\">\n", r);
    put_entry(page, "", "Overview", part);
    put_entry(page, "/queue", "Messages", part);
    put_entry(page, "/metrics", "Metrics", part);
    put_entry(page, "/health", "Health", part);
    ss_html_print(r,
                  "</nav></div></header>\n<main id=\"main\">\n"
                  "<div class=\"head\"><h1>%s</h1></div>\n",
                  title);
}

void ss_nav_end(ss_page_t *page)
{
    ap_rputs("</main>\n", page->r);
    ss_html_end(page->r);
}

void ss_nav_hidden(request_rec *r, const char *name, const char *value)
{
    ss_html_print(r, "<input type=\"hidden\" name=\"%s\" value=\"%s\">", name, value);
}

void ss_nav_form(ss_page_t *page, const char *action, const char *attribute, const char *value)
{
    ss_html_print(page->r, "<form class=\"in row\" method=\"post\" action=\"%s\" data-act",
                  ss_nav_path(page, ""));
    if (attribute) ss_html_print(page->r, " %s=\"%s\"", attribute, value);
    ap_rputs(">", page->r);
    ss_nav_hidden(page->r, "token", ss_csrf_token(page->r, page->base));
    ss_nav_hidden(page->r, "action", action);
}

void ss_nav_button(ss_page_t *page, const char *action, const char *label, const char *name,
                   const char *value, const char *question)
{
    ss_nav_form(page, action, question ? "data-confirm" : NULL, question);
    ss_nav_hidden(page->r, name, value);
    ap_rputs(question ? "<button type=\"submit\" class=\"strong\">" : "<button type=\"submit\">",
             page->r);
    ss_html_print(page->r, "%s</button></form>\n", label);
}

void ss_nav_message(ss_page_t *page, const char *id, const char *text)
{
    ss_html_print(page->r, "<a class=\"row-link\" href=\"%s/message/%s\">%s</a>", page->base,
                  ss_params_escape(id, page->r->pool), text);
}
