/* test_mime.c: what a message's parts become where they must change, and what is refused instead.
 */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>

#include "mail/canonical.h"
#include "mail/codec.h"
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
        CU_ASSERT(problem->status == 422 || problem->status == 400);
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
        { "a field of a part",
          MIXED "--b\r\nContent-Description: J\xc3\xb6rg\r\n\r\nhi\r\n--b--\r\n", "=?utf-8?B?", 1 },
        { "words next to each other",
          MIXED "--b\r\nX-A: a J\xc3\xb6rg M\xc3\xb6 end\r\n\r\nhi\r\n--b--\r\n",
          "X-A: a =?utf-8?B?SsO2cmcgTcO2?= end\r\n", 1 },
        { "in a name", MIXED "--b\r\nX: a\r\nX-\xc3\xb6: a\r\n\r\nhi\r\n--b--\r\n",
          "--b\r\nX: a\r\n=?utf-8?B?WC3Dtjo=?= a\r\n", 1 },
        { "a part without an empty line", MIXED "--b\r\nJ\xc3\xb6rg and more\r\n--b--\r\n",
          "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
          "quoted-printable\r\n\r\nJ=C3=B6rg and more\r\n--b--\r\n",
          1 },
        { "a part without a body", MIXED "--b\nContent-Type: text/plain\n--b\n\n\xc3\xb6\n--b--\n",
          "--b\r\nContent-Type: text/plain\r\n--b\r\n", 1 },
        { "and its last line end",
          MIXED "--b\nContent-Type: text/plain\n\n--b\n\n\xc3\xb6\n--b--\n",
          "--b\r\nContent-Type: text/plain\r\n\r\n--b\r\n", 1 },
        { "uuencode",
          "Content-Type: image/png; name=a\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin "
          "644 \xc3\xb6.txt\r\n#86)C\r\n \r\nend\r\n",
          "Content-Transfer-Encoding: base64\r\n\r\nYWJj\r\n", 1 },
        { "one that needs nothing", MIXED "--b\nJoerg\n--b\n\n\xc3\xb6\n--b--\n",
          "--b\r\nJoerg\r\n--b\r\n", 1 },
        { "a message behind a line of an mbox",
          MIXED "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom a@b Thu\r\nSubject: "
                "s\r\n\r\nJ\xc3\xb6rg and more\r\n--b--\r\n",
          "Subject: s\r\nContent-Type: text/plain; charset=utf-8\r\n", 1 },
        { "no blank before them", MIXED "--b\r\nX-A:\xc3\xb6\r\n\r\nhi\r\n--b--\r\n",
          "X-A: =?utf-8?B?w7Y=?=\r\n", 1 },
        { "on a line that goes on", MIXED "--b\r\nX-A: a\r\n \xc3\xb6: b\r\n\r\nhi\r\n--b--\r\n",
          "\r\n =?utf-8?B?w7Y6?= b\r\n", 1 },
        { "in a parameter",
          MIXED "--b\r\nContent-Disposition: attachment; "
                "filename=\"J\xc3\xb6.txt\"\r\n\r\nhi\r\n--b--\r\n",
          "; filename*=utf-8''J%C3%B6.txt\r\n", 1 },
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
        { "a type on the next line",
          "Content-Type:\r\n multipart/mixed;\r\n "
          "boundary=b\r\n\r\n--b\r\n\r\n\xc3\xb6\r\n--b--\r\n",
          "boundary=b\r\n\r\n--b\r\nContent-Type: text/plain", 1 },
        { "blanks at the end of a boundary",
          "Content-Type: multipart/mixed; boundary=\"b  \"\r\n\r\n--b\r\n\r\n\xc3\xb6\r\n--b--\r\n",
          "w7Y=\r\n--b--\r\n", 1 },
        { "a boundary of 300",
          apr_pstrcat(pool, "Content-Type: multipart/mixed; boundary=", fill(pool, 'b', 300),
                      "\r\n\r\n--", fill(pool, 'b', 300), "\r\n\r\n\xc3\xb6\r\n--",
                      fill(pool, 'b', 300), "--\r\n", NULL),
          "w7Y=\r\n--bbb", 1 },
        { "a boundary that never appears",
          "Content-Type: multipart/mixed; boundary=b\r\n\r\nGr\xc3\xbc\xc3\x9f"
          "e to all\r\n",
          "boundary=b\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: "
          "quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe to all\r\n",
          1 },
        { "only at the end",
          "Content-Type: multipart/mixed; boundary=b\r\n\r\nGr\xc3\xbc\xc3\x9f"
          "e to all\r\n--b--\r\n",
          "Gr=C3=BC=C3=9Fe to all\r\n--b--\r\n", 1 },
        { "no boundary",
          "Content-Type: multipart/mixed\r\n\r\nGr\xc3\xbc\xc3\x9f"
          "e to all\r\n",
          "Gr=C3=BC=C3=9Fe to all\r\n", 1 },
        { "one that begins as the outer one",
          MIXED "--b\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\n"
                "--b1\r\n\r\n\xc3\xb6\r\n--b1--\r\n--b\r\n\r\n\xc3\xa4\r\n--b--\r\n",
          "w7Y=\r\n--b1--\r\n--b\r\nContent-Type", 1 },
        { "one that is not closed in another",
          MIXED "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
                "--c\r\n\r\n\xc3\xb6\r\n--b\r\n\r\n\xc3\xa4\r\n--b--\r\n",
          "w7Y=\r\n--b\r\nContent-Type", 1 },
        { "parts of a digest",
          "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: "
          "s\r\n\r\n\xc3\xb6 and more\r\n--b--\r\n",
          "--b\r\n\r\nSubject: s\r\nContent-Type: text/plain; charset=utf-8\r\n"
          "Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=B6 and more\r\n--b--\r\n",
          1 },
        { "a digest in a digest",
          "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nContent-Type: "
          "multipart/digest; boundary=c\r\n\r\n--c\r\n\r\nSubject: s\r\n\r\n\xc3\xb6 and "
          "more\r\n--c--\r\n--b--\r\n",
          "--c\r\n\r\nSubject: s\r\nContent-Type: text/plain", 1 },
        { "text in a digest",
          "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\nContent-Type: "
          "text/plain\r\n\r\n\xc3\xb6 and more\r\n--b--\r\n",
          "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=B6 "
          "and more\r\n",
          1 },
        { "base64 in pieces",
          apr_pstrcat(pool, "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n",
                      "QUI=QUI=QQ==", fill(pool, ' ', 1000), "\r\nQ Q\r\n==QUI\r\n", NULL),
          "\r\n\r\nQUJBQkFBQUI=\r\n", 0 },
        { "base64 that is damaged",
          apr_pstrcat(pool, "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n",
                      fill(pool, 'A', 996), "QQ==\r\n___ list\r\n", NULL),
          "AAQQ==\r\n___ list\r\n", 0 },
        { "base64 with other octets",
          "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nQU\xc3\xb6JC\r\n",
          "QUJC\r\n", 1 },
        { "quoted-printable that is damaged",
          "Content-Type: text/plain\r\nContent-Transfer-Encoding: "
          "quoted-printable\r\n\r\na=zz=3\xc3\xb6 =\r\nb and more text\r\n",
          "a=3Dzz=3D3=C3=B6 b and more text\r\n", 1 },
        { "lines with CRLF in a file with LF",
          "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
          "application/json\n\n{\r\n}\r\n--b--\n",
          "json\r\n\r\n{\r\n}\r\n--b--\r\n", 0 },
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
    /* A line as long as a message takes memory that grows with it, not with its square. */
    apr_size_t pieces = 100000, at = sizeof(MIXED) - 1 + 9;
    char *line = fill(pool, '"', at + pieces * 3 + 20);
    for (int is_text = 0; is_text < 2; is_text++) {
        ss_mail_problem_t unused;
        memcpy(line, MIXED "--b\r\nTo: ", at);
        for (apr_size_t i = 0; i < pieces; i++)
            memcpy(line + at + i * 3,
                   is_text && i % 20 ? "xyz"
                   : is_text         ? " \xc3\xb6"
                                     : "\xc3\xb6:",
                   3);
        memcpy(line + at + pieces * 3, "\r\n\r\nhi\r\n--b--\r\n", 16);
        CU_ASSERT_PTR_NOT_NULL(rewritten(line, at + pieces * 3 + 15, 1, &unused, pool));
    }
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

