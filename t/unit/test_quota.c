/* test_quota.c: a submitter's share. */
#include <CUnit/Basic.h>
#include <apr_pools.h>

#include "config/settings.h"
#include "intake/quota.h"

void ss_suite_quota(void);

static void a_share_is_used_up_and_fills_again(void)
{
    static const ss_rate_t rates[] = { { 2, APR_USEC_PER_SEC }, { 3, 60 * APR_USEC_PER_SEC } };
    apr_time_t now = 1700000000 * APR_USEC_PER_SEC;
    ss_quota_t *quota;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    quota = ss_quota_create(pool);
    CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 2, (ss_mono_t){ now }), 0);
    CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 2, (ss_mono_t){ now }), 0);
    CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 2, (ss_mono_t){ now }), 1);
    CU_ASSERT_EQUAL(ss_quota_take(quota, "b", rates, 2, (ss_mono_t){ now }), 0);
    now += APR_USEC_PER_SEC;
    CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 2, (ss_mono_t){ now }), 0);
    int wait = ss_quota_take(quota, "a", rates, 2, (ss_mono_t){ now });
    CU_ASSERT_TRUE(wait > 15 && wait <= 20);
    now += wait * APR_USEC_PER_SEC;
    CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 2, (ss_mono_t){ now }), 0);
    CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 1, (ss_mono_t){ now }), 0);
    apr_pool_destroy(pool);
}

void ss_suite_quota(void)
{
    CU_pSuite suite = CU_add_suite("quota", NULL, NULL);

    CU_add_test(suite, "a submitter's share is used up and fills again",
                a_share_is_used_up_and_fills_again);
}
