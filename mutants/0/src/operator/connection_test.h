/* connection_test.h: the request "test": a connection test with a relay's settings. */
#pragma once

#include "operator/operator.h"

#define SS_CONNECTION_TEST_MAX 4 /* at once; further ones get 429 */

void ss_connection_test_run(ss_operator_t *o, ss_request_t *req);
