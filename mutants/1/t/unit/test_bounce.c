/* test_bounce.c: reports on failed, delayed and relayed mail: their three parts, what is encoded,
 * what comes back, loops. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>

#include "fill.h"
#include "mail/bounce.h"
#include "mail/canonical.h"
#include "mail/codec.h"

void ss_suite_bounce(void);

static const char original[] =
    "From: Ann <ann@app.example>\r\nTo: bob@example.net\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n"
    "Message-ID: <one@app.example>\r\n\r\nHello Bob\r\n";

static ss_bounce_rcpt_t bob(void)
{
    return (ss_bounce_rcpt_t){ .address = "bob@example.net",
                               .dsn = "5.1.1",
                               .reply = "550 5.1.1 no such user here",
                               .host = "mx.example.net[192.0.2.1]:25",
                               .title = "The mailbox does not exist",
                               .meaning = "The server knows no such mailbox.",
                               .remedy = "Check the address.",
                               .last_attempt = APR_USEC_PER_SEC * 1000000000 };
}

static ss_bounce_t model(const ss_bounce_rcpt_t *rcpts, int count)
{
    return (ss_bounce_t){ .kind = SS_BOUNCE_FAILED,
                          .to = "ann@app.example",
                          .from = "mailer-daemon@host.example",
                          .host = "host.example",
                          .id = "01890000-0000-7000-8000-000000000000",
                          .arrived = APR_USEC_PER_SEC * 1000000000,
                          .now = APR_USEC_PER_SEC * 1000000100,
                          .random = 7,
                          .rcpts = rcpts,
                          .rcpt_count = count,
                          .content = original,
                          .content_len = sizeof(original) - 1 };
}

static int has(const ss_bounce_text_t *report, const char *words)
{
    return strstr(report->bytes, words) != NULL;
}

static void make_report(ss_bounce_text_t *report, const ss_bounce_t *b, apr_pool_t *pool)
{
    ss_canonical_facts_t facts;

    ss_bounce(report, b, pool);
    report->bytes = apr_pstrmemdup(pool, report->bytes, report->len);
    ss_canonical_scan(report->bytes, report->len, &facts);
    CU_ASSERT(facts.is_canonical);
    CU_ASSERT_EQUAL(facts.has_8bit_body, report->is_8bit);
    CU_ASSERT_FALSE(facts.has_8bit_header && !report->is_utf8);
}

static void a_failure_has_three_parts(void)
{
    apr_pool_t *pool;
    ss_bounce_text_t report;
    ss_bounce_rcpt_t rcpt = bob();
    ss_bounce_t b = model(&rcpt, 1);

    apr_pool_create(&pool, NULL);
    b.dsn_options.envid = "order=7 +";
    rcpt.orcpt = "rfc822;bob+2Bold@example.net";
    make_report(&report, &b, pool);
    CU_ASSERT(has(&report, "From: \"Mail Delivery System\" <mailer-daemon@host.example>\r\n") ||
              has(&report, "From: Mail Delivery System <mailer-daemon@host.example>\r\n"));
    CU_ASSERT(has(&report, "To: <ann@app.example>\r\n"));
    CU_ASSERT(has(&report, "Auto-Submitted: auto-replied\r\n"));
    CU_ASSERT(has(&report, "In-Reply-To: <one@app.example>\r\n"));
    CU_ASSERT(has(&report, "Content-Type: multipart/report; report-type=delivery-status;"));
    /* for people: the server's words and the advice */
    CU_ASSERT(has(&report, "could not be delivered"));
    CU_ASSERT(has(&report, "mx.example.net[192.0.2.1]:25 said:"));
    CU_ASSERT(has(&report, "550 5.1.1 no such user here"));
    CU_ASSERT(has(&report, "What it means: The mailbox does not exist."));
    CU_ASSERT(has(&report, "What to do: Check the address."));
    /* for programs */
    CU_ASSERT(has(&report, "Reporting-MTA: dns; host.example\r\n"));
    CU_ASSERT(has(&report, "Original-Envelope-Id: order+3D7+20+2B\r\n"));
    CU_ASSERT(has(&report,
                  "\r\n\r\nOriginal-Recipient: rfc822;bob+old@example.net\r\nFinal-Recipient: "
                  "rfc822; bob@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n"
                  "Remote-MTA: dns; mx.example.net\r\nDiagnostic-Code: smtp; 550 5.1.1 no such "
                  "user here\r\n"));
    /* the header alone */
    CU_ASSERT(has(&report, "Content-Type: text/rfc822-headers\r\n"));
    CU_ASSERT(has(&report, "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n"));
    CU_ASSERT_FALSE(has(&report, "Hello Bob"));
    apr_pool_destroy(pool);
}

