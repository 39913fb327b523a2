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

void ss_metrics_recipient(ss_metrics_t *metrics, const ss_message_t *m, const ss_recipient_t *rcpt,
                          apr_time_t now)
{
    switch (rcpt->state) {
    case SS_STATE_SENT:
        metrics->sent++;
        ss_metrics_histogram_add(&metrics->delivery, now - m->created);
        break;
    case SS_STATE_FAILED: metrics->failed++; break;
    case SS_STATE_EXPIRED: metrics->expired++; break;
    case SS_STATE_CANCELLED: metrics->cancelled++; break;
    default: metrics->deferred++; break;
    }
}