/* The octets of the one part that is encoded in base64; in a digest and so on. */
static const char *octets(const char *out, apr_size_t *len, apr_pool_t *pool)
{
    static const char mark[] = "Content-Transfer-Encoding: base64\r\n";
    const char *p = strstr(out, mark), *end;
    char *bytes;

    if (!p) return NULL;
    p = strstr(p, "\r\n\r\n") + 4;
    end = strstr(p, "\r\n--");
    CU_ASSERT_EQUAL_FATAL(
        ss_codec_base64_read(pool, p, end ? (apr_size_t)(end - p) : strlen(p), 1, &bytes, len), 0);
    return bytes;
}

#define DATA(type, encoding, octets)                                                               \
    "Content-Type: " type "\nContent-Transfer-Encoding: " encoding "\n\n", octets,                 \
        sizeof(octets) - 1

static const struct {
    const char *label, *fields, *octets;
    apr_size_t len;
    int with; /* the lines of the message: 1: CRLF; 2: LF */
    int is_kept;
} datas[] = {
    { "a picture", DATA("image/png", "binary", "\x89PNG\r\n\x1a\n\0\r\r\n\n"), 3, 1 },
    { "8bit", DATA("image/png", "8bit", "\x89PNG\r\n\x1a\n\0\r\r\n\n"), 3, 1 },
    { "no zero octet", DATA("image/png", "8bit", "\x89PNG\r\n\x1a\nx"), 3, 1 },
    { "a CR", DATA("application/octet-stream", "7bit", "a\rb"), 3, 1 },
    { "LF alone", DATA("application/octet-stream", "binary", "a\nb\n"), 3, 1 },
    { "LF in 7bit", DATA("application/json", "7bit", "{\n}\n"), 3, 0 },
    { "binary text", DATA("text/plain", "binary", "a\rb\nc\r\n"), 3, 1 },
    { "binary text with LF", DATA("text/plain", "binary", "a\nb\n"), 1, 1 },
    { "in a file with LF", DATA("text/plain", "binary", "a\nb\n"), 2, 0 },
    { "lines of a file with CRLF", DATA("application/json", "7bit", "{\r\n}"), 2, 0 },
    { "text with a CR", DATA("text/plain", "8bit", "a\rb\n"), 3, 0 },
    { "UTF-16LE", DATA("text/plain; charset=\"UTF-16LE\"", "8bit", "a\0\n\0\r\0\n\0"), 3, 1 },
    { "UTF-16BE", DATA("text/csv;\n charset=utf-16be", "binary", "\0a\0\r\0\n\0"), 3, 1 },
    { "UTF-16 without ASCII", DATA("text/plain; charset=utf-16", "8bit", "\x4e\x0a\x4e\x0d"), 3,
      1 },
    { "with a mark", DATA("text/plain", "8bit", "\xff\xfe\x0a\x4e\x0d\x4e"), 3, 1 },
    { "the other one", DATA("text/plain", "8bit", "\xfe\xff\x4e\x0a\x4e\x0d"), 3, 1 },
    { "not one", DATA("text/plain; charset=utf-8", "8bit", "\xfe\xff\x4e\x0a\x4e\x0d"), 3, 0 },
    { "UTF-32", DATA("text/plain; charset=utf-32", "8bit", "a\0\0\0\n\0\0\0"), 3, 1 },
    { "text with a zero octet", DATA("text/plain", "8bit", "a\0b\nc\r"), 3, 1 },
    { "UTF-16LE that nothing says", DATA("text/plain", "8bit", "\x4e\x0a\0b\0"), 3, 1 },
    { "UTF-16 that nothing says", DATA("text/plain", "8bit", "a\0\n\0b\0\n\0"), 3, 1 }
};

