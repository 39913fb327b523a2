/* test_canonical_stream.c: a body made canonical in pieces is the one that is made canonical whole.
 */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mail/canonical.h"

void ss_suite_canonical_stream(void);

static void put(void *self, const char *bytes, apr_size_t len)
{
    ss_buf_append(self, bytes, len);
}

/* In pieces of `piece` bytes, below a header with such lines; the facts are those of the whole. */
static void compare_below(int is_lf, const char *bytes, apr_size_t len, apr_size_t piece,
                          apr_pool_t *pool)
{
    ss_buf_t out;
    ss_canonical_stream_t stream = { .put = put, .self = &out, .is_lf = is_lf };
    ss_canonical_facts_t facts;
    ss_mail_problem_t problem = { 0 };
    const char *want;
    char *whole = apr_palloc(pool, len + 2);
    apr_size_t want_len;

    /* An empty header in front: what follows is a body. */
    memcpy(whole, "\r\n", 2);
    memcpy(whole + 2, bytes, len);
    ss_buf_init(&out, 1 << 20);
    for (apr_size_t at = 0; at < len; at += piece)
        ss_canonical_stream_add(&stream, bytes + at, len - at < piece ? len - at : piece);
    ss_canonical_stream_end(&stream);
    ss_canonical_scan(whole, len + 2, &facts);
    ss_canonical_check_t check = { 0 };
    for (apr_size_t at = 0; at < len; at += piece)
        ss_canonical_check(&check, bytes + at, len - at < piece ? len - at : piece);
    CU_ASSERT_EQUAL(ss_canonical_check_end(&check), facts.is_canonical);
    CU_ASSERT_EQUAL(stream.has_8bit, facts.has_8bit_body);
    if (facts.has_nul || facts.longest_line > SS_MAIL_LINE_MAX) CU_ASSERT_TRUE(stream.must_encode);
    if (stream.must_encode) {
        /* Nothing is lost: it is read again as a whole. */
        CU_ASSERT_EQUAL_FATAL(ss_canonical_stream_restore(&stream, out.data, out.len), len);
        CU_ASSERT(!len || !memcmp(out.data, bytes, len));
    } else {
        CU_ASSERT_EQUAL_FATAL(ss_canonical_make(&want, &want_len, whole, len + 2, &problem, pool),
                              0);
        CU_ASSERT_EQUAL_FATAL(out.len + 2, want_len);
        CU_ASSERT(!out.len || !memcmp(out.data, want + 2, out.len));
    }
    ss_buf_free(&out);
}

static void compare(const char *bytes, apr_size_t len, apr_size_t piece, apr_pool_t *pool)
{
    compare_below(0, bytes, len, piece, pool);
    compare_below(1, bytes, len, piece, pool);
}

static void every_short_body_in_every_split(void)
{
    static const char alphabet[] = { 'x', '\r', '\n', '.' };
    char body[7];
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (int len = 0; len <= 7; len++) {
        for (int n = 0; n < 1 << (2 * len); n++) {
            for (int i = 0; i < len; i++) body[i] = alphabet[n >> (2 * i) & 3];
            for (apr_size_t piece = 1; piece <= (apr_size_t)len; piece++)
                compare(body, (apr_size_t)len, piece, pool);
            apr_pool_clear(pool);
        }
    }
    apr_pool_destroy(pool);
}

static void long_lines_and_octets(void)
{
    static const struct {
        int len, byte;
    } table[] = { { 997, 'x' }, { 998, 'x' }, { 999, 'x' }, { 5000, 'x' },
                  { 10, 0 },    { 10, 0x80 }, { 10, 0xff } };
    char body[6000];
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (apr_size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        for (int ends = 0; ends < 3; ends++) {
            int len = table[i].len;
            memset(body, table[i].byte, (size_t)len);
            if (ends) body[len++] = ends == 1 ? '\n' : '\r';
            memcpy(body + len, "abc", 3);
            for (apr_size_t piece = 1; piece < 1100; piece += 7)
                compare(body, (apr_size_t)len + 3, piece, pool);
        }
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
}

/* Whether the header may be looked at before the body is there. */
static void headers(void)
{
    char nul[] = "A: b\nC: \0d\n\nbody", line[1100];
    apr_pool_t *pool;
    const char *head;
    apr_size_t body;
    int is_lf;

    apr_pool_create(&pool, NULL);
    static const struct {
        const char *bytes, *head, *body;
    } table[] = { { "A: b\r\n\r\nbody", "A: b\r\n\r\n", "body" },
                  { "A: b\n\nbody", "A: b\n\r\n", "body" },
                  { "A: b\r\n\nbody", "A: b\r\n\r\n", "body" },
                  { "\r\nbody", "\r\n", "body" },
                  { "A: b\n\n", "A: b\n\r\n", "" },
                  { "A: b\r\n\r\n", "A: b\r\n\r\n", "" } };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        apr_size_t len = strlen(table[i].bytes);
        CU_ASSERT_TRUE_FATAL(
            ss_canonical_stream_header(&head, &body, &is_lf, table[i].bytes, len, pool));
        CU_ASSERT_STRING_EQUAL(head, table[i].head);
        CU_ASSERT_EQUAL(is_lf, body < 2 || table[i].bytes[body - 2] != '\r');
        CU_ASSERT_STRING_EQUAL(table[i].bytes + body, table[i].body);
        /* Without the octets that end it, it may go on. */
        CU_ASSERT_FALSE(
            ss_canonical_stream_header(&head, &body, &is_lf, table[i].bytes, body - 1, pool));
    }
    CU_ASSERT_FALSE(ss_canonical_stream_header(&head, &body, &is_lf, "A: b", 4, pool));
    CU_ASSERT_FALSE(ss_canonical_stream_header(&head, &body, &is_lf, nul, sizeof(nul) - 1, pool));
    /* A long line of it is folded without the body. */
    memset(line, 'x', sizeof(line));
    memcpy(line, "A: ", 3);
    memcpy(line + 1010, "\n\nbody", 6);
    CU_ASSERT_TRUE(ss_canonical_stream_header(&head, &body, &is_lf, line, 1016, pool));
    CU_ASSERT_EQUAL(body, 1012);
    apr_pool_destroy(pool);
}

void ss_suite_canonical_stream(void)
{
    CU_pSuite suite = CU_add_suite("canonical stream", NULL, NULL);

    CU_add_test(suite, "every short body in every split", every_short_body_in_every_split);
    CU_add_test(suite, "long lines and octets", long_lines_and_octets);
    CU_add_test(suite, "headers", headers);
}
