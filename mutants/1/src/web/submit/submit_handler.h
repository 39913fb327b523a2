/* submit_handler.h: POST to the handler smtp-send (README). */
#pragma once

#include <httpd.h>

int ss_submit_handler(request_rec *r);
