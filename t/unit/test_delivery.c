/* test_delivery.c: the rules of delivery as they act together, over the real SMTP client, in
 * virtual time: retries, expiry, pause, hosts that fail, connections and their limits, what is
 * learned, housekeeping. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <errno.h>
#include <string.h>

#include "daemon/leaving.h"
#include "delivery/backlog.h"
#include "delivery/connection.h"
#include "delivery/flush.h"
#include "delivery/learned.h"
#include "delivery/outcome.h"
#include "delivery/pause.h"
#include "delivery/retry.h"
#include "delivery/slow_start.h"
#include "sending_rig.h"

void ss_suite_delivery(void);

static sending_rig_t rig;
static const char *at_rcpt, *at_end, *at_greeting, *at_mail;

static const char *scripted(sending_rig_t *r, const char *command)
{
    (void)r;
    if (!*command) return at_greeting;
    if (!strcmp(command, ".")) return at_end;
    if (!strncmp(command, "MAIL", 4)) return at_mail;
    return strncmp(command, "RCPT", 4) ? NULL : at_rcpt;
}

static void begin(void)
{
    at_rcpt = at_end = at_greeting = at_mail = NULL;
    sending_rig_begin(&rig);
    rig.reply = scripted;
}

static void start(void)
{
    begin();
    sending_rig_start(&rig);
}

static int is_known(int message)
{
    return ss_job_find(rig.delivery, rig.stored[message].id) != NULL;
}

/* ---- what the event log gets ---- */

static void expect_events(const char *want)
{
    if (strcmp(rig.events, want)) printf("\n    got\n%s    want\n%s", rig.events, want);
    CU_ASSERT_STRING_EQUAL(rig.events, want);
    *rig.events = '\0';
}

/* The end of a recipient is recorded once it is stored, and only then. */
static void an_end_is_recorded_after_its_commit(void)
{
    start();
    *rig.events = '\0';
    sending_rig_add(&rig, 2);
    rig.holds = 1;
    sending_rig_run(&rig, RIG_SECOND);
    expect_events("attempt sent\nattempt sent\n");
    rig.holds = 0;
    sending_rig_run(&rig, 0);
    expect_events("final sent\nfinal sent\n");
    sending_rig_add(&rig, 1);
    rig.fails = 1;
    sending_rig_run(&rig, RIG_SECOND);
    expect_events("attempt sent\n");
    rig.fails = 0;
    sending_rig_run(&rig, 10 * RIG_SECOND);
    expect_events("final sent\n");
    /* The daemon ends before it can be stored: the next one sends it again. */
    sending_rig_add(&rig, 1);
    rig.fails = 1;
    sending_rig_run(&rig, RIG_SECOND);
    ss_delivery_leave(rig.delivery);
    ss_outcome_post_again(rig.delivery);
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(ss_delivery_uncommitted(rig.delivery), 0);
    expect_events("attempt sent\n");
    sending_rig_end(&rig);
}

static void only_an_end_is_final(void)
{
    start();
    at_rcpt = "450 4.2.1 busy";
    *rig.events = '\0';
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, RIG_SECOND);
    expect_events("attempt deferred\n");
    at_rcpt = "550 5.1.1 unknown";
    sending_rig_run(&rig, 100 * RIG_SECOND);
    expect_events("attempt failed\nfinal failed\n");
    sending_rig_end(&rig);
}

/* ---- a relay that takes 7 bits ---- */

static const char *seven_bits(sending_rig_t *r, const char *command)
{
    (void)r;
    return strncmp(command, "EHLO", 4) ? at_rcpt && !strncmp(command, "RCPT", 4) ? at_rcpt : NULL
                                       : "250 relay";
}

static void start_large(apr_size_t size)
{
    static char text[SS_CONVERSION_FROM + 1000];
    static const char head[] = "Subject: x\r\n\r\n", line[] = "\xc3\xb6\xc3\xb6\r\n";
    apr_size_t len = sizeof(head) - 1;

    memcpy(text, head, len);
    for (; len + sizeof(line) <= size; len += sizeof(line) - 1)
        memcpy(text + len, line, sizeof(line));
    begin();
    rig.reply = seven_bits;
    rig.content = text;
    sending_rig_start(&rig);
}

/* Computed by another thread, and sent by this one. */
static void a_large_message_is_converted_elsewhere(void)
{
    start_large(SS_CONVERSION_FROM + 900);
    int m = sending_rig_add(&rig, 1), other = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.works, 1); /* the other one is not begun: no thread; at once, then */
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, other), SS_STATE_SENT);
    CU_ASSERT_EQUAL(rig.octets_8bit, 0);
    CU_ASSERT_EQUAL(rig.relay->conversions, 0);
    CU_ASSERT_EQUAL(rig.relay->loads, 0);
    CU_ASSERT_FALSE(is_known(m));
    sending_rig_end(&rig);
}

static void a_small_one_is_converted_at_once(void)
{
    start_large(1000);
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.works, 0);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_EQUAL(rig.octets_8bit, 0);
    sending_rig_end(&rig);
}

