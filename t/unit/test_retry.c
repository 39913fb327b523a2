/* test_retry.c: what an attempt's fate means, when it is tried again, what counts towards
 * SMTPSendExpire. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <string.h>

#include "delivery/retry.h"

void ss_suite_retry(void);

#define SECOND APR_USEC_PER_SEC
#define DAY (86400 * SECOND)
#define ACCEPTED (1000 * DAY)

static void each_fate(void)
{
    static const struct {
        ss_verdict_fate_t fate;
        ss_uncertain_t uncertain;
        int uncharged;
        ss_retry_t want;
    } rows[] = {
        { SS_FATE_SENT, SS_UNCERTAIN_RETRY, 0, SS_RETRY_SENT },
        { SS_FATE_SENT, SS_UNCERTAIN_HOLD, 9, SS_RETRY_SENT },
        { SS_FATE_FAILED, SS_UNCERTAIN_RETRY, 0, SS_RETRY_FAILED },
        { SS_FATE_DEFERRED, SS_UNCERTAIN_HOLD, 0, SS_RETRY_LATER },
        { SS_FATE_UNCERTAIN, SS_UNCERTAIN_RETRY, 0, SS_RETRY_LATER },
        { SS_FATE_UNCERTAIN, SS_UNCERTAIN_HOLD, 0, SS_RETRY_HOLD },
        { SS_FATE_AGAIN, SS_UNCERTAIN_RETRY, 0, SS_RETRY_UNCHARGED },
        { SS_FATE_AGAIN, SS_UNCERTAIN_RETRY, 4, SS_RETRY_UNCHARGED },
        { SS_FATE_AGAIN, SS_UNCERTAIN_RETRY, 5, SS_RETRY_LATER },
        { SS_FATE_DOWN, SS_UNCERTAIN_HOLD, 0, SS_RETRY_UNCHARGED },
        { SS_FATE_DOWN, SS_UNCERTAIN_RETRY, 4, SS_RETRY_UNCHARGED },
        { SS_FATE_DOWN, SS_UNCERTAIN_RETRY, 5, SS_RETRY_LATER },
        { SS_FATE_BLOCKED, SS_UNCERTAIN_RETRY, 0, SS_RETRY_UNCHARGED },
        { SS_FATE_BLOCKED, SS_UNCERTAIN_RETRY, 5, SS_RETRY_UNCHARGED },
        { SS_FATE_BLOCKED, SS_UNCERTAIN_HOLD, 1000, SS_RETRY_UNCHARGED },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_EQUAL(ss_retry_decide(rows[i].fate, rows[i].uncertain, rows[i].uncharged),
                        rows[i].want);
}

/* After the n-th attempt the n-th wait; the last one repeats; 10 % more or less. */
static void the_waits_of_the_directive(void)
{
    static const int seconds[] = { 60, 300, 900, 900 };
    apr_array_header_t *waits;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    waits = apr_array_make(pool, 3, sizeof(apr_interval_time_t));
    for (int i = 0; i < 3; i++) APR_ARRAY_PUSH(waits, apr_interval_time_t) = seconds[i] * SECOND;
    for (int attempts = 1; attempts <= 4; attempts++) {
        apr_interval_time_t want = seconds[attempts - 1] * SECOND;
        CU_ASSERT_EQUAL(ss_retry_wait(waits, attempts, 0), want - want / 10);
        CU_ASSERT_EQUAL(ss_retry_wait(waits, attempts, 0xffffffffu), want + want / 10);
    }
    CU_ASSERT_EQUAL(ss_retry_wait(waits, 1000, 0), 810 * SECOND);
    CU_ASSERT_EQUAL(ss_retry_wait(waits, 0, 0), 54 * SECOND);
    waits->nelts = 0;
    CU_ASSERT_EQUAL(ss_retry_wait(waits, 3, 0), 54 * SECOND);
    CU_ASSERT_EQUAL(ss_retry_wait(NULL, 3, 0xffffffffu), 66 * SECOND);
    apr_pool_destroy(pool);
}

/* A wait that is longer than any is of a clock that was set back; one that a person chose is not.
 */
