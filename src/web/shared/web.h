/* web.h: the module's three handlers, smtp-send, smtp-send-test and smtp-send-status (CONTRACT.md
 * 2). Web processes only. */
#ifndef SS_WEB_SHARED_WEB_H
#define SS_WEB_SHARED_WEB_H

#include <httpd.h>

/* The handler hook: DECLINED unless r->handler is one of the three. */
int ss_handler(request_rec *r);
/* In each web process, after it was forked. */
void ss_handler_child_init(server_rec *s, apr_pool_t *pchild);

/* mod_status's hook: our section of its page. */
int ss_mod_status(request_rec *r, int flags);

/* The handlers, one file each; called by ss_handler after what all share was done (headers).
 * They send their answers themselves. */
int ss_submit_handler(request_rec *r);
int ss_follow(request_rec *r, const char *id);
int ss_test_handler(request_rec *r);
int ss_status_handler(request_rec *r);

#endif