/* Meanwhile somebody acts on it, or the daemon leaves. */
static void what_changes_meanwhile_is_not_sent(void)
{
    for (int is_end = 0; is_end < 2; is_end++) {
        start_large(SS_CONVERSION_FROM + 900);
        int m = sending_rig_add(&rig, 1);
        rig.holds_work = 1;
        sending_rig_run(&rig, RIG_SECOND);
        CU_ASSERT_EQUAL(rig.relay->conversions, 1);
        if (!is_end) {
            rig.stored[m].rcpts[0].state = SS_STATE_CANCELLED;
            ss_job_refresh(rig.delivery, rig.stored[m].id, rig.relay);
            sending_rig_run(&rig, RIG_SECOND);
            rig.work(rig.work_baton);
            rig.work_done(rig.work_baton);
            sending_rig_run(&rig, RIG_SECOND);
            CU_ASSERT_EQUAL(rig.relay->conversions, 0);
            CU_ASSERT_EQUAL(rig.bodies, 0);
            CU_ASSERT_FALSE(is_known(m));
        }
        sending_rig_end(&rig);
    }
}

/* Another attempt converts it again: nothing of it is kept that long. */
static void a_later_attempt_converts_again(void)
{
    start_large(SS_CONVERSION_FROM + 900);
    at_rcpt = "450 4.2.1 busy";
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(rig.works, 1);
    CU_ASSERT_EQUAL(rig.relay->conversions, 0);
    at_rcpt = NULL;
    sending_rig_run(&rig, 100 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.works, 2);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    sending_rig_end(&rig);
}

/* Their memory has a bound; others go past them. */
static void only_some_are_converted_at_once(void)
{
    start_large(SS_CONVERSION_FROM + 900);
    rig.holds_work = 1;
    int first = sending_rig_add(&rig, 1);
    rig.refuses = 0;
    rig.content = NULL;
    int small = sending_rig_add(&rig, 1);
    rig.relay->conversions += SS_CONVERSION_MAX;
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(rig.works, 0);
    CU_ASSERT_FALSE(rig.computing.call != NULL);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, small), SS_STATE_SENT);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, first), SS_STATE_QUEUED);
    rig.relay->conversions -= SS_CONVERSION_MAX;
    rig.holds_work = 0;
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, first), SS_STATE_SENT);
    sending_rig_end(&rig);
}

/* ---- attempts ---- */

static void a_message_is_sent_and_forgotten(void)
{
    start();
    int m = sending_rig_add(&rig, 2);
    CU_ASSERT_EQUAL(rig.relay->counts[SS_STATE_QUEUED], 2);
    CU_ASSERT_EQUAL(rig.relay->waiting_messages, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_EQUAL(rig.bodies, 1);
    CU_ASSERT_FALSE(is_known(m));
    CU_ASSERT_EQUAL(rig.relay->counts[SS_STATE_SENT], 2);
    CU_ASSERT_EQUAL(rig.relay->counts[SS_STATE_QUEUED], 0);
    CU_ASSERT_EQUAL(rig.relay->waiting_messages, 0);
    CU_ASSERT_EQUAL(rig.relay->waiting_bytes, 0);
    sending_rig_end(&rig);
}

/* Until the store has its outcome it still has the message as unsent. */
static void a_message_stays_known_until_its_outcome_is_written(void)
{
    start();
    int m = sending_rig_add(&rig, 1);
    rig.holds = 1;
    sending_rig_run(&rig, 5 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.bodies, 1);
    CU_ASSERT_TRUE(is_known(m));
    rig.holds = 0;
    sending_rig_run(&rig, 0);
    CU_ASSERT_FALSE(is_known(m));
    sending_rig_end(&rig);
}

static void retries_come_at_the_waits_of_the_directive(void)
{
    static const int waits[] = { 60, 300, 900, 900 };

    start();
    at_rcpt = "451 4.3.0 later";
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    for (int i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), i + 1);
        CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_DEFERRED);
        sending_rig_run(&rig, waits[i] * RIG_SECOND - RIG_SECOND);
        CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), i + 1);
        sending_rig_run(&rig, 2 * RIG_SECOND);
        CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), i + 2);
        rig.wall -= RIG_SECOND; /* so that the next wait begins where this one ended */
        rig.mono.us -= RIG_SECOND;
    }
    at_rcpt = NULL;
    sending_rig_run(&rig, 900 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    sending_rig_end(&rig);
}

static void a_clock_that_is_set_back_delays_nothing(void)
{
    start();
    at_rcpt = "451 4.3.0 later";
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    at_rcpt = NULL;
    rig.wall -= 7200 * RIG_SECOND;
    sending_rig_run(&rig, 61 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    /* The next wait is a wait of the clock as it is then. */
    at_rcpt = "451 4.3.0 later";
    m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    rig.wall -= 7200 * RIG_SECOND;
    sending_rig_run(&rig, 100 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), 2);
    sending_rig_end(&rig);
}

static void a_refusal_is_final(void)
{
    start();
    at_rcpt = "550 5.1.1 no such mailbox";
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_FAILED);
    CU_ASSERT_FALSE(is_known(m));
    sending_rig_end(&rig);
}

