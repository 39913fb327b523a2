/* health_page.h: health for load balancers and monitoring (JSON). */
#ifndef SS_WEB_STATUS_HEALTH_PAGE_H
#define SS_WEB_STATUS_HEALTH_PAGE_H

#include "web/shared/page.h"

/* GET <page>/health: 200 when mail flows, otherwise 503 with the reasons. */
int ss_health_page(ss_page_t *page);

#endif
