/* test_words.c: encoded words, parameters of fields, the two encodings of MIME. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/codec.h"
#include "mail/words.h"

void ss_suite_words(void);

static void words_are_decoded(void)
{
    static const struct {
        const char *input, *want;
        apr_size_t max;
    } table[] = { { "  plain text \r\n", "plain text", 100 },
                  { "plain text", "plai", 4 },
                  { "a\r\n\tb", "a b", 100 },
                  { "a\001b\177", "a b ", 100 },
                  { "=?utf-8?Q?J=C3=B6rg_M?= =?UTF-8?B?w7Y=?= <x>", "J\xc3\xb6rg M\xc3\xb6 <x>",
                    100 },
                  { "=?iso-8859-1?q?J=F6rg?= b", "J\xc3\xb6rg b", 100 },
                  { "=?us-ascii*en?q?plain?=", "plain", 100 },
                  { "=?utf-8?Q?a=0D=0Ab?=", "a  b", 100 },
                  { "=?utf-8?Q?a=FFb?=",
                    "a\xef\xbf\xbd"
                    "b",
                    100 },
                  { "=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac", 100 },
                  { "=?utf-16be?B?2AA=?=", "??", 100 },
                  { "=?no-such-set?Q?a=FF?=", "a\xef\xbf\xbd", 100 },
                  { "a\xff"
                    "b",
                    "a\xef\xbf\xbd"
                    "b",
                    100 },
                  /* anything else stays as it is */
                  { "=?utf-8?X?a?= b", "=?utf-8?X?a?= b", 100 },
                  { "=?utf-8?Q?a b?=", "=?utf-8?Q?a b?=", 100 },
                  { "=?utf-8?Q?ab", "=?utf-8?Q?ab", 100 },
                  { "=??Q?a?= b", "=??Q?a?= b", 100 },
                  { "=?utf-8", "=?utf-8", 100 },
                  { "=?utf-8Q?a?= bcd", "=?utf-8Q?a?= bcd", 100 },
                  { "=?utf-8?Q?abc?", "=?utf-8?Q?abc?", 100 },
                  { "=?aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?Q?a?=",
                    "=?aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?Q?a?=", 100 },
                  /* never longer than asked for, never half a character */
                  { "=?utf-8?Q?abc=C3=B6?=", "abc", 4 },
                  { "=?utf-8?Q?abc=C3=B6?=", "abc\xc3\xb6", 5 },
                  { "\xff\xff\xff", "\xef\xbf\xbd", 5 },
                  { "ab\xc3\xb6", "ab", 3 } };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *got =
            ss_words_decode(pool, table[i].input, strlen(table[i].input), table[i].max);
        if (strcmp(got, table[i].want)) {
            printf("\n%s: got \"%s\"", table[i].input, got);
            CU_FAIL("decoded otherwise");
        }
    }
    apr_pool_destroy(pool);
}

static void words_are_encoded_and_read_again(void)
{
    static const char *const texts[] = {
        "J\xc3\xb6rg", "=?looks like one",
        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae\xe9\x95\xb7\xe3\x81\x84\xe5\x90\x8d\xe5"
        "\x89\x8d\xe3\x81\xa7\xe3\x81\x99\xe3\x82\x88\xe3\x81\xad\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa"
        "\x9e"
    };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *coded = ss_words_encode(pool, texts[i]),
                   *read = ss_words_decode(pool, coded, strlen(coded), 998);
        CU_ASSERT_STRING_EQUAL(read, texts[i]);
        for (const char *p = coded, *end; p && *p; p = end ? end + 1 : NULL) {
            end = strchr(p, ' ');
            CU_ASSERT_TRUE((end ? (size_t)(end - p) : strlen(p)) <= 75);
        }
    }
    CU_ASSERT_STRING_EQUAL(ss_words_encode(pool, "plain"), "plain");
    /* No line end comes through. */
    CU_ASSERT_PTR_NULL(strchr(ss_words_encode(pool, "a\r\nBcc: x@y.z"), '\n'));
    /* No UTF-8: cut anywhere, but cut. */
    char *bytes = apr_pcalloc(pool, 101);
    memset(bytes, 0x80, 100);
    CU_ASSERT_TRUE(strlen(ss_words_encode(pool, bytes)) > 100);
    apr_pool_destroy(pool);
}

