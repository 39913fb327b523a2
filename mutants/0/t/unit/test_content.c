/* test_content.c: content in pieces, dot-stuffed or as it stands (src/smtp/content.c), whatever
 * pieces the source has. */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "smtp/content.h"

void ss_suite_content(void);

typedef struct {
    const char *bytes;
    apr_size_t len, most;
    int waits; /* every other read says EAGAIN */
    int turn;
} source_t;

static apr_status_t read_source(void *self, apr_off_t at, const char **bytes, apr_size_t *len)
{
    source_t *s = self;

    if (s->waits && s->turn++ % 2 == 0) return APR_EAGAIN;
    if (at >= (apr_off_t)s->len) return APR_EOF;
    *bytes = s->bytes + at;
    *len = s->len - (apr_size_t)at;
    if (*len > s->most) *len = s->most;
    return APR_SUCCESS;
}

static const struct {
    const char *label, *input, *stuffed;
} cases[] = {
    { "empty", "", ".\r\n" },
    { "plain", "a\r\n", "a\r\n.\r\n" },
    { "dot first", ".a\r\n", "..a\r\n.\r\n" },
    { "only a dot", ".\r\n", "..\r\n.\r\n" },
    { "dots", "..\r\n.\r\n..\r\n", "...\r\n..\r\n...\r\n.\r\n" },
    { "dot within", "a.b\r\n.c.d\r\n", "a.b\r\n..c.d\r\n.\r\n" },
    { "no line end", "a", "a\r\n.\r\n" },
    { "a dot and no line end", ".", "..\r\n.\r\n" },
    { "ends in CR", "a\r", "a\r\r\n.\r\n" },
    { "ends in a bare CR and LF", "a\r\r\n", "a\r\r\n.\r\n" },
    { "ends behind a CR", "a\rb", "a\rb\r\n.\r\n" },
    { "begins with a line end", "\r\n.", "\r\n..\r\n.\r\n" },
    { "ends in a bare LF", "a\n", "a\n\r\n.\r\n" },
    { "dot after a bare LF", "a\n.\r\n", "a\n..\r\n.\r\n" },
    { "end of message inside", "a\r\n.\r\nMAIL FROM:<x>\r\n", "a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n" },
};

static int is_right(const char *input, const char *want, apr_size_t most, int waits, int is_stuffed)
{
    source_t s = { input, strlen(input), most, waits, 0 };
    ss_content_t content = { read_source, &s };
    ss_content_reader_t reader;
    char got[500];
    apr_size_t at = 0, len;
    const char *bytes;

    ss_content_start(&reader, &content, (apr_off_t)s.len, is_stuffed);
    for (int i = 0; i < 1000; i++) {
        apr_status_t rv = ss_content_next(&reader, &bytes, &len);
        if (rv == APR_EAGAIN) continue;
        if (rv == APR_EOF) return at == strlen(want) && !memcmp(got, want, at);
        if (rv != APR_SUCCESS || !len || at + len > sizeof(got)) return 0;
        memcpy(got + at, bytes, len);
        at += len;
    }
    return 0;
}

static void content_in_all_pieces(void)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (apr_size_t most = 1; most < 30; most++) {
            for (int waits = 0; waits < 2; waits++) {
                int stuffed = is_right(cases[i].input, cases[i].stuffed, most, waits, 1);
                int plain = is_right(cases[i].input, cases[i].input, most, waits, 0);
                if (!stuffed || !plain)
                    fprintf(stderr, "\n  content \"%s\" in pieces of %d\n", cases[i].label,
                            (int)most);
                CU_ASSERT_TRUE(stuffed && plain);
            }
        }
    }
}

