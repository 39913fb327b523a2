/* nav.h: the head of the operator's pages and the small forms on them, inside src/web only. */
#ifndef SS_WEB_SHARED_NAV_H
#define SS_WEB_SHARED_NAV_H

#include "web/shared/page.h"

/* Begins a page: navigation, the heading, <main> is open. part: of the navigation's entry (""
 * overview, "/queue"), or NULL. Banners stand below the heading. */
void ss_nav_begin(ss_page_t *page, int status, const char *title, const char *part);
void ss_nav_end(ss_page_t *page);
/* The page's path for an attribute, with a part behind it ("/queue"), escaped. */
const char *ss_nav_path(const ss_page_t *page, const char *part);
/* A one-button form that posts an action. name and value: one more field, may be NULL. question:
 * asked before it is done (it destroys something), or NULL. */
void ss_nav_button(ss_page_t *page, const char *action, const char *label, const char *name,
                   const char *value, const char *question);
/* The form's opening tag with the token and the action. attributes: more of them, already written
 * as HTML, or "". */
void ss_nav_form(ss_page_t *page, const char *action, const char *attributes);
/* A hidden field. */
void ss_nav_hidden(request_rec *r, const char *name, const char *value);
/* A link to a message with its text. */
void ss_nav_message(ss_page_t *page, const char *id, const char *text);

#endif
