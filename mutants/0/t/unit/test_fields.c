/* test_fields.c: the fields of an HTML form become the JSON document: lists, members, switches,
 * what is refused and by which name. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>

#include "mail/compose.h"
#include "mail/form.h"

void ss_suite_fields(void);

/* A message of fields written "name=value" (ended by NULL) besides from, to and text; NULL with the
 * problem. */
static ss_mail_message_t *formed(const char *const *pairs, const apr_array_header_t *files,
                                 ss_mail_problem_t *problem, apr_pool_t *pool)
{
    ss_parse_options_t options = {
        .adds_missing = 1, .host = "host.example.com", .now = 1000000, .random = 77
    };
    apr_array_header_t *fields = apr_array_make(pool, 4, sizeof(ss_form_field_t));
    static const char *const usual[] = { "from=a@b.c", "to=x@y.z", "text=t" };
    ss_mail_message_t *m = ss_mail_create(pool);

    memset(problem, 0, sizeof(*problem));
    ss_compose_init();
    for (int i = 0; i < 3 || *pairs; i++) {
        const char *pair = i < 3 ? usual[i] : *pairs++, *is = strchr(pair, '=');
        APR_ARRAY_PUSH(fields, ss_form_field_t) =
            (ss_form_field_t){ apr_pstrmemdup(pool, pair, (apr_size_t)(is - pair)), is + 1 };
    }
    return ss_form_fields(m, fields, files, &options, problem) ? NULL : m;
}

static int has_line(const ss_mail_message_t *m, const char *line)
{
    return m && strstr(m->content, line) != NULL;
}

static void what_a_form_holds(void)
{
    static const char *const pairs[] = {
        "to=q@r.s",       "to[]=l@i.st",   "cc=c@d.e",
        "bcc=h@i.d",      "replyTo=",      "subject=S\xc3\xa4",
        "headers.X-A=1",  "headers.X-A=2", "headers.X-B=3",
        "metadata.k=v",   "metadata.l=w",  "envelope.from=bounce@b.c",
        "notify=failure", "notify=delay",  "individually=on",
        "priority=high",  "html=<p>h",     NULL
    };
    apr_pool_t *pool;
    ss_mail_problem_t problem;

    apr_pool_create(&pool, NULL);
    const ss_mail_message_t *m = formed(pairs, NULL, &problem, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL(m->rcpts->nelts, 5);
    CU_ASSERT_EQUAL(APR_ARRAY_IDX(m->rcpts, 0, ss_mail_rcpt_t).notify,
                    SS_NOTIFY_FAILURE | SS_NOTIFY_DELAY);
    CU_ASSERT(has_line(m, "To: x@y.z, q@r.s, l@i.st\r\n") &&
              has_line(m, "\r\nX-A: 1\r\nX-A: 2\r\nX-B: 3\r\n") &&
              has_line(m, "Subject: =?utf-8?"));
    CU_ASSERT_FALSE(has_line(m, "h@i.d"));
    CU_ASSERT_STRING_EQUAL(m->from, "bounce@b.c");
    CU_ASSERT_STRING_EQUAL(m->attr.metadata, "{\"k\":\"v\",\"l\":\"w\"}");
    CU_ASSERT(m->individually && m->attr.priority == 0);
    /* Whole objects as JSON. */
    static const char *const json[] = { "headers={\"X-A\":\"1\"}", "metadata={\"k\":7}",
                                        "envelope={\"to\":[\"o@n.ly\"]}",
                                        "attachments=[{\"content\":\"aGk=\",\"filename\":\"f\"}]",
                                        NULL };
    m = formed(json, NULL, &problem, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT(m->rcpts->nelts == 1 && has_line(m, "X-A: 1\r\n") && has_line(m, "filename=f\r\n"));
    CU_ASSERT_STRING_EQUAL(m->attr.metadata, "{\"k\":7}");
    apr_pool_destroy(pool);
}

static void switches(void)
{
    static const struct {
        const char *pair;
        int is_on;
    } table[] = { { "individually=1", 1 },     { "individually=ON", 1 }, { "individually=true", 1 },
                  { "individually=yes", 1 },   { "individually=0", 0 },  { "individually=off", 0 },
                  { "individually=False", 0 }, { "individually=no", 0 }, { "individually=", 0 } };
    apr_pool_t *pool;
    ss_mail_problem_t problem;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *const pairs[] = { table[i].pair, NULL };
        const ss_mail_message_t *m = formed(pairs, NULL, &problem, pool);
        CU_ASSERT_PTR_NOT_NULL_FATAL(m);
        CU_ASSERT_EQUAL(m->individually, table[i].is_on);
    }
    apr_pool_destroy(pool);
}

static void refusals(void)
{
    static const struct {
        const char *pairs[3], *field, *detail;
    } table[] = {
        { { "individually=maybe" }, "individually", "must be true or false" },
        { { "subject=a", "subject=b" }, "subject", "more than once" },
        { { "nonsense=a" }, "nonsense", "no such field" },
        { { "subject=\xff" }, "subject", "not UTF-8" },
        { { "headers.X-A=\xff" }, "headers.X-A", "not UTF-8" },
        { { "headers=no json" }, "headers", "this is JSON" },
        { { "headers={}", "headers={}" }, "headers", "more than once" },
        { { "metadata=7" }, "metadata", "this is JSON" },
        { { "metadata=[1]", "metadata.k=v" }, "metadata.k", "as JSON and as single fields" },
        { { "headers.=x" }, "headers.", "no such field" },
        { { ".x=y" }, ".x", "no such field" },
        { { "subject.x=y" }, "subject.x", "no such field" },
        { { "attachments.content=aGk=" }, "attachments.content", "no such field" },
        { { "attachments=[1]" }, "attachments[0]", "not an object" },
        { { "cc=nobody at all" }, "cc", "not an address" },
        { { "[]=x" }, "[]", "no such field" },
        { { "headers.From=x@y.z" }, "headers.From", "cannot be set here" }
    };
    apr_pool_t *pool;
    ss_mail_problem_t problem;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        CU_ASSERT_PTR_NULL(formed(table[i].pairs, NULL, &problem, pool));
        CU_ASSERT_EQUAL(problem.status, 400);
        if (problem.field && !strcmp(problem.field, table[i].field) &&
            strstr(problem.detail, table[i].detail))
            continue;
        printf("\n%s: %s: %s", table[i].pairs[0], problem.field ? problem.field : "-",
               problem.detail);
        CU_FAIL("a refusal");
    }
    apr_pool_destroy(pool);
}

