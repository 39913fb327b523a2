/* test_canonical.c: line ends, what is re-encoded and what is left alone. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>

#include "mail/canonical.h"
#include "fill.h"

void ss_suite_canonical(void);

/* Canonical, stable when made so again, and as long as the scan said where nothing was re-encoded.
 */
static const char *made(const char *bytes, apr_size_t len, apr_size_t *out_len, apr_pool_t *pool)
{
    ss_canonical_facts_t before, facts;
    ss_mail_problem_t problem = { 0 };
    const char *out, *again;
    apr_size_t again_len;

    CU_ASSERT_EQUAL_FATAL(ss_canonical_make(&out, out_len, bytes, len, &problem, pool), 0);
    ss_canonical_scan(bytes, len, &before);
    ss_canonical_scan(out, *out_len, &facts);
    CU_ASSERT_TRUE(facts.is_canonical);
    if (!before.has_nul && before.longest_line <= SS_MAIL_LINE_MAX)
        CU_ASSERT_EQUAL(before.size, *out_len);
    CU_ASSERT_EQUAL(ss_canonical_make(&again, &again_len, out, *out_len, &problem, pool), 0);
    CU_ASSERT_PTR_EQUAL(again, out);
    return out;
}

static void line_ends_become_crlf(void)
{
    static const struct {
        const char *input, *want;
    } table[] = { { "A: b\n\nc\n", "A: b\r\n\r\nc\r\n" },
                  { "A: b\r\n\r\nc", "A: b\r\n\r\nc\r\n" },
                  { "A: b\rBcc: x\r\n\r\nc\rd\r\n", "A: b Bcc: x\r\n\r\nc\r\nd\r\n" },
                  { "A: b\r\r\n\r\n.\r\r\n", "A: b\r\n\r\n.\r\n" },
                  { "A: b\n\n\n.\n\r.\n", "A: b\r\n\r\n\r\n.\r\n\r\n.\r\n" },
                  { "", "" },
                  { "\r", " \r\n" } };
    apr_pool_t *pool;
    apr_size_t len;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *out = made(table[i].input, strlen(table[i].input), &len, pool);
        if (len != strlen(table[i].want) || memcmp(out, table[i].want, len))
            CU_FAIL(table[i].input);
    }
    apr_pool_destroy(pool);
}

static void long_lines_are_encoded_and_others_kept(void)
{
    apr_pool_t *pool;
    const char *in, *out, *kept = "--b\r\nContent-Type: text/plain\r\n\r\nkept =  as it is \r\n--b";
    apr_size_t len;

    apr_pool_create(&pool, NULL);
    in = apr_pstrcat(pool, "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\npre\r\n", kept,
                     "\r\n\r\n", fill(pool, 'x', 100000), "\r\n--b--\r\n", NULL);
    out = made(in, strlen(in), &len, pool);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, kept));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "Content-Transfer-Encoding: quoted-printable"));
    in = apr_pstrcat(pool, "Content-Type: text/plain; name=", fill(pool, 's', 5000),
                     "\r\nX: ", fill(pool, 'y', 990), " ", fill(pool, 'z', 990), "\r\n\r\n",
                     fill(pool, 'x', 100000), NULL);
    made(in, strlen(in), &len, pool);
    made("A: b\r\n\r\nx\0y\r\n", 13, &len, pool);
    /* the last part is not closed */
    made("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n\0\0\0", 55, &len, pool);
    apr_pool_destroy(pool);
}

static void seven_bits_are_made(void)
{
    ss_mail_problem_t problem = { 0 };
    ss_canonical_facts_t facts;
    const char *out, *in = "A: b\r\n\r\nJ\xc3\xb6rg\r\n";
    apr_pool_t *pool;
    apr_size_t len;

    apr_pool_create(&pool, NULL);
    CU_ASSERT_EQUAL_FATAL(ss_canonical_make_7bit(&out, &len, in, strlen(in), &problem, pool), 0);
    ss_canonical_scan(out, len, &facts);
    CU_ASSERT_FALSE(facts.has_8bit_body);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "J=C3=B6rg\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "charset=utf-8"));
    in = "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xc3\xb6\r\n--b--\r\n";
    CU_ASSERT_EQUAL(ss_canonical_make_7bit(&out, &len, in, strlen(in), &problem, pool), -1);
    CU_ASSERT_EQUAL(problem.status, 422);
    apr_pool_destroy(pool);
}

void ss_suite_canonical(void)
{
    CU_pSuite s = CU_add_suite("canonical", NULL, NULL);

    CU_add_test(s, "line_ends_become_crlf", line_ends_become_crlf);
    CU_add_test(s, "long_lines_are_encoded_and_others_kept",
                long_lines_are_encoded_and_others_kept);
    CU_add_test(s, "seven_bits_are_made", seven_bits_are_made);
}
