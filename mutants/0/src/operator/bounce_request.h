/* bounce_request.h: the request "bounce": messages are given up and their senders get a bounce. */
#pragma once

#include "operator/operator.h"

void ss_bounce_request_run(ss_operator_t *o, ss_request_t *req);
/* The same for one message, asked for at another node, which needs no answer. */
void ss_bounce_request_handed(ss_operator_t *o, const char *id, const char *who);
