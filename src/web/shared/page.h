/* page.h: what every page of the status handler and the test page needs: the request, and the
 * daemon's status. */
#ifndef SS_WEB_SHARED_PAGE_H
#define SS_WEB_SHARED_PAGE_H

#include <httpd.h>
#include <jansson.h>

#include "web/shared/params.h"

typedef struct {
    request_rec *r;
    const char *base; /* the page's path, without a trailing slash */
    ss_params_t query;
    const json_t *status; /* the daemon's status document, or NULL */
    const char *down;     /* the reason if status is NULL */
} ss_page_t;

/* Asks the daemon for its status: fills status, or down. */
void ss_page_gather(ss_page_t *page);
/* Why mail does not flow: an array of {"relay","reason","detail"}, empty when healthy. The caller
 * drops the reference. */
json_t *ss_page_reasons(const ss_page_t *page);

#endif
