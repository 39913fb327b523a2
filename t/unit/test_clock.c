/* test_clock.c: what src/delivery does when the wall clock is set, in virtual time. */
#include <CUnit/Basic.h>
#include <string.h>

#include <apr_strings.h>

#include "delivery/jump.h"
#include "delivery/pause.h"
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

static void what_is_a_jump(void)
{
    static const struct {
        int is_same_boot;
        apr_interval_time_t wall, mono, want; /* passed since */
    } rows[] = {
        { 1, 5 * HOUR, 5 * HOUR, 0 },
        { 1, 5 * HOUR + 59 * RIG_SECOND, 5 * HOUR, 0 },
        { 1, 5 * HOUR + 60 * RIG_SECOND, 5 * HOUR, 60 * RIG_SECOND },
        { 1, 5 * HOUR - 59 * RIG_SECOND, 5 * HOUR, 0 },
        { 1, 5 * HOUR - 60 * RIG_SECOND, 5 * HOUR, -60 * RIG_SECOND },
        { 1, 10 * YEAR, HOUR, 10 * YEAR - HOUR },
        /* The machine was off meanwhile: how long, only the clock knows. */
        { 0, 29 * 24 * HOUR, -HOUR, 0 },
        { 0, 30 * 24 * HOUR, -HOUR, 30 * 24 * HOUR },
        { 0, -59 * RIG_SECOND, -HOUR, 0 },
        { 0, -HOUR, -HOUR, -HOUR },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_EQUAL(ss_jump_of(rows[i].is_same_boot, RIG_WALL, (ss_mono_t){ 9 * HOUR },
                                   RIG_WALL + rows[i].wall, (ss_mono_t){ 9 * HOUR + rows[i].mono }),
                        rows[i].want);
    }
}

static void begin(const char *boot, apr_time_t wall_then)
{
    refused = 0;
    sending_rig_begin(&rig);
    rig.reply = scripted;
    rig.settings.expire = 48 * HOUR;
    rig.boot = "b";
    apr_cpystrn(rig.settings_rows[0][0], "clock", 200);
    apr_snprintf(rig.settings_rows[0][1], 200,
                 "{\"wall\":%" APR_TIME_T_FMT ",\"mono\":%" APR_INT64_T_FMT ",\"boot\":\"%s\"}",
                 wall_then, rig.mono.us, boot);
    rig.settings_count = 1;
}

/* Waiting mail does not expire because of a clock that is ahead, and does because of time. */
static void a_jump_does_not_expire_mail(void)
{
    static const apr_interval_time_t jumps[] = { 10 * YEAR, -10 * YEAR, 50 * HOUR, 0 };

    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        begin("b", RIG_WALL);
        rig.refuses = 1;
        sending_rig_start(&rig);
        int m = sending_rig_add(&rig, 1);
        sending_rig_run(&rig, HOUR);
        rig.wall += jumps[i];
        rig.said[0] = '\0';
        sending_rig_run(&rig, 46 * HOUR);
        CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_QUEUED);
        if (jumps[i] >= 0) CU_ASSERT_EQUAL(ss_jump_oldest_age(rig.relay) / HOUR, 47);
        const char *line = strstr(rig.said, "SMTPSend-218");
        CU_ASSERT_EQUAL(line != NULL, jumps[i] != 0);
        CU_ASSERT_PTR_NULL(line ? strstr(line + 1, "SMTPSend-218") : NULL); /* once */
        sending_rig_run(&rig, HOUR + 60 * RIG_SECOND);
        CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_EXPIRED);
        sending_rig_end(&rig);
    }
}

/* ... also where it was set while nothing ran, or the machine was off. */
static void a_jump_before_the_start_does_not_expire_mail(void)
{
    for (int is_same_boot = 0; is_same_boot < 2; is_same_boot++) {
        begin(is_same_boot ? "b" : "other", RIG_WALL);
        rig.refuses = 1;
        int m = sending_rig_put(&rig);
        rig.wall += 10 * YEAR;
        sending_rig_start(&rig);
        CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "set forward by 3650 days 00:00:00"));
        sending_rig_run(&rig, 47 * HOUR);
        CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_QUEUED);
        sending_rig_run(&rig, HOUR + 60 * RIG_SECOND);
        CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_EXPIRED);
        sending_rig_end(&rig);
    }
}

