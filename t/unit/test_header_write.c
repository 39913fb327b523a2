/* test_header_write.c: fields that are folded or encoded, and those that are refused. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "fill.h"
#include "mail/codec.h"
#include "mail/header_write.h"
#include "mail/words.h"

void ss_suite_header_write(void);

/* The field as it is written; "-3": the result. */
static const char *written(const char *text, const ss_header_how_t *how, apr_pool_t *pool)
{
    ss_mail_problem_t problem = { 0 };
    const char *out = "";
    ss_buf_t b;

    ss_buf_init(&b, 1 << 24);
    ss_header_result_t result =
        ss_header_write_all(&b, text, strlen(text), NULL, how, &problem, pool);
    if (result == SS_HEADER_WRITTEN && b.len) out = apr_pstrmemdup(pool, b.data, b.len);
    if (result != SS_HEADER_WRITTEN) out = apr_psprintf(pool, "-%d", (int)result);
    CU_ASSERT_EQUAL(result == SS_HEADER_WRITTEN, !problem.status);
    ss_buf_free(&b);
    return out;
}

static void fields_are_encoded_where_they_must(void)
{
    static const struct {
        const char *label, *in, *out;
    } table[] = {
        { "ASCII stays", "X:  a\tb \r\n  c\r\n", "X:  a\tb \r\n  c\r\n" },
        { "a word", "Subject: Hallo J\xc3\xb6rg da\r\n",
          "Subject: Hallo =?utf-8?B?SsO2cmc=?= da\r\n" },
        { "no blank behind the colon", "Subject:J\xc3\xb6rg\r\n",
          "Subject: =?utf-8?B?SsO2cmc=?=\r\n" },
        { "words with a little between", "X: J\xc3\xb6rg und M\xc3\xb6 end\r\n",
          "X: =?utf-8?B?SsO2cmcgdW5kIE3Dtg==?= end\r\n" },
        { "behind an encoded word", "Subject: =?utf-8?Q?a?= \xc3\xb6\r\n",
          "Subject: =?utf-8?Q?a?= =?utf-8?B?IMO2?=\r\n" },
        { "before an encoded word", "Subject: \xc3\xb6\r\n =?utf-8?Q?a?=\r\n",
          "Subject: =?utf-8?B?w7Yg?=\r\n =?utf-8?Q?a?=\r\n" },
        { "octets within an encoded word",
          "X: =?iso-8859-1?q?Fr\xc3\xb6sche?= =?x?=?utf-8?Q?\xc3\xb6?=\r\n",
          "X: =?iso-8859-1?q?Fr=C3=B6sche?= =?x?=?utf-8?Q?=C3=B6?=\r\n" },
        { "octets within words of other kinds", "X: =?u?B?\xc3\xb6?= =?u?Q?\xc3\xb6 ?=\r\n",
          "X: =?utf-8?B?PT91P0I/w7Y/PSA9P3U/UT/Dtg==?= ?=\r\n" },
        { "Latin-1 within an encoded word", "From: =?iso-8859-1?Q?J\xf6rg?= <a@b.c>\r\n",
          "From: =?iso-8859-1?Q?J=F6rg?= <a@b.c>\r\n" },
        { "Latin-1",
          "Subject: Gr\xfc\xdf"
          "e\r\n",
          "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n" },
        { "windows-1252", "Subject: 5 \x80\r\n", "Subject: 5 =?utf-8?B?4oKs?=\r\n" },
        { "a name", "From: J\xc3\xb6rg M\xc3\xbcller <a@b.c>\r\n",
          "From: =?utf-8?B?SsO2cmcgTcO8bGxlcg==?= <a@b.c>\r\n" },
        { "a quoted name", "To: \"M\xc3\xbcller, \\\"J\\\"\" <a@b.c>, Bob <b@b.c>\r\n",
          "To: =?utf-8?B?TcO8bGxlciwgIkoi?= <a@b.c>, Bob <b@b.c>\r\n" },
        { "no blank before <", "To:J\xc3\xb6rg<a@b.c>,J\xc3\xb6rg<c@b.c>\r\n",
          "To: =?utf-8?B?SsO2cmc=?= <a@b.c>, =?utf-8?B?SsO2cmc=?= <c@b.c>\r\n" },
        { "a comment", "Cc: a@b.c (J\xc3\xb6rg (x) y\\)\xc3\xb6)\r\n",
          "Cc: a@b.c (=?utf-8?B?SsO2cmc=?= (x) =?utf-8?B?eSnDtg==?=)\r\n" },
        { "what quotes a line end", "To: \"\xc3\xb6\\\r\n x\" <a@b.c>\r\n",
          "To: =?utf-8?B?w7ZcIHg=?= <a@b.c>\r\n" },
        { "a group", "To: Fr\xc3\xb6hliche: a@b.c;\r\n",
          "To: =?utf-8?B?RnLDtmhsaWNoZQ==?=: a@b.c;\r\n" },
        { "a quote that does not end", "To: \"J\xc3\xb6rg <a@b.c>\r\n",
          "To: =?utf-8?B?IkrDtnJn?= <a@b.c>\r\n" },
        { "a date's comment", "Date: Mon, 1 Jan 2024 00:00:00 +0100 (Westeurop\xe4ische Zeit)\r\n",
          "Date: Mon, 1 Jan 2024 00:00:00 +0100 (=?utf-8?B?V2VzdGV1cm9ww6Rpc2NoZQ==?=\r\n "
          "Zeit)\r\n" },
        { "an address", "To: \xc3\xbc@b.c\r\n", "-1" },
        { "an address in brackets", "To: x <\xc3\xbc@b.c>\r\n", "-1" },
        { "a domain", "To: J\xc3\xb6rg <x@m\xc3\xbcnchen.example>, y@m\xc3\xbcnchen.example\r\n",
          "To: =?utf-8?B?SsO2cmc=?= <x@xn--mnchen-3ya.example>,\r\n y@xn--mnchen-3ya.example\r\n" },
        { "an id", "Message-ID: <\xc3\xbc@b.c>\r\n", "-2" },
        { "a word before an id", "In-Reply-To: J\xc3\xb6rg <a@b.c>\r\n",
          "In-Reply-To: =?utf-8?B?SsO2cmc=?= <a@b.c>\r\n" },
        { "an address of the web", "List-Unsubscribe: <https://x/?n=\xc3\xbc>, <mailto:a@b.c>\r\n",
          "List-Unsubscribe: <https://x/?n=%C3%BC>, <mailto:a@b.c>\r\n" },
        { "a name of a file", "Content-Disposition: attachment;\r\n\tfilename=\xc3\xa4.txt\r\n",
          "Content-Disposition: attachment;\r\n\tfilename*=utf-8''%C3%A4.txt\r\n" },
        { "a quoted one",
          "Content-Disposition: attachment; filename=\"a \\\"\xe4\\\".txt\"; x=y\r\n",
          "Content-Disposition: attachment; filename*=utf-8''a%20%22%C3%A4%22.txt; x=y\r\n" },
        { "one with blanks and no quotes", "Content-Type: a/b;name=J\xc3\xb6 x.txt ; x=y\r\n",
          "Content-Type: a/b; name*=utf-8''J%C3%B6%20x.txt; x=y\r\n" },
        { "an extended one", "Content-Disposition: inline; filename*=iso-8859-1''a%E4\xe4.txt\r\n",
          "Content-Disposition: inline; filename*=utf-8''a%C3%A4%C3%A4.txt\r\n" },
        { "sections",
          "Content-Disposition: inline; filename*0=\"a b\";\r\n filename*1=\xc3\xa4; x=y\r\n",
          "Content-Disposition: inline; filename*=utf-8''a%20b%C3%A4; x=y\r\n" },
        { "extended sections",
          "Content-Type: a/b; name*0*=iso-8859-1'de'%E4; name*1=\xc3\xa4; name*2*=%E4\r\n",
          "Content-Type: a/b; name*=utf-8''%C3%A4%C3%83%C2%A4%C3%A4\r\n" },
        { "a comment behind the type", "Content-Type: text/plain (\xc3\xa4); charset=utf-8\r\n",
          "Content-Type: text/plain (=?utf-8?B?w6Q=?=); charset=utf-8\r\n" },
        { "a semicolon is missing", "Content-Type: a/b; x=\"\"\r\n  y=\"\xc3\xa4\"; z=1\r\n",
          "Content-Type: a/b; x=\"\"\r\n  =?utf-8?B?eT0iw6Qi?=; z=1\r\n" },
        { "a boundary", "Content-Type: multipart/mixed; boundary=\xc3\xa4\r\n", "-2" },
        { "LF, CR and NUL", "X: a\n b\r\xc3\xa4\n", "X: a\r\n b =?utf-8?B?w6Q=?=\r\n" },
        { "no field", "J\xc3\xb6rg\r\n", "=?utf-8?B?SsO2cmc=?=\r\n" }
    };
    const ss_header_how_t how = { .is_ascii = 1 };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *out = written(table[i].in, &how, pool);
        if (!strcmp(out, table[i].out)) continue;
        printf("\n%s:\n%s%s", table[i].label, out, table[i].out);
        CU_FAIL("written otherwise");
    }
    const ss_header_how_t russian = { .is_ascii = 1, .charset = "koi8-r" },
                          wide = { .is_ascii = 1, .charset = "utf-16" },
                          nested = { .is_ascii = 1, .is_nested = 1 };
    CU_ASSERT_STRING_EQUAL(written("X: \xd0\xd2\r\n", &russian, pool),
                           "X: =?utf-8?B?0L/RgA==?=\r\n");
    CU_ASSERT_STRING_EQUAL(written("X: a\xe4\r\n", &wide, pool), "X: =?utf-8?B?YcOk?=\r\n");
    CU_ASSERT_STRING_EQUAL(written("To: \xc3\xbc@b.c\r\n", &nested, pool),
                           "To: =?utf-8?B?w7xAYi5j?=\r\n");
    apr_pool_destroy(pool);
}

