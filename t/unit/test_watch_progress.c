/* test_watch_progress.c: rate and time left of a backlog. */
#include <CUnit/Basic.h>
#include <string.h>

#include "cli/watch.h"

void ss_suite_watch_progress(void);

typedef struct {
    int second;
    apr_int64_t waiting, done;
} look_t;

static const char *after(const look_t *looks, int count, apr_pool_t *pool)
{
    ss_watch_progress_t p;

    memset(&p, 0, sizeof(p));
    for (int i = 0; i < count; i++)
        ss_watch_progress_look(&p, apr_time_from_sec(1000 + looks[i].second), looks[i].waiting,
                               looks[i].done);
    return ss_watch_progress_text(&p, pool);
}

static void texts(void)
{
    static const struct {
        look_t looks[3];
        int count;
        const char *text;
    } table[] = { { { { 0, 5, 0 } }, 0, "" },
                  { { { 0, 30, 7 } }, 1, "30 waiting" },
                  { { { 0, 1000, 0 }, { 2, 900, 100 } }, 2, "900 waiting, 50/s out, 19s left" },
                  { { { 0, 1000, 0 }, { 2, 1100, 100 } }, 2, "1100 waiting, 50/s out, growing" },
                  { { { 0, 1000, 0 }, { 2, 1000, 100 } }, 2, "1000 waiting, 50/s out" },
                  { { { 0, 10, 5 }, { 2, 0, 15 } }, 2, "0 waiting, 5.0/s out" },
                  { { { 0, 10, 0 }, { 60, 9, 1 } }, 2, "9 waiting, 1.0/min out, 9min left" },
                  { { { 0, 100, 0 }, { 10, 100, 0 } }, 2, "100 waiting, 0.0/min out" },
                  /* The daemon began anew: its numbers, too. */
                  { { { 0, 100, 500 }, { 1, 90, 510 }, { 2, 80, 3 } }, 3, "80 waiting" } };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        CU_ASSERT_STRING_EQUAL(after(table[i].looks, table[i].count, pool), table[i].text);
    apr_pool_destroy(pool);
}

/* The rate is that of the last looks, not of all since the start. */
static void old_looks_are_forgotten(void)
{
    ss_watch_progress_t p;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    memset(&p, 0, sizeof(p));
    for (int i = 0; i < 100; i++)
        ss_watch_progress_look(&p, apr_time_from_sec(i + 1), 10000 - i, i);
    for (int i = 0; i < SS_WATCH_PROGRESS_LOOKS; i++)
        ss_watch_progress_look(&p, apr_time_from_sec(101 + i), 9800 - i * 100, 100 + i * 100);
    CU_ASSERT_EQUAL(p.count, SS_WATCH_PROGRESS_LOOKS);
    CU_ASSERT_PTR_NOT_NULL(strstr(ss_watch_progress_text(&p, pool), "100/s out"));
    apr_pool_destroy(pool);
}

void ss_suite_watch_progress(void)
{
    CU_pSuite suite = CU_add_suite("watch_progress", NULL, NULL);

    CU_add_test(suite, "texts", texts);
    CU_add_test(suite, "old looks are forgotten", old_looks_are_forgotten);
}
