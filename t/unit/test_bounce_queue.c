/* test_bounce_queue.c: who gets a report on what, and when a notice of delay is due. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "delivery/bounce_queue.h"

void ss_suite_bounce_queue(void);

#define HOUR (3600 * APR_USEC_PER_SEC)
#define NOW (1000 * 24 * HOUR)

/* SMTPSendRedirect: reports go to nobody else either. */
static void reports_are_redirected(void)
{
    ss_recipient_t rcpt = { .address = "staging@example.org" };
    ss_message_t m = { .from = "boss@victim.example", .rcpts = &rcpt, .rcpt_count = 1 };
    ss_settings_t s = { .bounce = "post@victim.example" };

    CU_ASSERT_STRING_EQUAL(ss_bounce_queue_reader(&s, &m), "post@victim.example");
    m.attr.is_redirected = 1;
    CU_ASSERT_STRING_EQUAL(ss_bounce_queue_reader(&s, &m), "staging@example.org");
    s.redirect = "other@example.org";
    CU_ASSERT_STRING_EQUAL(ss_bounce_queue_reader(&s, &m), "other@example.org");
    m.attr.is_redirected = 0;
    CU_ASSERT_STRING_EQUAL(ss_bounce_queue_reader(&s, &m), "other@example.org");
    s.bounce = "off";
    CU_ASSERT_PTR_NULL(ss_bounce_queue_reader(&s, &m));
    s.bounce = NULL;
    m.from = "";
    CU_ASSERT_PTR_NULL(ss_bounce_queue_reader(&s, &m));
}

