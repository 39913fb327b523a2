/* relay_action.h: the requests pause, resume and flush, of one relay or of all. */
#ifndef SS_OPERATOR_RELAY_ACTION_H
#define SS_OPERATOR_RELAY_ACTION_H

#include "operator/operator.h"

void ss_relay_action_run(ss_operator_t *o, ss_request_t *req);

#endif
