/* status_handler.h: the handler smtp-send-status (README). */
#ifndef SS_WEB_STATUS_STATUS_HANDLER_H
#define SS_WEB_STATUS_STATUS_HANDLER_H

#include <httpd.h>

int ss_status_handler(request_rec *r);

#endif
