/* test_webhook_turns.c: whose notification is sent next, where webhooks hang. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "record/webhook_turns.h"

void ss_suite_webhook_turns(void);

#define COUNT 400
#define SECOND APR_USEC_PER_SEC

static ss_webhook_turns_t turns;
static ss_webhook_turn_t all[COUNT];
static int used;
static ss_mono_t now = { 1000 * SECOND };

static void begin(void)
{
    ss_webhook_turns_init(&turns);
    used = 0;
}

static void end(void)
{
    ss_webhook_turn_t *turn;

    while ((turn = ss_webhook_turns_any(&turns)) != NULL) ss_webhook_turns_remove(&turns, turn);
    CU_ASSERT_EQUAL(turns.waiting, 0);
}

static ss_webhook_turn_t *add(const char *submitter, const char *url)
{
    CU_ASSERT_TRUE_FATAL(used < COUNT);
    CU_ASSERT_EQUAL(ss_webhook_turns_add(&turns, &all[used], submitter, url, now), 0);
    return &all[used++];
}

static ss_webhook_turn_t *next(void)
{
    ss_mono_t wake;

    return ss_webhook_turns_next(&turns, now, &wake);
}

/* Its request takes that long and succeeds. */
static void take(ss_webhook_turn_t *turn, apr_interval_time_t time)
{
    ss_mono_t before = now;

    now = ss_mono_add(turn->began, time);
    ss_webhook_turns_end(&turns, turn, now);
    ss_webhook_turns_remove(&turns, turn);
    now = ss_mono_max(before, now);
}

static void one_that_hangs_delays_only_its_own(void)
{
    begin();
    for (int i = 0; i < 100; i++) add("a", "http://slow.example/");
    CU_ASSERT_PTR_EQUAL(next(), &all[0]);
    CU_ASSERT_PTR_NULL(next()); /* nothing is known of it yet: one at a time */
    ss_webhook_turn_t *other = add("b", "http://fast.example/");
    CU_ASSERT_PTR_EQUAL(next(), other);
    take(other, SECOND / 10);
    take(&all[0], 15 * SECOND);
    CU_ASSERT_PTR_EQUAL(next(), &all[1]);
    CU_ASSERT_PTR_NULL(next()); /* slow: one at a time */
    end();
}

static void submitters_take_turns(void)
{
    begin();
    for (int i = 0; i < 100; i++) add("a", "http://app.example/");
    ss_webhook_turn_t *other = add("b", "http://app.example/");
    take(next(), SECOND / 10);
    CU_ASSERT_PTR_EQUAL(next(), other);
    take(other, SECOND / 10);
    /* A fast one has two. */
    CU_ASSERT_PTR_NOT_NULL(next());
    CU_ASSERT_PTR_NOT_NULL(next());
    CU_ASSERT_PTR_NULL(next());
    end();
}

static void many_that_hang_leave_room(void)
{
    ss_webhook_turn_t *first[30];
    char name[30], url[40];
    int count = 0, slow = 0;

    begin();
    for (int i = 0; i < 30; i++) {
        apr_snprintf(name, sizeof(name), "tenant %d", i);
        apr_snprintf(url, sizeof(url), "http://h%d.example/x?y", i);
        add(name, url);
        add(name, url);
        add(name, url);
    }
    while ((first[count] = next()) != NULL) count++;
    CU_ASSERT_EQUAL(count, SS_WEBHOOK_TURNS_MAX);
    for (int i = 0; i < count; i++) take(first[i], 15 * SECOND);
    while (next()) slow++; /* 14 that are unknown, and 2 of the slow ones */
    CU_ASSERT_EQUAL(slow, SS_WEBHOOK_TURNS_MAX);
    for (int i = used; i-- > 0;)
        if (all[i].is_active) take(&all[i], 15 * SECOND);
    slow = 0;
    while (next()) slow++; /* all are known to be slow now */
    CU_ASSERT_EQUAL(slow, SS_WEBHOOK_TURNS_SLOW);
    ss_webhook_turn_t *other = add("other", "http://other.example/");
    CU_ASSERT_PTR_EQUAL(next(), other);
    end();
}

static void a_host_has_a_bound(void)
{
    char name[30];
    int count = 0;

    begin();
    for (int i = 0; i < 12; i++) {
        apr_snprintf(name, sizeof(name), "tenant %d", i);
        add(name, i % 2 ? "http://hooks.example/a" : "http://hooks.example?b");
    }
    ss_webhook_turn_t *other = add("other", "http://hooks.example:8080/");
    while (next()) count++;
    CU_ASSERT_EQUAL(count, SS_WEBHOOK_TURNS_HOST + 1);
    CU_ASSERT_TRUE(other->is_active);
    end();
}

static void what_is_not_due_waits(void)
{
    ss_mono_t wake;

    begin();
    ss_webhook_turn_t *a = add("a", "http://a/"), *b = add("b", "http://b/");
    a->due = ss_mono_add(now, 5 * SECOND);
    b->due = ss_mono_add(now, 3 * SECOND);
    CU_ASSERT_PTR_NULL(ss_webhook_turns_next(&turns, now, &wake));
    CU_ASSERT_EQUAL(wake.us, b->due.us);
    now = b->due;
    CU_ASSERT_PTR_EQUAL(ss_webhook_turns_next(&turns, now, &wake), b);
    CU_ASSERT_PTR_NULL(ss_webhook_turns_next(&turns, now, &wake));
    CU_ASSERT_EQUAL(wake.us, a->due.us);
    end();
}

static void a_full_backlog_costs_who_has_most(void)
{
    begin();
    add("a", "http://a/");
    for (int i = 0; i < 5; i++) add("b", "http://b/");
    ss_webhook_turn_t *newest = &all[used - 1];
    CU_ASSERT_PTR_EQUAL(ss_webhook_turns_excess(&turns, "a"), newest);
    CU_ASSERT_PTR_EQUAL(ss_webhook_turns_excess(&turns, "new"), newest);
    CU_ASSERT_PTR_NULL(ss_webhook_turns_excess(&turns, "b"));
    newest->is_active = 1;
    CU_ASSERT_PTR_EQUAL(ss_webhook_turns_excess(&turns, "a"), newest - 1);
    for (int i = 1; i < used; i++) all[i].is_active = 1;
    CU_ASSERT_PTR_NULL(ss_webhook_turns_excess(&turns, "a"));
    end();
}

void ss_suite_webhook_turns(void)
{
    CU_pSuite suite = CU_add_suite("webhook_turns", NULL, NULL);

    CU_add_test(suite, "one_that_hangs_delays_only_its_own", one_that_hangs_delays_only_its_own);
    CU_add_test(suite, "submitters_take_turns", submitters_take_turns);
    CU_add_test(suite, "many_that_hang_leave_room", many_that_hang_leave_room);
    CU_add_test(suite, "a_host_has_a_bound", a_host_has_a_bound);
    CU_add_test(suite, "what_is_not_due_waits", what_is_not_due_waits);
    CU_add_test(suite, "a_full_backlog_costs_who_has_most", a_full_backlog_costs_who_has_most);
}