static void long_lines_are_folded_where_they_may(void)
{
    const ss_header_how_t raw = { 0 }, ascii = { .is_ascii = 1 };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    const char *w600 = fill(pool, 'w', 600), *v600 = fill(pool, 'v', 600),
               *x990 = fill(pool, 'x', 990), *x1000 = fill(pool, 'x', 1000),
               *many = "user000@example.net";
    for (int i = 1; i < 100; i++) many = apr_psprintf(pool, "%s,user%03d@example.net", many, i);
    const struct {
        const char *label, *in, *has;
    } table[] = {
        { "at a blank", apr_pstrcat(pool, "X-A: ", w600, "  ", v600, "\r\n", NULL),
          apr_pstrcat(pool, w600, "\r\n  ", v600, "\r\n", NULL) },
        { "behind the name", apr_pstrcat(pool, "X-ABCDEFGH: ", x990, "\r\n", NULL),
          "X-ABCDEFGH:\r\n xx" },
        { "at a comma", apr_pstrcat(pool, "To: ", many, "\r\n", NULL),
          "example.net,\r\n user049@" },
        { "between ids", apr_pstrcat(pool, "References: <", w600, "@x><", v600, "@x>\r\n", NULL),
          "@x>\r\n <v" },
        { "between ids with a comma",
          apr_pstrcat(pool, "References: <", w600, "@x>,<", v600, "@x>\r\n", NULL), "@x>,\r\n <v" },
        { "not at a comma of a list's name",
          apr_pstrcat(pool, "List-ID: ", w600, ",", v600, " <a.b>\r\n", NULL), "-3" },
        { "at a semicolon",
          apr_pstrcat(pool, "Content-Type: a/b;x=", w600, ";y=", v600, "\r\n", NULL), ";\r\n y=v" },
        { "a long parameter",
          apr_pstrcat(pool, "Content-Disposition: inline; filename=", x1000, "\r\n", NULL),
          "filename*0*=utf-8''xx" },
        { "nowhere", apr_pstrcat(pool, "Subject: ", x1000, "\r\n", NULL), "-3" },
        { "not at a comma of text", apr_pstrcat(pool, "Subject: ", w600, ",", v600, "\r\n", NULL),
          "-3" },
        { "not in quotes", apr_pstrcat(pool, "To: \"", w600, ",", v600, "\" <a@b.c>\r\n", NULL),
          "-3" },
        { "not into blanks", apr_pstrcat(pool, "X: a", fill(pool, ' ', 1200), "b\r\n", NULL),
          "-3" },
        { "not into blanks at the end",
          apr_pstrcat(pool, "X: ", w600, fill(pool, ' ', 500), "\r\n", NULL), "-3" },
        { "text without blanks, of other characters",
          apr_pstrcat(pool, "Subject: \xc3\xa4", x1000, "\r\n", NULL), "?=\r\n =?utf-8?B?" },
        { "a line that is folded already",
          apr_pstrcat(pool, "X: a\r\n\tb ", w600, " ", v600, "\r\n", NULL), "X: a\r\n\tb w" }
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *out = written(table[i].in, &raw, pool);
        if (strstr(out, table[i].has)) continue;
        printf("\n%s: %s", table[i].label, out);
        CU_FAIL("folded otherwise");
    }
    /* 998 octets are no reason to change anything, 999 are. */
    const char *fits = apr_pstrcat(pool, "X: a ", fill(pool, 'x', 993), "\r\n", NULL);
    CU_ASSERT_STRING_EQUAL(written(fits, &raw, pool), fits);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(written(apr_pstrcat(pool, "X: a ", fill(pool, 'x', 994), "\r\n", NULL), &raw, pool),
               "X: a\r\n x"));
    /* No encoded word is longer than 75 octets or ends within a character. */
    const char *text = "";
    for (int i = 0; i < 500; i++) text = apr_pstrcat(pool, text, "\xf0\x9f\x91\xa9", NULL);
    const char *out = written(apr_pstrcat(pool, "Subject: ", text, "\r\n", NULL), &ascii, pool);
    CU_ASSERT_STRING_EQUAL(ss_words_decode(pool, out + 9, strlen(out) - 9, 100000), text);
    for (const char *p = strstr(out, "=?"); p; p = strstr(p, "=?")) {
        const char *stop = strstr(p, "?=");
        CU_ASSERT(stop && stop + 2 - p <= 75);
        apr_size_t len = (apr_size_t)(stop - p) - 10, got;
        char *bytes;
        CU_ASSERT_EQUAL(ss_codec_base64_read(pool, p + 10, len, 1, &bytes, &got), 0);
        CU_ASSERT_TRUE(ss_codec_is_utf8(bytes, got));
        p = stop;
    }
    apr_pool_destroy(pool);
}

