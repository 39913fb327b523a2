/* action_post.h: actions by POST to the status page. */
#ifndef SS_WEB_STATUS_ACTION_POST_H
#define SS_WEB_STATUS_ACTION_POST_H

#include "web/shared/page.h"

/* POST: does the action and answers as HTML or JSON. Returns the handler's result. */
int ss_action_post(ss_page_t *page);

#endif
