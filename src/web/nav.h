/* nav.h: the head of the operator's pages and the small forms on them, inside src/web only. */
#ifndef SS_WEB_NAV_H
#define SS_WEB_NAV_H

#include "web/status.h"

/* Begins a page: navigation, the heading, <main> is open. */
void ss_nav_begin(ss_status_t *page, int status, const char *title);
void ss_nav_end(ss_status_t *page);
/* The page's path for an attribute, with a part behind it ("/queue"), escaped. */
const char *ss_nav_path(const ss_status_t *page, const char *part);
/* A one-button form that posts an action. name and value: one more field, may be NULL. strong: it destroys something. */
void ss_nav_button(ss_status_t *page, const char *action, const char *label, const char *name, const char *value, int strong);
/* The form's opening tag with the token and the action. */
void ss_nav_form(ss_status_t *page, const char *action);
/* A link to a message, its id shortened. */
void ss_nav_message(ss_status_t *page, const char *id);

#endif
