/* status.h: the handler smtp-send-status (README) and its pages. */
#pragma once

#include "web/shared/page.h"

int ss_status_handler(request_rec *r);
/* mod_status's hook: our section on its page. flags: AP_STATUS_*. */
int ss_status_mod(request_rec *r, int flags);

/* Each answers the request and returns the handler's result. */
/* POST: does the action; the answer is HTML or JSON. */
int ss_status_action(ss_page_t *page);
int ss_status_overview(ss_page_t *page);
int ss_status_list(ss_page_t *page);
int ss_status_detail(ss_page_t *page, const char *id);
/* GET <page>/message/<id>?source: the content as a file, where SMTPSendStatusBody allows it. */
int ss_status_content(ss_page_t *page, const char *id);

/* The daemon's "queue" request for the page's filter. limit: number of rows. The caller owns the
 * reference. */
json_t *ss_status_list_request(const ss_page_t *page, int limit);
/* The form that filters the list. */
void ss_status_filter_put(ss_page_t *page);
/* Whether a query or form has a filter. */
int ss_status_filter_is_given(const ss_params_t *params);
/* The list with that filter, after the message of that id; NULL: from the newest one. */
const char *ss_status_filter_path(const ss_page_t *page, const ss_params_t *params,
                                  const char *after);
/* Prints the filter as hidden fields. */
void ss_status_filter_hidden(request_rec *r, const ss_params_t *params);
/* The beginning of the content for the message's page; nothing where it is not allowed. */
void ss_status_content_put(ss_page_t *page, const char *id);
/* A relay of the status document, on the overview. */
void ss_status_card_put(ss_page_t *page, const json_t *relay);
