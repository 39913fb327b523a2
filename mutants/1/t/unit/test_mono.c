/* test_mono.c: monotonic times: what "not set" means, and how they relate to wall time. */
#include <CUnit/Basic.h>

#include "base/clock.h"

void ss_suite_mono(void);

#define AT(us) ((ss_mono_t){ us })

static void a_time_that_is_not_set_never_counts_as_the_earlier_one(void)
{
    CU_ASSERT(!ss_mono_is_set(AT(0)));
    CU_ASSERT(ss_mono_is_set(AT(-5))); /* before the machine started */
    CU_ASSERT_EQUAL(ss_mono_min(AT(0), AT(7)).us, 7);
    CU_ASSERT_EQUAL(ss_mono_min(AT(7), AT(0)).us, 7);
    CU_ASSERT_EQUAL(ss_mono_min(AT(7), AT(-5)).us, -5);
    CU_ASSERT_EQUAL(ss_mono_min(AT(0), AT(0)).us, 0);
    CU_ASSERT_EQUAL(ss_mono_max(AT(7), AT(9)).us, 9);
}

static void a_time_is_reached_at_its_microsecond(void)
{
    CU_ASSERT(!ss_mono_reached(AT(10), AT(9)));
    CU_ASSERT(ss_mono_reached(AT(10), AT(10)));
    CU_ASSERT(!ss_mono_before(AT(10), AT(10)));
    CU_ASSERT_EQUAL(ss_mono_since(ss_mono_add(AT(10), 5), AT(10)), 5);
}

static void wall_times_keep_their_distance(void)
{
    const apr_time_t noon = APR_INT64_C(1700000000) * APR_USEC_PER_SEC;
    const ss_mono_t now = AT(50 * APR_USEC_PER_SEC);
    ss_mono_t later = ss_mono_of_wall(noon + 3, now, noon);

    CU_ASSERT_EQUAL(ss_mono_since(later, now), 3);
    CU_ASSERT_EQUAL(ss_mono_to_wall(later, now, noon), noon + 3);
    /* Due before the machine started: still before now, and set. */
    CU_ASSERT(ss_mono_before(ss_mono_of_wall(1, now, noon), now));
    CU_ASSERT(ss_mono_is_set(ss_mono_of_wall(1, now, noon)));
    CU_ASSERT(!ss_mono_is_set(ss_mono_of_wall(0, now, noon)));
    CU_ASSERT_EQUAL(ss_mono_to_wall(AT(0), now, noon), 0);
    /* The clock is set back by an hour afterwards: what was converted stays. */
    CU_ASSERT_EQUAL(ss_mono_to_wall(later, now, noon - 3600 * APR_USEC_PER_SEC),
                    noon - 3600 * APR_USEC_PER_SEC + 3);
}

static void the_machines_clock_goes_forward(void)
{
    ss_mono_t a = ss_mono_now(), b = ss_mono_now();

    CU_ASSERT(ss_mono_is_set(a));
    CU_ASSERT(!ss_mono_before(b, a));
}

static void jitter_stays_within_its_percentage(void)
{
    for (apr_uint64_t r = 0; r <= 4294967295u; r += 42949672) {
        apr_interval_time_t got = ss_mono_jitter(60000000, 10, (apr_uint32_t)r);
        CU_ASSERT_FATAL(got >= 54000000 && got <= 66000000);
    }
    CU_ASSERT_EQUAL(ss_mono_jitter(0, 10, 1), 0);
    CU_ASSERT(ss_mono_jitter(1000, 10, 0) >= 1000);
}

void ss_suite_mono(void)
{
    CU_pSuite suite = CU_add_suite("mono", NULL, NULL);

    CU_ADD_TEST(suite, a_time_that_is_not_set_never_counts_as_the_earlier_one);
    CU_ADD_TEST(suite, a_time_is_reached_at_its_microsecond);
    CU_ADD_TEST(suite, wall_times_keep_their_distance);
    CU_ADD_TEST(suite, the_machines_clock_goes_forward);
    CU_ADD_TEST(suite, jitter_stays_within_its_percentage);
}
