/* page_relay.h: a relay's card on the overview, inside src/web only. */
#ifndef SS_WEB_STATUS_PAGE_RELAY_H
#define SS_WEB_STATUS_PAGE_RELAY_H

#include "web/status/status_handler.h"

void ss_page_relay(ss_status_t *page, const json_t *relay);

#endif
