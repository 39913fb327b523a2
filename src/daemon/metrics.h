/* metrics.h: what the daemon counts, in bounded memory. */
#ifndef SS_DAEMON_METRICS_H
#define SS_DAEMON_METRICS_H

#include <apr_time.h>

#define SS_HISTOGRAM_BUCKETS 20

typedef struct { apr_uint64_t count[SS_HISTOGRAM_BUCKETS]; apr_uint64_t total; double sum; } ss_histogram_t;

typedef struct {
    apr_uint64_t accepted, refused, repeated;      /* submissions */
    apr_uint64_t sent, deferred, failed, expired, cancelled;   /* recipients */
    ss_histogram_t delivery;                       /* acceptance to the relay's answer */
} ss_metrics_t;

/* Adds a duration. Buckets: 1 ms doubling. */
void ss_histogram_add(ss_histogram_t *histogram, apr_interval_time_t duration);

#endif
