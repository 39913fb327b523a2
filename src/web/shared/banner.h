/* banner.h: whether mail flows, at the top of each page. */
#ifndef SS_WEB_SHARED_BANNER_H
#define SS_WEB_SHARED_BANNER_H

#include "web/shared/page.h"

/* Shows pauses, with a button to resume: no page lets an operator forget one. With is_full also all
 * other reasons why mail does not flow, or "Mail flows". */
void ss_banner_put(ss_page_t *page, int is_full);

#endif