static void an_uncertain_message_is_sent_again_or_held(void)
{
    for (int holds = 0; holds < 2; holds++) {
        begin();
        rig.settings.uncertain = holds ? SS_UNCERTAIN_HOLD : SS_UNCERTAIN_RETRY;
        at_end = "drop";
        sending_rig_start(&rig);
        int m = sending_rig_add(&rig, 1);
        sending_rig_run(&rig, 0);
        CU_ASSERT_EQUAL(sending_rig_state(&rig, m), holds ? SS_STATE_HELD : SS_STATE_DEFERRED);
        CU_ASSERT_EQUAL(rig.relay->uncertain, 1);
        CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), !holds);
        sending_rig_end(&rig);
    }
}

/* A message that breaks each connection is charged in the end, if others get through; else the host
 * is to blame. */
static void uncharged_attempts_are_bounded(void)
{
    for (int others = 0; others < 2; others++) {
        start();
        at_mail = "drop";
        int m = sending_rig_add(&rig, 1);
        for (int i = 0; i < 600 && !sending_rig_attempts(&rig, m); i++) {
            rig.relay->served += (apr_uint64_t)others;
            sending_rig_run(&rig, RIG_SECOND);
        }
        CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), others);
        CU_ASSERT(rig.opened > SS_RETRY_UNCHARGED_MAX);
        sending_rig_end(&rig);
    }
}

/* Its content was dropped meanwhile; it is read again, and too old when its turn comes. */
static void what_is_too_old_is_not_sent(void)
{
    start();
    at_rcpt = "451 4.3.0 later";
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    rig.stored[m].expire = 50 * RIG_SECOND;
    at_rcpt = NULL;
    sending_rig_run(&rig, 61 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_EXPIRED);
    CU_ASSERT_EQUAL(rig.bodies, 0);
    sending_rig_end(&rig);
}

/* SMTPSendDelayNotice: an attempt is made at its time, so that the notice tells what is true. */
static void a_notice_of_delay_comes_at_its_time(void)
{
    begin();
    rig.settings.bounce = "sender";
    rig.settings.delay_notice = 100 * RIG_SECOND;
    at_rcpt = "451 4.3.0 later";
    sending_rig_start(&rig);
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 99 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), 2);
    CU_ASSERT_FALSE(rig.stored[m].rcpts[0].is_delay_reported);
    sending_rig_run(&rig, 2 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), 3);
    CU_ASSERT_TRUE(rig.stored[m].rcpts[0].is_delay_reported);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "sent to <app@example.com>"));
    sending_rig_end(&rig);
}

/* ---- what only the store has ---- */

static void a_backlog_is_read_in_bounded_steps(void)
{
    begin();
    for (int i = 0; i < 100; i++) sending_rig_put(&rig);
    rig.holds_loads = 1;
    sending_rig_start(&rig);
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_LOAD], SS_BACKLOG_LOADS_MAX);
    rig.holds_loads = 0;
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.bodies, 100);
    sending_rig_end(&rig);
}

/* One of two. */
static void a_message_that_cannot_be_read_is_put_on_hold(void)
{
    begin();
    for (int i = 0; i < 2; i++) sending_rig_put(&rig);
    rig.load_rv = SS_STORE_UNREADABLE;
    sending_rig_start(&rig);
    sending_rig_run(&rig, 600 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.bodies, 1);
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_LOAD], 2);
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_CONTROL], 1);
    CU_ASSERT_EQUAL(rig.relay->counts[SS_STATE_HELD], 1);
    CU_ASSERT_EQUAL(rig.relay->counts[SS_STATE_QUEUED], 0);
    CU_ASSERT_PTR_NULL(ss_job_find(rig.delivery, rig.stored[0].id));
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "is on hold: a page is damaged"));
    sending_rig_end(&rig);
}

static void what_cannot_be_held_either_is_tried_again_seldom(void)
{
    begin();
    for (int i = 0; i < 2; i++) sending_rig_put(&rig);
    rig.load_rv = SS_STORE_UNREADABLE;
    rig.fails_holds = 1;
    sending_rig_start(&rig);
    sending_rig_run(&rig, 100 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.bodies, 1);
    /* At once, after 1, 3, 7, 15, 31, 61 and 91 s. */
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_CONTROL], 8);
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_LOAD], 9);
    rig.fails_holds = 0;
    sending_rig_run(&rig, 31 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.relay->counts[SS_STATE_HELD], 1);
    sending_rig_end(&rig);
}

static void a_message_that_the_store_cannot_read_now_is_tried_again_seldom(void)
{
    begin();
    for (int i = 0; i < 2; i++) sending_rig_put(&rig);
    rig.load_rv = APR_EGENERAL;
    sending_rig_start(&rig);
    sending_rig_run(&rig, 100 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.bodies, 1);
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_LOAD], 9);
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_CONTROL], 0);
    rig.load_rv = APR_SUCCESS;
    sending_rig_run(&rig, 31 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.bodies, 2);
    sending_rig_end(&rig);
}

