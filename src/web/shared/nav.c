/* nav.c: navigation and small forms of the status pages. */
#include "web/shared/nav.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "base/text.h"
#include "web/shared/csrf.h"
#include "web/shared/html.h"
#include "web/shared/page.h"
#include "web/shared/params.h"

const char *ss_nav_path(const ss_page_t *page, const char *part)
{
    const char *path = apr_pstrcat(page->r->pool, page->base, part, NULL);

    return ss_text_escape_html(page->r->pool, *path ? path : "/");
}

static void put_entry(ss_page_t *page, const char *part, const char *label, const char *current)
{
    ap_rprintf(page->r, "<a href=\"%s\"%s>%s</a>\n", ss_nav_path(page, part),
               current && !strcmp(part, current) ? " aria-current=\"page\"" : "", label);
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
    ss_html_wrap(r, "</nav></div></header>\n<main id=\"main\">\n<div class=\"head\"><h1>", title,
                 "</h1></div>\n");
}

void ss_nav_end(ss_page_t *page)
{
    ap_rputs("</main>\n", page->r);
    ss_html_end(page->r);
}

void ss_nav_hidden(request_rec *r, const char *name, const char *value)
{
    ap_rprintf(r, "<input type=\"hidden\" name=\"%s\" value=\"", name);
    ss_html_put(r, value);
    ap_rputs("\">", r);
}

void ss_nav_form(ss_page_t *page, const char *action, const char *attributes)
{
    ap_rprintf(page->r, "<form class=\"in row\" method=\"post\" action=\"%s\" data-act%s>",
               ss_nav_path(page, ""), attributes);
    ss_nav_hidden(page->r, "token", ss_csrf_token(page->r, page->base));
    ss_nav_hidden(page->r, "action", action);
}

void ss_nav_button(ss_page_t *page, const char *action, const char *label, const char *name,
                   const char *value, const char *question)
{
    const char *attributes =
        question ? apr_pstrcat(page->r->pool, " data-confirm=\"",
                               ss_text_escape_html(page->r->pool, question), "\"", NULL)
                 : "";

    ss_nav_form(page, action, attributes);
    if (name) ss_nav_hidden(page->r, name, value);
    ap_rprintf(page->r, "<button type=\"submit\"%s>%s</button></form>\n",
               question ? " class=\"strong\"" : "", label);
}

void ss_nav_message(ss_page_t *page, const char *id, const char *text)
{
    ap_rprintf(page->r, "<a class=\"row-link\" href=\"%s\">",
               ss_nav_path(page, apr_pstrcat(page->r->pool, "/message/",
                                             ss_params_escape(id, page->r->pool), NULL)));
    ss_html_put(page->r, text);
    ap_rputs("</a>", page->r);
}