/* An address that cannot be reached without SMTPUTF8 is text for the other recipients. */
static void addresses_are_hidden(void)
{
    static const struct {
        const char *in, *out;
    } table[] = {
        { "To: \xc3\xbc@b.c, a@b.c\r\n", "To: =?utf-8?B?w7xAYi5j?=:;, a@b.c\r\n" },
        { "Cc: Bob <\xc3\xbc@b.c>,a@b.c\r\n", "Cc: Bob =?utf-8?B?PMO8QGIuYz4=?=:;,a@b.c\r\n" },
        { "To: J\xc3\xb6rg <\xc3\xbc@b.c>\r\n",
          "To: =?utf-8?B?SsO2cmc=?= =?utf-8?B?IDzDvEBiLmM+?=:;\r\n" },
        { "To: g: \xc3\xbc@b.c;\r\n", "-1" },
        { "To: g: a@b.c;, \xc3\xbc@b.c\r\n", "To: g: a@b.c;, =?utf-8?B?w7xAYi5j?=:;\r\n" },
        { "From: \xc3\xbc@b.c\r\n", "-1" },
        { "Resent-Sender: \xc3\xbc@b.c\r\n", "-1" }
    };
    const ss_header_how_t how = { .is_ascii = 1, .hides_addresses = 1 };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        CU_ASSERT_STRING_EQUAL(written(table[i].in, &how, pool), table[i].out);
    apr_pool_destroy(pool);
}