/* The order in memory is filled up again while a quarter of it is left, not at each message. */
static void the_order_is_refilled_before_it_is_empty(void)
{
    start();
    rig.relay->pause.directive = 1;
    for (int i = 0; i < SS_SCHEDULE_MAX / 4; i++) sending_rig_add(&rig, 1);
    ss_schedule_set_more(rig.relay->schedule, 1);
    rig.requests[SS_STORE_DUE] = 0;
    ss_backlog_refill(rig.relay);
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_DUE], 0);
    ss_job_hide(ss_job_find(rig.delivery, rig.stored[0].id));
    ss_backlog_refill(rig.relay);
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_DUE], 1);
    sending_rig_end(&rig);
}

static void another_nodes_message_is_not_sent(void)
{
    begin();
    int m = sending_rig_put(&rig);
    rig.is_foreign = 1;
    sending_rig_start(&rig);
    sending_rig_run(&rig, 5 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.bodies, 0);
    CU_ASSERT_FALSE(is_known(m));
    sending_rig_end(&rig);
}

/* What was dropped for room comes again from the store, but not as it was before its outcome. */
/* Nor are further recipients of the message, which take transactions of their own. */
static void no_further_recipient_is_tried_while_an_outcome_is_refused(void)
{
    begin();
    rig.settings.max_recipients = 1;
    sending_rig_start(&rig);
    int m = sending_rig_add(&rig, 4);
    rig.fails = 1;
    sending_rig_run(&rig, 4 * RIG_SECOND);
    int before = rig.bodies;
    CU_ASSERT_TRUE(before < 4);
    rig.fails = 0;
    sending_rig_run(&rig, 5 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.bodies, 4);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    sending_rig_end(&rig);
}

static void what_is_dropped_for_room_stays_known_until_it_is_written(void)
{
    start();
    at_rcpt = "451 4.3.0 later";
    int m = sending_rig_add(&rig, 1);
    rig.holds = 1;
    sending_rig_run(&rig, 0);
    ss_pause_set(rig.relay, NULL, "me", 0);
    for (int i = 0; i < SS_SCHEDULE_MAX; i++) sending_rig_add(&rig, 1);
    CU_ASSERT_TRUE(ss_schedule_has_more(rig.relay->schedule));
    CU_ASSERT_EQUAL(ss_schedule_count(rig.relay->schedule), SS_SCHEDULE_MAX);
    CU_ASSERT_TRUE(is_known(m));
    rig.holds = 0;
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_DEFERRED);
    sending_rig_end(&rig);
}

/* Few are counted in a moment; many are taken over from the process before. */
static void numbers_of_a_large_queue_are_taken_over(void)
{
    for (int is_large = 0; is_large < 2; is_large++) {
        begin();
        apr_cpystrn(rig.settings_rows[0][0], "tally", 200);
        apr_snprintf(rig.settings_rows[0][1], 200, "[[\"default\",0,%d,60000,5]]",
                     is_large ? 50000 : 49999);
        rig.settings_count = 1;
        sending_rig_start(&rig);
        CU_ASSERT_EQUAL(rig.requests[SS_STORE_COUNTS], !is_large);
        CU_ASSERT_EQUAL(rig.relay->counts[SS_STATE_QUEUED], is_large ? 50000 : 0);
        CU_ASSERT_EQUAL(rig.relay->waiting_messages, is_large ? 60000 : 0);
        sending_rig_end(&rig);
    }
}

/* The store has such a message as unsent, and would bring it again. */
static void an_outcome_that_the_store_refuses_is_kept_and_posted_again(void)
{
    start();
    int m = sending_rig_add(&rig, 1);
    rig.fails = 1;
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.bodies, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "its outcome could not be written"));
    sending_rig_run(&rig, 3600 * RIG_SECOND);
    CU_ASSERT_TRUE(is_known(m));
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_OUTCOME], 1 + 720);
    ss_backlog_read(rig.relay);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.bodies, 1);
    CU_ASSERT_EQUAL(rig.relay->uncommitted, 1);
    rig.fails = 0;
    sending_rig_run(&rig, 5 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_FALSE(is_known(m));
    CU_ASSERT_EQUAL(rig.relay->uncommitted, 0);
    sending_rig_end(&rig);
    CU_ASSERT_PTR_NULL(strstr(rig.said, "sent their mail again"));
}

/* An older outcome never comes to the store behind a newer one. */
static void nothing_is_tried_again_before_the_store_has_the_last_outcome(void)
{
    start();
    at_rcpt = "451 4.3.0 later";
    int m = sending_rig_add(&rig, 1);
    rig.fails = 1;
    sending_rig_run(&rig, 200 * RIG_SECOND);
    at_rcpt = NULL;
    sending_rig_run(&rig, 200 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.bodies, 0);
    rig.fails = 0;
    sending_rig_run(&rig, 5 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.bodies, 1);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), 2);
    sending_rig_end(&rig);
}

static void a_daemon_that_ends_says_whose_mail_is_sent_again(void)
{
    start();
    sending_rig_add(&rig, 2);
    rig.fails = 1;
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(ss_delivery_uncommitted(rig.delivery), 1);
    sending_rig_end(&rig); /* posts it a last time */
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_OUTCOME], 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "2 recipients are sent their mail again"));
}

/* ---- the end without an attempt ---- */

