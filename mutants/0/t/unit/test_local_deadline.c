/* test_local_deadline.c: how long a request may take to come. */
#include <CUnit/Basic.h>

#include "intake/local_deadline.h"

#define SECOND APR_USEC_PER_SEC
static const ss_mono_t t0 = { 5000 * SECOND };

static int is_over(const ss_local_deadline_t *d, apr_interval_time_t after)
{
    return ss_local_deadline_is_over(d, ss_mono_add(t0, after));
}

static void a_stalled_request_ends_after_two_minutes(void)
{
    ss_local_deadline_t d = { { 0 }, { 0 } };

    CU_ASSERT_FALSE(is_over(&d, 100000 * SECOND));
    ss_local_deadline_run(&d, t0);
    CU_ASSERT_FALSE(is_over(&d, 120 * SECOND - 1));
    CU_ASSERT_TRUE(is_over(&d, 120 * SECOND));
    /* To be asked again gives no time. */
    ss_local_deadline_run(&d, ss_mono_add(t0, 60 * SECOND));
    CU_ASSERT_TRUE(is_over(&d, 120 * SECOND));
}

static void octets_give_another_two_minutes(void)
{
    ss_local_deadline_t d = { { 0 }, { 0 } };

    ss_local_deadline_run(&d, t0);
    ss_local_deadline_renew(&d);
    ss_local_deadline_run(&d, ss_mono_add(t0, 100 * SECOND));
    CU_ASSERT_FALSE(is_over(&d, 220 * SECOND - 1));
    CU_ASSERT_TRUE(is_over(&d, 220 * SECOND));
}

static void no_request_takes_more_than_half_an_hour(void)
{
    ss_local_deadline_t d = { { 0 }, { 0 } };

    for (int i = 0; i < 1800; i += 60) {
        ss_local_deadline_renew(&d);
        ss_local_deadline_run(&d, ss_mono_add(t0, i * SECOND));
    }
    CU_ASSERT_FALSE(is_over(&d, 1800 * SECOND - 1));
    CU_ASSERT_TRUE(is_over(&d, 1800 * SECOND));
    ss_local_deadline_clear(&d);
    CU_ASSERT_FALSE(is_over(&d, 100000 * SECOND));
    /* The next request has all of the time again. */
    ss_local_deadline_run(&d, ss_mono_add(t0, 1790 * SECOND));
    CU_ASSERT_FALSE(is_over(&d, 1910 * SECOND - 1));
}

void ss_suite_local_deadline(void)
{
    CU_pSuite suite = CU_add_suite("local_deadline", NULL, NULL);

    CU_ADD_TEST(suite, a_stalled_request_ends_after_two_minutes);
    CU_ADD_TEST(suite, octets_give_another_two_minutes);
    CU_ADD_TEST(suite, no_request_takes_more_than_half_an_hour);
}
