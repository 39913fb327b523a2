/* test_webhook_retry.c: when a notification is repeated and given up. */
#include <CUnit/Basic.h>

#include "record/webhook.h"

#define SECOND APR_USEC_PER_SEC
#define DAY (86400 * SECOND)

static void waits_double_up_to_an_hour(void)
{
    static const int seconds[] = { 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600 };

    for (int i = 0; i < 12; i++) CU_ASSERT_EQUAL(ss_webhook_retry_wait(i + 1), seconds[i] * SECOND);
    CU_ASSERT_EQUAL(ss_webhook_retry_wait(1000), 3600 * SECOND);
}

static void any_2xx_ends_it(void)
{
    CU_ASSERT_EQUAL(ss_webhook_retry_judge(200, 0), SS_WEBHOOK_TAKEN);
    CU_ASSERT_EQUAL(ss_webhook_retry_judge(299, 2 * DAY), SS_WEBHOOK_TAKEN);
    CU_ASSERT_EQUAL(ss_webhook_retry_judge(199, 0), SS_WEBHOOK_TRY_AGAIN);
    CU_ASSERT_EQUAL(ss_webhook_retry_judge(300, 0), SS_WEBHOOK_TRY_AGAIN);
}

static void it_is_given_up_on_410_and_after_a_day(void)
{
    CU_ASSERT_EQUAL(ss_webhook_retry_judge(410, 0), SS_WEBHOOK_GONE);
    CU_ASSERT_EQUAL(ss_webhook_retry_judge(404, 0), SS_WEBHOOK_TRY_AGAIN);
    CU_ASSERT_EQUAL(ss_webhook_retry_judge(0, DAY - 1), SS_WEBHOOK_TRY_AGAIN);
    CU_ASSERT_EQUAL(ss_webhook_retry_judge(0, DAY), SS_WEBHOOK_GONE);
    CU_ASSERT_EQUAL(ss_webhook_retry_judge(503, DAY), SS_WEBHOOK_GONE);
}

static void the_backlog_is_bounded(void)
{
    CU_ASSERT_TRUE(ss_webhook_retry_has_room(9999));
    CU_ASSERT_FALSE(ss_webhook_retry_has_room(10000));
}

void ss_suite_webhook_retry(void)
{
    CU_pSuite suite = CU_add_suite("webhook_retry", NULL, NULL);

    CU_ADD_TEST(suite, waits_double_up_to_an_hour);
    CU_ADD_TEST(suite, any_2xx_ends_it);
    CU_ADD_TEST(suite, it_is_given_up_on_410_and_after_a_day);
    CU_ADD_TEST(suite, the_backlog_is_bounded);
}
