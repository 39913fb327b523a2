/* test_strikes.c: sessions that carry no mail: when they take a host down, how often it is tried,
 * and what becomes of the mail, whatever the server does. */
#include <CUnit/Basic.h>
#include <string.h>

#include "delivery/strikes.h"
#include "sending_rig.h"

void ss_suite_strikes(void);

static sending_rig_t rig;

/* ---- the rules ---- */

static void three_in_a_row_and_sessions_that_fail_together_are_one(void)
{
    ss_strikes_t s = { 0 };

    CU_ASSERT_TRUE(ss_strikes_add(&s, 0, 1));
    CU_ASSERT_FALSE(ss_strikes_add(&s, 0, 1)); /* was open at the first */
    CU_ASSERT_TRUE(ss_strikes_add(&s, s.round, 1));
    CU_ASSERT_FALSE(ss_strikes_are_out(&s));
    CU_ASSERT_TRUE(ss_strikes_add(&s, s.round, 1));
    CU_ASSERT_TRUE(ss_strikes_are_out(&s));
    ss_strikes_clear(&s);
    CU_ASSERT_FALSE(ss_strikes_are_out(&s));
    CU_ASSERT_FALSE(ss_strikes_add(&s, 0, 1));
    CU_ASSERT_EQUAL(s.count, 0);
}

static void few_connections_to_a_host_that_has_carried_nothing(void)
{
    ss_strikes_t s = { 0 };

    CU_ASSERT_TRUE(ss_strikes_has_room(&s, 2, 0));
    CU_ASSERT_FALSE(ss_strikes_has_room(&s, 3, 0));
    CU_ASSERT_TRUE(ss_strikes_has_room(&s, 3, 1));
    CU_ASSERT_TRUE(ss_strikes_has_room(&s, 5, 3));
    CU_ASSERT_FALSE(ss_strikes_has_room(&s, 6, 3));
    ss_strikes_add(&s, 0, 1);
    CU_ASSERT_TRUE(ss_strikes_has_room(&s, 0, 0));
    CU_ASSERT_FALSE(ss_strikes_has_room(&s, 1, 3));
}

/* Opened as soon as it is allowed, and always in vain. */
static void never_more_than_ten_in_ten_seconds_and_then_one_a_second(void)
{
    ss_strikes_t s = { 0 };
    ss_mono_t start = { 1000 * RIG_SECOND }, now = start;
    int count = 0;

    while (ss_mono_since(now, start) < 600 * RIG_SECOND) {
        ss_mono_t next = ss_strikes_next(&s, 0, now);
        if (ss_mono_is_set(next)) {
            CU_ASSERT(next.us > now.us);
            now = next;
            continue;
        }
        ss_strikes_pay(&s, now);
        count++;
        apr_interval_time_t span = ss_mono_since(now, start);
        CU_ASSERT(count <= (span < 10 * RIG_SECOND ? 10 : span / RIG_SECOND));
    }
    CU_ASSERT(count > 200);
    /* Those that may still fail count as well. */
    memset(&s, 0, sizeof(s));
    CU_ASSERT_FALSE(ss_mono_is_set(ss_strikes_next(&s, 5, now)));
    CU_ASSERT_TRUE(ss_mono_is_set(ss_strikes_next(&s, 6, now)));
}

/* ---- what servers do ---- */

/* The first host's replies to commands that begin so. */
static struct {
    const char *at, *reply;
} fault;

static const char *reply(sending_rig_t *r, const char *command)
{
    int is_it = fault.at && (*fault.at ? !strncmp(command, fault.at, strlen(fault.at)) : !*command);

    return is_it && !r->host ? fault.reply : NULL;
}

static void start(int messages, int hosts)
{
    sending_rig_begin(&rig);
    rig.reply = reply;
    for (int i = 1; i < hosts; i++)
        APR_ARRAY_PUSH(rig.settings.hosts, ss_settings_host_t) =
            (ss_settings_host_t){ .name = "other.example", .port = 25 };
    sending_rig_start(&rig);
    for (int i = 0; i < messages; i++) sending_rig_add(&rig, 1);
}

static void a_host_whose_sessions_carry_nothing_is_down_and_tried_seldom(void)
{
    static const struct {
        const char *at, *reply;
    } rows[] = { { "EHLO", "250 relay\r\n250 relay" },
                 { "EHLO", "250 relay\r\n421 4.3.2 busy" },
                 { "EHLO", "250 relay\r\n\x16rubbish" },
                 { "MAIL", "drop" },
                 { "MAIL", "421 4.3.2 busy" },
                 { "MAIL", "\x16rubbish" },
                 { "RCPT", "drop" },
                 { "RCPT", "421 4.3.2 busy" },
                 { "DATA", "drop" },
                 { "DATA", "421 4.3.2 busy" },
                 { "DATA", "250 2.0.0 thanks" },
                 { ".", "421 4.3.2 busy" },
                 { "", "drop" },
                 { "", "421 4.3.2 busy" },
                 { "EHLO", "drop" } };
    const char *cause, *advice;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fault.at = rows[i].at;
        fault.reply = rows[i].reply;
        start(20, 1);
        sending_rig_run(&rig, 10 * RIG_SECOND);
        CU_ASSERT(rig.opened >= 3 && rig.opened <= 10);
        sending_rig_run(&rig, 90 * RIG_SECOND);
        CU_ASSERT(rig.opened <= 100);
        CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "down");
        CU_ASSERT(cause && *cause);
        CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "SMTPSend-220"));
        for (int m = 0; m < 20; m++) CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), 0);
        fault.at = NULL;
        sending_rig_run(&rig, 10 * RIG_SECOND);
        CU_ASSERT_EQUAL(rig.bodies, 20);
        CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "up");
        if (rig.bodies != 20 || !strstr(rig.said, "-220"))
            fprintf(stderr, "\n  %s: %s: %d\n%s", rows[i].at, rows[i].reply, rig.bodies, rig.said);
        sending_rig_end(&rig);
    }
}

