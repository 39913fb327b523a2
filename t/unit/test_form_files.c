/* test_form_files.c: files and calendars of a JSON document: which parts they become. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <string.h>

#include "mail/compose.h"
#include "mail/form.h"

void ss_suite_form_files(void);

static apr_pool_t *pool;
static ss_mail_problem_t problem;

static int begin(void)
{
    ss_compose_init();
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int end(void)
{
    apr_pool_destroy(pool);
    return 0;
}

/* The message of a document with these members besides the addresses, or NULL. */
static const char *composed(const char *members)
{
    ss_parse_options_t options = {
        .adds_missing = 1, .host = "h.x", .now = 1700000000000000, .random = 7
    };
    ss_mail_message_t *m = ss_mail_create(pool);
    const char *json = apr_psprintf(pool, "{\"from\":\"a@b.c\",\"to\":\"x@y.z\",%s}", members);

    memset(&problem, 0, sizeof(problem));
    return ss_form_json(m, json, strlen(json), &options, &problem)
               ? NULL
               : apr_pstrmemdup(pool, m->content, m->content_len);
}

static int has(const char *out, const char *text)
{
    return out && strstr(out, text);
}

static void a_cid_without_html_is_an_ordinary_file(void)
{
    static const char file[] =
        "\"text\":\"t\",\"attachments\":[{\"filename\":\"a.png\",\"cid\":\"i@1\","
        "\"contentType\":\"image/png\",\"content\":\"aGk=\"}]";
    const char *out = composed(file);

    CU_ASSERT(has(out, "multipart/mixed") && !has(out, "multipart/related"));
    CU_ASSERT(has(out, "Content-Disposition: attachment") && !has(out, ": inline"));
    out = composed(apr_pstrcat(pool, "\"html\":\"<img src='cid:i@1'>\",", file, NULL));
    CU_ASSERT(has(out, "multipart/related") && has(out, "Content-Disposition: inline"));
}

static const char *with_file(const char *type, const char *base64)
{
    return composed(apr_psprintf(pool,
                                 "\"text\":\"t\",\"attachments\":[{\"contentType\":\"%s\","
                                 "\"content\":\"%s\"}]",
                                 type, base64));
}

static void a_message_as_a_file_stays_a_message(void)
{
    /* Subject: hi LF LF there LF */
    const char *out = with_file("message/rfc822", "U3ViamVjdDogaGkKCnRoZXJlCg==");

    CU_ASSERT(has(out, "Content-Type: message/rfc822\r\n") && !has(out, "base64"));
    CU_ASSERT(has(out, "\r\n\r\nSubject: hi\r\n\r\nthere\r\n"));
    /* the same with an umlaut in the body */
    out = with_file("message/rfc822", "U3ViamVjdDogaGkKCnRow7xyZQo=");
    CU_ASSERT(has(out, "Content-Transfer-Encoding: 8bit") && has(out, "th\xc3\xbcre\r\n"));
    /* "hi" is no message; a multipart has no boundary here; a report is ASCII */
    CU_ASSERT_PTR_NULL(with_file("message/rfc822", "aGk="));
    CU_ASSERT_STRING_EQUAL(problem.field, "attachments[0].contentType");
    CU_ASSERT_PTR_NULL(with_file("multipart/mixed", "aGk="));
    CU_ASSERT_STRING_EQUAL(problem.field, "attachments[0].contentType");
    CU_ASSERT_PTR_NULL(with_file("message/delivery-status", "w7w="));
    CU_ASSERT_PTR_NOT_NULL(with_file("message/delivery-status", "aGk="));
    CU_ASSERT_PTR_NULL(with_file("message/rfc822", ""));
}

static void text_files_say_their_character_set(void)
{
    const char *out = with_file("text/calendar; method=REQUEST", "w7w=");

    CU_ASSERT(has(out, "method=REQUEST") && has(out, "charset=utf-8"));
    out = with_file("text/csv; charset=iso-8859-1", "w7w=");
    CU_ASSERT(out && !has(out, "utf-8"));
    out = with_file("text/csv", "/A=="); /* Latin-1 */
    CU_ASSERT(out && !has(out, "utf-8"));
}

static void a_calendar_is_an_alternative(void)
{
    static const char calendar[] =
        "\"calendar\":\"BEGIN:VCALENDAR\\nMETHOD:REQUEST\\nEND:VCALENDAR\\n\"";
    const char *out = composed(apr_pstrcat(pool, "\"text\":\"t\",\"html\":\"h\",", calendar, NULL));

    CU_ASSERT_FATAL(has(out, "multipart/alternative") && has(out, "text/html"));
    CU_ASSERT(has(strstr(out, "text/html"), "Content-Type: text/calendar; method=REQUEST"));
    CU_ASSERT(has(out, "\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"));
    out = composed(calendar);
    CU_ASSERT(has(out, "text/calendar") && !has(out, "multipart"));
    CU_ASSERT_PTR_NOT_NULL(composed("\"calendar\":\"BEGIN:VCALENDAR\\r\\n\""));
    CU_ASSERT_PTR_NULL(composed("\"calendar\":\"tomorrow\""));
    CU_ASSERT_STRING_EQUAL(problem.field, "calendar");
    CU_ASSERT_PTR_NULL(composed("\"calendar\":\"BEGIN:VCALENDAR\\nMETHOD:a; b\\n\""));
}

static void json_is_utf8(void)
{
    static const char *const wrong[][2] = { { "\xef\xbb\xbf{}", "U+FEFF" },
                                            { "\xff\xfe{", "UTF-16" },
                                            { "\xfe\xff", "UTF-16" },
                                            { "{\"a\":\"\xfc\"}", "not UTF-8" },
                                            { "{\n\nx", "line 12," } };
    ss_parse_options_t options = { .lines_before = 9 };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        memset(&problem, 0, sizeof(problem));
        CU_ASSERT(ss_form_json(ss_mail_create(pool), wrong[i][0], strlen(wrong[i][0]), &options,
                               &problem));
        CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, wrong[i][1]));
        CU_ASSERT_EQUAL(problem.kind, SS_PROBLEM_BODY);
    }
}

void ss_suite_form_files(void)
{
    CU_pSuite suite = CU_add_suite("form_files", begin, end);

    CU_add_test(suite, "a cid without html is an ordinary file",
                a_cid_without_html_is_an_ordinary_file);
    CU_add_test(suite, "a message as a file stays a message", a_message_as_a_file_stays_a_message);
    CU_add_test(suite, "text files say their character set", text_files_say_their_character_set);
    CU_add_test(suite, "JSON is UTF-8", json_is_utf8);
    CU_add_test(suite, "a calendar is an alternative", a_calendar_is_an_alternative);
}
