/* nav.h: navigation and small forms of the status pages. */
#ifndef SS_WEB_SHARED_NAV_H
#define SS_WEB_SHARED_NAV_H

#include "web/shared/page.h"

/* Begins a page up to the heading, inside <main>. part: the current entry of the navigation ("" for
 * the overview, "/queue"), or NULL. */
void ss_nav_begin(ss_page_t *page, int status, const char *title, const char *part);
void ss_nav_end(ss_page_t *page);
/* The page's path followed by part ("/queue"); to be escaped for an attribute. */
const char *ss_nav_path(const ss_page_t *page, const char *part);
/* Prints a form with one button that posts an action. name, value: one more field. question: to be
 * confirmed first, for actions that cannot be undone, or NULL. */
void ss_nav_button(ss_page_t *page, const char *action, const char *label, const char *name,
                   const char *value, const char *question);
/* Prints the opening tag of such a form, the token and the action. attribute: a further one, or
 * NULL. */
void ss_nav_form(ss_page_t *page, const char *action, const char *attribute, const char *value);
/* Prints a hidden field. */
void ss_nav_hidden(request_rec *r, const char *name, const char *value);
/* Prints a link to a message. */
void ss_nav_message(ss_page_t *page, const char *id, const char *text);

#endif
