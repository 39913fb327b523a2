/* test_store_watch.c: nothing is delivered unless its outcome can be stored. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <string.h>

#include "delivery/pause.h"
#include "delivery/store_watch.h"
#include "sending_rig.h"

static sending_rig_t rig;

static const ss_mono_t never = { 0 };

static void a_window_for_each_connection_may_be_on_its_way(void)
{
    const apr_interval_time_t prompt = 20000, slow = 20001;

    CU_ASSERT_TRUE(ss_store_watch_has_room(10, 100, 59, slow));
    CU_ASSERT_FALSE(ss_store_watch_has_room(10, 100, 60, slow));
    CU_ASSERT_TRUE(ss_store_watch_has_room(10, 100, 75, prompt));
    CU_ASSERT_FALSE(ss_store_watch_has_room(10, 100, 76, prompt));
    CU_ASSERT_TRUE(ss_store_watch_has_room(1, 15, 0, slow));
    CU_ASSERT_FALSE(ss_store_watch_has_room(1, 16, 0, slow));
    CU_ASSERT_TRUE(ss_store_watch_has_room(0, 0, 15, slow));
}

static void a_queue_is_faulty_by_its_numbers(void)
{
    ss_store_stats_t stats = { .commits = 0 };
    const ss_mono_t now = { 100 * RIG_SECOND };

    CU_ASSERT_STRING_EQUAL(ss_store_fault(&stats, now), "");
    stats.commits = 1;
    CU_ASSERT_PTR_NULL(ss_store_fault(&stats, now));
    stats.unwritten = ss_mono_add(now, -2 * RIG_SECOND);
    CU_ASSERT_PTR_NULL(ss_store_fault(&stats, now));
    CU_ASSERT_PTR_NOT_NULL(strstr(ss_store_fault(&stats, ss_mono_add(now, 1)), "does not end"));
    stats.unwritten = never;
    apr_cpystrn(stats.fault, "the disk is full", sizeof(stats.fault));
    CU_ASSERT_STRING_EQUAL(ss_store_fault(&stats, now), "the disk is full");
}

static void start(int connections)
{
    sending_rig_begin(&rig);
    rig.settings.connections = connections;
    sending_rig_start(&rig);
}

static void outcomes_that_are_not_committed_are_bounded(void)
{
    for (int connections = 1; connections <= 3; connections++) {
        start(connections);
        rig.holds = 1;
        for (int i = 0; i < 100; i++) sending_rig_add(&rig, 1);
        sending_rig_run(&rig, 10 * RIG_SECOND);
        CU_ASSERT_EQUAL(rig.bodies, 16 * (connections + 1)); /* all of it in a moment */
        CU_ASSERT_EQUAL(rig.relay->uncommitted, 16 * (connections + 1));
        rig.holds = 0;
        sending_rig_run(&rig, RIG_SECOND);
        CU_ASSERT_EQUAL(rig.bodies, 100);
        rig.holds = 1;
        for (int i = 0; i < 100; i++) {
            sending_rig_add(&rig, 1);
            sending_rig_run(&rig, 21000);
        }
        CU_ASSERT_EQUAL(rig.bodies, 100 + 16 * connections);
        rig.holds = 0;
        sending_rig_run(&rig, RIG_SECOND);
        CU_ASSERT_EQUAL(rig.bodies, 200);
        CU_ASSERT_EQUAL(rig.relay->uncommitted, 0);
        sending_rig_end(&rig);
    }
}

/* One outcome of ten is committed after a while: the store works. */
static void a_commit_makes_room_for_one_more_window(void)
{
    start(1);
    rig.holds = 1;
    for (int i = 0; i < 10; i++) sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 25000);
    ss_store_request_t *first = ss_store_request_take(&rig.posted);
    CU_ASSERT_EQUAL_FATAL(first->verb, SS_STORE_OUTCOME);
    first->rv = APR_SUCCESS;
    first->done(first);
    CU_ASSERT_EQUAL(rig.relay->uncommitted, 9);
    for (int i = 0; i < 40; i++) sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.relay->uncommitted, 32);
    rig.holds = 0;
    sending_rig_end(&rig);
}

static const char *later(sending_rig_t *r, const char *command)
{
    (void)r;
    return strncmp(command, "RCPT", 4) ? NULL : "451 4.2.1 later";
}

