/* overview.h: the requests "status", "metrics" and "activity". */
#pragma once

#include "operator/operator.h"

void ss_overview_status(ss_operator_t *o, ss_request_t *req);
void ss_overview_metrics(ss_operator_t *o, ss_request_t *req);
void ss_overview_activity(ss_operator_t *o, ss_request_t *req);
