/* overview_page.h: the overview page (HTML). */
#ifndef SS_WEB_STATUS_OVERVIEW_PAGE_H
#define SS_WEB_STATUS_OVERVIEW_PAGE_H

#include "web/shared/page.h"

/* Sends the overview. Returns the handler's result. */
int ss_overview_page(ss_page_t *page);

#endif
