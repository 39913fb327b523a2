/* test_form.c: JSON documents: what they become, and the field that each refusal names. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>

#include "mail/canonical.h"
#include "mail/compose.h"
#include "mail/form.h"
#include "fill.h"

void ss_suite_form(void);

static ss_mail_message_t *formed(const char *json, ss_mail_problem_t *problem, apr_pool_t *pool)
{
    ss_parse_options_t options = {
        .adds_missing = 1, .host = "h.x", .now = 1700000000000000, .random = 7
    };
    ss_mail_message_t *m = ss_mail_create(pool);

    ss_compose_init();
    memset(problem, 0, sizeof(*problem));
    return ss_form_json(m, json, strlen(json), &options, problem) ? NULL : m;
}

static void a_whole_document_becomes_mime(void)
{
    static const char json[] =
        "{\"from\":{\"name\":\"J\xc3\xb6rg\",\"address\":\"a@b.c\"},\"to\":[\"x@y.z\",\"X "
        "<x2@y.z>\"],\"bcc\":\"h@i.j\",\"subject\":\"\xc3\xbc\","
        "\"text\":\"many long gr\xc3\xbc\xc3\x9f"
        "e\\n.\\n\",\"html\":\"<p>hi</"
        "p>\",\"headers\":{\"X-A\":\"1\"},\"metadata\":{\"k\":1},\"notify\":\"failure,delay\","
        "\"attachments\":[{\"filename\":\"\xc3\xb6.txt\",\"content\":\"aGk=\"},{\"cid\":\"i@1\","
        "\"contentType\":\"image/png\",\"content\":\"aGk=\"}]}";
    ss_canonical_facts_t facts;
    ss_mail_problem_t problem;
    ss_mail_message_t *m;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    m = formed(json, &problem, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL(m->rcpts->nelts, 3);
    CU_ASSERT_EQUAL(((ss_mail_rcpt_t *)m->rcpts->elts)[0].notify,
                    SS_NOTIFY_FAILURE | SS_NOTIFY_DELAY);
    CU_ASSERT_STRING_EQUAL(m->from, "a@b.c");
    CU_ASSERT_STRING_EQUAL(m->attr.subject, "\xc3\xbc");
    CU_ASSERT_STRING_EQUAL(m->attr.metadata, "{\"k\":1}");
    CU_ASSERT_FALSE(m->attr.is_8bit || m->attr.is_utf8);
    CU_ASSERT_PTR_NULL(strstr(m->content, "h@i.j"));
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "multipart/mixed"));
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "multipart/alternative"));
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "multipart/related"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(m->content, "Content-Id: <i@1>") ? "" : strstr(m->content, "Content-ID: <i@1>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "gr=C3=BC=C3=9Fe\r\n"));
    ss_canonical_scan(m->content, m->content_len, &facts);
    CU_ASSERT_TRUE(facts.is_canonical);
    apr_pool_destroy(pool);
}

static void expire_is_a_duration_or_seconds(void)
{
    static const struct {
        const char *value;
        apr_interval_time_t expire;
    } table[] = { { "\"2h\"", 7200 * APR_USEC_PER_SEC },
                  { "\"90\"", 90 * APR_USEC_PER_SEC },
                  { "90", 90 * APR_USEC_PER_SEC },
                  { "3600", 3600 * APR_USEC_PER_SEC },
                  { "0", -1 },
                  { "-5", -1 },
                  { "1.5", -1 },
                  { "\"soon\"", -1 },
                  { "99999999999999999999", -1 } };
    ss_mail_problem_t problem;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *json =
            apr_psprintf(pool, "{\"from\":\"a@b.c\",\"to\":\"x@y.z\",\"text\":\"x\",\"expire\":%s}",
                         table[i].value);
        const ss_mail_message_t *m = formed(json, &problem, pool);
        CU_ASSERT_EQUAL(m ? m->attr.expire : -1, table[i].expire);
    }
    apr_pool_destroy(pool);
}

static void refusals_name_the_field(void)
{
#define BASE "\"from\":\"a@b.c\",\"to\":\"x@y.z\","
    static const struct {
        const char *json, *field;
    } table[] = {
        { "{" BASE "\"subject\":\"a\\r\\nBcc: e@v.il\"}", "subject" },
        { "{" BASE "\"headers\":{\"X\":\"a\\nB: c\"}}", "headers.X" },
        { "{" BASE "\"headers\":{\"X\\r\\nBcc\":\"a\"}}", "headers.X\r\nBcc" },
        { "{" BASE "\"headers\":{\"Bcc\":\"e@v.il\"}}", "headers.Bcc" },
        { "{\"from\":\"a@b.c\",\"to\":[\"x@y.z\",\"x@y\\r\\nz\"]}", "to[1]" },
        { "{\"from\":\"a@b.c\",\"to\":{\"name\":\"a\\nb\",\"address\":\"x@y.z\"}}", "to.name" },
        { "{\"from\":\"a@b.c\",\"to\":[{\"address\":\"nobody\"}]}", "to[0].address" },
        { "{" BASE "\"attachments\":[{\"content\":\"***\"}]}", "attachments[0].content" },
        { "{" BASE "\"attachments\":[{\"content\":\"\",\"filename\":\"a\\r\\nb\"}]}",
          "attachments[0].filename" },
        { "{" BASE "\"attachments\":[{\"content\":\"\",\"cid\":\"a\\r\\nb\"}]}",
          "attachments[0].cid" },
        { "{" BASE "\"attachments\":[{\"content\":\"\",\"contentType\":\"a/b\\r\\nX: y\"}]}",
          "attachments[0].contentType" },
        { "{" BASE "\"sbject\":\"a\"}", "sbject" },
        { "{" BASE "\"messageId\":\"<a@b>\\r\\nX: y\"}", "messageId" },
        { "{" BASE "\"at\":\"tomorrow\"}", "at" },
        { "{" BASE "\"expire\":\"x\"}", "expire" },
        { "{" BASE "\"notify\":\"never,delay\"}", "notify" },
        { "{" BASE "\"ret\":\"x\"}", "ret" },
        { "{" BASE "\"envid\":\"a\\nb\"}", "envid" },
        { "{" BASE "\"priority\":\"x\"}", "priority" },
        { "{" BASE "\"metadata\":{\"a\":[]}}", "metadata.a" },
        { "{" BASE "\"individually\":1}", "individually" },
        { "{\"from\":\"a@b.c\"}", "to" },
        { "{\"to\":\"a@b.c\"}", "from" },
        { "{" BASE "\"envelope\":{\"x\":1}}", "envelope.x" },
        { "{" BASE "\"text\":\"a\\u0000b\"}", "text" }
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

/* What is asked for arrives in the message. */
static void wishes_are_taken(void)
{
    static const char json[] =
        "{\"from\":\"a@b.c\",\"to\":{\"address\":\"x@y.z\"},\"cc\":[\"g: c@d.e, "
        "f@g.h;\"],\"text\":\"t\",\"notify\":[\"success\",\"delay\"],\"ret\":\"HDRS\",\"envid\":"
        "\"e1\","
        "\"priority\":\"bulk\",\"individually\":true,\"messageId\":\"id@b.c\",\"at\":\"2030-01-"
        "31T12:00:00Z\",\"headers\":{\"X-Two\":[\"one\",\"two\"]},\"metadata\":{\"a\":1,\"b\":null,"
        "\"c\":true,\"d\":\"x\"},\"bcc\":null}";
    static const struct {
        const char *envelope, *from, *to;
        int rcpts;
    } table[] = { { "{\"from\":\"\",\"to\":[\"n@o.p\"]}", "", "n@o.p", 1 },
                  { "{\"from\":\"<>\"}", "", "x@y.z", 1 },
                  { "{\"from\":\"r@s.t\"}", "r@s.t", "x@y.z", 1 },
                  { "{\"to\":[\"n@o.p\",\"q@o.p\"]}", "a@b.c", "n@o.p", 2 } };
    ss_mail_problem_t problem;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    const ss_mail_message_t *m = formed(json, &problem, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL(m->rcpts->nelts, 3);
    CU_ASSERT_EQUAL(APR_ARRAY_IDX(m->rcpts, 2, ss_mail_rcpt_t).notify,
                    SS_NOTIFY_SUCCESS | SS_NOTIFY_DELAY);
    CU_ASSERT_TRUE(m->attr.dsn_options.ret == SS_RET_HDRS && m->individually &&
                   m->attr.priority == 2);
    CU_ASSERT_STRING_EQUAL(m->attr.dsn_options.envid, "e1");
    CU_ASSERT_STRING_EQUAL(m->attr.message_id, "<id@b.c>");
    CU_ASSERT_STRING_EQUAL(m->attr.metadata, "{\"a\":1,\"b\":null,\"c\":true,\"d\":\"x\"}");
    CU_ASSERT_EQUAL(m->attr.at, apr_time_from_sec(1896091200));
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "X-Two: one\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(m->content, "X-Two: two\r\n"));
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        m = formed(apr_psprintf(
                       pool, "{\"from\":\"a@b.c\",\"to\":\"x@y.z\",\"text\":\"t\",\"envelope\":%s}",
                       table[i].envelope),
                   &problem, pool);
        CU_ASSERT_PTR_NOT_NULL_FATAL(m);
        CU_ASSERT_STRING_EQUAL(m->from, table[i].from);
        CU_ASSERT_EQUAL_FATAL(m->rcpts->nelts, table[i].rcpts);
        CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(m->rcpts, 0, ss_mail_rcpt_t).address, table[i].to);
    }
    apr_pool_destroy(pool);
}

