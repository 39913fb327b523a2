/* test_message.c: states of recipients: which may follow which, what a message is when its
 * recipients differ, when it is due. */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "queue/message.h"

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

static void a_message_is_what_its_recipients_are(void)
{
    static const struct {
        ss_state_t states[3];
        int count;
        apr_time_t next[3];
        const char *word;
        apr_time_t due;
        int any;
    } table[] = {
        { { SS_STATE_QUEUED }, 1, { 0 }, "queued", 0, 1 },
        { { SS_STATE_DEFERRED, SS_STATE_DEFERRED }, 2, { 9, 7 }, "deferred", 7, 1 },
        { { SS_STATE_SENT, SS_STATE_DEFERRED, SS_STATE_QUEUED }, 3, { 0, 9, 8 }, "partial", 8, 1 },
        { { SS_STATE_SENT, SS_STATE_SENT }, 2, { 0 }, "sent", 0, 0 },
        { { SS_STATE_HELD, SS_STATE_HELD }, 2, { 3, 4 }, "held", 0, 0 },
        { { SS_STATE_HELD, SS_STATE_SENDING }, 2, { 3, 4 }, "partial", 4, 1 },
        { { SS_STATE_QUEUED }, 0, { 0 }, "unknown", 0, 0 },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_recipient_t rcpts[3] = { { 0 } };
        ss_message_t m = { .rcpts = rcpts, .rcpt_count = table[i].count };
        int any;
        for (int r = 0; r < 3; r++) {
            rcpts[r].state = table[i].states[r];
            rcpts[r].next = table[i].next[r];
        }
        CU_ASSERT_STRING_EQUAL(ss_message_state(&m), table[i].word);
        CU_ASSERT_EQUAL(ss_message_due(&m, &any), table[i].due);
        CU_ASSERT_EQUAL(any, table[i].any);
    }
}

void ss_suite_message(void)
{
    CU_pSuite suite = CU_add_suite("message", NULL, NULL);

    CU_add_test(suite, "names_go_both_ways", names_go_both_ways);
    CU_add_test(suite, "states_follow_the_table", states_follow_the_table);
    CU_add_test(suite, "a_change_cleans_up", a_change_cleans_up);
    CU_add_test(suite, "a_message_is_what_its_recipients_are",
                a_message_is_what_its_recipients_are);
}