static void after_a_strike_a_host_has_to_show_again_what_it_offers(void)
{
    fault.at = NULL;
    start(2, 1);
    sending_rig_run(&rig, 60 * RIG_SECOND);
    CU_ASSERT_TRUE(rig.relay->hosts[0].proof.shown & SS_PROVE_SESSION);
    fault.at = "EHLO";
    fault.reply = "250 relay\r\n250 relay";
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].proof.shown, 0);
    sending_rig_end(&rig);
}

/* SMTPSendHost with two: mail goes through the second at once, and through the first again when its
 * sessions carry mail. */
static void the_next_host_takes_over_at_once(void)
{
    static const char *const rows[][2] = { { "MAIL", "421 4.3.2 busy" },
                                           { "MAIL", "drop" },
                                           { "EHLO", "250 relay\r\n421 4.3.2 busy" } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fault.at = rows[i][0];
        fault.reply = rows[i][1];
        start(50, 2);
        sending_rig_run(&rig, 0);
        CU_ASSERT_EQUAL(rig.served[1], 50);
        CU_ASSERT(rig.opened_to[0] <= 6);
        fault.at = NULL;
        for (int k = 0; k < 10; k++) {
            sending_rig_run(&rig, RIG_SECOND);
            sending_rig_add(&rig, 1);
        }
        sending_rig_run(&rig, 0);
        CU_ASSERT(rig.served[0] > 0);
        CU_ASSERT_EQUAL(rig.bodies, 60);
        sending_rig_end(&rig);
    }
}

/* One that says nothing is not waited for long while there is another. */
static void the_next_host_takes_over_from_one_that_is_silent(void)
{
    static const char *const rows[] = { "", "EHLO", "MAIL", "RCPT", "DATA" };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fault.at = rows[i];
        fault.reply = "hang";
        start(50, 2);
        sending_rig_run(&rig, 6 * RIG_SECOND);
        CU_ASSERT_EQUAL(rig.served[1], 50);
        fault.at = NULL;
        for (int k = 0; k < 12; k++) {
            sending_rig_run(&rig, RIG_SECOND);
            sending_rig_add(&rig, 1);
        }
        sending_rig_run(&rig, 0);
        CU_ASSERT(rig.served[0] > 0);
        CU_ASSERT_EQUAL(rig.bodies, 62);
        sending_rig_end(&rig);
    }
    /* The only one has its time. */
    fault.at = "MAIL";
    fault.reply = "hang";
    start(1, 1);
    sending_rig_run(&rig, 59 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.opened, 1);
    sending_rig_end(&rig);
}

/* More than two at a time are closed without a word. */
static const char *bears_two(sending_rig_t *r, const char *command)
{
    return !*command && r->open >= 2 ? "drop" : NULL;
}

static void a_limit_of_connections_is_found_without_words(void)
{
    const char *cause, *advice;

    fault.at = NULL;
    start(0, 1);
    rig.reply = bears_two;
    rig.log.level = SS_LOG_WARN;
    for (int i = 0; i < 60; i++) {
        for (int k = 0; k < 50; k++) sending_rig_add(&rig, 1);
        sending_rig_run(&rig, RIG_SECOND);
    }
    CU_ASSERT_EQUAL(rig.bodies, 3000);
    CU_ASSERT_EQUAL(rig.relay->connection_limit, 2);
    CU_ASSERT(rig.opened <= 5);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "SMTPSend-225"));
    CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "up");
    CU_ASSERT_PTR_NULL(strstr(rig.said, "SMTPSend-220"));
    sending_rig_end(&rig);
}

void ss_suite_strikes(void)
{
    CU_pSuite suite = CU_add_suite("strikes", NULL, NULL);

    CU_ADD_TEST(suite, three_in_a_row_and_sessions_that_fail_together_are_one);
    CU_ADD_TEST(suite, few_connections_to_a_host_that_has_carried_nothing);
    CU_ADD_TEST(suite, never_more_than_ten_in_ten_seconds_and_then_one_a_second);
    CU_ADD_TEST(suite, after_a_strike_a_host_has_to_show_again_what_it_offers);
    CU_ADD_TEST(suite, the_next_host_takes_over_at_once);
    CU_ADD_TEST(suite, the_next_host_takes_over_from_one_that_is_silent);
    CU_ADD_TEST(suite, a_limit_of_connections_is_found_without_words);
    CU_ADD_TEST(suite, a_host_whose_sessions_carry_nothing_is_down_and_tried_seldom);
}
