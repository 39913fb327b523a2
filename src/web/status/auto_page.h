/* auto_page.h: the status as "Key: value" lines. */
#ifndef SS_WEB_STATUS_AUTO_PAGE_H
#define SS_WEB_STATUS_AUTO_PAGE_H

#include "web/shared/page.h"

/* GET <page>?auto. Returns the handler's result. */
int ss_auto_page(ss_page_t *page);

#endif
