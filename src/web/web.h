/* web.h: the handlers, as mod_smtp_send.c registers them. */
#ifndef SS_WEB_WEB_H
#define SS_WEB_WEB_H

#include <httpd.h>

/* smtp-send, smtp-send-test, smtp-send-status; DECLINED for any other handler. */
int ss_web_handler(request_rec *r);
/* Once in each web process. */
void ss_web_child_init(server_rec *s, apr_pool_t *pchild);

#endif