/* What a signature covers stays as it is. */
static void signed_fields_stay(void)
{
    static const char header[] = "DKIM-Signature: v=1; a=rsa-sha256;\r\n\th = From:\r\n Subject : "
                                 "To; b=abc\r\nFrom: a@b.c\r\n";
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    const ss_header_how_t how = { .is_ascii = 1,
                                  .sealed = ss_header_sealed(header, strlen(header), pool) };
    CU_ASSERT_STRING_EQUAL(written("subject: \xc3\xa4\r\n", &how, pool), "-4");
    CU_ASSERT_STRING_EQUAL(written("DKIM-Signature: \xc3\xa4\r\n", &how, pool), "-4");
    CU_ASSERT_STRING_EQUAL(written("Sub: \xc3\xa4\r\n", &how, pool), "Sub: =?utf-8?B?w6Q=?=\r\n");
    CU_ASSERT_STRING_EQUAL(written("Subject: a\r\n", &how, pool), "Subject: a\r\n");
    CU_ASSERT_PTR_NULL(ss_header_sealed("From: a\r\n\r\n", 11, pool));
    apr_pool_destroy(pool);
}

static void fields_of_our_own(void)
{
    ss_header_result_t why;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    CU_ASSERT_STRING_EQUAL(ss_header_compose("X-A", "J\xc3\xb6rg", &why, pool),
                           "X-A: =?utf-8?B?SsO2cmc=?=\r\n");
    CU_ASSERT_STRING_EQUAL(
        ss_header_compose("List-Unsubscribe", "<https://x/\xc3\xb6>", &why, pool),
        "List-Unsubscribe: <https://x/%C3%B6>\r\n");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(ss_header_compose("X-A", fill(pool, 'x', 1500), &why, pool), "X-A: =?utf-8?B?eHh4"));
    CU_ASSERT_PTR_NULL(ss_header_compose("References", "<\xc3\xb6@x>", &why, pool));
    CU_ASSERT_EQUAL(why, SS_HEADER_NO_CODING);
    apr_pool_destroy(pool);
}

