/* test_form.c: JSON documents: what they become, and the field that each refusal names. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>

#include "mail/canonical.h"
#include "mail/compose.h"
#include "mail/form.h"

void ss_suite_form(void);

static ss_mail_message_t *formed(const char *json, ss_mail_problem_t *problem, apr_pool_t *pool)
{
    ss_parse_options_t options = { .adds_missing = 1, .host = "h.x", .now = 1700000000000000, .random = 7 };
    ss_mail_message_t *m = ss_mail_create(pool);

    ss_compose_init();
    memset(problem, 0, sizeof(*problem));
    return ss_form_json(m, json, strlen(json), &options, problem) ? NULL : m;
}

static void a_whole_document_becomes_mime(void)
{
    static const char json[] = "{\"from\":{\"name\":\"J\xc3\xb6rg\",\"address\":\"a@b.c\"},\"to\":[\"x@y.z\",\"X <x2@y.z>\"],\"bcc\":\"h@i.j\",\"subject\":\"\xc3\xbc\","
        "\"text\":\"many long gr\xc3\xbc\xc3\x9f" "e\\n.\\n\",\"html\":\"<p>hi</p>\",\"headers\":{\"X-A\":\"1\"},\"metadata\":{\"k\":1},\"notify\":\"failure,delay\","
        "\"attachments\":[{\"filename\":\"\xc3\xb6.txt\",\"content\":\"aGk=\"},{\"cid\":\"i@1\",\"contentType\":\"image/png\",\"content\":\"aGk=\"}]}";
    ss_canonical_facts_t facts;
    ss_mail_problem_t problem;
    ss_mail_message_t *m;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    m = formed(json, &problem, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL(m->rcpts->nelts, 3);
    CU_ASSERT_EQUAL(((ss_mail_rcpt_t *)m->rcpts->elts)[0].notify, SS_NOTIFY_FAILURE | SS_NOTIFY_DELAY);
    CU_ASSERT_STRING_EQUAL(m->from, "a@b.c");
    CU_ASSERT_STRING_EQUAL(m->subject, "\xc3\xbc");
    CU_ASSERT_STRING_EQUAL(m->metadata, "{\"k\":1}");
    CU_ASSERT_FALSE(m->is_8bit || m->is_utf8);
    CU_ASSERT_PTR_NULL(strstr(m->content, "h@i.j"));
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "multipart/mixed"));
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "multipart/alternative"));
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "multipart/related"));
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "Content-Id: <i@1>") ? "" : strstr(m->content, "Content-ID: <i@1>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "gr=C3=BC=C3=9Fe\r\n"));
    ss_canonical_scan(m->content, m->content_len, &facts);
    CU_ASSERT_TRUE(facts.is_canonical);
    apr_pool_destroy(pool);
}

static void expire_is_a_duration_or_seconds(void)
{
    static const struct { const char *value; apr_interval_time_t expire; } table[] = {
        { "\"2h\"", 7200 * APR_USEC_PER_SEC }, { "\"90\"", 90 * APR_USEC_PER_SEC }, { "90", 90 * APR_USEC_PER_SEC }, { "3600", 3600 * APR_USEC_PER_SEC },
        { "0", -1 }, { "-5", -1 }, { "1.5", -1 }, { "\"soon\"", -1 }, { "99999999999999999999", -1 }
    };
    ss_mail_problem_t problem;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *json = apr_psprintf(pool, "{\"from\":\"a@b.c\",\"to\":\"x@y.z\",\"text\":\"x\",\"expire\":%s}", table[i].value);
        const ss_mail_message_t *m = formed(json, &problem, pool);
        CU_ASSERT_EQUAL(m ? m->expire : -1, table[i].expire);
    }
    apr_pool_destroy(pool);
}

static void refusals_name_the_field(void)
{
#define BASE "\"from\":\"a@b.c\",\"to\":\"x@y.z\","
    static const struct { const char *json, *field; } table[] = {
        { "{" BASE "\"subject\":\"a\\r\\nBcc: e@v.il\"}", "subject" }, { "{" BASE "\"headers\":{\"X\":\"a\\nB: c\"}}", "headers.X" },
        { "{" BASE "\"headers\":{\"X\\r\\nBcc\":\"a\"}}", "headers.X\r\nBcc" }, { "{" BASE "\"headers\":{\"Bcc\":\"e@v.il\"}}", "headers.Bcc" },
        { "{\"from\":\"a@b.c\",\"to\":[\"x@y.z\",\"x@y\\r\\nz\"]}", "to[1]" }, { "{\"from\":\"a@b.c\",\"to\":{\"name\":\"a\\nb\",\"address\":\"x@y.z\"}}", "to.name" },
        { "{\"from\":\"a@b.c\",\"to\":[{\"address\":\"nobody\"}]}", "to[0].address" }, { "{" BASE "\"attachments\":[{\"content\":\"***\"}]}", "attachments[0].content" },
        { "{" BASE "\"attachments\":[{\"content\":\"\",\"filename\":\"a\\r\\nb\"}]}", "attachments[0].filename" }, { "{" BASE "\"attachments\":[{\"content\":\"\",\"cid\":\"a\\r\\nb\"}]}", "attachments[0].cid" },
        { "{" BASE "\"attachments\":[{\"content\":\"\",\"contentType\":\"a/b\\r\\nX: y\"}]}", "attachments[0].contentType" }, { "{" BASE "\"sbject\":\"a\"}", "sbject" },
        { "{" BASE "\"messageId\":\"<a@b>\\r\\nX: y\"}", "messageId" }, { "{" BASE "\"at\":\"tomorrow\"}", "at" }, { "{" BASE "\"expire\":\"x\"}", "expire" },
        { "{" BASE "\"notify\":\"never,delay\"}", "notify" }, { "{" BASE "\"ret\":\"x\"}", "ret" }, { "{" BASE "\"envid\":\"a\\nb\"}", "envid" },
        { "{" BASE "\"priority\":\"x\"}", "priority" }, { "{" BASE "\"metadata\":{\"a\":[]}}", "metadata.a" }, { "{" BASE "\"individually\":1}", "individually" },
        { "{\"from\":\"a@b.c\"}", "to" }, { "{\"to\":\"a@b.c\"}", "from" }, { "{" BASE "\"envelope\":{\"x\":1}}", "envelope.x" }, { "{" BASE "\"text\":\"a\\u0000b\"}", "text" }
    };
    ss_mail_problem_t problem;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (formed(table[i].json, &problem, pool)) CU_FAIL(table[i].json);
        if (problem.status != 400 || !problem.field || strcmp(problem.field, table[i].field)) {
            printf("\n%s: %s", table[i].json, problem.detail);
            CU_FAIL("field");
        }
    }
    CU_ASSERT_PTR_NULL(formed("[]", &problem, pool));
    CU_ASSERT_PTR_NULL(formed("{", &problem, pool));
    apr_pool_destroy(pool);
}

void ss_suite_form(void)
{
    CU_pSuite s = CU_add_suite("form", NULL, NULL);

    CU_add_test(s, "a_whole_document_becomes_mime", a_whole_document_becomes_mime);
    CU_add_test(s, "expire_is_a_duration_or_seconds", expire_is_a_duration_or_seconds);
    CU_add_test(s, "refusals_name_the_field", refusals_name_the_field);
}