static void what_is_too_old_expires_though_its_relay_is_down(void)
{
    begin();
    rig.settings.expire = 1000 * RIG_SECOND;
    rig.refuses = 1;
    sending_rig_start(&rig);
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 980 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_QUEUED);
    sending_rig_run(&rig, 60 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_EXPIRED);
    CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), 0);
    sending_rig_end(&rig);
}

static void time_paused_does_not_count(void)
{
    begin();
    rig.settings.expire = 1000 * RIG_SECOND;
    sending_rig_start(&rig);
    ss_pause_set(rig.relay, "maintenance", "me", 0);
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 5000 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_QUEUED);
    CU_ASSERT_EQUAL(rig.opened, 0);
    ss_pause_clear(rig.relay, "me");
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    sending_rig_end(&rig);
}

static void a_person_gives_up_held_ones_too(void)
{
    begin();
    rig.settings.uncertain = SS_UNCERTAIN_HOLD;
    at_end = "drop";
    sending_rig_start(&rig);
    int m = sending_rig_add(&rig, 1);
    rig.holds = 1; /* the job is still there */
    sending_rig_run(&rig, 0);
    ss_job_t *job = ss_job_find(rig.delivery, rig.stored[m].id);
    CU_ASSERT_PTR_NOT_NULL_FATAL(job);
    CU_ASSERT_FALSE(ss_outcome_expire(job));
    CU_ASSERT_EQUAL(ss_outcome_give_up(job, "me"), 1);
    rig.holds = 0;
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_FAILED);
    CU_ASSERT_FALSE(is_known(m));
    sending_rig_end(&rig);
}

static void housekeeping_asks_for_what_is_over(void)
{
    begin();
    rig.config.globals.history = 3600 * RIG_SECOND;
    rig.settings.expire = 1000 * RIG_SECOND;
    rig.refuses = 1;
    apr_cpystrn(rig.settings_rows[0][0], "clock", 200);
    apr_snprintf(rig.settings_rows[0][1], 200, "{\"wall\":%" APR_TIME_T_FMT "}", RIG_WALL);
    rig.settings_count = 1;
    sending_rig_start(&rig);
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 61 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_PURGE], 1);
    CU_ASSERT_EQUAL(rig.purged_before, RIG_WALL + 60 * RIG_SECOND - 3600 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.listed.created_before, RIG_WALL + 60 * RIG_SECOND - 1000 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.listed.overdue_at, RIG_WALL + 60 * RIG_SECOND);
    sending_rig_run(&rig, 600 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_PURGE], 2);
    sending_rig_end(&rig);
}

/* ---- pause ---- */

static void a_pause_ends_by_itself(void)
{
    start();
    ss_pause_set(rig.relay, NULL, "me", rig.wall + 100 * RIG_SECOND);
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 99 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_QUEUED);
    sending_rig_run(&rig, 2 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "the pause set by me has expired"));
    CU_ASSERT_EQUAL(ss_pause_total(rig.relay, rig.wall), 100 * RIG_SECOND);
    sending_rig_end(&rig);
}

static void a_pause_is_known_before_the_first_message(void)
{
    begin();
    apr_cpystrn(rig.settings_rows[0][0], "pause/default", 200);
    apr_snprintf(rig.settings_rows[0][1], 200,
                 "{\"total\":5000000,\"effectiveSince\":%" APR_TIME_T_FMT
                 ",\"stored\":{\"since\":1,\"until\":0,\"who\":\"me\",\"reason\":\"r\"}}",
                 RIG_WALL - 10 * RIG_SECOND);
    rig.settings_count = 1;
    sending_rig_start(&rig);
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 100 * RIG_SECOND);
    CU_ASSERT_TRUE(ss_relay_is_paused(rig.relay));
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_QUEUED);
    CU_ASSERT_EQUAL(ss_pause_total(rig.relay, rig.wall), 115 * RIG_SECOND);
    sending_rig_end(&rig);
}

/* The relay sends at the bound, which doubles each minute, and at full rate in the end. */
static void a_slow_start(void)
{
    ss_settings_rate_t rate = { .count = 1, .per = 10 * RIG_SECOND };

    start();
    ss_slow_start_set(rig.relay, &rate);
    for (int i = 0; i < 40; i++) sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 59 * RIG_SECOND);
    CU_ASSERT(rig.bodies >= 5 && rig.bodies <= 7);
    sending_rig_run(&rig, 60 * RIG_SECOND);
    CU_ASSERT(rig.bodies >= 15 && rig.bodies <= 20);
    sending_rig_run(&rig, 600 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.bodies, 40);
    CU_ASSERT_EQUAL(rig.relay->slow_start.count, 0);
    sending_rig_end(&rig);
}

/* Its steps do not fill SMTPSendRate's bucket again. */
static void a_slow_start_keeps_to_the_rate(void)
{
    ss_settings_rate_t rate = { .count = 1, .per = RIG_SECOND },
                       hourly = { .count = 20, .per = 3600 * RIG_SECOND };

    begin();
    rig.settings.rates = apr_array_make(rig.pool, 1, sizeof(rate));
    APR_ARRAY_PUSH(rig.settings.rates, ss_settings_rate_t) = hourly;
    sending_rig_start(&rig);
    ss_slow_start_set(rig.relay, &rate);
    for (int i = 0; i < 80; i++) sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 1200 * RIG_SECOND);
    CU_ASSERT(rig.bodies >= 26 && rig.bodies <= 27);
    sending_rig_end(&rig);
}