static void content_shorter_or_longer_than_promised(void)
{
    source_t s = { "abcdef", 6, 100, 0, 0 };
    ss_content_t content = { read_source, &s };
    ss_content_reader_t reader;
    const char *bytes;
    apr_size_t len;

    ss_content_start(&reader, &content, 4, 0);
    CU_ASSERT_EQUAL(ss_content_next(&reader, &bytes, &len), APR_SUCCESS);
    CU_ASSERT_EQUAL(len, 4);
    CU_ASSERT_EQUAL(ss_content_next(&reader, &bytes, &len), APR_EOF);
    ss_content_start(&reader, &content, 9, 0);
    CU_ASSERT_EQUAL(ss_content_next(&reader, &bytes, &len), APR_SUCCESS);
    CU_ASSERT_EQUAL(ss_content_next(&reader, &bytes, &len), APR_EINCOMPLETE);
}

static apr_status_t read_nothing(void *self, apr_off_t at, const char **bytes, apr_size_t *len)
{
    (void)self;
    (void)at;
    *bytes = "";
    *len = 0;
    return APR_SUCCESS;
}

/* A source that gives nothing and no error would be asked for ever. */
static void content_that_does_not_come_is_an_error(void)
{
    ss_content_t content = { read_nothing, NULL };
    ss_content_reader_t reader;
    const char *bytes;
    apr_size_t len;

    ss_content_start(&reader, &content, 4, 1);
    CU_ASSERT_EQUAL(ss_content_next(&reader, &bytes, &len), APR_EINCOMPLETE);
    CU_ASSERT_TRUE(ss_content_has_utf8_header(&content, 4));
}

/* In one piece at most SS_CONTENT_PIECE_MAX; a header past its bound counts as one with octets
 * above 127. */
static void content_has_bounds(void)
{
    static char text[SS_CONTENT_HEADER_MAX + 2];
    source_t s = { text, sizeof(text) - 1, sizeof(text), 0, 0 };
    ss_content_t content = { read_source, &s };
    ss_content_reader_t reader;
    const char *bytes;
    apr_size_t len;

    memset(text, 'a', sizeof(text) - 1);
    ss_content_start(&reader, &content, (apr_off_t)s.len, 1);
    CU_ASSERT_EQUAL(ss_content_next(&reader, &bytes, &len), APR_SUCCESS);
    CU_ASSERT_EQUAL(len, SS_CONTENT_PIECE_MAX);
    for (apr_size_t most = 1024; most <= sizeof(text); most += sizeof(text) - 1024) {
        s.most = most;
        CU_ASSERT_TRUE(ss_content_has_utf8_header(&content, SS_CONTENT_HEADER_MAX + 1));
        CU_ASSERT_FALSE(ss_content_has_utf8_header(&content, SS_CONTENT_HEADER_MAX));
    }
}

static int header_is_utf8(const char *text, apr_size_t most, int waits)
{
    source_t s = { text, strlen(text), most, waits, 0 };
    ss_content_t content = { read_source, &s };

    return ss_content_has_utf8_header(&content, (apr_off_t)s.len);
}

static void content_header_is_looked_through(void)
{
    for (apr_size_t most = 1; most < 20; most++) {
        CU_ASSERT_FALSE(header_is_utf8("A: b\r\n\r\n\xc3\xa4", most, 0));
        CU_ASSERT_TRUE(header_is_utf8("A: \xc3\xa4\r\n\r\nb", most, 0));
        CU_ASSERT_FALSE(header_is_utf8("A: b", most, 0));
    }
    CU_ASSERT_TRUE(header_is_utf8("A: b\r\n\r\n", 100, 1));
}

void ss_suite_content(void)
{
    CU_pSuite suite = CU_add_suite("content", NULL, NULL);

    CU_add_test(suite, "in all pieces", content_in_all_pieces);
    CU_add_test(suite, "shorter or longer than promised", content_shorter_or_longer_than_promised);
    CU_add_test(suite, "that does not come is an error", content_that_does_not_come_is_an_error);
    CU_add_test(suite, "bounds", content_has_bounds);
    CU_add_test(suite, "the header is looked through", content_header_is_looked_through);
}
