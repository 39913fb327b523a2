/* plot.h: counts over time as SVG, without a script. */
#pragma once

#include <httpd.h>

#include "base/json.h"

typedef enum { SS_PLOT_HOUR, SS_PLOT_DAY, SS_PLOT_WEEK } ss_plot_span_t;

/* "hour", "day" or "week"; anything else gives the hour. */
ss_plot_span_t ss_plot_span(const char *name);
const char *ss_plot_name(ss_plot_span_t span);
/* Sent and failed recipients as bars. series: a span of the daemon's activity document
 * ({"start","step","sent","failed","waiting"}). */
void ss_plot_traffic(request_rec *r, const json_t *series, ss_plot_span_t span);
/* Waiting messages as an area. */
void ss_plot_waiting(request_rec *r, const json_t *series, ss_plot_span_t span);
/* The sum of a row of the series. */
apr_int64_t ss_plot_sum(const json_t *series, const char *row);