/* ---- hosts ---- */

static void a_host_that_is_down_is_tried_seldom_and_nothing_is_charged(void)
{
    start();
    rig.refuses = 1;
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 10 * RIG_SECOND);
    CU_ASSERT(rig.opened >= 3 && rig.opened <= 10);
    int before = rig.opened;
    sending_rig_run(&rig, 600 * RIG_SECOND);
    CU_ASSERT(rig.opened - before >= 115 && rig.opened - before <= 130);
    CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), 0);
    rig.refuses = 0;
    sending_rig_run(&rig, 6 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "works again"));
    sending_rig_end(&rig);
}

/* No descriptor left: the relay is not down, and nothing is charged to anybody. */
static void a_shortage_of_this_machine_is_not_the_relays_failure(void)
{
    const char *cause, *advice;

    start();
    rig.lacks = EMFILE;
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 10 * RIG_SECOND + 1);
    CU_ASSERT_EQUAL(rig.opened, 11);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_UP);
    CU_ASSERT_EQUAL(rig.relay->counters.unreached, 0);
    CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), 0);
    CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "up");
    CU_ASSERT_PTR_NOT_NULL_FATAL(cause);
    CU_ASSERT_PTR_NOT_NULL(strstr(cause, strerror(EMFILE)));
    CU_ASSERT_STRING_EQUAL(advice, "connect-resources");
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "LimitNOFILE"));
    CU_ASSERT_PTR_NULL(strstr(rig.said, "is down"));
    rig.lacks = 0;
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    ss_relay_state(rig.relay, &cause, &advice);
    CU_ASSERT_PTR_NULL(cause);
    sending_rig_end(&rig);
}

/* A host that is down is probed; that no probe can be opened says nothing new about it. */
static void a_shortage_does_not_hold_up_a_probe_for_ever(void)
{
    start();
    rig.refuses = 1;
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, RIG_SECOND / 2);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_DOWN);
    rig.lacks = ENFILE;
    sending_rig_run(&rig, 60 * RIG_SECOND);
    rig.refuses = rig.lacks = 0;
    sending_rig_run(&rig, RIG_SECOND + 1);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    sending_rig_end(&rig);
}

static void flush_tries_at_once(void)
{
    start();
    rig.refuses = 1;
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 200 * RIG_SECOND);
    rig.refuses = 0;
    ss_flush_relay(rig.relay, "me");
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_EQUAL(rig.requests[SS_STORE_CONTROL], 1);
    CU_ASSERT_EQUAL(rig.controlled.state, SS_STATE_DEFERRED);
    sending_rig_end(&rig);
}

/* A greeting that refuses us: not at once again, as with a host that is down. */
static void a_host_that_refuses_the_connection_is_blocked(void)
{
    start();
    at_greeting = "554 5.7.1 no service for you";
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 59 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.opened, 1);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_BLOCKED);
    CU_ASSERT_EQUAL(rig.relay->counters.refused, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "is blocked (it refuses us)"));
    at_greeting = NULL;
    sending_rig_run(&rig, 10 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), 1);
    CU_ASSERT_EQUAL(rig.relay->counters.unreached, 0);
    sending_rig_end(&rig);
}

static int most_at_once;

static const char *watch_probe(sending_rig_t *r, const char *command)
{
    if (!strncmp(command, "MAIL", 4) && r->relay->hosts[0].condition != SS_HOST_UP &&
        r->relay->in_flight > most_at_once)
        most_at_once = r->relay->in_flight;
    return scripted(r, command);
}

/* A server that refuses us gets one message on one connection, each minute and seldomer. */
static void a_host_that_refuses_us_gets_one_message_at_a_time(void)
{
    start();
    at_mail = "530 5.7.0 authentication required";
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_BLOCKED);
    for (int i = 0; i < 8; i++) sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 50 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.opened, 1);
    most_at_once = 0;
    rig.reply = watch_probe;
    at_mail = NULL;
    sending_rig_run(&rig, 20 * RIG_SECOND);
    CU_ASSERT_EQUAL(most_at_once, 1);
    CU_ASSERT_EQUAL(rig.bodies, 9);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_UP);
    sending_rig_end(&rig);
}

static int mails;

static const char *count_mails(sending_rig_t *r, const char *command)
{
    mails += !strncmp(command, "MAIL", 4);
    return scripted(r, command);
}

/* Nor do connections that were open before. */
static void other_connections_to_a_host_that_refuses_us_carry_nothing(void)
{
    begin();
    rig.settings.connections = 3;
    sending_rig_start(&rig);
    for (int i = 0; i < 12; i++) sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_TRUE_FATAL(rig.open > 1);
    rig.reply = count_mails;
    mails = 0;
    at_mail = "550 5.7.139 basic authentication is disabled";
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_BLOCKED);
    CU_ASSERT_EQUAL(mails, 1);
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(mails, 1);
    sending_rig_end(&rig);
}

