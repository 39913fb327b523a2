/* test_echo.c: a sentence that comes in heaps is written once a minute and counted; nothing new is
 * hidden. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "record/log_throttle.h"

void ss_suite_echo(void);

#define NOW (APR_USEC_PER_SEC * 1000)
#define SECOND APR_USEC_PER_SEC

static ss_echo_t echo;

static void written_once_and_counted(void)
{
    apr_int64_t more = -1;

    memset(&echo, 0, sizeof(echo));
    CU_ASSERT(ss_echo_is_new(&echo, "a", (ss_mono_t){ NOW }));
    CU_ASSERT_EQUAL(ss_echo_due(&echo).us, 0); /* nothing to sum up yet */
    CU_ASSERT(ss_echo_is_new(&echo, "b", (ss_mono_t){ NOW + SECOND }));
    for (int i = 0; i < 5; i++)
        CU_ASSERT_FALSE(ss_echo_is_new(&echo, "a", (ss_mono_t){ NOW + i * SECOND }));
    CU_ASSERT_EQUAL(ss_echo_due(&echo).us, NOW + SS_ECHO_SPAN);
    CU_ASSERT_PTR_NULL(ss_echo_next(&echo, (ss_mono_t){ NOW + SS_ECHO_SPAN - 1 }, &more));
    const char *key = ss_echo_next(&echo, (ss_mono_t){ NOW + SS_ECHO_SPAN }, &more);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    CU_ASSERT_STRING_EQUAL(key, "a");
    CU_ASSERT_EQUAL(more, 5);
    /* "b" came once */
    CU_ASSERT_PTR_NULL(ss_echo_next(&echo, (ss_mono_t){ NOW + 2 * SS_ECHO_SPAN }, &more));
    CU_ASSERT(ss_echo_is_new(&echo, "a", (ss_mono_t){ NOW + SS_ECHO_SPAN }));
}

static void the_next_minute_writes_again_and_forgets_no_count(void)
{
    apr_int64_t more = 0;

    memset(&echo, 0, sizeof(echo));
    ss_echo_is_new(&echo, "a", (ss_mono_t){ NOW });
    ss_echo_is_new(&echo, "a", (ss_mono_t){ NOW });
    CU_ASSERT(ss_echo_is_new(&echo, "a",
                             (ss_mono_t){ NOW + SS_ECHO_SPAN })); /* nobody asked in between */
    CU_ASSERT_FALSE(ss_echo_is_new(&echo, "a", (ss_mono_t){ NOW + SS_ECHO_SPAN + 1 }));
    CU_ASSERT_PTR_NOT_NULL(ss_echo_next(&echo, (ss_mono_t){ NOW + 2 * SS_ECHO_SPAN }, &more));
    CU_ASSERT_EQUAL(more, 2);
}

static void a_full_table_hides_nothing_and_the_end_tells_all(void)
{
    char key[32];
    apr_int64_t more = 0;
    int told = 0;

    memset(&echo, 0, sizeof(echo));
    for (int i = 0; i < SS_ECHO_KEYS; i++) {
        snprintf(key, sizeof(key), "sentence %d", i);
        CU_ASSERT(ss_echo_is_new(&echo, key, (ss_mono_t){ NOW }));
        CU_ASSERT_FALSE(ss_echo_is_new(&echo, key, (ss_mono_t){ NOW }));
    }
    for (int i = 0; i < 3; i++) CU_ASSERT(ss_echo_is_new(&echo, "one more", (ss_mono_t){ NOW }));
    while (told <= SS_ECHO_KEYS && ss_echo_next(&echo, (ss_mono_t){ 0 }, &more)) told++;
    CU_ASSERT_EQUAL(told, SS_ECHO_KEYS);
    CU_ASSERT(ss_echo_is_new(&echo, "one more", (ss_mono_t){ NOW }));
    CU_ASSERT_FALSE(ss_echo_is_new(&echo, "one more", (ss_mono_t){ NOW }));
}

void ss_suite_echo(void)
{
    CU_pSuite suite = CU_add_suite("echo", NULL, NULL);

    CU_add_test(suite, "written once and counted", written_once_and_counted);
    CU_add_test(suite, "the next minute writes again and forgets no count",
                the_next_minute_writes_again_and_forgets_no_count);
    CU_add_test(suite, "a full table hides nothing and the end tells all",
                a_full_table_hides_nothing_and_the_end_tells_all);
}
