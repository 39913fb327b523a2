/* test_handler.h: the handler smtp-send-test (README). */
#pragma once

#include <httpd.h>

int ss_test_handler(request_rec *r);
