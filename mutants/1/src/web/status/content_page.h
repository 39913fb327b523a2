/* content_page.h: a message's content, where SMTPSendStatusBody allows it. */
#pragma once

#include "web/shared/page.h"

/* GET <page>/message/<id>?source: the content as a file. Returns the handler's result. */
int ss_content_page_download(ss_page_t *page, const char *id);
/* The beginning of the content for the message's page; nothing where it is not allowed. */
void ss_content_page_put(ss_page_t *page, const char *id);
