/* action_post.h: actions by POST to the status page. */
#pragma once

#include "web/shared/page.h"

/* POST: does the action and answers as HTML or JSON. Returns the handler's result. */
int ss_action_post(ss_page_t *page);
