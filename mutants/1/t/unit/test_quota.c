/* test_quota.c: a submitter's share. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>

#include "config/settings.h"
#include "intake/quota.h"

void ss_suite_quota(void);

static void a_share_is_used_up_and_fills_again(void)
{
    static const ss_settings_rate_t rates[] = { { 2, APR_USEC_PER_SEC },
                                                { 3, 60 * APR_USEC_PER_SEC } };
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

/* Each rate on its own; what was refused takes nothing; a share is never more than full. */
static void each_rate_holds(void)
{
    static const ss_settings_rate_t rates[] = { { 3, 30 * APR_USEC_PER_SEC },
                                                { 4, 3600 * APR_USEC_PER_SEC } };
    ss_mono_t now = { 1700000000 * APR_USEC_PER_SEC };
    ss_quota_t *quota;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    quota = ss_quota_create(pool);
    for (int i = 0; i < 3; i++) CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 2, now), 0);
    for (int i = 0; i < 9; i++) CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 2, now), 11);
    /* The clock does not run backwards; should it, nothing is filled. */
    CU_ASSERT(ss_quota_take(quota, "a", rates, 2, ss_mono_add(now, -5000000)) > 0);
    now = ss_mono_add(now, 11 * APR_USEC_PER_SEC);
    CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 2, now), 0);
    int wait = ss_quota_take(quota, "a", rates, 2, now);
    CU_ASSERT(wait > 800 && wait <= 901);
    /* A week later: four at once at most. */
    now = ss_mono_add(now, 7 * 86400 * APR_USEC_PER_SEC);
    for (int i = 0; i < 3; i++) CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 2, now), 0);
    CU_ASSERT(ss_quota_take(quota, "a", rates, 2, now) > 0);
    now = ss_mono_add(now, 30 * APR_USEC_PER_SEC);
    CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 2, now), 0);
    CU_ASSERT(ss_quota_take(quota, "a", rates, 2, now) > 0);
    /* Other rates are another share. */
    CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 1, now), 0);
    apr_pool_destroy(pool);
}

/* Memory: past the bound all shares are forgotten. */
static void shares_are_bounded(void)
{
    static const ss_settings_rate_t rate = { 1, 3600 * APR_USEC_PER_SEC };
    ss_mono_t now = { 1700000000 * APR_USEC_PER_SEC };
    ss_quota_t *quota;
    apr_pool_t *pool;
    char name[32];

    apr_pool_create(&pool, NULL);
    quota = ss_quota_create(pool);
    for (int i = 0; i < SS_QUOTA_SUBMITTERS_MAX; i++) {
        apr_snprintf(name, sizeof(name), "user %d", i);
        CU_ASSERT_EQUAL(ss_quota_take(quota, name, &rate, 1, now), 0);
    }
    CU_ASSERT(ss_quota_take(quota, "user 0", &rate, 1, now) > 0);
    CU_ASSERT_EQUAL(ss_quota_take(quota, "one more", &rate, 1, now), 0);
    CU_ASSERT_EQUAL(ss_quota_take(quota, "user 0", &rate, 1, now), 0);
    apr_pool_destroy(pool);
}

void ss_suite_quota(void)
{
    CU_pSuite suite = CU_add_suite("quota", NULL, NULL);

    CU_add_test(suite, "a submitter's share is used up and fills again",
                a_share_is_used_up_and_fills_again);
    CU_ADD_TEST(suite, each_rate_holds);
    CU_ADD_TEST(suite, shares_are_bounded);
}
