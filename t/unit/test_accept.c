/* test_accept.c: what the queue takes. */
#include <CUnit/Basic.h>

#include "intake/accept.h"

static void the_queue_is_full_by_messages_and_by_bytes(void)
{
    const ss_settings_globals_t g = { .queue_limit_messages = 100, .queue_limit_bytes = 5000 };

    CU_ASSERT_FALSE(ss_accept_is_full(&g, 99, 4999));
    CU_ASSERT_TRUE(ss_accept_is_full(&g, 100, 0));
    CU_ASSERT_TRUE(ss_accept_is_full(&g, 0, 5000));
    CU_ASSERT_TRUE(ss_accept_is_full(&g, 0, 1ULL << 40));
}

static void a_message_may_have_the_maximum_size(void)
{
    const ss_settings_t s = { .max_message_size = 1000 };

    CU_ASSERT_TRUE(ss_accept_fits(&s, 900, 100));
    CU_ASSERT_FALSE(ss_accept_fits(&s, 900, 101));
    CU_ASSERT_FALSE(ss_accept_fits(&s, 1001, 0));
}

void ss_suite_accept(void)
{
    CU_pSuite suite = CU_add_suite("accept", NULL, NULL);

    CU_ADD_TEST(suite, the_queue_is_full_by_messages_and_by_bytes);
    CU_ADD_TEST(suite, a_message_may_have_the_maximum_size);
}
