/* test_schedule_order.c: what is sent next: due, class, turns of submitters, age; several rates at
 * once; the waits between attempts. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "queue/schedule.h"

#define T0 apr_time_from_sec(1000)

static ss_schedule_t *schedule;

/* Names are single letters: the id's first. */
static ss_schedule_entry_t *add(char name, apr_time_t due, apr_time_t created, int priority,
                                int is_retry, apr_uint32_t submitter)
{
    ss_schedule_entry_t *entry = calloc(1, sizeof(*entry)), *dropped = NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
    entry->id[0] = name;
    entry->due = (ss_mono_t){ due };
    entry->created = created;
    entry->priority = priority;
    entry->is_retry = is_retry;
    entry->submitter = submitter;
    ss_schedule_add(schedule, entry, &dropped);
    CU_ASSERT_PTR_NULL(dropped);
    return entry;
}

/* All that may go now, as letters. */
static const char *taken(apr_time_t now)
{
    static char letters[64];
    ss_schedule_entry_t *entry;
    ss_mono_t when;
    int count = 0;

    while (count < 63 && (entry = ss_schedule_next(schedule, (ss_mono_t){ now }, &when)) != NULL) {
        letters[count++] = entry->id[0];
        free(entry);
    }
    letters[count] = '\0';
    return letters;
}

static void begin(void)
{
    schedule = ss_schedule_create();
}

static void end(void)
{
    taken(T0 * 1000);
    CU_ASSERT_EQUAL(ss_schedule_count(schedule), 0);
    ss_schedule_destroy(schedule);
}

static void order_by_due_class_and_age(void)
{
    static const struct {
        char name;
        int due, created, priority, is_retry;
    } rows[] = {
        { 'a', 10, 5, SS_PRIORITY_NORMAL, 0 }, { 'b', 10, 3, SS_PRIORITY_NORMAL, 0 },
        { 'c', 1, 1, SS_PRIORITY_NORMAL, 1 },  { 'd', 0, 9, SS_PRIORITY_HIGH, 1 },
        { 'e', 0, 0, SS_PRIORITY_BULK, 0 },    { 'f', 90, 0, SS_PRIORITY_HIGH, 0 },
        { 'g', 2, 8, SS_PRIORITY_HIGH, 0 },
    };
    ss_mono_t when;

    begin();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        add(rows[i].name, T0 + rows[i].due, rows[i].created, rows[i].priority, rows[i].is_retry, 7);
    }
    CU_ASSERT_EQUAL(ss_schedule_count(schedule), 7);
    CU_ASSERT_STRING_EQUAL(taken(T0 + 50), "gdbace");
    CU_ASSERT_PTR_NULL(ss_schedule_next(schedule, (ss_mono_t){ T0 + 50 }, &when));
    CU_ASSERT_EQUAL(when.us, T0 + 90);
    CU_ASSERT_STRING_EQUAL(taken(T0 + 90), "f");
    CU_ASSERT_PTR_NULL(ss_schedule_next(schedule, (ss_mono_t){ T0 + 90 }, &when));
    CU_ASSERT_EQUAL(when.us, 0);
    end();
}

static void submitters_take_turns(void)
{
    begin();
    for (int i = 0; i < 5; i++) add((char)('A' + i), T0, T0 + i, SS_PRIORITY_NORMAL, 0, 1);
    add('x', T0, T0 + 100, SS_PRIORITY_NORMAL, 0, 2);
    add('y', T0, T0 + 101, SS_PRIORITY_NORMAL, 0, 2);
    CU_ASSERT_STRING_EQUAL(taken(T0), "AxByCDE");
    end();
}

static void what_is_given_back_is_first(void)
{
    ss_mono_t when;

    begin();
    add('a', T0, 1, SS_PRIORITY_NORMAL, 0, 1);
    add('b', T0, 2, SS_PRIORITY_NORMAL, 0, 1);
    add('c', T0, 3, SS_PRIORITY_NORMAL, 0, 2);
    ss_schedule_entry_t *entry = ss_schedule_next(schedule, (ss_mono_t){ T0 }, &when);
    CU_ASSERT_EQUAL_FATAL(entry->id[0], 'a');
    ss_schedule_unget(schedule, entry);
    CU_ASSERT_EQUAL(ss_schedule_count(schedule), 3);
    CU_ASSERT_STRING_EQUAL(taken(T0), "acb");
    end();
}

/* Behind those that are due now, and before what comes later. */
static void what_was_refused_goes_behind_the_others(void)
{
    static const char *const orders[] = { "bcdxe", "xe" };

    for (int alone = 0; alone < 2; alone++) {
        begin();
        for (int i = 0; i < 3 && !alone; i++)
            add((char)('b' + i), T0, T0 + i, SS_PRIORITY_NORMAL, 0, 1);
        ss_schedule_entry_t *entry = add('x', T0, 1, SS_PRIORITY_NORMAL, 0, 1);
        entry->is_behind = 1;
        ss_mono_t when;
        entry = ss_schedule_next(schedule, (ss_mono_t){ T0 }, &when);
        ss_schedule_unget(schedule, entry);
        add('e', T0, T0 + 9, SS_PRIORITY_NORMAL, 0, 1);
        CU_ASSERT_STRING_EQUAL(taken(T0), orders[alone]);
        end();
    }
}