static void the_whole_message_comes_back_when_asked_for(void)
{
    static const char eight[] = "Subject: x\r\n\r\nGr\xc3\xbc\xc3\x9f\x65\r\n";
    apr_pool_t *pool;
    ss_bounce_text_t report;
    ss_bounce_rcpt_t rcpt = bob();
    ss_bounce_t b = model(&rcpt, 1);

    apr_pool_create(&pool, NULL);
    b.is_whole = 1;
    make_report(&report, &b, pool);
    CU_ASSERT(has(&report, "Content-Type: message/rfc822\r\n") && has(&report, "Hello Bob") &&
              !report.is_8bit);
    b.content = eight;
    b.content_len = sizeof(eight) - 1;
    make_report(&report, &b, pool);
    CU_ASSERT(report.is_8bit && !report.is_utf8);
    CU_ASSERT(has(&report, "Content-Transfer-Encoding: 8bit\r\n"));
    b.content = NULL;
    make_report(&report, &b, pool);
    CU_ASSERT(has(&report, "Its content is no longer at hand.") &&
              !has(&report, "Content-Type: message/rfc822"));
    apr_pool_destroy(pool);
}

static void utf8_is_carried_in_the_global_forms(void)
{
    static const char utf8[] = "Subject: Gr\xc3\xbc\xc3\x9f\x65\r\n\r\nhi\r\n";
    apr_pool_t *pool;
    ss_bounce_text_t report;
    ss_bounce_rcpt_t rcpt = bob();
    ss_bounce_t b = model(&rcpt, 1);

    apr_pool_create(&pool, NULL);
    rcpt.address = "b\xc3\xb6\x62@example.net";
    b.content = utf8;
    b.content_len = sizeof(utf8) - 1;
    make_report(&report, &b, pool);
    CU_ASSERT(has(&report, "report-type=global-delivery-status"));
    CU_ASSERT(has(&report, "Content-Type: message/global-delivery-status\r\n"));
    CU_ASSERT(has(&report, "Final-Recipient: utf-8; b=C3=B6b@example.net"));
    CU_ASSERT(has(&report, "Content-Type: message/global-headers\r\n"));
    CU_ASSERT(!report.is_8bit && !report.is_utf8);
    /* Only the reader's own address needs SMTPUTF8. */
    b.to = "\xc3\xa4nn@app.example";
    make_report(&report, &b, pool);
    CU_ASSERT(report.is_utf8);
    apr_pool_destroy(pool);
}

static void words_from_outside_make_no_fields(void)
{
    apr_pool_t *pool;
    ss_bounce_text_t report;
    ss_bounce_rcpt_t rcpt = bob();
    ss_bounce_t b = model(&rcpt, 1);

    apr_pool_create(&pool, NULL);
    rcpt.reply = apr_pstrcat(pool, "550 bad\r\nAction: delivered\r\n\r\n--",
                             apr_pstrmemdup(pool, "\x01\xff\xfe", 3), NULL);
    rcpt.orcpt = "rfc822;x+0D+0AStatus:+202.0.0@y";
    make_report(&report, &b, pool);
    CU_ASSERT_FALSE(has(&report, "\nAction: delivered"));
    CU_ASSERT_FALSE(has(&report, "\nStatus: 2.0.0"));
    apr_pool_destroy(pool);
}

static void delayed_and_relayed(void)
{
    apr_pool_t *pool;
    ss_bounce_text_t report;
    ss_bounce_rcpt_t rcpt = bob();
    ss_bounce_t b = model(&rcpt, 1);

    apr_pool_create(&pool, NULL);
    rcpt.dsn = "4.2.2";
    rcpt.reply = "452 4.2.2 mailbox full";
    b.kind = SS_BOUNCE_DELAYED;
    b.until = APR_USEC_PER_SEC * 1000400000;
    make_report(&report, &b, pool);
    CU_ASSERT(has(&report, "Action: delayed\r\nStatus: 4.2.2\r\n") &&
              has(&report, "Will-Retry-Until: "));
    CU_ASSERT(has(&report, "do not need to send it again"));
    b.kind = SS_BOUNCE_RELAYED;
    b.until = 0;
    rcpt.dsn = "2.0.0";
    rcpt.reply = "250 2.0.0 Ok: queued as 1";
    make_report(&report, &b, pool);
    CU_ASSERT(has(&report, "Action: relayed\r\nStatus: 2.0.0\r\n"));
    /* Given up after a time: the code of the delay in the class of a failure. */
    b.kind = SS_BOUNCE_FAILED;
    rcpt.dsn = "4.4.7";
    rcpt.reply = "gave up after SMTPSendExpire";
    make_report(&report, &b, pool);
    CU_ASSERT(has(&report, "Action: failed\r\nStatus: 5.4.7\r\n") &&
              has(&report, "Diagnostic-Code: x-smtp-send; gave up"));
    apr_pool_destroy(pool);
}

