/* list_page.h: the list of messages (HTML). */
#pragma once

#include "web/shared/page.h"

/* Sends the list. Returns the handler's result. */
int ss_list_page(ss_page_t *page);
/* The daemon's "queue" request for the page's filter. limit: number of rows. The caller owns the
 * reference. */
json_t *ss_list_page_request(const ss_page_t *page, int limit);
