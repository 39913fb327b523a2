/* test_progress.c: whether a relay's mail gets on, as health sees it: the rule itself, and over
 * delivery in virtual time. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <string.h>

#include "delivery/pause.h"
#include "delivery/progress.h"
#include "sending_rig.h"

void ss_suite_progress(void);

#define SECOND APR_USEC_PER_SEC

/* ---- the rule ---- */

static int is_personal(int code, ss_cmd_t cmd, const char *dsn)
{
    ss_client_rcpt_t result = { .code = code, .cmd = cmd, .has_dsn = dsn != NULL };

    if (dsn) apr_cpystrn(result.dsn, dsn, sizeof(result.dsn));
    return ss_progress_is_personal(&result);
}

static void what_may_be_about_one_recipient(void)
{
    CU_ASSERT(is_personal(450, SS_CMD_RCPT, NULL));
    CU_ASSERT(is_personal(452, SS_CMD_END, "4.2.2"));
    CU_ASSERT(is_personal(450, SS_CMD_END, "4.1.1"));
    CU_ASSERT_FALSE(is_personal(451, SS_CMD_END, NULL));
    CU_ASSERT_FALSE(is_personal(451, SS_CMD_END, "4.3.0"));
    CU_ASSERT_FALSE(is_personal(451, SS_CMD_MAIL, "4.7.1"));
    CU_ASSERT_FALSE(is_personal(0, SS_CMD_RCPT, NULL)); /* the connection was lost */
}

/* ---- over delivery ---- */

static sending_rig_t rig;
static const char *at_rcpt, *at_mail;

static const char *server(sending_rig_t *r, const char *command)
{
    (void)r;
    if (!strncmp(command, "MAIL", 4)) return at_mail;
    if (!strncmp(command, "RCPT", 4) && strstr(command, "full")) return "452 4.2.2 mailbox full";
    return !strncmp(command, "RCPT", 4) ? at_rcpt : NULL;
}

static void start(void)
{
    at_rcpt = at_mail = NULL;
    sending_rig_begin(&rig);
    rig.reply = server;
    sending_rig_start(&rig);
}

static apr_interval_time_t fruitless(void)
{
    return ss_progress_fruitless(rig.relay) / SECOND;
}

static apr_interval_time_t untried(void)
{
    return ss_progress_untried(rig.relay) / SECOND;
}

static void one_full_mailbox_is_no_alarm(void)
{
    start();
    sending_rig_add_to(&rig, NULL, "full@y.example");
    sending_rig_add_to(&rig, NULL, "full@y.example");
    sending_rig_run(&rig, 5000 * SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, 0), SS_STATE_DEFERRED);
    CU_ASSERT(sending_rig_attempts(&rig, 0) > 2);
    CU_ASSERT_EQUAL(fruitless(), 0);
    CU_ASSERT(untried() <= 1);
    sending_rig_end(&rig);
}

static void three_recipients_that_wait_are(void)
{
    start();
    at_rcpt = "450 4.2.1 not now";
    for (int i = 0; i < 2; i++) sending_rig_add_to(&rig, NULL, i ? "b@y.example" : "a@y.example");
    sending_rig_run(&rig, 200 * SECOND);
    CU_ASSERT_EQUAL(fruitless(), 0);
    sending_rig_add_to(&rig, NULL, "c@y.example");
    sending_rig_run(&rig, SECOND);
    CU_ASSERT(fruitless() >= 200);
    at_rcpt = NULL;
    sending_rig_add_to(&rig, NULL, "d@y.example");
    sending_rig_run(&rig, SECOND);
    CU_ASSERT_EQUAL(fruitless(), 0);
    sending_rig_end(&rig);
}

static void one_message_that_the_server_defers_for_no_reason_of_its_own_is(void)
{
    start();
    at_mail = "451 4.3.0 local problem";
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 100 * SECOND);
    CU_ASSERT(fruitless() >= 99 && fruitless() <= 100);
    /* A pause is not its time. */
    ss_pause_set(rig.relay, "", "me", 0);
    sending_rig_run(&rig, 100 * SECOND);
    ss_pause_clear(rig.relay, "me");
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(fruitless(), 0);
    at_mail = NULL;
    sending_rig_run(&rig, 2000 * SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, 0), SS_STATE_SENT);
    CU_ASSERT_EQUAL(fruitless(), 0);
    sending_rig_end(&rig);
}

static void a_relay_that_is_down_tries_none(void)
{
    start();
    rig.refuses = 1;
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 300 * SECOND);
    CU_ASSERT(untried() >= 299);
    rig.refuses = 0;
    sending_rig_run(&rig, 10 * SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, 0), SS_STATE_SENT);
    CU_ASSERT_EQUAL(untried(), 0);
    sending_rig_end(&rig);
}

static void what_is_not_due_yet_does_not_count(void)
{
    start();
    at_rcpt = "450 4.2.1 not now";
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 59 * SECOND);
    CU_ASSERT_EQUAL(sending_rig_attempts(&rig, 0), 1);
    CU_ASSERT_EQUAL(untried(), 0);
    sending_rig_end(&rig);
}

static apr_int64_t messages(ss_state_t state)
{
    apr_int64_t counts[SS_STATES];

    ss_progress_messages(rig.relay, counts);
    return counts[state];
}

static void messages_are_counted_once_whatever_their_recipients(void)
{
    start();
    at_mail = "451 4.3.0 local problem";
    sending_rig_add(&rig, 3);
    sending_rig_run(&rig, SECOND);
    sending_rig_add(&rig, 2);
    CU_ASSERT_EQUAL(messages(SS_STATE_DEFERRED), 1);
    CU_ASSERT_EQUAL(messages(SS_STATE_QUEUED), 1);
    rig.relay->waiting_messages++; /* one that is held is not in memory */
    rig.relay->counts[SS_STATE_HELD] += 2;
    CU_ASSERT_EQUAL(messages(SS_STATE_HELD), 1);
    rig.relay->waiting_messages--;
    rig.relay->counts[SS_STATE_HELD] -= 2;
    at_mail = NULL;
    sending_rig_run(&rig, 2000 * SECOND);
    for (int i = 0; i < SS_STATES; i++) CU_ASSERT_EQUAL(messages((ss_state_t)i), 0);
    sending_rig_end(&rig);
}

void ss_suite_progress(void)
{
    CU_pSuite suite = CU_add_suite("progress", NULL, NULL);

    CU_ADD_TEST(suite, what_may_be_about_one_recipient);
    CU_ADD_TEST(suite, one_full_mailbox_is_no_alarm);
    CU_ADD_TEST(suite, three_recipients_that_wait_are);
    CU_ADD_TEST(suite, one_message_that_the_server_defers_for_no_reason_of_its_own_is);
    CU_ADD_TEST(suite, a_relay_that_is_down_tries_none);
    CU_ADD_TEST(suite, what_is_not_due_yet_does_not_count);
    CU_ADD_TEST(suite, messages_are_counted_once_whatever_their_recipients);
}
