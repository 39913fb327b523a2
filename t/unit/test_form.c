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

/* Every field with every kind of value: taken, or refused by its name; and no value of any field makes a header field or a recipient. */
static void no_value_of_any_field_gets_through_unnamed(void)
{
    static const char *const fields[] = {
        "from", "to", "cc", "bcc", "replyTo", "subject", "text", "html", "headers", "attachments", "metadata", "notify", "ret", "envid", "at", "expire", "priority",
        "individually", "messageId", "date", "envelope", "webhook", "relay", "requireTls", "inReplyTo", "references", "no-such-field"
    };
    static const char *const values[] = {
        "null", "true", "false", "0", "-1", "1.5", "99999999999999999999999", "\"\"", "\" \"", "\"x\"", "\"a@b.c\"", "\"a@b.c\\r\\nBcc: e@v.il\"", "\"x\\nBcc: e@v.il\"", "\"x\\rBcc: e@v.il\"",
        "\"x\\u0000\"", "\"\\ud800\"", "\"x\\r\\n.\\r\\nMAIL FROM:<e@v.il>\"", "[]", "[null]", "[1]", "[[]]", "[\"x\\r\\nBcc: e@v.il\"]", "[{\"name\":\"x\\r\\nBcc: e@v.il\",\"address\":\"a@b.c\"}]",
        "[{\"address\":\"a@b.c\\nBcc: e@v.il\"}]", "[{\"address\":1}]", "[{\"name\":1,\"address\":\"a@b.c\"}]", "[{\"x\":1}]", "{}", "{\"address\":\"a@b.c\"}", "{\"name\":\"x\"}", "{\"x\":\"y\\r\\nBcc: e@v.il\"}",
        "{\"x\\r\\nBcc\":\"e@v.il\"}", "{\"x\":1}", "{\"x\":[]}", "{\"Bcc\":\"e@v.il\"}", "{\"from\":\"a@b.c\\r\\nRCPT TO:<e@v.il>\"}", "{\"to\":[\"a@b.c\\r\\nRCPT TO:<e@v.il>\"]}", "{\"to\":1}", "{\"from\":1}",
        "[{\"content\":\"aGk=\",\"filename\":\"x\\r\\nBcc: e@v.il\"}]", "[{\"content\":\"aGk=\",\"contentType\":\"text/plain\\r\\nBcc: e@v.il\"}]", "[{\"content\":\"aGk=\",\"contentType\":\"x\"}]",
        "[{\"content\":\"aGk=\",\"cid\":\"x\\r\\nBcc: e@v.il\"}]", "[{\"content\":1}]", "[{\"filename\":\"x\"}]", "[{\"content\":\"aGk=\",\"filename\":1}]", "[{\"content\":\"aGk=\",\"x\":1}]"
    };
    ss_mail_problem_t problem;
    apr_pool_t *pool;
    int taken = 0, refused = 0;

    apr_pool_create(&pool, NULL);
    for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
            apr_pool_clear(pool);
            const char *json = apr_psprintf(pool, "{%s%s%s\"%s\":%s}", strcmp(fields[f], "from") ? "\"from\":\"a@b.c\"," : "", strcmp(fields[f], "to") ? "\"to\":\"x@y.z\"," : "",
                                            strcmp(fields[f], "text") ? "\"text\":\"t\"," : "", fields[f], values[v]);
            const ss_mail_message_t *m = formed(json, &problem, pool);
            if (!m) {
                refused++;
                if (problem.status == 400 && problem.field && !strncmp(problem.field, fields[f], strlen(fields[f]))) continue;
                /* A text that is no JSON, and an address that is missing, have no place of their own. */
                if (problem.status == 400 && (strstr(json, "ud800") || strstr(json, "99999999999999999999999") || !strcmp(values[v], "null") || !strcmp(values[v], "[]"))) continue;
                printf("\n%s: %d, %s: %s", json, problem.status, problem.field ? problem.field : "(none)", problem.detail);
                CU_FAIL("refused without the field's name");
                continue;
            }
            taken++;
            for (int i = 0; i < m->rcpts->nelts; i++) {
                if (strstr(APR_ARRAY_IDX(m->rcpts, i, ss_mail_rcpt_t).address, "v.il")) CU_FAIL(json);
            }
            const char *body = strstr(m->content, "\r\n\r\n"), *found = strstr(m->content, "\r\nBcc:");
            CU_ASSERT_PTR_NOT_NULL_FATAL(body);
            if (found && found < body) CU_FAIL(json);
            if (strchr(m->envid ? m->envid : "", '\n') || strchr(m->from, '\n') || strchr(m->webhook ? m->webhook : "", '\n') || strchr(m->relay ? m->relay : "", '\n')) CU_FAIL(json);
        }
    }
    CU_ASSERT_TRUE(taken > 30 && refused > 300);
    apr_pool_destroy(pool);
}

void ss_suite_form(void)
{
    CU_pSuite s = CU_add_suite("form", NULL, NULL);

    CU_add_test(s, "a_whole_document_becomes_mime", a_whole_document_becomes_mime);
    CU_add_test(s, "expire_is_a_duration_or_seconds", expire_is_a_duration_or_seconds);
    CU_add_test(s, "refusals_name_the_field", refusals_name_the_field);
    CU_add_test(s, "no_value_of_any_field_gets_through_unnamed", no_value_of_any_field_gets_through_unnamed);
}
