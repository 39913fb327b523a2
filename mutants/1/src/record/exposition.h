/* exposition.h: all metrics as text in the OpenMetrics format (openmetrics.io 1.0). */
#pragma once

#include "base/buf.h"
#include "record/record.h"

/* Appends the whole exposition, with its "# EOF". What does not fit into out is left out. */
void ss_exposition_print(ss_record_t *r, ss_buf_t *out, apr_time_t now);
