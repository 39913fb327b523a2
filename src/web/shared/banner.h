/* banner.h: whether mail flows, as the first thing on each of our pages. */
#ifndef SS_WEB_SHARED_BANNER_H
#define SS_WEB_SHARED_BANNER_H

#include "web/shared/page.h"

/* A pause cannot be forgotten: every page says it, with a button that ends it. All reasons with
 * is_full, and "Mail flows" where there is none. */
void ss_banner_put(ss_page_t *page, int is_full);

#endif
