/* status_handler.h: the parts of the operator's page, inside src/web only. */
#ifndef SS_WEB_STATUS_STATUS_HANDLER_H
#define SS_WEB_STATUS_STATUS_HANDLER_H

#include <httpd.h>
#include <jansson.h>

#include "web/shared/query_string.h"

typedef struct {
    request_rec *r;
    const char *base; /* the page's path, without a slash at its end */
    ss_query_t query;
    const json_t *status; /* the daemon's status document, or NULL */
    const char *down;     /* why there is none, or NULL */
} ss_status_t;

/* Asks the daemon: fills status, or down. */
void ss_status_gather(ss_status_t *page);
/* GET <page>/health. */
int ss_status_health(ss_status_t *page);
/* Reasons why mail does not flow, as an array of {"relay","reason","detail"}; empty: healthy. */
json_t *ss_status_reasons(const ss_status_t *page);
/* GET <page>/metrics. */
int ss_status_metrics(ss_status_t *page);
/* GET <page>?auto. */
int ss_status_auto(ss_status_t *page);
/* The overview, the list of messages, one message: HTML. */
int ss_page_overview(ss_status_t *page);
int ss_page_queue(ss_status_t *page);
int ss_page_message(ss_status_t *page, const char *id);
/* GET <page>/message/<id>?source: the content as it stands, where SMTPSendStatusBody allows it. */
int ss_status_source(ss_status_t *page, const char *id);
/* The content's beginning for the message's page; nothing where SMTPSendStatusBody does not allow
 * it. */
void ss_page_body(ss_status_t *page, const char *id);
/* POST. */
int ss_status_action(ss_status_t *page);
/* The question for the list of messages, from the query. limit: rows. */
json_t *ss_status_question(const ss_status_t *page, int limit);

#endif
