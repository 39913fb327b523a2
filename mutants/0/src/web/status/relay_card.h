/* relay_card.h: a relay on the overview. */
#pragma once

#include "web/shared/page.h"

/* relay: one of the status document. */
void ss_relay_card_put(ss_page_t *page, const json_t *relay);
