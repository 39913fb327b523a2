/* test_rewrite.c: senders replaced, aliases, the staging redirect. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <string.h>

#include "mail/parse.h"
#include "mail/rewrite.h"

void ss_suite_rewrite(void);

static ss_mail_message_t *read_as(const char *text, apr_pool_t *pool)
{
    ss_parse_options_t options = { .takes_rcpts = 1 };
    ss_mail_problem_t problem = { 0 };
    ss_mail_message_t *m = ss_mail_create(pool);

    CU_ASSERT_EQUAL_FATAL(ss_parse_message(m, text, strlen(text), &options, &problem), 0);
    return m;
}

static ss_mail_message_t *message(apr_pool_t *pool)
{
    return read_as("From: Joe <joe@app.example>\r\nTo: root@host.example, x@y.z\r\n\r\nhi\r\n",
                   pool);
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
    CU_ASSERT_STRING_EQUAL(m->content,
                           "From: Joe <relay@user.example>\r\nReply-To: Joe "
                           "<joe@app.example>\r\nTo: root@host.example, x@y.z\r\n\r\nhi\r\n");
    apr_pool_destroy(pool);
}

static void aliases_and_redirect(void)
{
    ss_mail_problem_t problem = { 0 };
    apr_array_header_t *aliases;
    ss_settings_pair_t *pair;
    apr_pool_t *pool;
    ss_mail_message_t *m;

    apr_pool_create(&pool, NULL);
    m = message(pool);
    aliases = apr_array_make(pool, 1, sizeof(ss_settings_pair_t));
    pair = apr_array_push(aliases);
    *pair = (ss_settings_pair_t){ "root", "a@b.c x@y.z", NULL, NULL };
    CU_ASSERT_EQUAL(ss_rewrite_alias(m, aliases, "host.example", &problem), 0);
    CU_ASSERT_EQUAL(m->rcpts->nelts, 2);
    CU_ASSERT_STRING_EQUAL(((ss_mail_rcpt_t *)m->rcpts->elts)[0].address, "a@b.c");
    CU_ASSERT_EQUAL(ss_rewrite_redirect(m, "stage@b.c", &problem), 0);
    CU_ASSERT_EQUAL(m->rcpts->nelts, 1);
    CU_ASSERT_EQUAL(
        strncmp(m->content, "X-Original-To: a@b.c\r\nX-Original-To: x@y.z\r\nFrom: ", 50), 0);
    apr_pool_destroy(pool);
}

static void a_field_from_is_made_or_replaced_once(void)
{
    static const struct {
        const char *label, *in, *want;
    } table[] = {
        { "the same", "From: Joe <relay@USER.example>\r\nTo: x@y.z\r\n\r\nhi\r\n",
          "From: Joe <relay@USER.example>\r\nTo: x@y.z\r\n\r\nhi\r\n" },
        { "none", "To: x@y.z\r\n\r\nhi\r\n",
          "From: relay@user.example\r\nTo: x@y.z\r\n\r\nhi\r\n" },
        { "two", "From: a@b.c, relay@user.example\r\nTo: x@y.z\r\n\r\nhi\r\n",
          "From: relay@user.example\r\nReply-To: a@b.c, relay@user.example\r\nTo: "
          "x@y.z\r\n\r\nhi\r\n" },
        { "several fields",
          "From: a@b.c\r\nTo: x@y.z\r\nfrom : d@e.f\r\nX: y\r\nFrom: g@h.i\r\n\r\nFrom: k\r\n",
          "From: relay@user.example\r\nReply-To: a@b.c\r\nTo: x@y.z\r\nX: y\r\n\r\nFrom: "
          "k\r\n" },
        { "the same and another",
          "From: relay@user.example\r\nFrom: d@e.f\r\nTo: x@y.z\r\n\r\nhi\r\n",
          "From: relay@user.example\r\nTo: x@y.z\r\n\r\nhi\r\n" },
        { "a reply elsewhere", "Reply-To: r@b.c\r\nFrom: a@b.c\r\nTo: x@y.z\r\n\r\nhi\r\n",
          "Reply-To: r@b.c\r\nFrom: relay@user.example\r\nTo: x@y.z\r\n\r\nhi\r\n" }
    };
    ss_mail_problem_t problem = { 0 };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_mail_message_t *m = read_as(table[i].in, pool);
        CU_ASSERT_EQUAL(ss_rewrite_header_from(m, "relay@user.example", &problem), 0);
        if (m->content_len != strlen(table[i].want) ||
            memcmp(m->content, table[i].want, m->content_len))
            CU_FAIL(table[i].label);
        CU_ASSERT_EQUAL(ss_rewrite_header_from(m, NULL, &problem), 0);
    }
    apr_pool_destroy(pool);
}

static void an_alias_is_for_local_names(void)
{
    static const ss_settings_pair_t pairs[] = { { "root", "admin, ops@example.net", NULL, NULL },
                                                { "bad", "a b@c..d", NULL, NULL },
                                                { "*", "rest@example.net", NULL, NULL } };
    ss_mail_problem_t problem = { 0 };
    apr_array_header_t *aliases;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    aliases = apr_array_make(pool, 3, sizeof(ss_settings_pair_t));
    for (int i = 0; i < 3; i += 2) APR_ARRAY_PUSH(aliases, ss_settings_pair_t) = pairs[i];
    ss_mail_message_t *m = read_as("From: a@b.c\r\nTo: ROOT@host.example, joe@host.example, x@y.z, "
                                   "ops@example.net\r\n\r\nhi\r\n",
                                   pool);
    for (int i = 0; i < m->rcpts->nelts; i++)
        APR_ARRAY_IDX(m->rcpts, i, ss_mail_rcpt_t).orcpt = "rfc822;o";
    CU_ASSERT_EQUAL(ss_rewrite_alias(m, NULL, "host.example", &problem), 0);
    CU_ASSERT_EQUAL(m->rcpts->nelts, 4);
    CU_ASSERT_EQUAL(ss_rewrite_alias(m, aliases, "HOST.example", &problem), 0);
    static const char *const want[] = { "admin@HOST.example", "ops@example.net", "rest@example.net",
                                        "x@y.z" };
    CU_ASSERT_EQUAL_FATAL(m->rcpts->nelts, 4);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(m->rcpts, i, ss_mail_rcpt_t).address, want[i]);
    /* Only what was named so keeps the recipient that the submitter named. */
    CU_ASSERT_PTR_NULL(APR_ARRAY_IDX(m->rcpts, 0, ss_mail_rcpt_t).orcpt);
    CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(m->rcpts, 3, ss_mail_rcpt_t).orcpt, "rfc822;o");
    /* No alias for a name with another domain, or where no domain is local. */
    m = read_as("From: a@b.c\r\nTo: root@host.example\r\n\r\nhi\r\n", pool);
    CU_ASSERT_EQUAL(ss_rewrite_alias(m, aliases, NULL, &problem), 0);
    CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(m->rcpts, 0, ss_mail_rcpt_t).address, "root@host.example");
    /* One that is wrong is named. */
    APR_ARRAY_IDX(aliases, 0, ss_settings_pair_t) = pairs[1];
    m = read_as("From: a@b.c\r\nTo: bad@host.example\r\n\r\nhi\r\n", pool);
    CU_ASSERT_EQUAL(ss_rewrite_alias(m, aliases, "host.example", &problem), -1);
    CU_ASSERT_STRING_EQUAL(problem.field, "SMTPSendAlias");
    memset(&problem, 0, sizeof(problem));
    CU_ASSERT_EQUAL(ss_rewrite_redirect(m, "not an address", &problem), -1);
    CU_ASSERT_STRING_EQUAL(problem.field, "SMTPSendRedirect");
    CU_ASSERT_EQUAL(ss_rewrite_redirect(m, NULL, &problem), 0);
    apr_pool_destroy(pool);
}

void ss_suite_rewrite(void)
{
    CU_pSuite s = CU_add_suite("rewrite", NULL, NULL);

    CU_add_test(s, "senders_are_replaced", senders_are_replaced);
    CU_add_test(s, "aliases_and_redirect", aliases_and_redirect);
    CU_add_test(s, "a_field_from_is_made_or_replaced_once", a_field_from_is_made_or_replaced_once);
    CU_add_test(s, "an_alias_is_for_local_names", an_alias_is_for_local_names);
}