/* Nothing is known of the clock before: mail that seems too old is tried for an hour first. */
static void mail_of_a_queue_without_clocks_is_tried(void)
{
    begin("b", RIG_WALL);
    rig.settings_count = 0;
    rig.refuses = 1;
    int m = sending_rig_put(&rig);
    rig.wall += 10 * YEAR;
    sending_rig_start(&rig);
    sending_rig_run(&rig, HOUR - 60 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_QUEUED);
    CU_ASSERT(rig.opened > 100);
    CU_ASSERT(rig.purged_before <= 0);
    sending_rig_run(&rig, 120 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_EXPIRED);
    sending_rig_end(&rig);
}

/* What finished before the start is as old as this process: no longer wait is needed. */
static void a_short_history_does_not_wait_an_hour(void)
{
    begin("b", RIG_WALL);
    rig.settings_count = 0;
    rig.config.globals.history = 700 * RIG_SECOND;
    sending_rig_start(&rig);
    sending_rig_run(&rig, 699 * RIG_SECOND);
    CU_ASSERT(rig.purged_before <= 0);
    sending_rig_run(&rig, 700 * RIG_SECOND);
    CU_ASSERT(rig.purged_before > RIG_WALL - 700 * RIG_SECOND);
    sending_rig_end(&rig);
}

/* Finished messages are kept for SMTPSendHistory, not deleted by a clock. */
static void history_is_kept(void)
{
    begin("b", RIG_WALL);
    rig.config.globals.history = 100 * HOUR;
    sending_rig_start(&rig);
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, HOUR);
    rig.wall += YEAR;
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, HOUR);
    CU_ASSERT(rig.purged_before < RIG_WALL);
    sending_rig_run(&rig, 100 * HOUR);
    CU_ASSERT(rig.purged_before > RIG_WALL + YEAR);
    CU_ASSERT(rig.purged_before < RIG_WALL + YEAR + 3 * HOUR);
    sending_rig_end(&rig);
}

/* A time that a person chose is the wall clock's. */
static void scheduled_mail_follows_the_clock(void)
{
    static const apr_interval_time_t jumps[] = { -HOUR, HOUR };

    for (int i = 0; i < 2; i++) {
        begin("b", RIG_WALL);
        int m = sending_rig_put(&rig);
        rig.stored[m].at = rig.stored[m].rcpts[0].next = RIG_WALL + 2 * HOUR;
        sending_rig_start(&rig);
        sending_rig_run(&rig, 600 * RIG_SECOND);
        rig.wall += jumps[i];
        sending_rig_run(&rig, 2 * HOUR - jumps[i] - 630 * RIG_SECOND);
        CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_QUEUED);
        sending_rig_run(&rig, 60 * RIG_SECOND);
        CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
        sending_rig_end(&rig);
    }
}

/* A pause lasts as long as was asked for, and its time is what passed. */
static void a_pause_keeps_its_length(void)
{
    static const apr_interval_time_t jumps[] = { -YEAR, YEAR };

    for (int i = 0; i < 2; i++) {
        begin("b", RIG_WALL);
        sending_rig_start(&rig);
        ss_pause_set(rig.relay, "test", "ann", rig.wall + 2 * HOUR);
        int m = sending_rig_add(&rig, 1);
        sending_rig_run(&rig, HOUR);
        rig.wall += jumps[i];
        sending_rig_run(&rig, HOUR - 60 * RIG_SECOND);
        CU_ASSERT_TRUE(ss_relay_is_paused(rig.relay));
        sending_rig_run(&rig, 60 * RIG_SECOND);
        CU_ASSERT_FALSE(ss_relay_is_paused(rig.relay));
        CU_ASSERT_EQUAL(ss_pause_total(rig.relay, rig.wall), 2 * HOUR);
        CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
        sending_rig_end(&rig);
    }
}

void ss_suite_clock(void)
{
    CU_pSuite suite = CU_add_suite("clock", NULL, NULL);

    CU_ADD_TEST(suite, deferred_mail_keeps_its_times);
    CU_ADD_TEST(suite, deferred_mail_of_before_the_start);
    CU_ADD_TEST(suite, what_is_a_jump);
    CU_ADD_TEST(suite, a_jump_does_not_expire_mail);
    CU_ADD_TEST(suite, a_jump_before_the_start_does_not_expire_mail);
    CU_ADD_TEST(suite, mail_of_a_queue_without_clocks_is_tried);
    CU_ADD_TEST(suite, a_short_history_does_not_wait_an_hour);
    CU_ADD_TEST(suite, history_is_kept);
    CU_ADD_TEST(suite, scheduled_mail_follows_the_clock);
    CU_ADD_TEST(suite, a_pause_keeps_its_length);
}