/* One of what is allowed count times, with commas between. */
static const char *times(apr_pool_t *pool, const char *what, int count)
{
    apr_size_t len = strlen(what);
    char *out = apr_palloc(pool, (apr_size_t)count * (len + 1) + 1), *to = out;

    for (int i = 0; i < count; i++, to += len + 1) {
        memcpy(to, what, len);
        to[len] = ',';
    }
    to[-1] = '\0';
    return out;
}

/* The last that is taken, and the first that is refused. */
static void fields_have_bounds(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    const struct {
        const char *field, *taken, *refused, *named;
    } table[] = {
        { "subject", apr_psprintf(pool, "\"%s\"", fill(pool, 'x', 10000)),
          apr_psprintf(pool, "\"%s\"", fill(pool, 'x', 10001)), "subject" },
        { "envid", apr_psprintf(pool, "\"%s\"", fill(pool, 'x', 100)),
          apr_psprintf(pool, "\"%s\"", fill(pool, 'x', 101)), "envid" },
        { "messageId", apr_psprintf(pool, "\"<%s@b.c>\"", fill(pool, 'x', 894)),
          apr_psprintf(pool, "\"<%s@b.c>\"", fill(pool, 'x', 895)), "messageId" },
        { "messageId", "\"a@b\"", "\"a b@c\"", "messageId" },
        { "messageId", "\"<a@b>\"", "\"<a@b\"", "messageId" },
        { "messageId", "\"<a@b>\"", "\"<ab>\"", "messageId" },
        { "messageId", "\"<a@b>\"", "\"<a@<b>\"", "messageId" },
        { "headers", apr_psprintf(pool, "{\"X-%s\":\"a\"}", fill(pool, 'x', 98)),
          apr_psprintf(pool, "{\"X-%s\":\"a\"}", fill(pool, 'x', 99)), "headers.X-" },
        { "headers", apr_psprintf(pool, "{\"X\":[%s]}", times(pool, "\"a\"", 1000)),
          apr_psprintf(pool, "{\"X\":[%s]}", times(pool, "\"a\"", 1001)), "headers.X[1000]" },
        { "headers", "{\"X-A\":\"\"}", "{\"\":\"a\"}", "headers." },
        { "headers", "{\"X-A\":\"\"}", "{\"X A\":\"a\"}", "headers.X A" },
        { "headers", "{\"X-A\":\"\"}", "{\"X:\":\"a\"}", "headers.X:" },
        { "metadata", apr_psprintf(pool, "{\"a\":\"%s\"}", fill(pool, 'x', 2040)),
          apr_psprintf(pool, "{\"a\":\"%s\"}", fill(pool, 'x', 2041)), "metadata" },
        { "attachments", apr_psprintf(pool, "[%s]", times(pool, "{\"content\":\"\"}", 1000)),
          apr_psprintf(pool, "[%s]", times(pool, "{\"content\":\"\"}", 1001)), "attachments" },
        { "attachments", "[{\"content\":\"\",\"contentType\":\"a/b; c=d\"}]",
          "[{\"content\":\"\",\"contentType\":\"a/; c=d\"}]", "attachments[0].contentType" },
        { "attachments", "[{\"content\":\"\",\"contentType\":\"a/b; x=\\\"=?utf-8?q?y_z?=\\\"\"}]",
          "[{\"content\":\"\",\"contentType\":\"a/b; x=\\\"=?utf-8?q?y=0D=0AX:_z?=\\\"\"}]",
          "attachments[0].contentType" },
        { "attachments", "[{\"content\":\"\",\"contentType\":\"a/b;\\tx*=utf-8''y%20z\"}]",
          "[{\"content\":\"\",\"contentType\":\"a/b; x*=utf-8''y%0d%0aX:%20z\"}]",
          "attachments[0].contentType" },
        { "attachments", "[{\"content\":\"\",\"cid\":\"a@b\"}]",
          "[{\"content\":\"\",\"cid\":\"<a@b>\"}]", "attachments[0].cid" },
        { "bcc", apr_psprintf(pool, "[%s]", times(pool, "\"a@b.c\"", 50000)),
          apr_psprintf(pool, "[%s]", times(pool, "\"a@b.c\"", 50001)), "bcc" },
        { "notify", "\"never\"", "\"never, success\"", "notify" },
        { "notify", "\"success,failure, delay\"", "[\"success\",\"maybe\"]", "notify[1]" },
        { "ret", "\"full\"", "\"fully\"", "ret" },
        { "priority", "\"high\"", "\"highest\"", "priority" },
        { "priority", "\"normal\"", "\"\"", "priority" },
        { "envelope", "{}", "{\"from\":[\"a@b.c\",\"d@e.f\"]}", "envelope.from" }
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        for (int is_refused = 0; is_refused < 2; is_refused++) {
            ss_mail_problem_t problem;
            const char *json =
                apr_psprintf(pool, "{\"from\":\"a@b.c\",\"to\":\"x@y.z\",\"text\":\"t\",\"%s\":%s}",
                             table[i].field, is_refused ? table[i].refused : table[i].taken);
            const ss_mail_message_t *m = formed(json, &problem, pool);
            if ((m == NULL) == is_refused &&
                (!is_refused || (problem.status == 400 &&
                                 !strncmp(problem.field, table[i].named, strlen(table[i].named)))))
                continue;
            printf("\n%.100s: %s: %s", json, problem.field ? problem.field : "-", problem.detail);
            CU_FAIL("a bound");
        }
    }
    apr_pool_destroy(pool);
}

