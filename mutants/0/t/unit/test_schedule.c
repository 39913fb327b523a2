/* test_schedule.c: the order of what is sent: priority, first attempts, submitters in turn, rates;
 * and what stays in memory when there is too much. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "queue/schedule.h"

void ss_suite_schedule(void);

#define NOW (APR_USEC_PER_SEC * 1000)

static ss_schedule_entry_t *entry(apr_uint32_t submitter, int number, apr_time_t due)
{
    ss_schedule_entry_t *e = calloc(1, sizeof(*e));

    apr_snprintf(e->id, sizeof(e->id), "%08u-%07d", submitter, number);
    e->submitter = submitter;
    e->due = (ss_mono_t){ due };
    e->created = due + number;
    e->priority = SS_PRIORITY_NORMAL;
    return e;
}

/* Adds; frees what had to make room. Returns whether it was the entry itself. */
static int add(ss_schedule_t *s, ss_schedule_entry_t *e)
{
    ss_schedule_entry_t *dropped = NULL;

    ss_schedule_add(s, e, &dropped);
    int is_same = dropped == e;
    free(dropped);
    return is_same;
}

static apr_uint32_t next_submitter(ss_schedule_t *s, apr_time_t now)
{
    ss_mono_t when;
    ss_schedule_entry_t *e = ss_schedule_next(s, (ss_mono_t){ now }, &when);
    apr_uint32_t submitter = e ? e->submitter : 0;

    free(e);
    return submitter;
}

static void drain(ss_schedule_t *s)
{
    while (next_submitter(s, APR_INT64_MAX / 2)) continue;
    ss_schedule_destroy(s);
}

static void one_message_passes_a_backlog(void)
{
    ss_schedule_t *s = ss_schedule_create();
    int position = 0;

    /* One submitter's 100,000 come first; then another's single one. */
    for (int i = 0; i < 100000; i++) add(s, entry(1, i, NOW));
    CU_ASSERT_EQUAL(ss_schedule_count(s), SS_SCHEDULE_MAX);
    CU_ASSERT(ss_schedule_has_more(s));
    CU_ASSERT_FALSE(add(s, entry(2, 0, NOW + 5)));
    while (++position < 10 && next_submitter(s, NOW + 10) != 2) continue;
    CU_ASSERT(position <= 2);
    drain(s);
}

static void memory_is_shared_among_submitters(void)
{
    ss_schedule_t *s = ss_schedule_create();
    int found[4] = { 0 };

    for (int i = 0; i < 3 * SS_SCHEDULE_MAX; i++) add(s, entry(1, i, NOW));
    for (int i = 0; i < 3 * SS_SCHEDULE_MAX; i++) add(s, entry(2, i, NOW));
    for (int i = 0; i < 10; i++) add(s, entry(3, i, NOW));
    CU_ASSERT_EQUAL(ss_schedule_count(s), SS_SCHEDULE_MAX);
    for (apr_uint32_t who = next_submitter(s, NOW); who; who = next_submitter(s, NOW)) found[who]++;
    CU_ASSERT_EQUAL(found[3], 10);
    CU_ASSERT(abs(found[1] - found[2]) <= 12);
    drain(s);
}

static void the_earliest_of_a_backlog_stay(void)
{
    ss_schedule_t *s = ss_schedule_create();
    ss_mono_t when;
    ss_schedule_entry_t *e;
    int expected = 0;

    /* In falling order: each one is needed before all that are there. */
    for (int i = 2 * SS_SCHEDULE_MAX; i-- > 0;) add(s, entry(1, i, NOW - APR_USEC_PER_SEC + i));
    while ((e = ss_schedule_next(s, (ss_mono_t){ NOW }, &when)) != NULL) {
        CU_ASSERT_EQUAL(e->due.us, NOW - APR_USEC_PER_SEC + expected);
        expected++;
        free(e);
    }
    CU_ASSERT_EQUAL(expected, SS_SCHEDULE_MAX);
    drain(s);
}

static void important_mail_stays_in_memory(void)
{
    ss_schedule_t *s = ss_schedule_create();
    ss_mono_t when;
    ss_schedule_entry_t *high = entry(1, SS_SCHEDULE_MAX * 3, NOW), *first;

    high->priority = SS_PRIORITY_HIGH;
    CU_ASSERT_PTR_NULL(ss_schedule_next(s, (ss_mono_t){ NOW + 1 }, &when)); /* the time is known */
    for (int i = 0; i < 2 * SS_SCHEDULE_MAX; i++) add(s, entry(1, i, NOW));
    CU_ASSERT_FALSE(add(s, high));
    first = ss_schedule_next(s, (ss_mono_t){ NOW + 1 }, &when);
    CU_ASSERT_PTR_EQUAL(first, high);
    free(first);
    /* But a message for tomorrow gives way to what may go now. */
    high = entry(1, 0, NOW + 86400 * APR_USEC_PER_SEC);
    high->priority = SS_PRIORITY_HIGH;
    add(s, entry(1, SS_SCHEDULE_MAX * 4, NOW));
    CU_ASSERT(add(s, high));
    drain(s);
}

