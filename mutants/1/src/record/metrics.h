/* metrics.h: counters and histograms of the daemon. */
#pragma once

#include <apr_time.h>

#include "queue/message.h"
#include "smtp/client.h"

#define SS_HISTOGRAM_BUCKETS 24 /* 1 ms doubling to 70 min; the last one is unbounded */

typedef struct {
    apr_uint64_t count[SS_HISTOGRAM_BUCKETS];
    apr_uint64_t total;
    double sum;
} ss_metrics_histogram_t;

typedef struct {
    apr_uint64_t accepted, refused, repeated;                /* submissions */
    apr_uint64_t sent, deferred, failed, expired, cancelled; /* recipients */
    ss_metrics_histogram_t delivery; /* from acceptance to the relay's reply */
} ss_metrics_t;

/* Adds a duration. Buckets: 1 ms doubling. */
void ss_metrics_histogram_add(ss_metrics_histogram_t *histogram, apr_interval_time_t duration);
/* Counts a recipient in its new state (ports.h, recipient_changed). */
void ss_metrics_recipient(ss_metrics_t *metrics, const ss_message_t *m, const ss_recipient_t *rcpt,
                          apr_time_t now);
/* The upper bound of a bucket in seconds; the last one has none. */
double ss_metrics_histogram_bound(int bucket);
