/* test_rewrite.c: senders replaced, aliases, the staging redirect. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <string.h>

#include "mail/parse.h"
#include "mail/rewrite.h"

void ss_suite_rewrite(void);

static ss_mail_message_t *message(apr_pool_t *pool)
{
    static const char text[] = "From: Joe <joe@app.example>\r\nTo: root@host.example, x@y.z\r\n\r\nhi\r\n";
    ss_parse_options_t options = { .takes_rcpts = 1 };
    ss_mail_problem_t problem = { 0 };
    ss_mail_message_t *m = ss_mail_create(pool);

    CU_ASSERT_EQUAL_FATAL(ss_parse_message(m, text, strlen(text), &options, &problem), 0);
    return m;
}

static void senders_are_replaced(void)
{
    ss_mail_problem_t problem = { 0 };
    apr_pool_t *pool;
    ss_mail_message_t *m;

    apr_pool_create(&pool, NULL);
    m = message(pool);
    ss_rewrite_envelope_from(m, "relay@user.example");
    CU_ASSERT_STRING_EQUAL(m->from, "relay@user.example");
    m->from = "";
    ss_rewrite_envelope_from(m, "relay@user.example");
    CU_ASSERT_STRING_EQUAL(m->from, "");
    CU_ASSERT_EQUAL(ss_rewrite_header_from(m, "keep", &problem), 0);
    CU_ASSERT_EQUAL(ss_rewrite_header_from(m, "relay@user.example", &problem), 0);
    CU_ASSERT_STRING_EQUAL(m->content, "From: Joe <relay@user.example>\r\nReply-To: Joe <joe@app.example>\r\nTo: root@host.example, x@y.z\r\n\r\nhi\r\n");
    apr_pool_destroy(pool);
}

static void aliases_and_redirect(void)
{
    ss_mail_problem_t problem = { 0 };
    apr_array_header_t *aliases;
    ss_pair_t *pair;
    apr_pool_t *pool;
    ss_mail_message_t *m;

    apr_pool_create(&pool, NULL);
    m = message(pool);
    aliases = apr_array_make(pool, 1, sizeof(ss_pair_t));
    pair = apr_array_push(aliases);
    *pair = (ss_pair_t){ "root", "a@b.c x@y.z", NULL };
    CU_ASSERT_EQUAL(ss_rewrite_alias(m, aliases, "host.example", &problem), 0);
    CU_ASSERT_EQUAL(m->rcpts->nelts, 2);
    CU_ASSERT_STRING_EQUAL(((ss_mail_rcpt_t *)m->rcpts->elts)[0].address, "a@b.c");
    CU_ASSERT_EQUAL(ss_rewrite_redirect(m, "stage@b.c", &problem), 0);
    CU_ASSERT_EQUAL(m->rcpts->nelts, 1);
    CU_ASSERT_EQUAL(strncmp(m->content, "X-Original-To: a@b.c\r\nX-Original-To: x@y.z\r\nFrom: ", 50), 0);
    apr_pool_destroy(pool);
}

void ss_suite_rewrite(void)
{
    CU_pSuite s = CU_add_suite("rewrite", NULL, NULL);

    CU_add_test(s, "senders_are_replaced", senders_are_replaced);
    CU_add_test(s, "aliases_and_redirect", aliases_and_redirect);
}