static void parameters_are_found(void)
{
    static const struct {
        const char *value, *name, *want;
    } table[] = { { "text/plain; charset=utf-8", "charset", "utf-8" },
                  { "text/plain; CHARSET = \"utf-8\" ; x=y", "charset", "utf-8" },
                  { "multipart/mixed;\r\n boundary=\"a\\\"b;c\"", "boundary", "a\"b;c" },
                  { "a/b; x=1; y=2", "y", "2" },
                  { "a/b; xy=1; x=2", "x", "2" },
                  { "a/b; x", "x", NULL },
                  { "a/b", "x", NULL },
                  { "a/b; x; y=1", "y", "1" },
                  { "\"a;x=1\"; x=2", "x", "2" },
                  { "a/b; x=\"open", "x", "open" },
                  { "a/b; x=1(comment)", "x", "1" },
                  { "a/b; x=", "x", "" },
                  { "a/b; x=\"two\r\n lines\"", "x", "two lines" },
                  { "a/b;", "x", NULL } };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *got =
            ss_words_parameter(pool, table[i].value, strlen(table[i].value), table[i].name);
        if (!got != !table[i].want || (got && strcmp(got, table[i].want))) {
            printf("\n%s: got \"%s\"", table[i].value, got ? got : "(none)");
            CU_FAIL("another parameter");
        }
    }
    apr_pool_destroy(pool);
}

static void utf8_is_recognised(void)
{
    static const struct {
        const char *text;
        int want;
    } table[] = { { "", 1 },
                  { "abc", 1 },
                  { "\xc3\xb6", 1 },
                  { "\xe2\x82\xac", 1 },
                  { "\xf0\x9f\x98\x80", 1 },
                  { "\xc3", 0 },
                  { "\xc3(", 0 },
                  { "\xc0\x80", 0 },
                  { "\xe0\x80\x80", 0 },
                  { "\xe0\xa0\x80", 1 },
                  { "\xed\xa0\x80", 0 },
                  { "\xed\x9f\xbf", 1 },
                  { "\xf0\x80\x80\x80", 0 },
                  { "\xf4\x8f\xbf\xbf", 1 },
                  { "\xf4\x90\x80\x80", 0 },
                  { "\xf5\x80\x80\x80", 0 },
                  { "\x80", 0 },
                  { "\xe2\x82", 0 } };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (ss_codec_is_utf8(table[i].text, strlen(table[i].text)) != table[i].want)
            CU_FAIL(table[i].text);
    }
}

static void base64_is_read(void)
{
    /* want NULL: refused */
    static const struct {
        const char *text, *want;
        int strict;
    } table[] = { { "", "", 1 },         { "YQ==", "a", 1 },           { "YWI=", "ab", 1 },
                  { "YWJj", "abc", 1 },  { "YW Jj\r\n", "abc", 1 },    { "YQ", "a", 1 },
                  { "YWI", "ab", 1 },    { "YWJjY", NULL, 1 },         { "Y===", NULL, 1 },
                  { "YQ=", NULL, 1 },    { "YQ==YQ==", NULL, 1 },      { "YQ*=", NULL, 1 },
                  { "Y-_j", NULL, 1 },   { "YQ==YQ==", "aa", 0 },      { "Y*W*Jj", "abc", 0 },
                  { "YWJjY", "abc", 0 }, { "+/+/", "\xfb\xff\xbf", 1 } };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char *out;
        apr_size_t len;
        int rv = ss_codec_base64_read(pool, table[i].text, strlen(table[i].text), table[i].strict,
                                      &out, &len);
        if (!table[i].want ? !rv : rv || len != strlen(table[i].want) || strcmp(out, table[i].want))
            CU_FAIL(table[i].text);
    }
    static const struct {
        const char *text, *want;
    } files[] = { { "text\nbegin 644 a\n%:&5L;&\\\nend\n", "hello" },
                  { "text\nbegin 644 a b\n%:&5L;&\\ \n`\nend\nmore\n", "hello" },
                  { "begin 644 a\r\n#86)C\r\n$86)C9   \r\n \r\nend\r\n", "abcabcd" },
                  { "begin 644 a\n%:&5L;&\\\n", NULL },
                  { "begin 644 a\nM\n \nend\n", NULL },
                  { "begin 644 a\n#86~C\n \nend\n", NULL },
                  { "begin 644 a\n\nend\n", "" },
                  { "no file", NULL } };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char *out;
        apr_size_t len;
        int rv = ss_codec_uu_read(pool, files[i].text, strlen(files[i].text), &out, &len);
        if (!files[i].want ? !rv
                           : rv || len != strlen(files[i].want) || memcmp(out, files[i].want, len))
            CU_FAIL(files[i].text);
    }
    char *out;
    apr_size_t len;
    CU_ASSERT_EQUAL(ss_codec_base64_read(pool, "YW\0Jj", 5, 1, &out, &len), -1);
    /* Lines of 76 and what is left, each with its end. */
    char *lines = ss_codec_base64(pool, apr_pcalloc(pool, 60), 60, 76, &len);
    CU_ASSERT_EQUAL(len, 84);
    CU_ASSERT_NSTRING_EQUAL(lines + 76, "\r\n", 2);
    CU_ASSERT_STRING_EQUAL(lines + 78, "AAAA\r\n");
    apr_pool_destroy(pool);
}

