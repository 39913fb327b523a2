/* relay_card.h: a relay on the overview. */
#ifndef SS_WEB_STATUS_RELAY_CARD_H
#define SS_WEB_STATUS_RELAY_CARD_H

#include "web/shared/page.h"

/* relay: one of the status document. */
void ss_relay_card_put(ss_page_t *page, const json_t *relay);

#endif
