/* metrics.c: histograms of the daemon. See metrics.h. */
#include "record/metrics.h"

#define FIRST_BOUND 1000 /* microseconds */

void ss_metrics_histogram_add(ss_metrics_histogram_t *histogram, apr_interval_time_t duration)
{
    apr_interval_time_t bound = FIRST_BOUND;
    int i = 0;

    while (i < SS_HISTOGRAM_BUCKETS - 1 && duration > bound) {
        bound *= 2;
        i++;
    }
    histogram->count[i]++;
    histogram->total++;
    histogram->sum += (double)duration / 1e6;
}

double ss_metrics_histogram_bound(int bucket)
{
    return (double)((apr_int64_t)FIRST_BOUND << bucket) / 1e6;
}
