/* test_mail.c: recipients of a message that is submitted, and the problem with it. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <string.h>

#include "mail/mail.h"

void ss_suite_mail(void);

static void no_recipient_twice(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    /* Both ways of finding doubles: a few one by one, many by a hash, and the step from one to the
     * other. */
    ss_mail_message_t *m = ss_mail_create(pool);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 40; i++) {
            const char *address =
                apr_psprintf(pool, "u%d@%s", i, i % 2 == round ? "Example.NET" : "example.net");
            CU_ASSERT_EQUAL(ss_mail_add_rcpt(m, address, SS_NOTIFY_NONE, "to", NULL), 0);
            CU_ASSERT_EQUAL(ss_mail_add_rcpt(m, address, SS_NOTIFY_NONE, "to", NULL), 0);
        }
        CU_ASSERT_EQUAL(m->rcpts->nelts, 40);
    }
    /* The local part is its owner's: another case is another mailbox. */
    CU_ASSERT_EQUAL(ss_mail_add_rcpt(m, "U1@example.net", SS_NOTIFY_NEVER, "to", NULL), 0);
    CU_ASSERT_EQUAL_FATAL(m->rcpts->nelts, 41);
    CU_ASSERT_EQUAL(APR_ARRAY_IDX(m->rcpts, 40, ss_mail_rcpt_t).notify, SS_NOTIFY_NEVER);
    CU_ASSERT_EQUAL(ss_mail_add_rcpt(m, "j\xc3\xb6rg@example.net", SS_NOTIFY_NONE, "to", NULL), 0);
    /* What the client sends tells whether it needs SMTPUTF8; the mark is for the header. */
    CU_ASSERT_FALSE(m->attr.is_utf8);
    /* Who replaces the recipients (aliases) begins anew: what was there before is no double, what
     * comes twice now is one. */
    m->rcpts = apr_array_make(pool, 4, sizeof(ss_mail_rcpt_t));
    m->rcpt_index = NULL;
    for (int i = 0; i < 60; i++)
        CU_ASSERT_EQUAL(ss_mail_add_rcpt(m, apr_psprintf(pool, "u%d@example.net", i % 30),
                                         SS_NOTIFY_NONE, "to", NULL),
                        0);
    CU_ASSERT_EQUAL(m->rcpts->nelts, 30);
    apr_pool_destroy(pool);
}

/* Each spelling of one mailbox, found by either way of finding doubles. */
static void one_mailbox_is_one_recipient(void)
{
    static const struct {
        const char *first, *same, *sent;
    } rows[] = { { "bob@m\xc3\xbcnchen.example", "bob@xn--mnchen-3ya.example",
                   "bob@xn--mnchen-3ya.example" },
                 { "bob@XN--MNCHEN-3YA.example", "bob@M\xc3\x9cnchen.Example",
                   "bob@XN--MNCHEN-3YA.example" },
                 { "bob@mu\xcc\x88nchen.example", "bob@m\xc3\xbcnchen.example",
                   "bob@xn--mnchen-3ya.example" },
                 { "j\xc3\xb6@m\xc3\xbcnchen.example", "jo\xcc\x88@xn--mnchen-3ya.example",
                   "j\xc3\xb6@m\xc3\xbcnchen.example" },
                 { "user..name@example.net", "\"user..name\"@example.net",
                   "\"user..name\"@example.net" },
                 { "user@example.net", "\"us\\er\"@EXAMPLE.net", "user@example.net" },
                 { "user.@example.net", "user.@example.NET", "\"user.\"@example.net" } };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) * 2; i++) {
        ss_mail_message_t *m = ss_mail_create(pool);
        int before = i % 2 ? 20 : 0;
        for (int k = 0; k < before; k++)
            ss_mail_add_rcpt(m, apr_psprintf(pool, "u%d@b.c", k), SS_NOTIFY_NONE, "to", NULL);
        CU_ASSERT_EQUAL(ss_mail_add_rcpt(m, rows[i / 2].first, SS_NOTIFY_NONE, "to", NULL), 0);
        CU_ASSERT_EQUAL(ss_mail_add_rcpt(m, rows[i / 2].same, SS_NOTIFY_NONE, "to", NULL), 0);
        CU_ASSERT_EQUAL(m->rcpts->nelts, before + 1);
        CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(m->rcpts, before, ss_mail_rcpt_t).address,
                               rows[i / 2].sent);
    }
    apr_pool_destroy(pool);
}

static void the_first_problem_is_kept(void)
{
    ss_mail_problem_t problem = { .status = 0 };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    ss_mail_message_t *m = ss_mail_create(pool);
    CU_ASSERT_EQUAL(ss_mail_add_rcpt(m, "a b@example.net", SS_NOTIFY_NONE, "to[1]", &problem), -1);
    CU_ASSERT_EQUAL(problem.status, 400);
    CU_ASSERT_STRING_EQUAL(problem.field, "to[1]");
    CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, "<a b@example.net> is not an address"));
    ss_mail_problem(&problem, 413, "cc", "later");
    CU_ASSERT_EQUAL(problem.status, 400);
    /* Nobody has to ask why. */
    ss_mail_problem(NULL, 413, "cc", "later");
    CU_ASSERT_EQUAL(ss_mail_add_rcpt(m, "", SS_NOTIFY_NONE, "to", NULL), -1);
    CU_ASSERT_EQUAL(m->rcpts->nelts, 0);
    apr_pool_destroy(pool);
}

static void recipients_have_a_bound(void)
{
    ss_mail_problem_t problem = { .status = 0 };
    char address[32];
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    ss_mail_message_t *m = ss_mail_create(pool);
    for (int i = 0; i < SS_MAIL_RECIPIENTS_MAX; i++) {
        apr_snprintf(address, sizeof(address), "u%d@example.net", i);
        if (ss_mail_add_rcpt(m, address, SS_NOTIFY_NONE, "to", &problem))
            CU_FAIL_FATAL("refused too early");
    }
    /* One that is there is no new one. */
    CU_ASSERT_EQUAL(ss_mail_add_rcpt(m, "u7@example.net", SS_NOTIFY_NONE, "to", &problem), 0);
    CU_ASSERT_EQUAL(ss_mail_add_rcpt(m, "one.more@example.net", SS_NOTIFY_NONE, "to", &problem),
                    -1);
    CU_ASSERT_EQUAL(problem.status, 413);
    CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, "too many recipients"));
    apr_pool_destroy(pool);
}

void ss_suite_mail(void)
{
    CU_pSuite s = CU_add_suite("mail", NULL, NULL);

    CU_add_test(s, "no_recipient_twice", no_recipient_twice);
    CU_add_test(s, "one_mailbox_is_one_recipient", one_mailbox_is_one_recipient);
    CU_add_test(s, "the_first_problem_is_kept", the_first_problem_is_kept);
    CU_add_test(s, "recipients_have_a_bound", recipients_have_a_bound);
}