static void the_first_host_is_preferred(void)
{
    begin();
    APR_ARRAY_PUSH(rig.settings.hosts, ss_settings_host_t) =
        (ss_settings_host_t){ .name = "second.example", .port = 25 };
    rig.refuses = 1;
    sending_rig_start(&rig);
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.served[1], 1);
    rig.refuses = 0;
    int before = rig.opened;
    sending_rig_run(&rig, 2 * RIG_SECOND);
    ss_relay_wake(rig.relay);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.opened, before); /* nothing waits: nothing is tried */
    sending_rig_add(&rig, 1);            /* the first is tried beside it */
    sending_rig_run(&rig, RIG_SECOND);
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.served[1], 2);
    CU_ASSERT_EQUAL(rig.served[0], 1);
    sending_rig_end(&rig);
}

/* ---- connections ---- */

static void a_connection_is_used_until_it_is_too_old(void)
{
    begin();
    rig.settings.idle_timeout = 3600 * RIG_SECOND;
    rig.settings.max_connection_age = 100 * RIG_SECOND;
    sending_rig_start(&rig);
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 90 * RIG_SECOND);
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 20 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.opened, 1);
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.opened, 2);
    CU_ASSERT_EQUAL(rig.quits, 1);
    CU_ASSERT_EQUAL(rig.bodies, 3);
    sending_rig_end(&rig);
}

static void an_idle_connection_ends(void)
{
    begin();
    rig.settings.idle_timeout = 10 * RIG_SECOND;
    sending_rig_start(&rig);
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 9 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.open, 1);
    sending_rig_run(&rig, 2 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.open, 0);
    CU_ASSERT_EQUAL(rig.quits, 1);
    sending_rig_end(&rig);
}

/* Half as many for ten minutes, then as many as configured. */
static void fewer_connections_for_a_while(void)
{
    begin();
    rig.settings.connections = 8;
    sending_rig_start(&rig);
    rig.relay->connection_count = 8;
    ss_connection_limit(rig.relay, "too many");
    rig.relay->connection_count = 0;
    CU_ASSERT_EQUAL(rig.relay->connection_limit, 4);
    sending_rig_run(&rig, 599 * RIG_SECOND);
    CU_ASSERT_TRUE(ss_connection_may_open(rig.relay));
    CU_ASSERT_EQUAL(rig.relay->connection_limit, 4);
    rig.relay->connection_count = 4;
    CU_ASSERT_FALSE(ss_connection_may_open(rig.relay));
    sending_rig_run(&rig, 2 * RIG_SECOND);
    CU_ASSERT_TRUE(ss_connection_may_open(rig.relay));
    CU_ASSERT_EQUAL(rig.relay->connection_limit, 8);
    rig.relay->connecting = 1;
    CU_ASSERT_FALSE(ss_connection_may_open(rig.relay));
    rig.relay->connecting = rig.relay->connection_count = 0;
    sending_rig_end(&rig);
}

static void recipients_are_split(void)
{
    begin();
    rig.settings.max_recipients = 1;
    sending_rig_start(&rig);
    int m = sending_rig_add(&rig, 3);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.bodies, 3);
    CU_ASSERT_EQUAL(rig.stored[m].rcpts[2].state, SS_STATE_SENT);
    sending_rig_end(&rig);
}

/* ---- what is learned ---- */

static void what_is_learned_lasts_a_day(void)
{
    int most;

    start();
    ss_learned_add(rig.delivery, "a:25", SS_LEARN_MAX_MESSAGES, 0, "bye");
    ss_learned_add(rig.delivery, "a:25", SS_LEARN_MAX_RECIPIENTS, 7, "too many");
    ss_learned_add(rig.delivery, "a:25", SS_LEARN_MAX_RECIPIENTS, 9, "too many");
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, "a:25", &most),
                    SS_LEARN_MAX_MESSAGES | SS_LEARN_MAX_RECIPIENTS);
    CU_ASSERT_EQUAL(most, 7);
    sending_rig_run(&rig, (24 * 3600 - 1) * RIG_SECOND);
    CU_ASSERT(ss_learned_bits(rig.delivery, "a:25", NULL) != 0);
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, "a:25", NULL), 0);
    sending_rig_end(&rig);
}

/* A lost connection counts when it is the second within an hour. */
static void one_lost_connection_proves_nothing(void)
{
    start();
    ss_learned_add(rig.delivery, "a:25", SS_LEARN_NO_STREAMING, 0, "lost");
    sending_rig_run(&rig, 3601 * RIG_SECOND);
    ss_learned_add(rig.delivery, "a:25", SS_LEARN_NO_STREAMING, 0, "lost");
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, "a:25", NULL), 0);
    sending_rig_run(&rig, 3500 * RIG_SECOND);
    ss_learned_add(rig.delivery, "a:25", SS_LEARN_NO_STREAMING, 0, "lost");
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, "a:25", NULL), SS_LEARN_NO_STREAMING);
    sending_rig_end(&rig);
}