static void order_of_classes(void)
{
    static const struct {
        int priority, is_retry;
        apr_uint32_t submitter;
    } given[] = {
        { SS_PRIORITY_BULK, 0, 6 },   { SS_PRIORITY_NORMAL, 1, 5 }, { SS_PRIORITY_NORMAL, 0, 3 },
        { SS_PRIORITY_NORMAL, 0, 4 }, { SS_PRIORITY_HIGH, 1, 2 },   { SS_PRIORITY_HIGH, 0, 1 },
    };
    ss_schedule_t *s = ss_schedule_create();

    for (int i = 0; i < 6; i++) {
        ss_schedule_entry_t *e = entry(given[i].submitter, i, NOW);
        e->priority = given[i].priority;
        e->is_retry = given[i].is_retry;
        add(s, e);
    }
    for (apr_uint32_t i = 1; i <= 6; i++) CU_ASSERT_EQUAL(next_submitter(s, NOW), i);
    drain(s);
}

static void a_day_is_rated(void)
{
    ss_schedule_t *s = ss_schedule_create();
    apr_array_header_t *rates;
    apr_pool_t *pool;
    apr_time_t now = NOW;
    ss_mono_t when;
    int sent = 0;

    apr_pool_create(&pool, NULL);
    rates = apr_array_make(pool, 2, sizeof(ss_settings_rate_t));
    *(ss_settings_rate_t *)apr_array_push(rates) =
        (ss_settings_rate_t){ 100, 86400 * APR_USEC_PER_SEC };
    *(ss_settings_rate_t *)apr_array_push(rates) = (ss_settings_rate_t){ 10, APR_USEC_PER_SEC };
    ss_schedule_rates(s, rates, (ss_mono_t){ now });
    for (int i = 0; i < 500; i++) add(s, entry(1, i, NOW));
    /* The bucket of a day is full at first; the other one lets ten go at once, then one each tenth
     * of a second. */
    for (int turn = 0; turn < 1000 && now < NOW + 60 * APR_USEC_PER_SEC; turn++) {
        ss_schedule_entry_t *e = ss_schedule_next(s, (ss_mono_t){ now }, &when);
        if (e) {
            sent++;
            free(e);
        } else {
            CU_ASSERT(when.us > now);
            now = when.us;
        }
    }
    CU_ASSERT_EQUAL(sent, 100);
    /* Then each 864 seconds. */
    CU_ASSERT(when.us >= NOW + 800 * APR_USEC_PER_SEC && when.us <= NOW + 900 * APR_USEC_PER_SEC);
    ss_schedule_rates(s, NULL, (ss_mono_t){ now });
    drain(s);
    apr_pool_destroy(pool);
}

static void what_was_given_back_is_first_again(void)
{
    ss_schedule_t *s = ss_schedule_create();
    ss_mono_t when;
    ss_schedule_entry_t *e;

    for (int i = 0; i < 3; i++) add(s, entry(1, i, NOW));
    e = ss_schedule_next(s, (ss_mono_t){ NOW }, &when);
    CU_ASSERT_EQUAL(ss_schedule_count(s), 2);
    ss_schedule_unget(s, e);
    CU_ASSERT_EQUAL(ss_schedule_count(s), 3);
    CU_ASSERT_PTR_EQUAL(ss_schedule_next(s, (ss_mono_t){ NOW }, &when), e);
    free(e);
    drain(s);
}

void ss_suite_schedule(void)
{
    CU_pSuite suite = CU_add_suite("schedule", NULL, NULL);

    CU_ADD_TEST(suite, one_message_passes_a_backlog);
    CU_ADD_TEST(suite, memory_is_shared_among_submitters);
    CU_ADD_TEST(suite, the_earliest_of_a_backlog_stay);
    CU_ADD_TEST(suite, important_mail_stays_in_memory);
    CU_ADD_TEST(suite, order_of_classes);
    CU_ADD_TEST(suite, a_day_is_rated);
    CU_ADD_TEST(suite, what_was_given_back_is_first_again);
}
