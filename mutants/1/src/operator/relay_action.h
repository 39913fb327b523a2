/* relay_action.h: the requests pause, resume and flush, of one relay or of all. */
#pragma once

#include "operator/operator.h"

void ss_relay_action_run(ss_operator_t *o, ss_request_t *req);
