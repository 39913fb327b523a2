/* status_handler.h: the handler smtp-send-status (README). */
#pragma once

#include <httpd.h>

int ss_status_handler(request_rec *r);
