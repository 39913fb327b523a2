/* detail_page.h: the page of one message (HTML). */
#pragma once

#include "web/shared/page.h"

/* Sends the page of message id. Returns the handler's result. */
int ss_detail_page(ss_page_t *page, const char *id);
