/* test_queue_counts.c: what a start reads from the store (pauses, counts, the order of the mail)
 * while the store fails, and counts that come right again while mail moves. Virtual time. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <string.h>

#include "delivery/queue_counts.h"
#include "sending_rig.h"

void ss_suite_queue_counts(void);

static sending_rig_t rig;

static void the_waits(void)
{
    apr_interval_time_t wait = ss_queue_counts_wait(0, 0, 0);

    CU_ASSERT_EQUAL(wait, RIG_SECOND);
    CU_ASSERT_EQUAL(ss_queue_counts_wait(wait, 1, 1), 2 * RIG_SECOND);
    CU_ASSERT_EQUAL(ss_queue_counts_wait(15 * RIG_SECOND, 0, 9), 30 * RIG_SECOND);
    CU_ASSERT_EQUAL(ss_queue_counts_wait(16 * RIG_SECOND, 0, 9), 30 * RIG_SECOND);
    CU_ASSERT_EQUAL(ss_queue_counts_wait(30 * RIG_SECOND, 0, 9), 30 * RIG_SECOND);
    CU_ASSERT_EQUAL(ss_queue_counts_wait(30 * RIG_SECOND, 1, 4), 30 * RIG_SECOND);
    CU_ASSERT_EQUAL(ss_queue_counts_wait(30 * RIG_SECOND, 1, 5), 600 * RIG_SECOND);
}

/* The waiting mail is sent although it cannot be counted. */
static void a_count_that_fails_is_repeated(void)
{
    sending_rig_begin(&rig);
    rig.fails_verbs = 1u << SS_STORE_COUNTS;
    for (int i = 0; i < 3; i++) sending_rig_put(&rig);
    sending_rig_start(&rig);
    CU_ASSERT_TRUE(ss_delivery_is_ready(rig.delivery));
    CU_ASSERT_FALSE(ss_delivery_is_counted(rig.delivery));
    CU_ASSERT_EQUAL(rig.bodies, 3);
    sending_rig_add(&rig, 2);
    sending_rig_run(&rig, 100 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.bodies, 4);
    CU_ASSERT_FALSE(ss_delivery_is_counted(rig.delivery));
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_COUNTS], 1 + 5 + 2); /* 1, 3, 7, 15, 31, 61, 91 */
    rig.fails_verbs = 0;
    sending_rig_run(&rig, 30 * RIG_SECOND);
    CU_ASSERT_TRUE(ss_delivery_is_counted(rig.delivery));
    CU_ASSERT_EQUAL(rig.relay->counts[SS_STATE_SENT], 5);
    CU_ASSERT_EQUAL(rig.relay->counts[SS_STATE_QUEUED], 0);
    CU_ASSERT_EQUAL(rig.relay->waiting_messages, 0);
    /* It is known now: nothing is asked any more. */
    int asked = rig.requests[SS_STORE_COUNTS];
    sending_rig_run(&rig, 3600 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_COUNTS], asked);
    sending_rig_end(&rig);
}

/* A pause holds although it could not be read at first. */
static void pauses_are_read_before_anything_is_sent(void)
{
    for (int is_paused = 0; is_paused < 2; is_paused++) {
        sending_rig_begin(&rig);
        int m = sending_rig_put(&rig);
        if (is_paused) {
            apr_cpystrn(rig.settings_rows[0][0], "pause/default", 200);
            apr_cpystrn(rig.settings_rows[0][1], "{\"stored\":{\"reason\":\"r\",\"since\":5}}",
                        200);
            rig.settings_count = 1;
        }
        rig.fails_verbs = 1u << SS_STORE_SETTINGS;
        sending_rig_start(&rig);
        /* As another node's action does. */
        ss_delivery_found(rig.delivery, "default", rig.stored[m].id);
        sending_rig_run(&rig, 200 * RIG_SECOND);
        CU_ASSERT_FALSE(ss_delivery_is_ready(rig.delivery));
        CU_ASSERT_PTR_NOT_NULL(ss_delivery_start_problem(rig.delivery));
        CU_ASSERT_EQUAL(rig.opened, 0);
        /* What was not read is not replaced by a process that leaves now. */
        ss_delivery_save(rig.delivery);
        CU_ASSERT_EQUAL(rig.requests[SS_STORE_SET], 0);
        rig.fails_verbs = 0;
        sending_rig_run(&rig, 30 * RIG_SECOND);
        CU_ASSERT_TRUE(ss_delivery_is_ready(rig.delivery));
        CU_ASSERT_PTR_NULL(ss_delivery_start_problem(rig.delivery));
        CU_ASSERT_EQUAL(rig.bodies, !is_paused);
        CU_ASSERT_EQUAL(rig.relay->waiting_messages, is_paused);
        sending_rig_end(&rig);
    }
}

