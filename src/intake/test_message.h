/* test_message.h: the request "testmail": a short message of the connection test page that says
 * where it comes from. Loop thread. */
#ifndef SS_INTAKE_TEST_MESSAGE_H
#define SS_INTAKE_TEST_MESSAGE_H

#include <jansson.h>

#include "intake/intake.h"
#include "wire/request.h"

void ss_test_message_submit(ss_intake_t *intake, ss_request_t *req, const json_t *header);

#endif
