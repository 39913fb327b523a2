/* overview.h: the requests "status", "metrics" and "activity". */
#ifndef SS_OPERATOR_OVERVIEW_H
#define SS_OPERATOR_OVERVIEW_H

#include "operator/operator.h"

void ss_overview_status(ss_operator_t *o, ss_request_t *req);
void ss_overview_metrics(ss_operator_t *o, ss_request_t *req);
void ss_overview_activity(ss_operator_t *o, ss_request_t *req);

#endif