static void hosts_that_are_remembered_are_bounded(void)
{
    char host[32];

    start();
    for (int i = 0; i <= SS_LEARNED_MAX; i++) {
        apr_snprintf(host, sizeof(host), "h%d:25", i);
        ss_learned_add(rig.delivery, host, SS_LEARN_NO_EHLO, 0, "x");
    }
    CU_ASSERT(ss_learned_bits(rig.delivery, "h0:25", NULL) != 0);
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, host, NULL), 0);
    sending_rig_end(&rig);
}

/* ---- the end ---- */

static void outcomes_that_are_not_committed_keep_the_process_while_httpd_runs(void)
{
    const ss_mono_t runs = { 0 }, ended = { 100 * RIG_SECOND };

    CU_ASSERT_FALSE(ss_leaving_must_wait(0, runs, ended));
    CU_ASSERT_TRUE(ss_leaving_must_wait(1, runs, (ss_mono_t){ 999999 * RIG_SECOND }));
    CU_ASSERT_FALSE(ss_leaving_must_wait(0, ended, ended));
    CU_ASSERT_TRUE(ss_leaving_must_wait(1, ended, ss_mono_add(ended, 60 * RIG_SECOND - 1)));
    CU_ASSERT_FALSE(ss_leaving_must_wait(1, ended, ss_mono_add(ended, 60 * RIG_SECOND)));
}

static void leaving_starts_nothing(void)
{
    start();
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    ss_delivery_leave(rig.delivery);
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 5 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_QUEUED);
    CU_ASSERT_EQUAL(rig.open, 0);
    CU_ASSERT_EQUAL(ss_delivery_in_flight(rig.delivery), 0);
    sending_rig_end(&rig);
}

void ss_suite_delivery(void)
{
    CU_pSuite suite = CU_add_suite("delivery", NULL, NULL);

    CU_ADD_TEST(suite, a_large_message_is_converted_elsewhere);
    CU_ADD_TEST(suite, a_small_one_is_converted_at_once);
    CU_ADD_TEST(suite, what_changes_meanwhile_is_not_sent);
    CU_ADD_TEST(suite, a_later_attempt_converts_again);
    CU_ADD_TEST(suite, only_some_are_converted_at_once);
    CU_ADD_TEST(suite, an_end_is_recorded_after_its_commit);
    CU_ADD_TEST(suite, only_an_end_is_final);
#define TEST(name) CU_add_test(suite, #name, name)
    TEST(a_message_is_sent_and_forgotten);
    TEST(a_message_stays_known_until_its_outcome_is_written);
    TEST(retries_come_at_the_waits_of_the_directive);
    TEST(a_clock_that_is_set_back_delays_nothing);
    TEST(a_refusal_is_final);
    TEST(an_uncertain_message_is_sent_again_or_held);
    TEST(uncharged_attempts_are_bounded);
    TEST(what_is_too_old_is_not_sent);
    TEST(a_notice_of_delay_comes_at_its_time);
    TEST(a_backlog_is_read_in_bounded_steps);
    TEST(a_message_that_cannot_be_read_is_put_on_hold);
    TEST(what_cannot_be_held_either_is_tried_again_seldom);
    TEST(a_message_that_the_store_cannot_read_now_is_tried_again_seldom);
    TEST(the_order_is_refilled_before_it_is_empty);
    TEST(another_nodes_message_is_not_sent);
    TEST(what_is_dropped_for_room_stays_known_until_it_is_written);
    TEST(numbers_of_a_large_queue_are_taken_over);
    TEST(what_is_too_old_expires_though_its_relay_is_down);
    TEST(time_paused_does_not_count);
    TEST(a_person_gives_up_held_ones_too);
    TEST(housekeeping_asks_for_what_is_over);
    TEST(a_pause_ends_by_itself);
    TEST(a_pause_is_known_before_the_first_message);
    TEST(a_slow_start);
    TEST(a_slow_start_keeps_to_the_rate);
    TEST(a_host_that_is_down_is_tried_seldom_and_nothing_is_charged);
    TEST(a_shortage_of_this_machine_is_not_the_relays_failure);
    TEST(a_shortage_does_not_hold_up_a_probe_for_ever);
    TEST(flush_tries_at_once);
    TEST(an_outcome_that_the_store_refuses_is_kept_and_posted_again);
    TEST(nothing_is_tried_again_before_the_store_has_the_last_outcome);
    TEST(no_further_recipient_is_tried_while_an_outcome_is_refused);
    TEST(a_daemon_that_ends_says_whose_mail_is_sent_again);
    TEST(a_host_that_refuses_the_connection_is_blocked);
    TEST(a_host_that_refuses_us_gets_one_message_at_a_time);
    TEST(other_connections_to_a_host_that_refuses_us_carry_nothing);
    TEST(the_first_host_is_preferred);
    TEST(a_connection_is_used_until_it_is_too_old);
    TEST(an_idle_connection_ends);
    TEST(fewer_connections_for_a_while);
    TEST(recipients_are_split);
    TEST(what_is_learned_lasts_a_day);
    TEST(one_lost_connection_proves_nothing);
    TEST(hosts_that_are_remembered_are_bounded);
    TEST(outcomes_that_are_not_committed_keep_the_process_while_httpd_runs);
    TEST(leaving_starts_nothing);
#undef TEST
}