static void quoted_printable_is_read(void)
{
    static const struct {
        const char *text, *want;
    } table[] = { { "a=3Db", "a=b" },
                  { "a=3db", "a=b" },
                  { "soft=\r\nend", "softend" },
                  { "soft=\nend", "softend" },
                  { "soft= \t\r\nend", "softend" },
                  { "end=", "end" },
                  { "end=  ", "end" },
                  { "no=XYescape", "no=XYescape" },
                  { "no=4", "no=4" },
                  { "cr=\rx", "cr=\rx" },
                  { "=41=ZZ", "A=ZZ" } };
    apr_pool_t *pool;
    apr_size_t len, back;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *got = ss_codec_qp_read(pool, table[i].text, strlen(table[i].text), &len);
        if (strcmp(got, table[i].want) || len != strlen(table[i].want)) CU_FAIL(table[i].text);
    }
    /* Lines of at most 76; no dot and no "From " at a line's start, no blank at its end; read again
     * the same. */
    static const char text[] = ".dot\r\nFrom here\r\nblank \r\ntab\t\r\n=\xff\r\n"
                               "a long line that goes on and on and on until it is longer than "
                               "seventy-six characters. and then some more.From \r\nend ";
    char *coded = ss_codec_qp(pool, text, sizeof(text) - 1, &len);
    CU_ASSERT_STRING_EQUAL(ss_codec_qp_read(pool, coded, len, &back), text);
    for (char *p = coded, *end; *p; p = end + 2) {
        end = strstr(p, "\r\n");
        if (!end) break;
        CU_ASSERT_TRUE(end - p <= 76 && *p != '.' && strncmp(p, "From ", 5) &&
                       (end == p || (end[-1] != ' ' && end[-1] != '\t')));
    }
    apr_pool_destroy(pool);
}

/* Whatever a value says, the work for it is bounded. */
static void words_without_end_are_cut(void)
{
    static const char *const sets[] = { "iso-8859-1", "iso-8859-2", "iso-8859-3", "iso-8859-4",
                                        "iso-8859-5", "iso-8859-7", "iso-8859-9", "koi8-r" };
    static const char empty[] = "=?utf-8?Q?"
                                "?=";
    apr_pool_t *pool;
    apr_size_t one = sizeof(empty) - 1;
    char *many = calloc(1, 200000), *to = many;

    apr_pool_create(&pool, NULL);
    for (int i = 0; i < 1002; i++) memcpy(many + (apr_size_t)i * one, empty, one);
    many[1002 * one] = 'x';
    CU_ASSERT_STRING_EQUAL(ss_words_decode(pool, many, strlen(many), 100), "");
    to = many + 6 * one;
    CU_ASSERT_STRING_EQUAL(ss_words_decode(pool, to, strlen(to), 100), "x");
    to = many + 10;
    memset(to, 'a', 5000);
    apr_cpystrn(to + 5000, "?=", 3);
    CU_ASSERT_EQUAL(*ss_words_decode(pool, many, strlen(many), 100), '=');
    apr_cpystrn(to + 4000, "?=", 3);
    CU_ASSERT_EQUAL(*ss_words_decode(pool, many, strlen(many), 100), 'a');
    /* A ninth character set of one message is not opened. */
    for (int i = 0; i < 8; i++) {
        apr_snprintf(many, 200000, "=?%s?Q?=FF?=", sets[i]);
        CU_ASSERT_STRING_NOT_EQUAL(ss_words_decode(pool, many, strlen(many), 100), "\xef\xbf\xbd");
    }
    CU_ASSERT_STRING_EQUAL(ss_words_decode(pool, "=?koi8-u?Q?=FF?=", 16, 100), "\xef\xbf\xbd");
    CU_ASSERT_STRING_EQUAL(ss_words_decode(pool, "=?ISO-8859-1?Q?=FF?=", 20, 100), "\xc3\xbf");
    apr_pool_destroy(pool);
    free(many);
}

void ss_suite_words(void)
{
    CU_pSuite s = CU_add_suite("words", NULL, NULL);

    CU_add_test(s, "words_are_decoded", words_are_decoded);
    CU_add_test(s, "words_without_end_are_cut", words_without_end_are_cut);
    CU_add_test(s, "words_are_encoded_and_read_again", words_are_encoded_and_read_again);
    CU_add_test(s, "parameters_are_found", parameters_are_found);
    CU_add_test(s, "utf8_is_recognised", utf8_is_recognised);
    CU_add_test(s, "base64_is_read", base64_is_read);
    CU_add_test(s, "quoted_printable_is_read", quoted_printable_is_read);
}
