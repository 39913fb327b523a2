/* test_reply.c: replies cut out of bytes (src/smtp/reply.c). */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/reply.h"

void ss_suite_reply(void);

typedef struct {
    const char *label, *input;
    apr_status_t status;
    int code;
    const char *enhanced, *text;
    int is_multiline;
    int left; /* bytes behind it that stay */
} case_t;

static const case_t cases[] = {
    { "simple", "250 ok\r\n", APR_SUCCESS, 250, "", "ok", 0, 0 },
    { "enhanced", "250 2.1.0 Ok\r\n", APR_SUCCESS, 250, "2.1.0", "Ok", 0, 0 },
    { "enhanced with three digits", "550 5.7.139 no\r\n", APR_SUCCESS, 550, "5.7.139", "no", 0, 0 },
    { "enhanced alone", "250 2.0.0\r\n", APR_SUCCESS, 250, "2.0.0", "", 0, 0 },
    { "class disagrees", "550 4.7.1 no\r\n", APR_SUCCESS, 550, "", "4.7.1 no", 0, 0 },
    { "an address is no enhanced code", "550 5.6.7.8 listed\r\n", APR_SUCCESS, 550, "",
      "5.6.7.8 listed", 0, 0 },
    { "four digits", "550 5.1234.1 no\r\n", APR_SUCCESS, 550, "", "5.1234.1 no", 0, 0 },
    { "no digits", "550 5..1 no\r\n", APR_SUCCESS, 550, "", "5..1 no", 0, 0 },
    { "only a subject, long", "550 5.111\r\n", APR_SUCCESS, 550, "", "5.111", 0, 0 },
    { "no dot behind the subject", "550 5.1a2 no\r\n", APR_SUCCESS, 550, "", "5.1a2 no", 0, 0 },
    { "no dot behind the class", "550 55555 no\r\n", APR_SUCCESS, 550, "", "55555 no", 0, 0 },
    { "a tab behind it", "550 5.1.1\tno\r\n", APR_SUCCESS, 550, "5.1.1", "no", 0, 0 },
    { "the longest", "550 5.111.222 no\r\n", APR_SUCCESS, 550, "5.111.222", "no", 0, 0 },
    { "later line has a longer one", "535-5.7.8 Bad\r\n535 5.7.80 more\r\n", APR_SUCCESS, 535,
      "5.7.8", "Bad\n5.7.80 more", 1, 0 },
    { "a bare line end", "\n", APR_EINVAL, 0, NULL, NULL, 0, 0 },
    { "cut enhanced", "550 5.1\r\n", APR_SUCCESS, 550, "", "5.1", 0, 0 },
    { "only a code", "250\r\n", APR_SUCCESS, 250, "", "", 0, 0 },
    { "code and blank", "354 \r\n", APR_SUCCESS, 354, "", "", 0, 0 },
    { "bare LF", "250 ok\n", APR_SUCCESS, 250, "", "ok", 0, 0 },
    { "tab", "250\tok\r\n", APR_SUCCESS, 250, "", "ok", 0, 0 },
    { "several lines", "250-a\r\n250-b\r\n250 c\r\n", APR_SUCCESS, 250, "", "a\nb\nc", 1, 0 },
    { "several lines, enhanced each", "535-5.7.8 Bad\r\n535 5.7.8 more\r\n", APR_SUCCESS, 535,
      "5.7.8", "Bad\nmore", 1, 0 },
    { "later line has another code in its text", "535-5.7.8 Bad\r\n535 5.7.9 more\r\n", APR_SUCCESS,
      535, "5.7.8", "Bad\n5.7.9 more", 1, 0 },
    { "several lines, the last bare", "250-a\r\n250\r\n", APR_SUCCESS, 250, "", "a\n", 1, 0 },
    { "the next reply stays", "250 ok\r\n251", APR_SUCCESS, 250, "", "ok", 0, 3 },
    { "a 3xx has no enhanced code", "334 3.0.0\r\n", APR_SUCCESS, 334, "", "3.0.0", 0, 0 },
    { "empty", "", APR_EINCOMPLETE, 0, NULL, NULL, 0, 0 },
    { "one digit", "2", APR_EINCOMPLETE, 0, NULL, NULL, 0, 0 },
    { "no line end", "250 ok", APR_EINCOMPLETE, 0, NULL, NULL, 0, 0 },
    { "CR alone so far", "250\r", APR_EINCOMPLETE, 0, NULL, NULL, 0, 0 },
    { "last line missing", "250-a\r\n", APR_EINCOMPLETE, 0, NULL, NULL, 0, 0 },
    { "no code", "hello\r\n", APR_EINVAL, 0, NULL, NULL, 0, 0 },
    { "found at the first byte", "h", APR_EINVAL, 0, NULL, NULL, 0, 0 },
    { "1xx", "150 wait\r\n", APR_EINVAL, 0, NULL, NULL, 0, 0 },
    { "6xx", "650 what\r\n", APR_EINVAL, 0, NULL, NULL, 0, 0 },
    { "two digits", "25 ok\r\n", APR_EINVAL, 0, NULL, NULL, 0, 0 },
    { "two digits and the end", "25\r\n", APR_EINVAL, 0, NULL, NULL, 0, 0 },
    { "four digits", "2500 ok\r\n", APR_EINVAL, 0, NULL, NULL, 0, 0 },
    { "codes differ", "250-a\r\n251 b\r\n", APR_EINVAL, 0, NULL, NULL, 0, 0 },
    { "a refusal at the end", "250-a\r\n550 b\r\n", APR_EINVAL, 0, NULL, NULL, 0, 0 },
    { "refused inside a greeting", "220-a\r\n521-b\r\n", APR_EINVAL, 0, NULL, NULL, 0, 0 },
    { "another success after 220", "220-a\r\n250 b\r\n", APR_EINVAL, 0, NULL, NULL, 0, 0 },
    { "empty line", "\r\n", APR_EINVAL, 0, NULL, NULL, 0, 0 },
};

