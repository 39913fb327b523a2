/* page.h: what every page of the status handler and the test page needs: the request, the daemon's
 * status, navigation, small forms, and the banners at the top: whether mail flows. */
#pragma once

#include <httpd.h>

#include "base/json.h"
#include "web/shared/params.h"

typedef struct {
    request_rec *r;
    const char *base; /* the status handler's path, without a trailing slash */
    ss_params_t query;
    const json_t *status; /* the daemon's status document, or NULL */
    const char *down;     /* the reason if status is NULL */
    int is_hung;          /* it is that the daemon does not react */
} ss_page_t;

/* Asks the daemon for its status: fills status, or down. */
void ss_page_gather(ss_page_t *page);
/* Why mail does not flow: an array of {"relay","reason","detail"}, empty when healthy. The caller
 * drops the reference. */
json_t *ss_page_reasons(const ss_page_t *page);
/* Begins a page up to the heading, inside <main>. part: the current entry of the navigation ("" for
 * the overview, "/queue"), or NULL. */
void ss_page_begin(ss_page_t *page, int status, const char *title, const char *part);
/* The page's path followed by part ("/queue"); to be escaped for an attribute. */
const char *ss_page_path(const ss_page_t *page, const char *part);
/* Prints a form with one button that posts an action. name, value: one more field. question: to be
 * confirmed first, for actions that cannot be undone, or NULL. */
void ss_page_button(ss_page_t *page, const char *action, const char *label, const char *name,
                    const char *value, const char *question);
/* Prints the opening tag of such a form, the token and the action. attribute: a further one, or
 * NULL. */
void ss_page_form(ss_page_t *page, const char *action, const char *attribute, const char *value);
/* Prints a hidden field. */
void ss_page_hidden(request_rec *r, const char *name, const char *value);
/* Prints a link to a message. */
void ss_page_message(ss_page_t *page, const char *id, const char *text);
/* Shows pauses, with a button to resume: no page lets an operator forget one. With is_full also all
 * other reasons why mail does not flow, or "Mail flows". */
void ss_page_banner(ss_page_t *page, int is_full);
