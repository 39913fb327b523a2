/* metrics.c: histograms of the daemon. See metrics.h. */
#include "daemon/metrics.h"

void ss_histogram_add(ss_histogram_t *histogram, apr_interval_time_t duration)
{
    apr_interval_time_t bound = 1000;
    int i = 0;

    while (i < SS_HISTOGRAM_BUCKETS - 1 && duration > bound) {
        bound *= 2;
        i++;
    }
    histogram->count[i]++;
    histogram->total++;
    histogram->sum += (double)duration / 1e6;
}
