/* handler.h: the handler hook and the child_init hook of src/web. */
#ifndef SS_WEB_HANDLER_H
#define SS_WEB_HANDLER_H

#include <httpd.h>

/* DECLINED unless r->handler is smtp-send, smtp-send-test or smtp-send-status. */
int ss_handler(request_rec *r);
/* Called in each web process after the fork. */
void ss_handler_child_init(server_rec *s, apr_pool_t *pchild);

#endif