static void many_recipients_are_all_named_for_programs(void)
{
    enum { COUNT = SS_BOUNCE_LISTED_MAX + 50 };
    apr_pool_t *pool;
    ss_bounce_text_t report;
    ss_bounce_rcpt_t rcpts[COUNT];
    ss_bounce_t b = model(rcpts, COUNT);
    int found = 0;

    apr_pool_create(&pool, NULL);
    for (int i = 0; i < COUNT; i++) {
        rcpts[i] = bob();
        rcpts[i].address = apr_psprintf(pool, "r%d@example.net", i);
    }
    make_report(&report, &b, pool);
    for (const char *p = report.bytes; (p = strstr(p, "Final-Recipient: ")) != NULL; p++) found++;
    CU_ASSERT_EQUAL(found, COUNT);
    CU_ASSERT(has(&report, "and 50 more"));
    apr_pool_destroy(pool);
}

static void loops_are_seen(void)
{
    static const char answer[] = "Subject: away\r\nAuto-Submitted: Auto-Replied\r\n\r\nx\r\n";
    static const char program[] =
        "Subject: cron\r\nAuto-Submitted: auto-generated\r\n\r\nAuto-Submitted: auto-replied\r\n";
    char hops[4096];
    apr_size_t len = 0;

    CU_ASSERT(ss_bounce_is_loop(answer, sizeof(answer) - 1));
    CU_ASSERT_FALSE(ss_bounce_is_loop(program, sizeof(program) - 1));
    for (int i = 0; i < SS_BOUNCE_HOPS_MAX - 1; i++)
        len +=
            (apr_size_t)apr_snprintf(hops + len, sizeof(hops) - len, "Received: from a by b\r\n");
    CU_ASSERT_FALSE(ss_bounce_is_loop(hops, len));
    len +=
        (apr_size_t)apr_snprintf(hops + len, sizeof(hops) - len, "Received: from a by b\r\n\r\n");
    CU_ASSERT(ss_bounce_is_loop(hops, len));
}

/* One recipient's words in both parts, whatever is missing or odd. */
static void odd_recipients(void)
{
    static const struct {
        ss_bounce_rcpt_t rcpt;
        const char *has, *has_not;
    } table[] = {
        { { .address = "a@b.c" }, "Status: 5.0.0\r\n", "Diagnostic-Code" },
        { { .address = "a@b.c" }, "<a@b.c>\r\n", "Remote-MTA" },
        { { .address = "a@b.c", .dsn = "" }, "Status: 5.0.0\r\n", "Last-Attempt" },
        { { .address = "a@b.c", .dsn = "4.4.7" }, "Status: 5.4.7\r\n", NULL },
        { { .address = "a@b.c", .dsn = "5" }, "Status: 5.0.0\r\n", NULL },
        { { .address = "a@b.c", .dsn = "5." }, "Status: 5.0.0\r\n", NULL },
        { { .address = "a@b.c", .dsn = "5.1" }, "Status: 5.0.0\r\n", NULL },
        { { .address = "a@b.c", .dsn = "5.1." }, "Status: 5.0.0\r\n", NULL },
        { { .address = "a@b.c", .dsn = "5.1234.1" }, "Status: 5.0.0\r\n", NULL },
        { { .address = "a@b.c", .dsn = "5.1.1234" }, "Status: 5.0.0\r\n", NULL },
        { { .address = "a@b.c", .dsn = "5.123.456x" }, "Status: 5.123.456\r\n", NULL },
        { { .address = "a@b.c", .reply = "" }, "Status: 5.0.0\r\n", "Diagnostic-Code" },
        { { .address = "a@b.c", .reply = "it took too long" },
          "Diagnostic-Code: x-smtp-send; it took too long\r\n",
          " said:" },
        { { .address = "a@b.c", .reply = "it took too long" }, "    Reason:\r\n", " said:" },
        { { .address = "a@b.c", .reply = "550 no\r\nX-Evil: yes\x7f" },
          "Diagnostic-Code: smtp; 550 no  X-Evil: yes \r\n",
          "\r\nX-Evil" },
        { { .address = "a@b.c", .host = "[192.0.2.1]:25" },
          "Remote-MTA: dns; [192.0.2.1]:25\r\n",
          NULL },
        { { .address = "a@b.c", .host = "mx[192.0.2.1]:25" }, "Remote-MTA: dns; mx\r\n", NULL },
        { { .address = "a@b.c", .title = "T" }, "    What it means: T.", "What to do" },
        { { .address = "a@b.c", .title = "T", .meaning = "M", .remedy = "" },
          "    What it means: T. M\r\n",
          "What to do" },
        { { .address = "a@b.c", .remedy = "R" }, "    What to do: R\r\n", "What it means" },
        { { .address = "a@b.c", .orcpt = "rfc822;a+4@b+ZZ+2Bc" },
          "Original-Recipient: rfc822;a+4@b+ZZ+c\r\n",
          NULL }
    };
    apr_pool_t *pool;
    ss_bounce_text_t report;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_bounce_t b = model(&table[i].rcpt, 1);
        make_report(&report, &b, pool);
        if (has(&report, table[i].has) && !(table[i].has_not && has(&report, table[i].has_not)))
            continue;
        printf("\n%d: %s", (int)i, report.bytes);
        CU_FAIL("a recipient");
    }
    apr_pool_destroy(pool);
}

