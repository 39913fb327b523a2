/* test_metrics.c: histograms. */
#include <CUnit/Basic.h>

#include "record/metrics.h"

static void a_duration_falls_into_its_bucket(void)
{
    ss_metrics_histogram_t h = { .total = 0 };

    ss_metrics_histogram_add(&h, 1000);
    ss_metrics_histogram_add(&h, 1001);
    ss_metrics_histogram_add(&h, 2000);
    ss_metrics_histogram_add(&h, 2001);
    ss_metrics_histogram_add(&h, (apr_interval_time_t)1 << 50);
    CU_ASSERT_EQUAL(h.count[0], 1);
    CU_ASSERT_EQUAL(h.count[1], 2);
    CU_ASSERT_EQUAL(h.count[2], 1);
    CU_ASSERT_EQUAL(h.count[SS_HISTOGRAM_BUCKETS - 1], 1);
    CU_ASSERT_EQUAL(h.total, 5);
    CU_ASSERT_DOUBLE_EQUAL(ss_metrics_histogram_bound(0), 0.001, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(ss_metrics_histogram_bound(3), 0.008, 1e-9);
}

void ss_suite_metrics(void)
{
    CU_pSuite suite = CU_add_suite("metrics", NULL, NULL);

    CU_ADD_TEST(suite, a_duration_falls_into_its_bucket);
}
