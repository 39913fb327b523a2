/* test_log_throttle.c: a line that comes in a flood is written once a minute and counted; nothing
 * new is hidden. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "record/log_throttle.h"

void ss_suite_log_throttle(void);

#define NOW (APR_USEC_PER_SEC * 1000)
#define SECOND APR_USEC_PER_SEC

static ss_log_throttle_t throttle;

static void written_once_and_counted(void)
{
    apr_int64_t more = -1;

    memset(&throttle, 0, sizeof(throttle));
    CU_ASSERT(ss_log_throttle_allows(&throttle, "a", (ss_mono_t){ NOW }));
    CU_ASSERT_EQUAL(ss_log_throttle_due(&throttle).us, 0); /* nothing to sum up yet */
    CU_ASSERT(ss_log_throttle_allows(&throttle, "b", (ss_mono_t){ NOW + SECOND }));
    for (int i = 0; i < 5; i++)
        CU_ASSERT_FALSE(ss_log_throttle_allows(&throttle, "a", (ss_mono_t){ NOW + i * SECOND }));
    CU_ASSERT_EQUAL(ss_log_throttle_due(&throttle).us, NOW + SS_LOG_THROTTLE_SPAN);
    CU_ASSERT_PTR_NULL(
        ss_log_throttle_next(&throttle, (ss_mono_t){ NOW + SS_LOG_THROTTLE_SPAN - 1 }, &more));
    const char *key =
        ss_log_throttle_next(&throttle, (ss_mono_t){ NOW + SS_LOG_THROTTLE_SPAN }, &more);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    CU_ASSERT_STRING_EQUAL(key, "a");
    CU_ASSERT_EQUAL(more, 5);
    /* "b" came once */
    CU_ASSERT_PTR_NULL(
        ss_log_throttle_next(&throttle, (ss_mono_t){ NOW + 2 * SS_LOG_THROTTLE_SPAN }, &more));
    CU_ASSERT(ss_log_throttle_allows(&throttle, "a", (ss_mono_t){ NOW + SS_LOG_THROTTLE_SPAN }));
}

static void the_next_minute_writes_again_and_forgets_no_count(void)
{
    apr_int64_t more = 0;

    memset(&throttle, 0, sizeof(throttle));
    ss_log_throttle_allows(&throttle, "a", (ss_mono_t){ NOW });
    ss_log_throttle_allows(&throttle, "a", (ss_mono_t){ NOW });
    CU_ASSERT(ss_log_throttle_allows(
        &throttle, "a", (ss_mono_t){ NOW + SS_LOG_THROTTLE_SPAN })); /* nobody asked in between */
    CU_ASSERT_FALSE(
        ss_log_throttle_allows(&throttle, "a", (ss_mono_t){ NOW + SS_LOG_THROTTLE_SPAN + 1 }));
    CU_ASSERT_PTR_NOT_NULL(
        ss_log_throttle_next(&throttle, (ss_mono_t){ NOW + 2 * SS_LOG_THROTTLE_SPAN }, &more));
    CU_ASSERT_EQUAL(more, 2);
}

static void a_full_table_hides_nothing_and_the_end_tells_all(void)
{
    char key[32];
    apr_int64_t more = 0;
    int reported = 0;

    memset(&throttle, 0, sizeof(throttle));
    for (int i = 0; i < SS_LOG_THROTTLE_KEYS; i++) {
        snprintf(key, sizeof(key), "sentence %d", i);
        CU_ASSERT(ss_log_throttle_allows(&throttle, key, (ss_mono_t){ NOW }));
        CU_ASSERT_FALSE(ss_log_throttle_allows(&throttle, key, (ss_mono_t){ NOW }));
    }
    for (int i = 0; i < 3; i++)
        CU_ASSERT(ss_log_throttle_allows(&throttle, "one more", (ss_mono_t){ NOW }));
    while (reported <= SS_LOG_THROTTLE_KEYS &&
           ss_log_throttle_next(&throttle, (ss_mono_t){ 0 }, &more))
        reported++;
    CU_ASSERT_EQUAL(reported, SS_LOG_THROTTLE_KEYS);
    CU_ASSERT(ss_log_throttle_allows(&throttle, "one more", (ss_mono_t){ NOW }));
    CU_ASSERT_FALSE(ss_log_throttle_allows(&throttle, "one more", (ss_mono_t){ NOW }));
}

void ss_suite_log_throttle(void)
{
    CU_pSuite suite = CU_add_suite("log_throttle", NULL, NULL);

    CU_add_test(suite, "written once and counted", written_once_and_counted);
    CU_add_test(suite, "the next minute writes again and forgets no count",
                the_next_minute_writes_again_and_forgets_no_count);
    CU_add_test(suite, "a full table hides nothing and the end tells all",
                a_full_table_hides_nothing_and_the_end_tells_all);
}
