/* test_handler.h: the handler smtp-send-test (README). */
#ifndef SS_WEB_TEST_TEST_HANDLER_H
#define SS_WEB_TEST_TEST_HANDLER_H

#include <httpd.h>

int ss_test_handler(request_rec *r);

#endif
