/* test_parse.c: finished messages: recipients, Bcc, what is added, what is refused; the public corpus of e-mail test messages. */
#include <CUnit/Basic.h>
#include <apr_file_io.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>

#include "mail/canonical.h"
#include "mail/parse.h"

#define CORPUS "/usr/lib/python3.11/test/test_email/data"

void ss_suite_parse(void);

static ss_mail_message_t *parsed(const char *text, const ss_parse_options_t *options, ss_mail_problem_t *problem, apr_pool_t *pool)
{
    ss_mail_message_t *m = ss_mail_create(pool);

    memset(problem, 0, sizeof(*problem));
    return ss_parse_message(m, text, strlen(text), options, problem) ? NULL : m;
}

static const char *rcpts(const ss_mail_message_t *m, apr_pool_t *pool)
{
    const char *out = "";

    for (int i = 0; i < m->rcpts->nelts; i++) out = apr_pstrcat(pool, out, i ? "," : "", ((ss_mail_rcpt_t *)m->rcpts->elts)[i].address, NULL);
    return out;
}

static void recipients_and_senders(void)
{
    static const struct { const char *input, *from, *to; } table[] = {
        { "From: a@b.c\r\nTo: x@y.z, X <x@Y.Z>\r\nCc: g:c@d.e;\r\nBcc: h@i.j\r\n\r\nhi\r\n", "a@b.c", "x@y.z,c@d.e,h@i.j" },
        { "From: a@b.c\nSender: s@b.c\nTo: x@y.z\nResent-From: r@b.c\nResent-To: n@o.p\n\n", "r@b.c", "n@o.p" },
        { "From a@b.c Sat Jan  1\nFrom: a@b.c\nTo: root\n\nhi", "a@b.c", "root@host.example" },
        { "From: a@b.c\nTo: x@y.z", "a@b.c", "x@y.z" }
    };
    ss_parse_options_t options = { .takes_rcpts = 1, .adds_missing = 1, .host = "h.x", .default_domain = "host.example" };
    ss_mail_problem_t problem;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_mail_message_t *m = parsed(table[i].input, &options, &problem, pool);
        CU_ASSERT_PTR_NOT_NULL_FATAL(m);
        CU_ASSERT_STRING_EQUAL(m->from, table[i].from);
        CU_ASSERT_STRING_EQUAL(rcpts(m, pool), table[i].to);
        CU_ASSERT_PTR_NULL(strstr(m->content, "Bcc"));
        CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "Message-ID: <"));
        CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "\r\n\r\n"));
        CU_ASSERT_PTR_NOT_NULL(m->message_id);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(parsed(table[2].input, &options, &problem, pool)->content, "To: root@host.example\r\n"));
    apr_pool_destroy(pool);
}

static void canonical_content_is_not_copied(void)
{
    static const char text[] = "From: a@b.c\r\nTo: x@y.z\r\nDate: x\r\nMessage-ID: <i@d>\r\nSubject: =?utf-8?q?=C3=B6?=\r\n\r\nhi\r\n";
    ss_parse_options_t options = { .takes_rcpts = 1, .adds_missing = 1, .host = "h.x" };
    ss_mail_problem_t problem;
    apr_pool_t *pool;
    ss_mail_message_t *m;

    apr_pool_create(&pool, NULL);
    m = parsed(text, &options, &problem, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_PTR_EQUAL(m->content, text);
    CU_ASSERT_STRING_EQUAL(m->subject, "\xc3\xb6");
    apr_pool_destroy(pool);
}

static void refusals_name_the_place(void)
{
    static const struct { const char *input, *field; int status; } table[] = {
        { "To: a b\r\n\r\n", "To", 400 }, { "no field\r\n\r\n", "header", 400 }, { "To: root\r\n\r\n", "To", 400 },
        { "To: a@b.c\r\n\r\n0123456789012345678901234567890123456789", "content", 413 }
    };
    ss_parse_options_t options = { .takes_rcpts = 1, .max_size = 40 };
    ss_mail_problem_t problem;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        CU_ASSERT_PTR_NULL(parsed(table[i].input, &options, &problem, pool));
        CU_ASSERT_EQUAL(problem.status, table[i].status);
        CU_ASSERT_STRING_EQUAL(problem.field, table[i].field);
    }
    memset(&problem, 0, sizeof(problem));
    CU_ASSERT_EQUAL(ss_parse_message(ss_mail_create(pool), "A: \0\r\n\r\n", 8, &options, &problem), -1);
    CU_ASSERT_EQUAL(problem.status, 400);
    options.takes_plain_text = 1;
    options.max_size = 0;
    CU_ASSERT_STRING_EQUAL(parsed("hello\nworld\n", &options, &problem, pool)->content, "\r\nhello\r\nworld\r\n");
    apr_pool_destroy(pool);
}

static void the_corpus_is_parsed_or_refused(void)
{
    ss_parse_options_t options = { .takes_rcpts = 1, .adds_missing = 1, .host = "h.x", .default_domain = "host.example" };
    apr_pool_t *pool;
    int seen = 0;

    apr_pool_create(&pool, NULL);
    for (int i = 1; i <= 46; i++) {
        const char *path = apr_psprintf(pool, CORPUS "/msg_%02d.txt", i);
        ss_mail_problem_t problem = { 0 };
        ss_mail_message_t *m = ss_mail_create(pool);
        ss_canonical_facts_t facts;
        apr_file_t *file;
        char *bytes = apr_palloc(pool, 1 << 20);
        apr_size_t len = (1 << 20) - 1;
        if (apr_file_open(&file, path, APR_READ, 0, pool) != APR_SUCCESS) continue;
        apr_file_read_full(file, bytes, len, &len);
        bytes[len] = '\0';
        apr_file_close(file);
        seen++;
        if (ss_parse_message(m, bytes, len, &options, &problem)) {
            CU_ASSERT(problem.status >= 400 && problem.status < 500 && problem.detail[0]);
            printf("\n  msg_%02d refused %d: %s", i, problem.status, problem.detail);
            continue;
        }
        ss_canonical_scan(m->content, m->content_len, &facts);
        CU_ASSERT_TRUE(facts.is_canonical);
    }
    CU_ASSERT(seen > 40);
    apr_pool_destroy(pool);
}

void ss_suite_parse(void)
{
    CU_pSuite s = CU_add_suite("parse", NULL, NULL);

    CU_add_test(s, "recipients_and_senders", recipients_and_senders);
    CU_add_test(s, "canonical_content_is_not_copied", canonical_content_is_not_copied);
    CU_add_test(s, "refusals_name_the_place", refusals_name_the_place);
    CU_add_test(s, "the_corpus_is_parsed_or_refused", the_corpus_is_parsed_or_refused);
}