/* Attempts that were put off are outcomes like others: no more of them pile up. */
static void what_is_put_off_is_bounded_too(void)
{
    start(1);
    rig.holds = 1;
    rig.reply = later;
    for (int i = 0; i < 100; i++) sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 3600 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.relay->uncommitted, 32);
    rig.holds = 0;
    sending_rig_end(&rig);
}

static const char *state(void)
{
    const char *cause, *advice;
    const char *name = ss_relay_state(rig.relay, &cause, &advice);

    if (!strcmp(name, "stopped")) CU_ASSERT_STRING_EQUAL(cause, rig.fault);
    return name;
}

static void nothing_is_sent_while_the_queue_cannot_be_written(void)
{
    start(10);
    rig.fault = "the disk is full";
    rig.fails = 1;
    int before = rig.requests[SS_STORE_SET];
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.opened, 0);
    CU_ASSERT_STRING_EQUAL(state(), "stopped");
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_SET], before + 1); /* tried at once, */
    CU_ASSERT_PTR_NULL(strstr(rig.said, "nothing is sent"));
    sending_rig_run(&rig, 3500 * 1000); /* after 0.1, 0.3, 0.7, 1.5, 3.1 s */
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_SET], before + 6);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "nothing is sent"));
    sending_rig_run(&rig, 600 * RIG_SECOND); /* and then every 5 s */
    CU_ASSERT_TRUE(rig.requests[SS_STORE_SET] >= before + 100);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_QUEUED);
    CU_ASSERT_EQUAL(rig.opened, 0);
    ss_pause_set(rig.relay, NULL, "me", 0);
    CU_ASSERT_STRING_EQUAL(state(), "paused");
    ss_pause_clear(rig.relay, "me");
    rig.fault = NULL;
    rig.fails = 0;
    sending_rig_run(&rig, 5 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_STRING_EQUAL(state(), "up");
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "mail is sent again"));
    int after = rig.requests[SS_STORE_SET];
    sending_rig_run(&rig, 600 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_SET], after);
    sending_rig_end(&rig);
}

/* A store that hangs answers nothing: one write waits, and its answer is the end of it. */
static void a_hanging_queue_is_left_in_peace(void)
{
    start(10);
    rig.fault = "a write does not end";
    rig.holds = 1;
    int before = rig.requests[SS_STORE_SET];
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 60 * RIG_SECOND);
    rig.fault = NULL;
    rig.holds = 0;
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_SET], before + 2); /* and the clocks, after a minute */
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    sending_rig_end(&rig);
}

/* What is short is not worth a line. */
static void a_moment_is_not_logged(void)
{
    start(10);
    rig.fault = "a write does not end";
    rig.holds = 1;
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 90 * 1000);
    rig.fault = NULL;
    rig.holds = 0;
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_PTR_NULL(strstr(rig.said, "sent,"));
    CU_ASSERT_PTR_NULL(strstr(rig.said, "sent again"));
    sending_rig_end(&rig);
}

/* At a start, until the first write is committed: nothing is sent, and nothing is wrong. */
static void what_is_not_known_yet_is_no_fault(void)
{
    start(10);
    rig.fault = "";
    rig.holds = 1;
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 2 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.opened, 0);
    CU_ASSERT_STRING_EQUAL(state(), "up");
    CU_ASSERT_PTR_NULL(strstr(rig.said, "nothing is sent"));
    rig.fault = NULL;
    rig.holds = 0;
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    sending_rig_end(&rig);
}

void ss_suite_store_watch(void)
{
    CU_pSuite suite = CU_add_suite("store_watch", NULL, NULL);

    CU_ADD_TEST(suite, a_window_for_each_connection_may_be_on_its_way);
    CU_ADD_TEST(suite, a_queue_is_faulty_by_its_numbers);
    CU_ADD_TEST(suite, outcomes_that_are_not_committed_are_bounded);
    CU_ADD_TEST(suite, a_commit_makes_room_for_one_more_window);
    CU_ADD_TEST(suite, what_is_put_off_is_bounded_too);
    CU_ADD_TEST(suite, nothing_is_sent_while_the_queue_cannot_be_written);
    CU_ADD_TEST(suite, a_hanging_queue_is_left_in_peace);
    CU_ADD_TEST(suite, a_moment_is_not_logged);
    CU_ADD_TEST(suite, what_is_not_known_yet_is_no_fault);
}
