/* nav.c: the head of the operator's pages and the small forms on them. See nav.h. */
#include "web/nav.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "base/text.h"
#include "web/html.h"
#include "web/token.h"

const char *ss_nav_path(const ss_status_t *page, const char *part)
{
    const char *path = apr_pstrcat(page->r->pool, page->base, part, NULL);

    return ss_text_escape_html(page->r->pool, *path ? path : "/");
}

void ss_nav_begin(ss_status_t *page, int status, const char *title)
{
    request_rec *r = page->r;

    /* The cookie goes out with the headers, before anything of the page. */
    ss_token_for_page(r, page->base);
    ss_html_begin(r, status, page->base, title, 1);
    ap_rprintf(r, "<header><strong>Mail</strong> <a href=\"%s\">Overview</a> <a href=\"%s\">Messages</a> <a href=\"%s\">Health</a></header>\n<main>\n<h1>",
               ss_nav_path(page, ""), ss_nav_path(page, "/queue"), ss_nav_path(page, "/health"));
    ss_html_put(r, title);
    ap_rputs("</h1>\n", r);
}

void ss_nav_end(ss_status_t *page)
{
    ap_rputs("</main>\n", page->r);
    ss_html_end(page->r);
}

void ss_nav_form(ss_status_t *page, const char *action)
{
    ap_rprintf(page->r, "<form class=\"in row\" method=\"post\" action=\"%s\"><input type=\"hidden\" name=\"token\" value=\"%s\"><input type=\"hidden\" name=\"action\" value=\"%s\">",
               ss_nav_path(page, ""), ss_token_for_page(page->r, page->base), action);
}

void ss_nav_button(ss_status_t *page, const char *action, const char *label, const char *name, const char *value, int strong)
{
    ss_nav_form(page, action);
    if (name) {
        ap_rprintf(page->r, "<input type=\"hidden\" name=\"%s\" value=\"", name);
        ss_html_put(page->r, value);
        ap_rputs("\">", page->r);
    }
    ap_rprintf(page->r, "<button type=\"submit\"%s>%s</button></form>\n", strong ? " class=\"strong\"" : "", label);
}

void ss_nav_message(ss_status_t *page, const char *id)
{
    apr_size_t len = strlen(id);
    const char *safe = ss_text_escape_html(page->r->pool, id);

    /* The end of an id tells messages apart, its beginning is the time. */
    ap_rprintf(page->r, "<a href=\"%s\" title=\"%s\"><code>%s</code></a>", ss_nav_path(page, apr_pstrcat(page->r->pool, "/message/", id, NULL)), safe,
               ss_text_escape_html(page->r->pool, len > 12 ? id + len - 12 : id));
}