static void a_time_that_cannot_be_right_is_now(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    apr_array_header_t *waits = apr_array_make(pool, 2, sizeof(apr_interval_time_t));
    APR_ARRAY_PUSH(waits, apr_interval_time_t) = 100 * SECOND;
    APR_ARRAY_PUSH(waits, apr_interval_time_t) = 1000 * SECOND;
    CU_ASSERT_EQUAL(ss_retry_next(0, waits, 1, ACCEPTED), 0);
    CU_ASSERT_EQUAL(ss_retry_next(ACCEPTED - DAY, waits, 1, ACCEPTED), ACCEPTED - DAY);
    CU_ASSERT_EQUAL(ss_retry_next(ACCEPTED + 111 * SECOND, waits, 1, ACCEPTED),
                    ACCEPTED + 111 * SECOND);
    CU_ASSERT_EQUAL(ss_retry_next(ACCEPTED + 112 * SECOND, waits, 1, ACCEPTED), ACCEPTED);
    CU_ASSERT_EQUAL(ss_retry_next(ACCEPTED + 1101 * SECOND, waits, 2, ACCEPTED),
                    ACCEPTED + 1101 * SECOND);
    CU_ASSERT_EQUAL(ss_retry_next(ACCEPTED + 1102 * SECOND, waits, 2, ACCEPTED), ACCEPTED);
    CU_ASSERT_EQUAL(ss_retry_next(ACCEPTED + 67 * SECOND, NULL, 5, ACCEPTED),
                    ACCEPTED + 67 * SECOND);
    CU_ASSERT_EQUAL(ss_retry_next(ACCEPTED + 68 * SECOND, NULL, 5, ACCEPTED), ACCEPTED);
    CU_ASSERT_EQUAL(ss_retry_next(ACCEPTED + DAY, waits, 0, ACCEPTED), ACCEPTED + DAY);
    apr_pool_destroy(pool);
}

static void what_counts_towards_the_age(void)
{
    static const struct {
        const char *label;
        apr_time_t at;
        apr_interval_time_t paused_base, held, paused; /* the relay's total by now */
        apr_interval_time_t want;                      /* a day after the acceptance */
        apr_interval_time_t back;
    } rows[] = {
        { "nothing special", 0, 0, 0, 0, DAY, 0 },
        { "paused for an hour", 0, 0, 0, 3600 * SECOND, DAY - 3600 * SECOND, 0 },
        { "the pause was before", 0, 5 * DAY, 0, 5 * DAY, DAY, 0 },
        { "a part of it was before", 0, 5 * DAY, 0, 5 * DAY + 60 * SECOND, DAY - 60 * SECOND, 0 },
        { "another relay's total", 0, 5 * DAY, 0, 0, DAY, 0 },
        { "held for an hour", 0, 0, 3600 * SECOND, 0, DAY - 3600 * SECOND, 0 },
        { "both", 0, 0, 3600 * SECOND, 7200 * SECOND, DAY - 3 * 3600 * SECOND, 0 },
        { "to be sent at noon", ACCEPTED + DAY / 2, 0, 0, 0, DAY / 2, 0 },
        { "to be sent tomorrow", ACCEPTED + 2 * DAY, 0, 0, 0, -DAY, 0 },
        { "set forward by a year", 0, 0, 0, 365 * DAY, -364 * DAY, 0 },
        { "set back by an hour", 0, 0, 0, -3600 * SECOND, DAY + 3600 * SECOND, -3600 * SECOND },
        { "set back before that", 0, -3600 * SECOND, 0, -3600 * SECOND, DAY, -3600 * SECOND },
        { "a time in the past", ACCEPTED - DAY, 0, 0, 0, DAY, 0 },
    };
    ss_settings_t settings;

    ss_settings_clear(&settings);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ss_message_t m;
        memset(&m, 0, sizeof(m));
        m.created = ACCEPTED;
        m.attr.at = rows[i].at;
        m.paused_base = rows[i].paused_base;
        m.held = rows[i].held;
        if (ss_retry_age(&m, rows[i].paused, rows[i].back, ACCEPTED + DAY) != rows[i].want)
            CU_FAIL(rows[i].label);
        /* Over is: longer than the setting, or than the message's own time. */
        settings.expire = rows[i].want;
        CU_ASSERT_FALSE(ss_retry_is_over(&m, &settings, rows[i].want));
        settings.expire = rows[i].want - 1;
        CU_ASSERT_TRUE(ss_retry_is_over(&m, &settings, rows[i].want));
        m.attr.expire = 3 * DAY;
        CU_ASSERT_EQUAL(ss_retry_expire(&m, &settings), 3 * DAY);
        CU_ASSERT_FALSE(ss_retry_is_over(&m, &settings, rows[i].want));
    }
}

void ss_suite_retry(void)
{
    CU_pSuite suite = CU_add_suite("retry", NULL, NULL);

    CU_ADD_TEST(suite, each_fate);
    CU_ADD_TEST(suite, the_waits_of_the_directive);
    CU_ADD_TEST(suite, a_time_that_cannot_be_right_is_now);
    CU_ADD_TEST(suite, what_counts_towards_the_age);
}