static const char *slow(sending_rig_t *r, const char *command)
{
    (void)r;
    return *command == '.' ? "450 4.2.2 mailbox full" : NULL;
}

/* Numbers that had gone wrong come right at the first quiet moment. */
static void wrong_counts_come_right(void)
{
    sending_rig_begin(&rig);
    rig.reply = slow;
    sending_rig_start(&rig);
    for (int i = 0; i < 4; i++) sending_rig_add(&rig, 2);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.relay->counts[SS_STATE_DEFERRED], 8);
    rig.relay->counts[SS_STATE_DEFERRED] = 1;
    rig.relay->waiting_messages = 77;
    ss_queue_counts_again(rig.delivery);
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(rig.relay->counts[SS_STATE_DEFERRED], 8);
    CU_ASSERT_EQUAL(rig.relay->waiting_messages, 4);
    sending_rig_end(&rig);
}

/* While mail moves all the time: after some tries what was counted is taken, and what moved since.
 */
static void counts_come_right_while_mail_moves(void)
{
    sending_rig_begin(&rig);
    rig.reply = slow;
    sending_rig_start(&rig);
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    rig.relay->waiting_messages = 77;
    ss_queue_counts_again(rig.delivery);
    for (int i = 0; i < 31; i++) {
        /* The store never answers within the second in which it was asked. */
        rig.holds = 1;
        sending_rig_add(&rig, 1);
        sending_rig_run(&rig, RIG_SECOND);
        CU_ASSERT(rig.relay->waiting_messages >= 77);
        rig.holds = 0;
        if (i < 30) sending_rig_run(&rig, 0);
    }
    /* It was asked, and has not answered: whether it sees this one is chance; here it does. */
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_COUNTS], 2);
    CU_ASSERT_EQUAL(rig.relay->waiting_messages, 33 + 1);
    CU_ASSERT_EQUAL(rig.relay->waiting_bytes, 34 * 20);
    /* And exactly, in a quiet moment later. */
    sending_rig_run(&rig, 601 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_COUNTS], 3);
    CU_ASSERT_EQUAL(rig.relay->waiting_messages, 33);
    CU_ASSERT_EQUAL(rig.relay->counts[SS_STATE_DEFERRED], 33);
    CU_ASSERT_EQUAL(rig.relay->counts[SS_STATE_QUEUED], 0);
    sending_rig_end(&rig);
}

/* A message that the queue has and memory does not: its commit's answer was lost. */
static void a_message_that_memory_does_not_know_is_sent(void)
{
    sending_rig_begin(&rig);
    sending_rig_start(&rig);
    int m = sending_rig_put(&rig);
    sending_rig_run(&rig, 100 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.bodies, 0);
    ss_delivery_found(rig.delivery, "default", rig.stored[m].id);
    ss_delivery_found(rig.delivery, "default", rig.stored[m].id);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.bodies, 1);
    /* Nobody knows its id: the order is read as soon as the store answers. */
    sending_rig_put(&rig);
    rig.fails = 1;
    ss_delivery_doubt(rig.delivery, "default");
    sending_rig_run(&rig, 100 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.bodies, 1);
    rig.fails = 0;
    sending_rig_run(&rig, 2 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.bodies, 2);
    sending_rig_run(&rig, 30 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.relay->counts[SS_STATE_SENT], 2);
    sending_rig_end(&rig);
}

void ss_suite_queue_counts(void)
{
    CU_pSuite suite = CU_add_suite("queue_counts", NULL, NULL);

    CU_ADD_TEST(suite, the_waits);
    CU_ADD_TEST(suite, a_count_that_fails_is_repeated);
    CU_ADD_TEST(suite, pauses_are_read_before_anything_is_sent);
    CU_ADD_TEST(suite, wrong_counts_come_right);
    CU_ADD_TEST(suite, counts_come_right_while_mail_moves);
    CU_ADD_TEST(suite, a_message_that_memory_does_not_know_is_sent);
}