/* The work grows with the length, whatever does not close. */
static void odd_fields_take_no_longer(void)
{
    static const char *const units[] = {
        "(",          "\"\xc3\xa4", "<\xc3\xa4,",   "\"\\\"",      "a(\xc3\xa4)",
        "=?\xc3\xa4", ",\xc3\xa4@", ";\xc3\xa4=\"", "\xc3\xa4 a ", ";a*0=\xc3\xa4"
    };
    static const char *const names[] = { "To: ", "X: ", "Date: ", "References: ",
                                         "Content-Type: a/b" };
    const ss_header_how_t how = { .is_ascii = 1, .is_nested = 1 };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
            apr_size_t len = strlen(units[u]), count = 300000 / len;
            char *text = apr_palloc(pool, count * len + 30), *to = text + strlen(names[n]);
            memcpy(text, names[n], strlen(names[n]));
            for (apr_size_t i = 0; i < count; i++, to += len) memcpy(to, units[u], len);
            memcpy(to, "\xc3\xa4\r\n", 5);
            const char *out = written(text, &how, pool);
            CU_ASSERT_TRUE(*out == '-' || ss_text_is_ascii(out, strlen(out)));
            apr_pool_clear(pool);
        }
    }
    apr_pool_destroy(pool);
}

void ss_suite_header_write(void)
{
    CU_pSuite s = CU_add_suite("header_write", NULL, NULL);

    CU_add_test(s, "fields_are_encoded_where_they_must", fields_are_encoded_where_they_must);
    CU_add_test(s, "long_lines_are_folded_where_they_may", long_lines_are_folded_where_they_may);
    CU_add_test(s, "addresses_are_hidden", addresses_are_hidden);
    CU_add_test(s, "signed_fields_stay", signed_fields_stay);
    CU_add_test(s, "fields_of_our_own", fields_of_our_own);
    CU_add_test(s, "odd_fields_take_no_longer", odd_fields_take_no_longer);
}
