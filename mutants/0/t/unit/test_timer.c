/* test_timer.c: timers and end-of-turn calls without an event loop: their order, what they may do
 * to one another, and their bounds. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <string.h>

#include "base/deferred.h"
#include "base/timer.h"

void ss_suite_timer(void);

#define AT(us) ((ss_mono_t){ us })

static ss_heap_t timers;
static ss_deferred_list_t calls;
static ss_timer_t again, victim;
static ss_deferred_t second;
static char seen[64];

static void see(const char *name)
{
    apr_size_t len = strlen(seen);

    apr_cpystrn(seen + len, name, sizeof(seen) - len);
}

static void on_timer(ss_timer_t *timer, ss_mono_t now)
{
    (void)now;
    see(timer->self);
}

static void on_again(ss_timer_t *timer, ss_mono_t now)
{
    see(timer->self);
    ss_timer_set(&timers, timer, ss_mono_add(now, -1)); /* already due */
}

static void on_cancel(ss_timer_t *timer, ss_mono_t now)
{
    (void)now;
    see(timer->self);
    ss_heap_remove(&timers, &victim.node);
}

static void begin(void)
{
    *seen = '\0';
    memset(&calls, 0, sizeof(calls));
    ss_heap_init(&timers, 3);
}

static void timers_fire_in_order_and_once(void)
{
    ss_timer_t a = { .fired = on_timer, .self = "a" }, b = { .fired = on_timer, .self = "b" },
               c = { .fired = on_timer, .self = "c" };
    ss_mono_t when;

    begin();
    CU_ASSERT_EQUAL(ss_timer_next(&timers, &when), 0);
    ss_timer_set(&timers, &a, AT(30));
    ss_timer_set(&timers, &b, AT(10));
    ss_timer_set(&timers, &c, AT(10));
    ss_timer_set(&timers, &a, AT(5)); /* moved */
    CU_ASSERT_EQUAL(ss_timer_next(&timers, &when), 1);
    CU_ASSERT_EQUAL(when.us, 5);
    ss_timer_fire(&timers, AT(4));
    CU_ASSERT_STRING_EQUAL(seen, "");
    ss_timer_fire(&timers, AT(10));
    CU_ASSERT_STRING_EQUAL(seen, "abc");
    ss_timer_fire(&timers, AT(100));
    CU_ASSERT_STRING_EQUAL(seen, "abc");
    ss_heap_free(&timers);
}

static void a_timer_that_sets_itself_does_not_keep_the_turn(void)
{
    begin();
    again = (ss_timer_t){ .fired = on_again, .self = "x" };
    ss_timer_set(&timers, &again, AT(10));
    ss_timer_fire(&timers, AT(10));
    CU_ASSERT_STRING_EQUAL(seen, "x");
    ss_timer_fire(&timers, AT(10));
    CU_ASSERT_STRING_EQUAL(seen, "xx");
    ss_heap_remove(&timers, &again.node);
    ss_timer_fire(&timers, AT(10));
    CU_ASSERT_STRING_EQUAL(seen, "xx");
    ss_heap_free(&timers);
}

static void a_timer_may_cancel_another_that_is_due(void)
{
    ss_timer_t first = { .fired = on_cancel, .self = "f" };

    begin();
    victim = (ss_timer_t){ .fired = on_timer, .self = "v" };
    ss_timer_set(&timers, &first, AT(1));
    ss_timer_set(&timers, &victim, AT(2));
    ss_timer_fire(&timers, AT(10));
    CU_ASSERT_STRING_EQUAL(seen, "f");
    ss_heap_free(&timers);
}

static void a_list_that_is_full_refuses(void)
{
    ss_timer_t many[4] = { { .fired = on_timer, .self = "" } };

    begin();
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(ss_timer_set(&timers, &many[i], AT(1)), APR_SUCCESS);
    CU_ASSERT_EQUAL(ss_timer_set(&timers, &many[3], AT(1)), APR_ENOSPC);
    /* Moving one that is set needs no room. */
    CU_ASSERT_EQUAL(ss_timer_set(&timers, &many[2], AT(9)), APR_SUCCESS);
    ss_heap_free(&timers);
}

/* ---- end-of-turn calls ---- */

static void on_call(ss_deferred_t *deferred, ss_mono_t now)
{
    (void)now;
    see(deferred->self);
}

static void on_call_twice(ss_deferred_t *deferred, ss_mono_t now)
{
    (void)now;
    see(deferred->self);
    ss_deferred_add(&calls, deferred);   /* for the next turn */
    ss_deferred_cancel(&calls, &second); /* of this turn */
}

static void a_call_is_made_once_per_turn_in_the_order_asked_for(void)
{
    ss_deferred_t a = { .call = on_call, .self = "a" }, b = { .call = on_call, .self = "b" };

    begin();
    ss_deferred_add(&calls, &b);
    ss_deferred_add(&calls, &a);
    ss_deferred_add(&calls, &b);
    CU_ASSERT(ss_deferred_any(&calls));
    ss_deferred_run(&calls, AT(1));
    CU_ASSERT_STRING_EQUAL(seen, "ba");
    CU_ASSERT(!ss_deferred_any(&calls));
    ss_deferred_run(&calls, AT(1));
    CU_ASSERT_STRING_EQUAL(seen, "ba");
    ss_heap_free(&timers);
}

static void a_call_may_ask_again_and_cancel_another(void)
{
    ss_deferred_t first = { .call = on_call_twice, .self = "1" };

    begin();
    second = (ss_deferred_t){ .call = on_call, .self = "2" };
    ss_deferred_add(&calls, &first);
    ss_deferred_add(&calls, &second);
    ss_deferred_run(&calls, AT(1));
    CU_ASSERT_STRING_EQUAL(seen, "1");
    CU_ASSERT(ss_deferred_any(&calls));
    ss_deferred_add(&calls, &second);
    ss_deferred_cancel(&calls, &first);
    ss_deferred_run(&calls, AT(2));
    CU_ASSERT_STRING_EQUAL(seen, "12");
    ss_heap_free(&timers);
}

void ss_suite_timer(void)
{
    CU_pSuite suite = CU_add_suite("timer", NULL, NULL);

    CU_ADD_TEST(suite, timers_fire_in_order_and_once);
    CU_ADD_TEST(suite, a_timer_that_sets_itself_does_not_keep_the_turn);
    CU_ADD_TEST(suite, a_timer_may_cancel_another_that_is_due);
    CU_ADD_TEST(suite, a_list_that_is_full_refuses);
    CU_ADD_TEST(suite, a_call_is_made_once_per_turn_in_the_order_asked_for);
    CU_ADD_TEST(suite, a_call_may_ask_again_and_cancel_another);
}
