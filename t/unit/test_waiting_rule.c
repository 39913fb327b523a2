/* test_waiting_rule.c: which requests may wait. */
#include <CUnit/CUnit.h>
#include <apr_atomic.h>
#include <string.h>

#include "web/shared/waiting_rule.c"

void ss_suite_waiting_rule(void);

#define PLACES 6
#define DEAD 100

static volatile apr_uint32_t places[PLACES];

static int is_alive(apr_uint32_t process)
{
    return process < DEAD;
}

static ss_waiting_rule_t rule_of(apr_uint32_t process)
{
    return (ss_waiting_rule_t){
        .places = places, .count = PLACES, .own = 4, .process = process, .is_alive = is_alive
    };
}

static int take(apr_uint32_t process)
{
    ss_waiting_rule_t rule = rule_of(process);

    return ss_waiting_rule_take(&rule);
}

static void clear(void)
{
    for (int i = 0; i < PLACES; i++) places[i] = 0;
}

static void half_of_the_workers_may_wait(void)
{
    CU_ASSERT_EQUAL(ss_waiting_rule_share(1), 1);
    CU_ASSERT_EQUAL(ss_waiting_rule_share(2), 1);
    CU_ASSERT_EQUAL(ss_waiting_rule_share(3), 1);
    CU_ASSERT_EQUAL(ss_waiting_rule_share(128), 64);
}

static void a_process_has_its_share_and_all_have_theirs(void)
{
    clear();
    for (int i = 0; i < 4; i++) CU_ASSERT_EQUAL(take(1), i);
    CU_ASSERT_EQUAL(take(1), -1);
    CU_ASSERT_EQUAL(take(2), 4);
    CU_ASSERT_EQUAL(take(2), 5);
    CU_ASSERT_EQUAL(take(2), -1);
    places[1] = 0;
    CU_ASSERT_EQUAL(take(2), 1);
    CU_ASSERT_EQUAL(take(1), -1);
}

static void the_places_of_a_process_that_was_killed_are_free(void)
{
    clear();
    for (int i = 0; i < PLACES; i++) places[i] = DEAD + (apr_uint32_t)i;
    CU_ASSERT_EQUAL(take(1), 0);
    CU_ASSERT_EQUAL(places[0], 1);
    places[1] = 2;
    CU_ASSERT_EQUAL(take(1), 2);
}

static void a_new_process_forgets_those_before_it(void)
{
    ss_waiting_rule_t rule = rule_of(3);

    clear();
    places[0] = DEAD;
    places[1] = 3;
    places[2] = 2;
    ss_waiting_rule_clean(&rule);
    CU_ASSERT_TRUE(!places[0] && !places[1] && places[2] == 2);
}

void ss_suite_waiting_rule(void)
{
    CU_pSuite suite = CU_add_suite("waiting_rule", NULL, NULL);

    CU_add_test(suite, "half_of_the_workers_may_wait", half_of_the_workers_may_wait);
    CU_add_test(suite, "a_process_has_its_share_and_all_have_theirs",
                a_process_has_its_share_and_all_have_theirs);
    CU_add_test(suite, "the_places_of_a_process_that_was_killed_are_free",
                the_places_of_a_process_that_was_killed_are_free);
    CU_add_test(suite, "a_new_process_forgets_those_before_it",
                a_new_process_forgets_those_before_it);
}
