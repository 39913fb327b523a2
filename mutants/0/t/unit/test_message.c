/* test_message.c: what a message is when its recipients differ, and when it is due. */
#include <CUnit/CUnit.h>

#include "queue/message.h"

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

static void resident_is_what_is_in_memory(void)
{
    ss_message_part_t parts[] = { { "abc", 3 }, { NULL, 1000 }, { "de", 2 } };
    ss_message_t m = { .parts = parts, .part_count = 3 };

    CU_ASSERT_EQUAL(ss_message_resident(&m), 5);
}

void ss_suite_message(void)
{
    CU_pSuite suite = CU_add_suite("message", NULL, NULL);

    CU_add_test(suite, "a_message_is_what_its_recipients_are",
                a_message_is_what_its_recipients_are);
    CU_add_test(suite, "resident_is_what_is_in_memory", resident_is_what_is_in_memory);
}
