/* test_health.c: when mail does not flow. */
#include <CUnit/Basic.h>

#include "record/health.h"

static void mail_is_stuck_past_the_alert_age(void)
{
    CU_ASSERT_FALSE(ss_health_is_stuck(1000, 50, 1050));
    CU_ASSERT_TRUE(ss_health_is_stuck(1000, 50, 1051));
    CU_ASSERT_FALSE(ss_health_is_stuck(1000, 0, 999999)); /* off */
    CU_ASSERT_FALSE(ss_health_is_stuck(0, 50, 999999));   /* nothing waits */
    CU_ASSERT_FALSE(ss_health_is_stuck(1000, 50, 900));   /* the clock was set back */
}

static void the_queue_is_full_by_messages_and_by_bytes(void)
{
    const ss_settings_globals_t g = { .queue_limit_messages = 100, .queue_limit_bytes = 5000 };
    const ss_settings_globals_t none = { .queue_limit_messages = 0 };

    CU_ASSERT_FALSE(ss_health_is_full(&g, 99, 4999));
    CU_ASSERT_TRUE(ss_health_is_full(&g, 100, 0));
    CU_ASSERT_TRUE(ss_health_is_full(&g, 0, 5000));
    CU_ASSERT_FALSE(ss_health_is_full(&none, 1000, 5000));
}

void ss_suite_health(void)
{
    CU_pSuite suite = CU_add_suite("health", NULL, NULL);

    CU_ADD_TEST(suite, mail_is_stuck_past_the_alert_age);
    CU_ADD_TEST(suite, the_queue_is_full_by_messages_and_by_bytes);
}
