/* test_mime.c: what a message's parts become where they must change, and what is refused instead.
 */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>

#include "mail/canonical.h"
#include "mail/mime.h"
#include "fill.h"

void ss_suite_mime(void);

#define MIXED "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"

/* The rewritten message, sound by itself; NULL where it is refused. */
static const char *rewritten(const char *in, apr_size_t len, int makes_7bit,
                             ss_mail_problem_t *problem, apr_pool_t *pool)
{
    ss_canonical_facts_t facts;
    const char *out;
    apr_size_t out_len;

    memset(problem, 0, sizeof(*problem));
    if (ss_mime_rewrite(&out, &out_len, in, len, makes_7bit, problem, pool)) {
        CU_ASSERT_EQUAL(problem->status, 422);
        return NULL;
    }
    ss_canonical_scan(out, out_len, &facts);
    CU_ASSERT_TRUE(facts.is_canonical);
    for (apr_size_t i = 0; makes_7bit && i < out_len; i++) {
        if ((unsigned char)out[i] > 127 && strstr(out, "\r\n\r\n") < out + i)
            CU_FAIL_FATAL("an octet above 127 is left");
    }
    return out;
}

static void parts_are_changed_where_they_must(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    const char *long_text = fill(pool, 'x', 3000),
               *words = apr_pstrcat(pool, fill(pool, 'w', 600), " ", fill(pool, 'v', 600), NULL),
               *borders = fill(pool, 'b', 60);
    const struct {
        const char *label, *in, *has;
        int makes_7bit;
    } table[] = {
        { "text without fields", "Subject: s\r\n\r\nJ\xc3\xb6rg\r\n",
          "Content-Transfer-Encoding: quoted-printable\r\n", 1 },
        { "its character set", "Subject: s\r\n\r\nJ\xc3\xb6rg\r\n", "charset=utf-8", 1 },
        { "an unknown one", "Subject: s\r\n\r\nJ\xf6rg\r\n", "charset=unknown-8bit", 1 },
        { "ASCII with a long line",
          apr_pstrcat(pool, "Subject: s\r\n\r\n", long_text, "\r\n", NULL), "charset=us-ascii", 0 },
        { "mostly high octets", "Content-Type: text/plain\r\n\r\n\xf6\xf6\xf6\xf6\xf6\xf6\r\n",
          "Content-Transfer-Encoding: base64\r\n", 1 },
        { "a picture",
          "Content-Type: image/png\r\n\r\n\xf6"
          "abc",
          "Content-Transfer-Encoding: base64\r\n", 1 },
        { "base64 with long lines",
          apr_pstrcat(pool, "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n",
                      fill(pool, 'A', 4000), "\r\n", NULL),
          "AAAA\r\n", 0 },
        { "quoted-printable with long lines",
          apr_pstrcat(
              pool,
              "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=41",
              long_text, "\r\n", NULL),
          "Axxx", 0 },
        { "no body", "Content-Type: text/plain\r\n\r\n", "Content-Type: text/plain\r\n\r\n", 1 },
        { "no header's end", "Subject: s\r\n", "Subject: s\r\n", 1 },
        { "a long field at its blank", apr_pstrcat(pool, "X-A: ", words, "\r\n\r\nhi\r\n", NULL),
          "\r\n vvvv", 0 },
        { "a long field without one", apr_pstrcat(pool, "X-A: ", long_text, "\r\n\r\nhi\r\n", NULL),
          "\r\n xxxx", 0 },
        { "a field of a part",
          MIXED "--b\r\nContent-Description: J\xc3\xb6rg\r\n\r\nhi\r\n--b--\r\n", "=?utf-8?B?", 1 },
        { "words next to each other",
          MIXED "--b\r\nX-A: a J\xc3\xb6rg M\xc3\xb6 end\r\n\r\nhi\r\n--b--\r\n",
          "X-A: a =?utf-8?B?SsO2cmcgTcO2?= end\r\n", 1 },
        { "in a name", MIXED "--b\r\nX-\xc3\xb6: a\r\n\r\nhi\r\n--b--\r\n",
          "--b\r\n=?utf-8?B?WC3Dtjo=?= a\r\n", 1 },
        { "no blank before them", MIXED "--b\r\nX-A:\xc3\xb6\r\n\r\nhi\r\n--b--\r\n",
          "X-A:=?utf-8?B?w7Y=?=\r\n", 1 },
        { "on a line that goes on", MIXED "--b\r\nX-A: a\r\n \xc3\xb6: b\r\n\r\nhi\r\n--b--\r\n",
          "\r\n =?utf-8?B?w7Y6?= b\r\n", 1 },
        { "in a parameter",
          MIXED "--b\r\nContent-Disposition: attachment; "
                "filename=\"J\xc3\xb6.txt\"\r\n\r\nhi\r\n--b--\r\n",
          "; filename=\"J=?utf-8?B?w7Y=?=.txt\"\r\n", 1 },
        { "a picture in a part", MIXED "--b\r\nContent-Type: image/png\r\n\r\n\xf6\r\n--b--\r\n",
          "9g==\r\n--b--\r\n", 1 },
        { "parts without end", MIXED "--b\r\n\r\nJ\xc3\xb6rg\r\n", "J=C3=B6rg\r\n", 1 },
        { "two parts", MIXED "--b\r\n\r\none\xc3\xb6\r\n--b\r\n\r\ntwo\xc3\xb6\r\n--b--\r\n",
          "b25lw7Y=\r\n--b\r\n", 1 },
        { "an empty part", MIXED "--b\r\n--b\r\n\r\n\xc3\xb6\r\n--b--\r\n", "--b\r\n", 1 },
        { "an empty last part", MIXED "--b\r\n\r\n\xc3\xb6\r\n--b\r\n", "w7Y=\r\n--b\r\n", 1 },
        { "before and behind",
          MIXED "fore \xc3\xb6\r\n--b\r\n\r\nhi\r\n--b--\r\nbehind \xc3\xb6\r\n",
          "fore ??\r\n--b\r\n\r\nhi\r\n--b--\r\nbehind ??\r\n", 1 },
        { "long before",
          apr_pstrcat(pool, MIXED, long_text, "\r\n--b\r\n\r\nhi\r\n--b--\r\n", NULL), "x\r\nx",
          0 },
        { "long behind, open",
          apr_pstrcat(pool, MIXED "--b\r\n\r\nhi\r\n--b--\r\n", fill(pool, 'y', 999), NULL),
          "y\r\ny\r\n", 0 },
        { "blanks behind a delimiter", MIXED "--b  \r\n\r\n\xc3\xb6\r\n--b-- \r\n",
          "--b  \r\nContent-Type", 1 },
        { "what only begins as one",
          MIXED "--b\r\n\r\n\xc3\xb6 \r\n--bc\r\n--b-\r\n-b\r\n--b--\r\n", "--bc\r\n--b-\r\n-b\r\n",
          1 },
        { "a long delimiter line",
          apr_pstrcat(pool, MIXED "--b", fill(pool, ' ', 1100), "\r\n\r\nhi\r\n--b--",
                      fill(pool, ' ', 1100), "\r\n", NULL),
          "--b\r\n\r\nhi\r\n--b--\r\n", 0 },
        { "declared encoding of the whole",
          "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: "
          "8bit\r\n\r\n--b\r\n\r\n\xc3\xb6\r\n--b--\r\n",
          "boundary=b\r\n\r\n--b", 1 },
        { "a boundary of many",
          apr_pstrcat(pool, "Content-Type: multipart/mixed; boundary=", borders, "\r\n\r\n--",
                      borders, "\r\n\r\n\xc3\xb6\r\n--", borders, "--\r\n", NULL),
          "w7Y=", 1 },
        { "a message in it",
          MIXED "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: "
                "8bit\r\n\r\nSubject: J\xc3\xb6rg\r\n\r\nJ\xc3\xb6rg\r\n--b--\r\n",
          "\r\nSubject: =?utf-8?B?SsO2cmc=?=\r\n", 1 },
        { "an empty message in it",
          MIXED "--b\r\nContent-Type: message/rfc822\r\n\r\n\r\n--b\r\n\r\n\xc3\xb6\r\n--b--\r\n",
          "w7Y=", 1 },
        { "an encoded message in it",
          MIXED "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: "
                "base64\r\n\r\nU3ViamVjdDogcw==\r\n--b\r\n\r\n\xc3\xb6\r\n--b--\r\n",
          "U3ViamVjdDogcw==", 1 },
        { "a signed one that is sound",
          "Content-Type: multipart/signed; boundary=b\r\nX-A: "
          "J\xc3\xb6rg\r\n\r\n--b\r\n\r\nhi\r\n--b--\r\n",
          "--b\r\n\r\nhi\r\n--b--\r\n", 0 },
        { "a comment behind the type", "Content-Type: text/plain(plain)\r\n\r\n\xc3\xb6\r\n",
          "w7YNCg==", 1 }
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_mail_problem_t problem;
        const char *out =
            rewritten(table[i].in, strlen(table[i].in), table[i].makes_7bit, &problem, pool);
        if (out && strstr(out, table[i].has)) continue;
        printf("\n%s: %s", table[i].label, out ? out : problem.detail);
        CU_FAIL("rewritten otherwise");
    }
    /* A line as long as a message takes memory that grows with it, not with its square; what grows
     * past the bound is refused. */
    apr_size_t pieces = 100000, at = sizeof(MIXED) - 1 + 10;
    char *line = fill(pool, '"', at + pieces * 3 + 20);
    memcpy(line, MIXED "--b\r\nX-A: ", at);
    for (apr_size_t i = 0; i < pieces; i++) memcpy(line + at + i * 3, "\xc3\xb6\"", 3);
    memcpy(line + at + pieces * 3, "\r\n\r\nhi\r\n--b--\r\n", 16);
    ss_mail_problem_t grown = { .status = 0 };
    const char *unused;
    apr_size_t unused_len;
    CU_ASSERT_EQUAL(
        ss_mime_rewrite(&unused, &unused_len, line, at + pieces * 3 + 15, 1, &grown, pool), -1);
    CU_ASSERT_EQUAL(grown.status, 413);
    for (apr_size_t i = 0; i < pieces; i++)
        memcpy(line + at + i * 3, i % 20 ? "xyz" : " \xc3\xb6", 3);
    CU_ASSERT_PTR_NOT_NULL(rewritten(line, at + pieces * 3 + 15, 1, &grown, pool));
    /* NUL in the header is a blank, in the body it is encoded. */
    static const char zeros[] = "X-A: a\0b\r\n\r\na\0b\r\n";
    ss_mail_problem_t problem;
    const char *out = rewritten(zeros, sizeof(zeros) - 1, 0, &problem, pool);
    CU_ASSERT_TRUE(out && strstr(out, "X-A: a b\r\n") && strstr(out, "a=00b\r\n"));
    static const char filler[] = MIXED "a\0b\r\n--b\r\n\r\nhi\r\n--b--\r\n";
    out = rewritten(filler, sizeof(filler) - 1, 0, &problem, pool);
    CU_ASSERT_TRUE(out && strstr(out, "\r\n\r\na?b\r\n--b\r\n"));
    apr_pool_destroy(pool);
}