/* Every case in memory of exactly its size, so that one byte read too far is seen by the sanitizer.
 */
static void reply_cases(void)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const case_t *c = &cases[i];
        apr_size_t len = strlen(c->input), used = 0;
        char *bytes = malloc(len + !len);
        ss_reply_t reply;
        memcpy(bytes, c->input, len);
        apr_status_t rv = ss_reply_parse(&reply, bytes, len, &used);
        int is_right = rv == c->status;
        if (is_right && rv == APR_SUCCESS)
            is_right = reply.code == c->code && !strcmp(reply.enhanced, c->enhanced) &&
                       !strcmp(reply.text, c->text) && reply.is_multiline == c->is_multiline &&
                       used == len - (apr_size_t)c->left && reply.text_len == strlen(c->text);
        if (!is_right) fprintf(stderr, "\n  reply \"%s\"\n", c->label);
        CU_ASSERT_TRUE(is_right);
        free(bytes);
    }
}

static void reply_nul_becomes_visible(void)
{
    ss_reply_t reply;
    apr_size_t used;

    CU_ASSERT_EQUAL(ss_reply_parse(&reply, "250 a\0b\r\n", 9, &used), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(reply.text, "a?b");
}

static apr_status_t parse_line_of(apr_size_t len, int has_end)
{
    char *bytes = malloc(len + 2);
    ss_reply_t reply;
    apr_size_t used;

    memset(bytes, 'a', len);
    memcpy(bytes, "250 ", 4);
    memcpy(bytes + len, "\r\n", 2);
    apr_status_t rv = ss_reply_parse(&reply, bytes, len + (has_end ? 2 : 0), &used);
    if (rv == APR_SUCCESS)
        CU_ASSERT_TRUE(reply.text_len == SS_REPLY_TEXT_MAX - 1 || reply.text_len == len - 4);
    free(bytes);
    return rv;
}

static void reply_line_bound(void)
{
    CU_ASSERT_EQUAL(parse_line_of(SS_REPLY_LINE_MAX - 2, 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(parse_line_of(SS_REPLY_LINE_MAX - 1, 1), APR_EINVAL);
    CU_ASSERT_EQUAL(parse_line_of(SS_REPLY_LINE_MAX - 1, 0), APR_EINCOMPLETE);
    CU_ASSERT_EQUAL(parse_line_of(SS_REPLY_LINE_MAX, 0), APR_EINVAL);
}

static apr_status_t parse_lines(int count)
{
    char bytes[8 * (SS_REPLY_LINES_MAX + 2)];
    ss_reply_t reply;
    apr_size_t used;
    int at = 0;

    for (int i = 1; i <= count; i++, at += 7)
        memcpy(bytes + at, i == count ? "250 a\r\n" : "250-a\r\n", 7);
    return ss_reply_parse(&reply, bytes, (apr_size_t)at, &used);
}

static void reply_lines_bound(void)
{
    CU_ASSERT_EQUAL(parse_lines(SS_REPLY_LINES_MAX), APR_SUCCESS);
    CU_ASSERT_EQUAL(parse_lines(SS_REPLY_LINES_MAX + 1), APR_EINVAL);
}

static void reply_any_prefix_is_incomplete_or_the_same_error(void)
{
    const char *text = "535-5.7.8 Bad\r\n535-5.7.8 worse\r\n535 5.7.8 end\r\n";
    ss_reply_t reply;
    apr_size_t used;

    for (apr_size_t len = 0; len < strlen(text); len++)
        CU_ASSERT_EQUAL(ss_reply_parse(&reply, text, len, &used), APR_EINCOMPLETE);
}

void ss_suite_reply(void)
{
    CU_pSuite suite = CU_add_suite("reply", NULL, NULL);

    CU_add_test(suite, "cases", reply_cases);
    CU_add_test(suite, "NUL becomes visible", reply_nul_becomes_visible);
    CU_add_test(suite, "line bound", reply_line_bound);
    CU_add_test(suite, "lines bound", reply_lines_bound);
    CU_add_test(suite, "any prefix is incomplete",
                reply_any_prefix_is_incomplete_or_the_same_error);
}
