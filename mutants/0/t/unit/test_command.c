/* test_command.c: commands as bytes (src/smtp/command.c). */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "smtp/command.h"

void ss_suite_command(void);

static int is_text(ss_buf_t *b, const char *want)
{
    int is_same = !strcmp(ss_buf_text(b), want);

    if (!is_same) fprintf(stderr, "\n  wrote \"%s\"\n", ss_buf_text(b));
    ss_buf_clear(b);
    return is_same;
}

static void command_addresses(void)
{
    static const struct {
        const char *address;
        int want;
    } cases[] = {
        { "", 1 },
        { "a@b", 1 },
        { "\"a b\"@c", 1 },
        { "\"a\\\"b\"@c", 1 },
        { "\"<x>\"@c", 1 },
        { "\xc3\xa4@c", 1 },
        { "a b@c", 0 },
        { "a>@c", 0 },
        { "a@b\r\nDATA", 0 },
        { "a@b\n", 0 },
        { "\"a\r\"@c", 0 },
        { "\"a\\\n\"@c", 0 },
        { "\"a@c", 0 },
        { "\"a\\", 0 },
        { "a\x7f@c", 0 },
        { "a\t@c", 0 },
        { "\"a\\\x7f\"@c", 0 },
        { "a<b@c", 0 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CU_ASSERT_EQUAL(ss_command_is_address(cases[i].address), cases[i].want);
    char longest[SS_COMMAND_ADDRESS_MAX + 2];
    memset(longest, 'a', sizeof(longest));
    longest[SS_COMMAND_ADDRESS_MAX] = '\0';
    CU_ASSERT_TRUE(ss_command_is_address(longest));
    longest[SS_COMMAND_ADDRESS_MAX] = 'a';
    longest[SS_COMMAND_ADDRESS_MAX + 1] = '\0';
    CU_ASSERT_FALSE(ss_command_is_address(longest));
}

static void command_mail_says_only_what_is_offered(void)
{
    ss_client_message_t m = { .from = "a@x",
                              .size = 7,
                              .is_8bit = 1,
                              .requires_tls = 1,
                              .dsn_options.ret = 1,
                              .dsn_options.envid = "=+ \xc3 z" };
    ss_capability_t none = { 0 }, all = {
        .size_known = 1, .eight_bit_mime = 1, .smtputf8 = 1, .dsn = 1, .requiretls = 1
    };
    ss_buf_t b;

    ss_buf_init(&b, 10000);
    CU_ASSERT_EQUAL(ss_command_mail(&b, &m, &none, 1), APR_SUCCESS);
    CU_ASSERT_TRUE(is_text(&b, "MAIL FROM:<a@x>\r\n"));
    CU_ASSERT_EQUAL(ss_command_mail(&b, &m, &all, 1), APR_SUCCESS);
    CU_ASSERT_TRUE(is_text(&b, "MAIL FROM:<a@x> SIZE=7 BODY=8BITMIME SMTPUTF8 REQUIRETLS RET=FULL "
                               "ENVID=+3D+2B+20+C3+20z\r\n"));
    m.dsn_options.ret = 2;
    m.dsn_options.envid = "";
    CU_ASSERT_EQUAL(ss_command_mail(&b, &m, &all, 1), APR_SUCCESS);
    CU_ASSERT_TRUE(
        is_text(&b, "MAIL FROM:<a@x> SIZE=7 BODY=8BITMIME SMTPUTF8 REQUIRETLS RET=HDRS\r\n"));
    m = (ss_client_message_t){ .from = "" };
    CU_ASSERT_EQUAL(ss_command_mail(&b, &m, &all, 0), APR_SUCCESS);
    CU_ASSERT_TRUE(is_text(&b, "MAIL FROM:<> SIZE=0\r\n"));
    m.from = "a@x>\r\nRSET";
    CU_ASSERT_EQUAL(ss_command_mail(&b, &m, &all, 0), APR_EINVAL);
    CU_ASSERT_EQUAL(b.len, 0);
    ss_buf_free(&b);
}

static void command_rcpt_with_dsn(void)
{
    static const struct {
        unsigned notify;
        const char *orcpt, *want;
    } cases[] = {
        { 0, NULL, "" },
        { 1, NULL, " NOTIFY=NEVER" },
        { 3, NULL, " NOTIFY=NEVER" },
        { 2, NULL, " NOTIFY=SUCCESS" },
        { 14, NULL, " NOTIFY=SUCCESS,FAILURE,DELAY" },
        { 4, "rfc822;b+1@y", " NOTIFY=FAILURE ORCPT=rfc822;b+2B1@y" },
        { 0, "b@y", " ORCPT=rfc822;b@y" },
        { 0, "x y;b", " ORCPT=rfc822;x+20y;b" },
        { 0, "", "" },
        { 0, "X-9;b", " ORCPT=X-9;b" },
        { 0, "a{;b", " ORCPT=rfc822;a{;b" },
        { 0, "a_;b", " ORCPT=rfc822;a_;b" },
        { 0, "a[;b", " ORCPT=rfc822;a[;b" },
        { 0, "a:;b", " ORCPT=rfc822;a:;b" },
        { 0, "a.;b", " ORCPT=rfc822;a.;b" },
        { 0, "rfc822;\xc3\xa4@y", "" },
        { 0, "rfc822;b\r\nDATA", " ORCPT=rfc822;b+0D+0ADATA" },
    };
    ss_capability_t dsn = { .dsn = 1 }, none = { 0 };
    char want[200];
    ss_buf_t b;

    ss_buf_init(&b, 10000);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ss_client_rcpt_t rcpt = { .address = "b@y",
                                  .notify = cases[i].notify,
                                  .orcpt = cases[i].orcpt };
        snprintf(want, sizeof(want), "RCPT TO:<b@y>%s\r\n", cases[i].want);
        CU_ASSERT_EQUAL(ss_command_rcpt(&b, &rcpt, &dsn), APR_SUCCESS);
        CU_ASSERT_TRUE(is_text(&b, want));
        CU_ASSERT_EQUAL(ss_command_rcpt(&b, &rcpt, &none), APR_SUCCESS);
        CU_ASSERT_TRUE(is_text(&b, "RCPT TO:<b@y>\r\n"));
    }
    ss_client_rcpt_t empty = { .address = "" };
    CU_ASSERT_EQUAL(ss_command_rcpt(&b, &empty, &dsn), APR_EINVAL);
    empty.address = "b y";
    CU_ASSERT_EQUAL(ss_command_rcpt(&b, &empty, &dsn), APR_EINVAL);
    CU_ASSERT_EQUAL(b.len, 0);
    ss_buf_free(&b);
}

static void command_too_long_leaves_nothing(void)
{
    char envid[SS_COMMAND_LINE_MAX];
    ss_capability_t dsn = { .dsn = 1 };
    ss_client_message_t m = { .from = "a@x", .dsn_options.envid = envid };
    ss_buf_t b;

    memset(envid, '+', sizeof(envid) - 1);
    envid[sizeof(envid) - 1] = '\0';
    ss_buf_init(&b, 100000);
    CU_ASSERT_EQUAL(ss_command_mail(&b, &m, &dsn, 0), APR_ENOSPC);
    CU_ASSERT_EQUAL(b.len, 0);
    CU_ASSERT_EQUAL(ss_command_line(&b, "EHLO", "a\nb"), APR_EINVAL);
    CU_ASSERT_EQUAL(ss_command_line(&b, "EHLO", "a\x7f"), APR_EINVAL);
    CU_ASSERT_EQUAL(b.len, 0);
    CU_ASSERT_EQUAL(ss_command_line(&b, "EHLO", "[192.0.2.1]"), APR_SUCCESS);
    CU_ASSERT_EQUAL(ss_command_bdat(&b, 12345), APR_SUCCESS);
    CU_ASSERT_TRUE(is_text(&b, "EHLO [192.0.2.1]\r\nBDAT 12345 LAST\r\n"));
    ss_buf_free(&b);
}

static apr_status_t put(ss_buf_t *b, int number)
{
    ss_capability_t all = {
        .size_known = 1, .eight_bit_mime = 1, .smtputf8 = 1, .dsn = 1, .requiretls = 1
    };
    ss_client_message_t m = { .from = "a@x",
                              .size = 7,
                              .is_8bit = 1,
                              .requires_tls = 1,
                              .dsn_options.ret = 1 + number % 2,
                              .dsn_options.envid = "e+=" };
    ss_client_rcpt_t rcpt = { .address = "b@y",
                              .notify = 14,
                              .orcpt = number == 2 ? "rfc822;b+c" : "b@y" };

    if (number < 2) return ss_command_mail(b, &m, &all, 1);
    if (number < 4) return ss_command_rcpt(b, &rcpt, &all);
    return ss_command_line(b, "EHLO", "me.example");
}

/* Wherever the room ends, what was in the buffer before stays and nothing of the command comes
 * behind it. */
static void command_without_room_leaves_nothing(void)
{
    for (int number = 0; number < 5; number++) {
        ss_buf_t b;
        ss_buf_init(&b, 10000);
        CU_ASSERT_EQUAL(put(&b, number), APR_SUCCESS);
        apr_size_t whole = b.len;
        ss_buf_free(&b);
        for (apr_size_t room = 0; room < whole; room++) {
            ss_buf_init(&b, 3 + room);
            ss_buf_puts(&b, "one");
            CU_ASSERT_EQUAL(put(&b, number), APR_ENOSPC);
            CU_ASSERT_TRUE(is_text(&b, "one"));
            ss_buf_free(&b);
        }
    }
}

void ss_suite_command(void)
{
    CU_pSuite suite = CU_add_suite("command", NULL, NULL);

    CU_add_test(suite, "addresses", command_addresses);
    CU_add_test(suite, "MAIL says only what is offered", command_mail_says_only_what_is_offered);
    CU_add_test(suite, "RCPT with DSN", command_rcpt_with_dsn);
    CU_add_test(suite, "without room leaves nothing", command_without_room_leaves_nothing);
    CU_add_test(suite, "too long or with controls leaves nothing", command_too_long_leaves_nothing);
}
