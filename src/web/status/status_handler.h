/* status_handler.h: the parts of the operator's page, inside src/web only. */
#ifndef SS_WEB_STATUS_STATUS_HANDLER_H
#define SS_WEB_STATUS_STATUS_HANDLER_H

#include <httpd.h>
#include <jansson.h>

#include "web/shared/params.h"

typedef struct {
    request_rec *r;
    const char *base; /* the page's path, without a slash at its end */
    ss_params_t query;
    const json_t *status; /* the daemon's status document, or NULL */
    const char *down;     /* why there is none, or NULL */
} ss_page_t;

/* Asks the daemon: fills status, or down. */
void ss_page_gather(ss_page_t *page);
/* GET <page>/health. */
int ss_health_page(ss_page_t *page);
/* Reasons why mail does not flow, as an array of {"relay","reason","detail"}; empty: healthy. */
json_t *ss_page_reasons(const ss_page_t *page);
/* GET <page>/metrics. */
int ss_metrics_page(ss_page_t *page);
/* GET <page>?auto. */
int ss_auto_page(ss_page_t *page);
/* The overview, the list of messages, one message: HTML. */
int ss_overview_page(ss_page_t *page);
int ss_list_page(ss_page_t *page);
int ss_detail_page(ss_page_t *page, const char *id);
/* GET <page>/message/<id>?source: the content as it stands, where SMTPSendStatusBody allows it. */
int ss_content_page_download(ss_page_t *page, const char *id);
/* The content's beginning for the message's page; nothing where SMTPSendStatusBody does not allow
 * it. */
void ss_content_page_put(ss_page_t *page, const char *id);
/* POST. */
int ss_action_post(ss_page_t *page);
/* The question for the list of messages, from the query. limit: rows. */
json_t *ss_list_page_request(const ss_page_t *page, int limit);

#endif