static void files(void)
{
    static const char *const none[] = { NULL };
    static const struct {
        ss_compose_attachment_t file;
        const char *detail;
    } bad[] = { { { .filename = "a\nb", .bytes = "x", .len = 1 }, "line end" },
                { { .content_type = "text", .bytes = "x", .len = 1 }, "not a media type" },
                { { .content_type = "a/b\r\nX: y", .bytes = "x", .len = 1 }, "line end" },
                { { .cid = "a b", .bytes = "x", .len = 1 }, "not a content id" },
                { { .cid = "", .bytes = "x", .len = 1 }, "not a content id" },
                { { .cid = "a\rb", .bytes = "x", .len = 1 }, "line end" },
                { { .content_type = "a/b; x=\"=?utf-8?q?=0A?=\"", .bytes = "x", .len = 1 },
                  "not a media type" } };
    apr_pool_t *pool;
    ss_mail_problem_t problem;

    apr_pool_create(&pool, NULL);
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(ss_compose_attachment_t));
    APR_ARRAY_PUSH(list, ss_compose_attachment_t) = (ss_compose_attachment_t){
        .filename = "one.txt", .content_type = "text/plain", .bytes = "hello", .len = 5
    };
    APR_ARRAY_PUSH(list, ss_compose_attachment_t) =
        (ss_compose_attachment_t){ .cid = "c@d", .bytes = "", .len = 0 };
    const ss_mail_message_t *m = formed(none, list, &problem, pool);
    CU_ASSERT(has_line(m, "\r\n\r\naGVsbG8=\r\n") && has_line(m, "filename=one.txt") &&
              has_line(m, "Content-Id: <c@d>\r\n"));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        apr_array_header_t *one = apr_array_make(pool, 1, sizeof(ss_compose_attachment_t));
        APR_ARRAY_PUSH(one, ss_compose_attachment_t) = bad[i].file;
        CU_ASSERT_PTR_NULL(formed(none, one, &problem, pool));
        CU_ASSERT_EQUAL(problem.status, 400);
        CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, bad[i].detail));
        CU_ASSERT_STRING_EQUAL(problem.field, "file 1");
    }
    apr_pool_destroy(pool);
}

void ss_suite_fields(void)
{
    CU_pSuite suite = CU_add_suite("fields", NULL, NULL);

    CU_add_test(suite, "what a form holds", what_a_form_holds);
    CU_add_test(suite, "switches", switches);
    CU_add_test(suite, "refusals", refusals);
    CU_add_test(suite, "files", files);
}
