/* test_smtp_listener.c: the bounds of the SMTP listener. */
#include <CUnit/Basic.h>

#include "intake/smtp_listener.h"
#include "intake/smtp_transaction.h"

#define SECOND APR_USEC_PER_SEC

static void content_has_five_minutes_and_then_a_pace(void)
{
    CU_ASSERT_EQUAL(ss_smtp_listener_content_time(0), 300 * SECOND);
    CU_ASSERT_EQUAL(ss_smtp_listener_content_time(1023), 300 * SECOND);
    CU_ASSERT_EQUAL(ss_smtp_listener_content_time(102400), 400 * SECOND);
    CU_ASSERT_EQUAL(ss_smtp_listener_content_time(1500 * 1024), 1800 * SECOND);
    CU_ASSERT_EQUAL(ss_smtp_listener_content_time(1ULL << 30), 1800 * SECOND);
}

static void content_may_not_trickle(void)
{
    const ss_mono_t none = { 0 }, began = { 1000 * SECOND }, now = { 1200 * SECOND };

    CU_ASSERT_EQUAL(ss_smtp_listener_deadline(none, 0, now).us, 1500 * SECOND);
    CU_ASSERT_EQUAL(ss_smtp_listener_deadline(began, 0, now).us, 1300 * SECOND);
    CU_ASSERT_EQUAL(ss_smtp_listener_deadline(began, 102400, now).us, 1400 * SECOND);
}

static void clients_are_bounded(void)
{
    CU_ASSERT_FALSE(ss_smtp_listener_is_full(511));
    CU_ASSERT_TRUE(ss_smtp_listener_is_full(512));
}

static void new_content_waits_before_running_content_is_refused(void)
{
    const apr_size_t most = 128 * 1024 * 1024;

    CU_ASSERT_TRUE(ss_smtp_listener_has_room(most / 2));
    CU_ASSERT_FALSE(ss_smtp_listener_has_room(most / 2 + 1));
    CU_ASSERT_TRUE(ss_smtp_transaction_has_room(most - 10, 10));
    CU_ASSERT_FALSE(ss_smtp_transaction_has_room(most - 10, 11));
}

void ss_suite_smtp_listener(void)
{
    CU_pSuite suite = CU_add_suite("smtp_listener", NULL, NULL);

    CU_ADD_TEST(suite, content_has_five_minutes_and_then_a_pace);
    CU_ADD_TEST(suite, content_may_not_trickle);
    CU_ADD_TEST(suite, clients_are_bounded);
    CU_ADD_TEST(suite, new_content_waits_before_running_content_is_refused);
}
