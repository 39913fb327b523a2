/* test_accept.c: what the queue takes. */
#include <CUnit/Basic.h>
#include <string.h>

#include "intake/accept.h"

static void a_message_may_have_the_maximum_size(void)
{
    const ss_settings_t s = { .max_message_size = 1000 };

    CU_ASSERT_TRUE(ss_accept_fits(&s, 900, 100));
    CU_ASSERT_FALSE(ss_accept_fits(&s, 900, 101));
    CU_ASSERT_FALSE(ss_accept_fits(&s, 1001, 0));
}

static void content_is_cut_into_parts(void)
{
    const ss_settings_t s = { .max_message_size = 3 * SS_PART_MAX };
    const ss_relay_t relay = { .settings = &s };
    apr_size_t len = 2 * SS_PART_MAX + 1;
    ss_message_t m = { .size = 0 };
    ss_accept_answer_t answer;

    apr_pool_create(&m.pool, NULL);
    char *content = apr_palloc(m.pool, len + SS_PART_MAX);
    memset(content, 'x', len + SS_PART_MAX);
    CU_ASSERT_TRUE(ss_accept_content(&relay, &m, content, len, &answer));
    CU_ASSERT_EQUAL(m.size, len);
    CU_ASSERT_EQUAL(m.part_count, 3);
    CU_ASSERT_EQUAL(m.parts[0].len, SS_PART_MAX);
    CU_ASSERT_EQUAL(m.parts[2].len, 1);
    CU_ASSERT_PTR_NOT_EQUAL(m.parts[0].bytes, content);
    CU_ASSERT_FALSE(ss_accept_content(&relay, &m, content, SS_PART_MAX, &answer));
    CU_ASSERT_EQUAL(answer.refusal, SS_ACCEPT_SIZE);
    CU_ASSERT_EQUAL(m.size, len);
    apr_pool_destroy(m.pool);
}

void ss_suite_accept(void)
{
    CU_pSuite suite = CU_add_suite("accept", NULL, NULL);

    CU_ADD_TEST(suite, content_is_cut_into_parts);
    CU_ADD_TEST(suite, a_message_may_have_the_maximum_size);
}
