/* test_state.c: states of recipients: their names, and which may follow which. */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "queue/recipient.h"
#include "queue/state.h"

static void names_go_both_ways(void)
{
    for (int i = 0; i < SS_STATES; i++)
        CU_ASSERT_EQUAL(ss_state_find(ss_state_name((ss_state_t)i)), i);
    CU_ASSERT_EQUAL(ss_state_find("lost"), -1);
    CU_ASSERT_STRING_EQUAL(ss_state_name(SS_STATES), "unknown");
}

static void states_follow_the_table(void)
{
    /* From, then for each state in order (queued sending deferred held sent failed expired
     * cancelled) whether it may follow. */
    static const char *const table[SS_STATES] = { "11110111", "10111111", "11110111", "10110111",
                                                  "00000000", "00000000", "00000000", "00000000" };
    static const int ends[SS_STATES] = { 0, 0, 0, 0, 1, 1, 1, 1 };

    for (int from = 0; from < SS_STATES; from++) {
        CU_ASSERT_EQUAL(ss_state_is_final((ss_state_t)from), ends[from]);
        for (int to = 0; to < SS_STATES; to++) {
            int may = ss_state_may_go((ss_state_t)from, (ss_state_t)to);
            if (may != table[from][to] - '0')
                fprintf(stderr, "\n  %s to %s\n", ss_state_name((ss_state_t)from),
                        ss_state_name((ss_state_t)to));
            CU_ASSERT_EQUAL(may, table[from][to] - '0');
        }
    }
    CU_ASSERT_FALSE(ss_state_may_go(SS_STATES, SS_STATE_QUEUED));
    CU_ASSERT_FALSE(ss_state_may_go(SS_STATE_QUEUED, SS_STATES));
}

static void a_change_cleans_up(void)
{
    ss_recipient_t rcpt = { .state = SS_STATE_HELD, .cause = "person", .next = 5 };

    ss_recipient_go(&rcpt, SS_STATE_HELD);
    CU_ASSERT_STRING_EQUAL(rcpt.cause, "person");
    ss_recipient_go(&rcpt, SS_STATE_QUEUED);
    CU_ASSERT_TRUE(!rcpt.cause && rcpt.next == 5);
    ss_recipient_go(&rcpt, SS_STATE_FAILED);
    CU_ASSERT_EQUAL(rcpt.next, 0);
}

void ss_suite_state(void)
{
    CU_pSuite suite = CU_add_suite("state", NULL, NULL);

    CU_add_test(suite, "names_go_both_ways", names_go_both_ways);
    CU_add_test(suite, "states_follow_the_table", states_follow_the_table);
    CU_add_test(suite, "a_change_cleans_up", a_change_cleans_up);
}
