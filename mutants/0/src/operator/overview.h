/* overview.h: what the daemon knows and counts. */
#pragma once

#include "operator/operator.h"

/* The requests "status" and "metrics". */
void ss_overview_numbers(ss_operator_t *o, ss_request_t *req);
void ss_overview_activity(ss_operator_t *o, ss_request_t *req);
