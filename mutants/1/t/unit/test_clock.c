/* test_clock.c: what src/delivery does when the wall clock is set, in virtual time. */
#include <CUnit/Basic.h>
#include <string.h>

#include "sending_rig.h"

void ss_suite_clock(void);

#define HOUR (3600 * RIG_SECOND)
#define YEAR (365 * 24 * HOUR)

static sending_rig_t rig;
static int refused; /* so many of the next recipients are put off */

static const char *scripted(sending_rig_t *r, const char *command)
{
    (void)r;
    return !strncmp(command, "RCPT", 4) && refused && refused-- ? "451 4.7.1 later" : NULL;
}

static void start(void)
{
    refused = 0;
    sending_rig_begin(&rig);
    rig.reply = scripted;
    sending_rig_start(&rig);
}

/* Two recipients with different times: the second one is not forgotten after the first's attempt.
 */
static void deferred_mail_keeps_its_times(void)
{
    static const apr_interval_time_t jumps[] = { -YEAR, -HOUR, -30 * RIG_SECOND, 40 * RIG_SECOND,
                                                 HOUR };

    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        start();
        refused = 2;
        int m = sending_rig_add(&rig, 2);
        sending_rig_run(&rig, 0);
        rig.stored[m].rcpts[1].next += 10 * RIG_SECOND; /* it is read again, since it is not soon */
        rig.wall += jumps[i];
        sending_rig_run(&rig, 59 * RIG_SECOND);
        CU_ASSERT_EQUAL(rig.stored[m].rcpts[0].attempts, 1);
        refused = 1;
        sending_rig_run(&rig, 2 * RIG_SECOND);
        CU_ASSERT_EQUAL(rig.stored[m].rcpts[0].attempts, 2);
        CU_ASSERT_EQUAL(rig.stored[m].rcpts[1].attempts, 1);
        /* The store has the other's time by the new clock. */
        CU_ASSERT_EQUAL(rig.stored[m].rcpts[1].next - rig.wall, 9 * RIG_SECOND);
        sending_rig_run(&rig, 8 * RIG_SECOND);
        CU_ASSERT_EQUAL(rig.stored[m].rcpts[1].state, SS_STATE_DEFERRED);
        sending_rig_run(&rig, 2 * RIG_SECOND);
        CU_ASSERT_EQUAL(rig.stored[m].rcpts[1].state, SS_STATE_SENT);
        sending_rig_run(&rig, 300 * RIG_SECOND);
        CU_ASSERT_EQUAL(rig.stored[m].rcpts[0].state, SS_STATE_SENT);
        sending_rig_end(&rig);
    }
}

/* What another process put off, by a clock that was set back since. */
static void deferred_mail_of_before_the_start(void)
{
    for (int is_near = 0; is_near < 2; is_near++) {
        refused = 0;
        sending_rig_begin(&rig);
        int m = sending_rig_put(&rig);
        rig.stored[m].rcpts[0].state = SS_STATE_DEFERRED;
        rig.stored[m].rcpts[0].attempts = 1;
        rig.stored[m].rcpts[0].next = rig.wall + (is_near ? 50 * RIG_SECOND : HOUR);
        sending_rig_start(&rig);
        sending_rig_run(&rig, 49 * RIG_SECOND);
        CU_ASSERT_EQUAL(sending_rig_state(&rig, m), is_near ? SS_STATE_DEFERRED : SS_STATE_SENT);
        sending_rig_run(&rig, 2 * RIG_SECOND);
        CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
        sending_rig_end(&rig);
    }
}

void ss_suite_clock(void)
{
    CU_pSuite suite = CU_add_suite("clock", NULL, NULL);

    CU_ADD_TEST(suite, deferred_mail_keeps_its_times);
    CU_ADD_TEST(suite, deferred_mail_of_before_the_start);
}