static void what_must_not_be_changed_is_refused(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    const char *deep = "";
    for (int i = 0; i <= SS_MIME_DEPTH_MAX + 1; i++)
        deep =
            apr_psprintf(pool, "%s%sContent-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n",
                         deep, "", i, i);
    const struct {
        const char *in, *why;
    } table[] = {
        { "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xc3\xb6\r\n--b--\r\n",
          "signed or encrypted" },
        { "Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\n\xc3\xb6\r\n--b--\r\n",
          "signed or encrypted" },
        { "Content-Type: multipart/mixed\r\n\r\n\xc3\xb6\r\n", "has no boundary" },
        { "Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n\xc3\xb6\r\n", "has no boundary" },
        { apr_pstrcat(pool, "Content-Type: multipart/mixed; boundary=", fill(pool, 'b', 300),
                      "\r\n\r\n\xc3\xb6\r\n", NULL),
          "boundary is too long" },
        { "Content-Type: multipart/mixed; boundary=b\x8b\r\n\r\n--b\x8b\r\n\r\nx\r\n--b\x8b--\r\n",
          "boundary is not ASCII" },
        { apr_pstrcat(pool, deep, "\r\n\xc3\xb6\r\n", NULL), "nested too deeply" },
        { "Content-Type: message/partial\r\n\r\n\xc3\xb6\r\n", "message/partial" },
        { "Content-Type: message/external-body\r\n\r\n\xc3\xb6\r\n", "message/external-body" }
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_mail_problem_t problem;
        const char *out = rewritten(table[i].in, strlen(table[i].in), 1, &problem, pool);
        if (!out && strstr(problem.detail, table[i].why)) continue;
        printf("\n%.60s: %s", table[i].in, out ? out : problem.detail);
        CU_FAIL("not refused, or for another reason");
    }
    apr_pool_destroy(pool);
}

void ss_suite_mime(void)
{
    CU_pSuite s = CU_add_suite("mime", NULL, NULL);

    CU_add_test(s, "parts_are_changed_where_they_must", parts_are_changed_where_they_must);
    CU_add_test(s, "what_must_not_be_changed_is_refused", what_must_not_be_changed_is_refused);
}