static void who_wants_which(void)
{
    static const struct {
        const char *label, *bounce, *bounce_from, *from, *created_by;
        unsigned notify;
        int failed, delayed, relayed;
    } rows[] = {
        { "the default", NULL, NULL, "a@b.c", NULL, SS_NOTIFY_NONE, 1, 1, 0 },
        { "the sender by name", "sender", "<>", "a@b.c", NULL, SS_NOTIFY_NONE, 1, 1, 0 },
        { "off", "off", NULL, "a@b.c", NULL, SS_NOTIFY_NONE, 0, 0, 0 },
        { "off, whatever NOTIFY", "off", NULL, "a@b.c", NULL, SS_NOTIFY_FAILURE, 0, 0, 0 },
        { "an address", "post@b.c", NULL, "a@b.c", NULL, SS_NOTIFY_NONE, 1, 1, 0 },
        { "from nobody", NULL, NULL, "", NULL, SS_NOTIFY_NONE, 0, 0, 0 },
        { "from nobody, to an address", "post@b.c", NULL, "", NULL, SS_NOTIFY_NONE, 0, 0, 0 },
        { "a report of ours", NULL, NULL, "a@b.c", "id", SS_NOTIFY_NONE, 0, 0, 0 },
        { "from the reports' sender", NULL, "a@b.c", "A@b.c", NULL, SS_NOTIFY_NONE, 0, 0, 0 },
        { "NEVER", NULL, NULL, "a@b.c", NULL, SS_NOTIFY_NEVER, 0, 0, 0 },
        { "FAILURE", NULL, NULL, "a@b.c", NULL, SS_NOTIFY_FAILURE, 1, 0, 0 },
        { "DELAY", NULL, NULL, "a@b.c", NULL, SS_NOTIFY_DELAY, 0, 1, 0 },
        { "SUCCESS", NULL, NULL, "a@b.c", NULL, SS_NOTIFY_SUCCESS, 0, 0, 1 },
        { "all", NULL, NULL, "a@b.c", NULL, SS_NOTIFY_SUCCESS | SS_NOTIFY_FAILURE | SS_NOTIFY_DELAY,
          1, 1, 1 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ss_settings_t s;
        ss_message_t m;
        ss_recipient_t rcpt;
        memset(&s, 0, sizeof(s));
        memset(&m, 0, sizeof(m));
        memset(&rcpt, 0, sizeof(rcpt));
        s.bounce = rows[i].bounce;
        s.bounce_from = rows[i].bounce_from;
        s.delay_notice = 4 * HOUR;
        m.from = rows[i].from;
        m.attr.created_by = rows[i].created_by;
        rcpt.notify = rows[i].notify;
        int is_right = ss_bounce_queue_wants(&s, &m, &rcpt, SS_BOUNCE_FAILED) == rows[i].failed &&
                       ss_bounce_queue_wants(&s, &m, &rcpt, SS_BOUNCE_DELAYED) == rows[i].delayed &&
                       ss_bounce_queue_wants(&s, &m, &rcpt, SS_BOUNCE_RELAYED) == rows[i].relayed;
        if (!is_right) printf("\n  %s", rows[i].label);
        CU_ASSERT_TRUE(is_right);
        /* What the state makes of it. */
        static const ss_state_t silent[] = { SS_STATE_QUEUED, SS_STATE_SENDING, SS_STATE_HELD,
                                             SS_STATE_CANCELLED };
        for (int k = 0; k < 4; k++) {
            rcpt.state = silent[k];
            CU_ASSERT_EQUAL(ss_bounce_queue_kind(&s, &m, &rcpt, 0, 5 * HOUR, NOW), -1);
        }
        rcpt.state = SS_STATE_FAILED;
        CU_ASSERT_EQUAL(ss_bounce_queue_kind(&s, &m, &rcpt, 0, 0, NOW),
                        rows[i].failed ? (int)SS_BOUNCE_FAILED : -1);
        rcpt.state = SS_STATE_EXPIRED;
        CU_ASSERT_EQUAL(ss_bounce_queue_kind(&s, &m, &rcpt, 1, 0, NOW),
                        rows[i].failed ? (int)SS_BOUNCE_FAILED : -1);
        rcpt.state = SS_STATE_SENT;
        CU_ASSERT_EQUAL(ss_bounce_queue_kind(&s, &m, &rcpt, 0, 0, NOW),
                        rows[i].relayed ? (int)SS_BOUNCE_RELAYED : -1);
        /* The relay reports itself. */
        CU_ASSERT_EQUAL(ss_bounce_queue_kind(&s, &m, &rcpt, 1, 0, NOW), -1);
        rcpt.state = SS_STATE_DEFERRED;
        CU_ASSERT_EQUAL(ss_bounce_queue_kind(&s, &m, &rcpt, 0, 4 * HOUR, NOW),
                        rows[i].delayed ? (int)SS_BOUNCE_DELAYED : -1);
        CU_ASSERT_EQUAL(ss_bounce_queue_kind(&s, &m, &rcpt, 0, 4 * HOUR - 1, NOW), -1);
    }
}

static void when_a_delay_is_reported(void)
{
    ss_settings_t s;
    ss_message_t m;
    ss_recipient_t rcpt;

    memset(&s, 0, sizeof(s));
    memset(&m, 0, sizeof(m));
    memset(&rcpt, 0, sizeof(rcpt));
    m.from = "a@b.c";
    s.delay_notice = 4 * HOUR;
    CU_ASSERT_EQUAL(ss_bounce_queue_delay_at(&s, &m, &rcpt, HOUR, NOW), NOW + 3 * HOUR);
    CU_ASSERT_EQUAL(ss_bounce_queue_delay_at(&s, &m, &rcpt, 5 * HOUR, NOW), NOW - HOUR);
    /* Once. */
    rcpt.is_delay_reported = 1;
    CU_ASSERT_EQUAL(ss_bounce_queue_delay_at(&s, &m, &rcpt, HOUR, NOW), 0);
    rcpt.is_delay_reported = 0;
    s.delay_notice = 0;
    CU_ASSERT_EQUAL(ss_bounce_queue_delay_at(&s, &m, &rcpt, HOUR, NOW), 0);
    s.delay_notice = 4 * HOUR;
    rcpt.notify = SS_NOTIFY_FAILURE;
    CU_ASSERT_EQUAL(ss_bounce_queue_delay_at(&s, &m, &rcpt, HOUR, NOW), 0);
}

void ss_suite_bounce_queue(void)
{
    CU_pSuite suite = CU_add_suite("bounce_queue", NULL, NULL);

    CU_ADD_TEST(suite, who_wants_which);
    CU_ADD_TEST(suite, reports_are_redirected);
    CU_ADD_TEST(suite, when_a_delay_is_reported);
}
