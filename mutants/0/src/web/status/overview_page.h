/* overview_page.h: the overview page (HTML). */
#pragma once

#include "web/shared/page.h"

/* Sends the overview. Returns the handler's result. */
int ss_overview_page(ss_page_t *page);