/* Puts the part into a message with such lines. */
static const char *wrapped(int i, int where, int with, apr_size_t *len, apr_pool_t *pool)
{
    static const struct {
        const char *before, *behind;
    } places[] = {
        { "Subject: s\n", "" },
        { "Content-Type: multipart/mixed; boundary=b\n\n--b\n", "\n--b--\n" },
        { "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n--b\nContent-Type: "
          "multipart/related; boundary=\"c\"\n\n--c\n",
          "\n--c--\n\n--b\n\nhi\n--b--\n" },
        { "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
          "message/rfc822\nContent-Transfer-Encoding: binary\n\nSubject: s\n",
          "\n--b--\n" },
        { "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: s\n", "\n--b--\n" },
        { "Content-Type: multipart/mixed; boundary=b\n\n--b\n", "\n--b\n\nopen" },
    };
    char *out = apr_palloc(pool, 2000), *at = out;

    if (where == sizeof(places) / sizeof(places[0])) return NULL;
    const char *texts[] = { places[where].before, datas[i].fields, places[where].behind };
    for (int t = 0; t < 3; t++) {
        for (const char *c = texts[t]; *c; c++) {
            if (*c == '\n' && with == 1) *at++ = '\r';
            *at++ = *c;
        }
        if (t != 1) continue;
        memcpy(at, datas[i].octets, datas[i].len);
        at += datas[i].len;
    }
    *len = (apr_size_t)(at - out);
    return out;
}

