/* submit_handler.h: POST to the handler smtp-send (README). */
#ifndef SS_WEB_SUBMIT_SUBMIT_HANDLER_H
#define SS_WEB_SUBMIT_SUBMIT_HANDLER_H

#include <httpd.h>

int ss_submit_handler(request_rec *r);

#endif
