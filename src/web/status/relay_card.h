/* relay_card.h: a relay's card on the overview, inside src/web only. */
#ifndef SS_WEB_STATUS_RELAY_CARD_H
#define SS_WEB_STATUS_RELAY_CARD_H

#include "web/shared/page.h"

void ss_relay_card_put(ss_page_t *page, const json_t *relay);

#endif