static void data_keeps_its_octets(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (int i = 0; i < (int)(sizeof(datas) / sizeof(datas[0])); i++) {
        for (int with = 1; with <= 2; with++) {
            const char *in, *out, *found;
            apr_size_t len, out_len, found_len = 0;
            for (int where = 0; (in = wrapped(i, where, with, &len, pool)) != NULL; where++) {
                ss_mail_problem_t problem = { 0 };
                ss_canonical_facts_t facts;
                if (!(datas[i].with & with)) continue;
                CU_ASSERT_EQUAL_FATAL(ss_canonical_make(&out, &out_len, in, len, &problem, pool),
                                      0);
                ss_canonical_scan(out, out_len, &facts);
                CU_ASSERT_TRUE(facts.is_canonical);
                found = octets(out, &found_len, pool);
                if (datas[i].is_kept ? found && found_len == datas[i].len &&
                                           !memcmp(found, datas[i].octets, found_len)
                                     : !found)
                    continue;
                printf("\n%s, %d, %d:\n%s", datas[i].label, with, where, out);
                CU_FAIL("octets");
            }
        }
    }
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
          "has 8-bit text, which must be encoded to be sent, but it is in a multipart/signed "
          "part" },
        { "Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\n\xc3\xb6\r\n--b--\r\n",
          "multipart/encrypted" },
        { MIXED "--b\r\nContent-Type: multipart/signed; boundary=c\r\n\r\n--c\r\n\r\n\xc3\xb6\r\n"
                "--c--\r\n--b--\r\n",
          "multipart/signed" },
        { "DKIM-Signature: v=1\r\n\r\n\xc3\xb6\r\n", "its DKIM-Signature would" },
        { "dkim-signature: v=1\r\nContent-Type: multipart/mixed; "
          "boundary=b\r\n\r\n--b\r\n\r\n\xc3\xb6\r\n--b--\r\n",
          "its DKIM-Signature would" },
        { apr_pstrcat(pool, "DKIM-Signature: v=1\r\n\r\n", fill(pool, 'x', 999), "\r\n", NULL),
          "a line of more than 998 octets, which" },
        { "Content-Type: multipart/signed; boundary=b\n\n--b\nContent-Type: image/png\n"
          "Content-Transfer-Encoding: binary\n\na\rb\n--b--\n",
          "has binary data, which must be encoded to be sent, but it is in a multipart/signed" },
        { "Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n\xc3\xb6\r\n",
          "encoded as x-uuencode already" },
        { apr_pstrcat(pool, "Content-Type: multipart/mixed; boundary=", fill(pool, 'b', 995),
                      "\r\n\r\n--", fill(pool, 'b', 995), "\r\n\r\n\xc3\xb6\r\n", NULL),
          "boundary is too long" },
        { "Content-Type: multipart/mixed; boundary=b\x8b\r\n\r\n--b\x8b\r\n\r\nx\r\n--b\x8b--\r\n",
          "boundary is not ASCII" },
        { apr_pstrcat(pool, deep, "\r\n\xc3\xb6\r\n", NULL), "nested too deeply" },
        { apr_pstrcat(pool, "X-A: ", fill(pool, 'x', 1100), "\r\n\r\nhi\r\n", NULL), "field X-A" },
        { apr_pstrcat(pool, MIXED "--b\r\nX-B: ", fill(pool, 'x', 1100), "\r\n\r\nhi\r\n--b--\r\n",
                      NULL),
          "field X-B" },
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
    CU_add_test(s, "data_keeps_its_octets", data_keeps_its_octets);
    CU_add_test(s, "what_must_not_be_changed_is_refused", what_must_not_be_changed_is_refused);
}
