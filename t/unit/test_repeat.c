/* test_repeat.c: a sentence that comes in heaps is written once a minute and counted; nothing new is hidden. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "daemon/repeat.h"

void ss_suite_repeat(void);

#define NOW (APR_USEC_PER_SEC * 1000)
#define SECOND APR_USEC_PER_SEC

static ss_repeat_t repeat;

static void written_once_and_counted(void)
{
    apr_int64_t more = -1;

    memset(&repeat, 0, sizeof(repeat));
    CU_ASSERT(ss_repeat_is_new(&repeat, "a", NOW));
    CU_ASSERT_EQUAL(ss_repeat_due(&repeat), 0);                   /* nothing to sum up yet */
    CU_ASSERT(ss_repeat_is_new(&repeat, "b", NOW + SECOND));
    for (int i = 0; i < 5; i++) CU_ASSERT_FALSE(ss_repeat_is_new(&repeat, "a", NOW + i * SECOND));
    CU_ASSERT_EQUAL(ss_repeat_due(&repeat), NOW + SS_REPEAT_SPAN);
    CU_ASSERT_PTR_NULL(ss_repeat_next(&repeat, NOW + SS_REPEAT_SPAN - 1, &more));
    const char *key = ss_repeat_next(&repeat, NOW + SS_REPEAT_SPAN, &more);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    CU_ASSERT_STRING_EQUAL(key, "a");
    CU_ASSERT_EQUAL(more, 5);
    CU_ASSERT_PTR_NULL(ss_repeat_next(&repeat, NOW + 2 * SS_REPEAT_SPAN, &more));   /* "b" came once */
    CU_ASSERT(ss_repeat_is_new(&repeat, "a", NOW + SS_REPEAT_SPAN));
}

static void the_next_minute_writes_again_and_forgets_no_count(void)
{
    apr_int64_t more = 0;

    memset(&repeat, 0, sizeof(repeat));
    ss_repeat_is_new(&repeat, "a", NOW);
    ss_repeat_is_new(&repeat, "a", NOW);
    CU_ASSERT(ss_repeat_is_new(&repeat, "a", NOW + SS_REPEAT_SPAN));   /* nobody asked in between */
    CU_ASSERT_FALSE(ss_repeat_is_new(&repeat, "a", NOW + SS_REPEAT_SPAN + 1));
    CU_ASSERT_PTR_NOT_NULL(ss_repeat_next(&repeat, NOW + 2 * SS_REPEAT_SPAN, &more));
    CU_ASSERT_EQUAL(more, 2);
}

static void a_full_table_hides_nothing_and_the_end_tells_all(void)
{
    char key[32];
    apr_int64_t more = 0;
    int told = 0;

    memset(&repeat, 0, sizeof(repeat));
    for (int i = 0; i < SS_REPEAT_KEYS; i++) {
        snprintf(key, sizeof(key), "sentence %d", i);
        CU_ASSERT(ss_repeat_is_new(&repeat, key, NOW));
        CU_ASSERT_FALSE(ss_repeat_is_new(&repeat, key, NOW));
    }
    for (int i = 0; i < 3; i++) CU_ASSERT(ss_repeat_is_new(&repeat, "one more", NOW));
    while (told <= SS_REPEAT_KEYS && ss_repeat_next(&repeat, 0, &more)) told++;
    CU_ASSERT_EQUAL(told, SS_REPEAT_KEYS);
    CU_ASSERT(ss_repeat_is_new(&repeat, "one more", NOW));
    CU_ASSERT_FALSE(ss_repeat_is_new(&repeat, "one more", NOW));
}

void ss_suite_repeat(void)
{
    CU_pSuite suite = CU_add_suite("repeat", NULL, NULL);

    CU_add_test(suite, "written once and counted", written_once_and_counted);
    CU_add_test(suite, "the next minute writes again and forgets no count", the_next_minute_writes_again_and_forgets_no_count);
    CU_add_test(suite, "a full table hides nothing and the end tells all", a_full_table_hides_nothing_and_the_end_tells_all);
}
