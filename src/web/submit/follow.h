/* follow.h: GET and DELETE of one message of the handler smtp-send. */
#ifndef SS_WEB_SUBMIT_FOLLOW_H
#define SS_WEB_SUBMIT_FOLLOW_H

#include <httpd.h>

/* id: a valid message id. Returns the handler's result. */
int ss_follow(request_rec *r, const char *id);

#endif
