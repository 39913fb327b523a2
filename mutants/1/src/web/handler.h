/* handler.h: the handler hook of src/web. */
#pragma once

#include <httpd.h>

/* DECLINED unless r->handler is smtp-send, smtp-send-test or smtp-send-status. */
int ss_handler(request_rec *r);
