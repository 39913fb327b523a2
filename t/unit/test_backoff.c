/* test_backoff.c: when what failed is tried again, and the sentence that says so. */
#include <CUnit/Basic.h>
#include <string.h>

#include "base/backoff.h"
#include "base/trouble.h"

#define SECOND APR_USEC_PER_SEC

static const ss_mono_t t0 = { 5000 * SECOND };

static void waits_double_up_to_the_longest(void)
{
    static const int seconds[] = { 0, 1, 2, 4, 8, 16, 30, 30 };

    for (unsigned i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
        CU_ASSERT_EQUAL(ss_backoff_wait(i, SECOND, 30 * SECOND), seconds[i] * SECOND);
    CU_ASSERT_EQUAL(ss_backoff_wait(4000000000u, SECOND, 30 * SECOND), 30 * SECOND);
}

static void a_failure_is_tried_again_when_its_time_has_come(void)
{
    ss_backoff_t b = { 0 };

    CU_ASSERT(ss_backoff_allows(&b, t0));
    CU_ASSERT(ss_backoff_failed(&b, SECOND, 30 * SECOND, t0));
    CU_ASSERT_FALSE(ss_backoff_allows(&b, ss_mono_add(t0, SECOND - 1)));
    CU_ASSERT(ss_backoff_allows(&b, ss_mono_add(t0, SECOND)));
    /* The second in a row is no news, and waits for longer. */
    CU_ASSERT_FALSE(ss_backoff_failed(&b, SECOND, 30 * SECOND, t0));
    CU_ASSERT_FALSE(ss_backoff_allows(&b, ss_mono_add(t0, 2 * SECOND - 1)));
    CU_ASSERT(ss_backoff_allows(&b, ss_mono_add(t0, 2 * SECOND)));
}

static void success_forgets_the_failures(void)
{
    ss_backoff_t b = { 0 };

    CU_ASSERT_FALSE(ss_backoff_worked(&b));
    ss_backoff_failed(&b, SECOND, 30 * SECOND, t0);
    CU_ASSERT(ss_backoff_worked(&b));
    CU_ASSERT(ss_backoff_allows(&b, t0));
    CU_ASSERT(ss_backoff_failed(&b, SECOND, 30 * SECOND, t0));
}

static const char *trouble_at(apr_int64_t started, apr_int64_t turned, int asked, int now)
{
    const ss_trouble_t trouble = { .started = started * APR_USEC_PER_SEC,
                                   .turned = turned * APR_USEC_PER_SEC };
    const char *text = ss_trouble_text(&trouble, (ss_mono_t){ asked * APR_USEC_PER_SEC },
                                       (ss_mono_t){ now * APR_USEC_PER_SEC });

    return text ? text : "";
}

/* A daemon that is not there yet, or that hangs, is known by when it was started and when its loop
 * turned. */
static void a_daemon_that_hangs_is_known(void)
{
    CU_ASSERT_STRING_EQUAL(trouble_at(0, 0, 100, 200), "");
    CU_ASSERT_STRING_EQUAL(trouble_at(100, 0, 101, 115), "");
    CU_ASSERT_PTR_NOT_NULL(strstr(trouble_at(100, 0, 0, 116), "does not become ready"));
    /* Idle since 150, and nothing was asked; asked, and it has turned; it had a second. */
    CU_ASSERT_STRING_EQUAL(trouble_at(100, 150, 0, 500), "");
    CU_ASSERT_STRING_EQUAL(trouble_at(100, 150, 150, 500), "");
    CU_ASSERT_STRING_EQUAL(trouble_at(100, 150, 200, 201), "");
    CU_ASSERT_PTR_NOT_NULL(strstr(trouble_at(100, 150, 200, 202), "does not react"));
}

static void a_trouble_is_news_once(void)
{
    apr_pool_t *pool;
    const ss_mono_t never = { 0 }, asked = { 1 };
    char longer[2 * SS_TROUBLE_TEXT];
    int fd;

    apr_pool_create(&pool, NULL);
    ss_trouble_t *trouble = ss_trouble_create(&fd, pool);
    CU_ASSERT_PTR_NULL(ss_trouble_text(NULL, never, never));
    CU_ASSERT_PTR_NULL(ss_trouble_text(trouble, asked, asked));
    CU_ASSERT(ss_trouble_set(trouble->start, "no process"));
    CU_ASSERT_FALSE(ss_trouble_set(trouble->start, "no process"));
    CU_ASSERT_STRING_EQUAL(ss_trouble_text(trouble, asked, asked), "no process");
    CU_ASSERT(ss_trouble_set(trouble->socket, "no folder"));
    CU_ASSERT_STRING_EQUAL(ss_trouble_text(trouble, asked, asked), "no folder");
    CU_ASSERT_STRING_EQUAL(ss_trouble_text(trouble, never, asked), "no process");
    CU_ASSERT(ss_trouble_set(trouble->socket, ""));
    CU_ASSERT(ss_trouble_set(trouble->start, ""));
    CU_ASSERT_PTR_NULL(ss_trouble_text(trouble, asked, asked));
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    CU_ASSERT(ss_trouble_set(trouble->start, longer));
    CU_ASSERT_FALSE(ss_trouble_set(trouble->start, longer));
    CU_ASSERT_EQUAL(strlen(ss_trouble_text(trouble, asked, asked)), SS_TROUBLE_TEXT - 1);
    /* Web processes read all of it: nothing else of the parent's memory stands behind the text. */
    CU_ASSERT(ss_trouble_set(trouble->start, "short"));
    for (size_t i = strlen("short"); i < SS_TROUBLE_TEXT; i++)
        CU_ASSERT_EQUAL(trouble->start[i], '\0');
    apr_pool_destroy(pool);
}

void ss_suite_backoff(void)
{
    CU_pSuite suite = CU_add_suite("backoff", NULL, NULL);

    CU_ADD_TEST(suite, waits_double_up_to_the_longest);
    CU_ADD_TEST(suite, a_failure_is_tried_again_when_its_time_has_come);
    CU_ADD_TEST(suite, success_forgets_the_failures);
    CU_ADD_TEST(suite, a_trouble_is_news_once);
    CU_ADD_TEST(suite, a_daemon_that_hangs_is_known);
}
