/* test_staging.c: which messages go to the store in parts. */
#include <CUnit/Basic.h>

#include "intake/staging.h"

static ss_message_part_t parts[3] = { { "a", 1 }, { "b", 1 }, { "c", 1 } };

static void a_large_message_goes_to_the_store_in_parts(void)
{
    ss_message_t m = { .parts = parts, .part_count = 3, .size = SS_INTAKE_WHOLE_MAX + 1 };

    CU_ASSERT_TRUE(ss_staging_is_due(&m));
    m.part_count = 2;
    CU_ASSERT_TRUE(ss_staging_is_due(&m));
    m.part_count = 1;
    CU_ASSERT_FALSE(ss_staging_is_due(&m)); /* the first part stays in memory */
    m.part_count = 3;
    m.size = SS_INTAKE_WHOLE_MAX;
    CU_ASSERT_FALSE(ss_staging_is_due(&m));
    m.is_staged = 1; /* has begun: every further part */
    CU_ASSERT_TRUE(ss_staging_is_due(&m));
    parts[2].bytes = NULL; /* is there already */
    CU_ASSERT_FALSE(ss_staging_is_due(&m));
    parts[2].bytes = "c";
}

static void a_message_that_keeps_its_id_is_accepted_whole(void)
{
    ss_message_t m = {
        .id = "x", .parts = parts, .part_count = 3, .size = SS_INTAKE_WHOLE_MAX + 1
    };

    CU_ASSERT_FALSE(ss_staging_is_due(&m));
    m.is_staged = 1; /* the id is staging's own */
    CU_ASSERT_TRUE(ss_staging_is_due(&m));
}

void ss_suite_staging(void)
{
    CU_pSuite suite = CU_add_suite("staging", NULL, NULL);

    CU_ADD_TEST(suite, a_large_message_goes_to_the_store_in_parts);
    CU_ADD_TEST(suite, a_message_that_keeps_its_id_is_accepted_whole);
}
