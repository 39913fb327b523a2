/* metrics_page.h: metrics for Prometheus. */
#ifndef SS_WEB_STATUS_METRICS_PAGE_H
#define SS_WEB_STATUS_METRICS_PAGE_H

#include "web/shared/page.h"

/* GET <page>/metrics: the daemon's text; smtp_send_up 0 when it does not answer. */
int ss_metrics_page(ss_page_t *page);

#endif