/* A long answer is cut between two characters; what is not ASCII makes the global forms. */
static void long_and_global(void)
{
    static const char global[] =
        "From: a@b.c\r\nSubject: \xc3\xa4\r\nMessage-ID: <\xc3\xa4@b>\r\n\r\nbody\r\n";
    apr_pool_t *pool;
    ss_bounce_text_t report;
    ss_bounce_rcpt_t rcpt = { .address = "a@b.c" };

    apr_pool_create(&pool, NULL);
    for (int shift = 0; shift < 2; shift++) {
        char *reply = apr_pstrcat(pool, "550 ", shift ? "x" : "", fill(pool, 'y', 2000), NULL);
        for (apr_size_t i = 10; i + 1 < strlen(reply) - 10; i += 2)
            memcpy(reply + i, "\xc3\xa4", 2);
        rcpt.reply = reply;
        ss_bounce_t b = model(&rcpt, 1);
        make_report(&report, &b, pool);
        CU_ASSERT(has(&report, "message/global-delivery-status"));
    }
    rcpt.reply = "550 no";
    ss_bounce_t b = model(&rcpt, 1);
    b.content = global;
    b.content_len = sizeof(global) - 1;
    for (b.is_whole = 0; b.is_whole < 2; b.is_whole++) {
        make_report(&report, &b, pool);
        CU_ASSERT(has(&report, b.is_whole ? "Content-Type: message/global\r\n"
                                          : "Content-Type: message/global-headers\r\n") &&
                  !has(&report, "In-Reply-To"));
    }
    b.content = NULL;
    make_report(&report, &b, pool);
    CU_ASSERT(!has(&report, "Its subject") && !has(&report, "rfc822-headers"));
    b.from = "mailer-\xc3\xa4@b.c";
    make_report(&report, &b, pool);
    CU_ASSERT_TRUE(report.is_utf8);
    apr_pool_destroy(pool);
}

/* An id that would not fit into a line of its own, or is folded, is not referred to. */
static void ids_that_are_not_referred_to(void)
{
    apr_pool_t *pool;
    ss_bounce_text_t report;
    ss_bounce_rcpt_t rcpt = bob();
    ss_bounce_t b = model(&rcpt, 1);

    apr_pool_create(&pool, NULL);
    const char *const contents[] = { "Message-ID: <a\r\n b@c>\r\nSubject:\r\n\r\n",
                                     apr_pstrcat(pool, "Message-ID: <", fill(pool, 'x', 940),
                                                 "@c>\r\n\r\n", NULL),
                                     "X: y\r\n\r\n" };
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        b.content = contents[i];
        b.content_len = strlen(b.content);
        make_report(&report, &b, pool);
        CU_ASSERT(!has(&report, "In-Reply-To") && !has(&report, "Its subject"));
    }
    apr_pool_destroy(pool);
}

void ss_suite_bounce(void)
{
    CU_pSuite suite = CU_add_suite("bounce", NULL, NULL);

    CU_ADD_TEST(suite, a_failure_has_three_parts);
    CU_ADD_TEST(suite, the_whole_message_comes_back_when_asked_for);
    CU_ADD_TEST(suite, utf8_is_carried_in_the_global_forms);
    CU_ADD_TEST(suite, words_from_outside_make_no_fields);
    CU_ADD_TEST(suite, delayed_and_relayed);
    CU_ADD_TEST(suite, many_recipients_are_all_named_for_programs);
    CU_ADD_TEST(suite, loops_are_seen);
    CU_ADD_TEST(suite, odd_recipients);
    CU_ADD_TEST(suite, long_and_global);
    CU_ADD_TEST(suite, ids_that_are_not_referred_to);
}