/* Every field with every kind of value: taken, or refused by its name; and no value of any field
 * makes a header field or a recipient. */
static void no_value_of_any_field_gets_through_unnamed(void)
{
    static const char *const fields[] = { "from",      "to",           "cc",           "bcc",
                                          "replyTo",   "subject",      "text",         "html",
                                          "headers",   "attachments",  "metadata",     "notify",
                                          "ret",       "envid",        "at",           "expire",
                                          "priority",  "individually", "messageId",    "date",
                                          "envelope",  "webhook",      "relay",        "requireTls",
                                          "inReplyTo", "references",   "no-such-field" };
    static const char *const values[] = {
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1.5",
        "99999999999999999999999",
        "\"\"",
        "\" \"",
        "\"x\"",
        "\"a@b.c\"",
        "\"a@b.c\\r\\nBcc: e@v.il\"",
        "\"x\\nBcc: e@v.il\"",
        "\"x\\rBcc: e@v.il\"",
        "\"x\\u0000\"",
        "\"\\ud800\"",
        "\"x\\r\\n.\\r\\nMAIL FROM:<e@v.il>\"",
        "[]",
        "[null]",
        "[1]",
        "[[]]",
        "[\"x\\r\\nBcc: e@v.il\"]",
        "[{\"name\":\"x\\r\\nBcc: e@v.il\",\"address\":\"a@b.c\"}]",
        "[{\"address\":\"a@b.c\\nBcc: e@v.il\"}]",
        "[{\"address\":1}]",
        "[{\"name\":1,\"address\":\"a@b.c\"}]",
        "[{\"x\":1}]",
        "{}",
        "{\"address\":\"a@b.c\"}",
        "{\"name\":\"x\"}",
        "{\"x\":\"y\\r\\nBcc: e@v.il\"}",
        "{\"x\\r\\nBcc\":\"e@v.il\"}",
        "{\"x\":1}",
        "{\"x\":[]}",
        "{\"Bcc\":\"e@v.il\"}",
        "{\"from\":\"a@b.c\\r\\nRCPT TO:<e@v.il>\"}",
        "{\"to\":[\"a@b.c\\r\\nRCPT TO:<e@v.il>\"]}",
        "{\"to\":1}",
        "{\"from\":1}",
        "[{\"content\":\"aGk=\",\"filename\":\"x\\r\\nBcc: e@v.il\"}]",
        "[{\"content\":\"aGk=\",\"contentType\":\"text/plain\\r\\nBcc: e@v.il\"}]",
        "[{\"content\":\"aGk=\",\"contentType\":\"x\"}]",
        "[{\"content\":\"aGk=\",\"cid\":\"x\\r\\nBcc: e@v.il\"}]",
        "[{\"content\":1}]",
        "[{\"filename\":\"x\"}]",
        "[{\"content\":\"aGk=\",\"filename\":1}]",
        "[{\"content\":\"aGk=\",\"x\":1}]"
    };
    ss_mail_problem_t problem;
    apr_pool_t *pool;
    int taken = 0, refused = 0;

    apr_pool_create(&pool, NULL);
    for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
            apr_pool_clear(pool);
            const char *json = apr_psprintf(
                pool, "{%s%s%s\"%s\":%s}", strcmp(fields[f], "from") ? "\"from\":\"a@b.c\"," : "",
                strcmp(fields[f], "to") ? "\"to\":\"x@y.z\"," : "",
                strcmp(fields[f], "text") ? "\"text\":\"t\"," : "", fields[f], values[v]);
            const ss_mail_message_t *m = formed(json, &problem, pool);
            if (!m) {
                refused++;
                if (problem.status == 400 && problem.field &&
                    !strncmp(problem.field, fields[f], strlen(fields[f])))
                    continue;
                /* A text that is no JSON, and an address that is missing, have no place of their
                 * own. */
                if (problem.status == 400 &&
                    (strstr(json, "ud800") || strstr(json, "99999999999999999999999") ||
                     !strcmp(values[v], "null") || !strcmp(values[v], "[]")))
                    continue;
                printf("\n%s: %d, %s: %s", json, problem.status,
                       problem.field ? problem.field : "(none)", problem.detail);
                CU_FAIL("refused without the field's name");
                continue;
            }
            taken++;
            for (int i = 0; i < m->rcpts->nelts; i++) {
                if (strstr(APR_ARRAY_IDX(m->rcpts, i, ss_mail_rcpt_t).address, "v.il"))
                    CU_FAIL(json);
            }
            const char *body = strstr(m->content, "\r\n\r\n"),
                       *found = strstr(m->content, "\r\nBcc:");
            CU_ASSERT_PTR_NOT_NULL_FATAL(body);
            if (found && found < body) CU_FAIL(json);
            if (strchr(m->attr.dsn_options.envid ? m->attr.dsn_options.envid : "", '\n') ||
                strchr(m->from, '\n') || strchr(m->attr.webhook ? m->attr.webhook : "", '\n') ||
                strchr(m->attr.relay ? m->attr.relay : "", '\n'))
                CU_FAIL(json);
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
    CU_add_test(s, "wishes_are_taken", wishes_are_taken);
    CU_add_test(s, "fields_have_bounds", fields_have_bounds);
    CU_add_test(s, "no_value_of_any_field_gets_through_unnamed",
                no_value_of_any_field_gets_through_unnamed);
}