static void what_is_removed_is_gone(void)
{
    ss_mono_t when;

    begin();
    ss_schedule_entry_t *later = add('a', T0 + 500, 1, SS_PRIORITY_NORMAL, 0, 1),
                        *now = add('b', T0, 2, SS_PRIORITY_NORMAL, 0, 1);
    add('c', T0 + 900, 3, SS_PRIORITY_NORMAL, 1, 1);
    add('d', T0, 4, SS_PRIORITY_NORMAL, 0, 1);
    ss_schedule_remove(schedule, later);
    free(later);
    ss_schedule_entry_t *entry = ss_schedule_next(schedule, (ss_mono_t){ T0 }, &when);
    CU_ASSERT_PTR_EQUAL(entry, now);
    free(entry);
    CU_ASSERT_STRING_EQUAL(taken(T0 + 900), "dc");
    end();
}

static void rates_hold_back(void)
{
    static const ss_settings_rate_t two[] = { { .count = 2, .per = APR_USEC_PER_SEC },
                                              { .count = 3, .per = 60 * APR_USEC_PER_SEC } };
    apr_pool_t *pool;
    ss_mono_t when;

    apr_pool_create(&pool, NULL);
    apr_array_header_t *rates = apr_array_make(pool, 2, sizeof(ss_settings_rate_t));
    APR_ARRAY_PUSH(rates, ss_settings_rate_t) = two[0];
    APR_ARRAY_PUSH(rates, ss_settings_rate_t) = two[1];
    begin();
    ss_schedule_rates(schedule, rates, (ss_mono_t){ T0 });
    for (int i = 0; i < 5; i++) add((char)('a' + i), T0, T0 + i, SS_PRIORITY_NORMAL, 0, 1);
    CU_ASSERT_STRING_EQUAL(taken(T0), "ab");
    CU_ASSERT_PTR_NULL(ss_schedule_next(schedule, (ss_mono_t){ T0 }, &when));
    CU_ASSERT_EQUAL(when.us, T0 + APR_USEC_PER_SEC / 2);
    CU_ASSERT_STRING_EQUAL(taken(when.us), "c");
    CU_ASSERT_PTR_NULL(ss_schedule_next(schedule, (ss_mono_t){ when.us }, &when));
    CU_ASSERT_EQUAL(when.us, T0 + 20 * APR_USEC_PER_SEC);
    CU_ASSERT_STRING_EQUAL(taken(T0 + 20 * APR_USEC_PER_SEC), "d");
    ss_schedule_rates(schedule, NULL, (ss_mono_t){ T0 });
    CU_ASSERT_STRING_EQUAL(taken(T0), "e");
    end();
    apr_pool_destroy(pool);
}

/* What was handed back was not sent: it does not count. */
static void what_is_given_back_is_not_rated(void)
{
    apr_pool_t *pool;
    ss_mono_t when;

    apr_pool_create(&pool, NULL);
    apr_array_header_t *rates = apr_array_make(pool, 1, sizeof(ss_settings_rate_t));
    APR_ARRAY_PUSH(rates, ss_settings_rate_t) =
        (ss_settings_rate_t){ .count = 2, .per = 60 * APR_USEC_PER_SEC };
    begin();
    ss_schedule_rates(schedule, rates, (ss_mono_t){ T0 });
    for (int i = 0; i < 4; i++) add((char)('a' + i), T0, T0 + i, SS_PRIORITY_NORMAL, 0, 1);
    for (int i = 0; i < 5; i++)
        ss_schedule_unget(schedule, ss_schedule_next(schedule, (ss_mono_t){ T0 }, &when));
    CU_ASSERT_STRING_EQUAL(taken(T0), "ab");
    CU_ASSERT_PTR_NULL(ss_schedule_next(schedule, (ss_mono_t){ T0 }, &when));
    CU_ASSERT_EQUAL(when.us, T0 + 30 * APR_USEC_PER_SEC);
    /* A pause fills the bucket to its size and no further. */
    CU_ASSERT_STRING_EQUAL(taken(T0 + 3600 * APR_USEC_PER_SEC), "cd");
    add('e', T0, T0, SS_PRIORITY_NORMAL, 0, 1);
    CU_ASSERT_PTR_NULL(
        ss_schedule_next(schedule, (ss_mono_t){ T0 + 3600 * APR_USEC_PER_SEC }, &when));
    ss_schedule_rates(schedule, NULL, (ss_mono_t){ T0 });
    CU_ASSERT_STRING_EQUAL(taken(T0 + 3600 * APR_USEC_PER_SEC), "e");
    end();
    apr_pool_destroy(pool);
}

void ss_suite_schedule_order(void)
{
    CU_pSuite suite = CU_add_suite("schedule_order", NULL, NULL);

    CU_add_test(suite, "order_by_due_class_and_age", order_by_due_class_and_age);
    CU_add_test(suite, "submitters_take_turns", submitters_take_turns);
    CU_add_test(suite, "what_is_given_back_is_first", what_is_given_back_is_first);
    CU_add_test(suite, "what_was_refused_goes_behind_the_others",
                what_was_refused_goes_behind_the_others);
    CU_add_test(suite, "what_is_removed_is_gone", what_is_removed_is_gone);
    CU_add_test(suite, "rates_hold_back", rates_hold_back);
    CU_add_test(suite, "what_is_given_back_is_not_rated", what_is_given_back_is_not_rated);
}
