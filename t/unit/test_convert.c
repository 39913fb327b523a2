/* test_convert.c: what of a message is re-encoded for which server. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>

#include "delivery/convert.h"

void ss_suite_convert(void);

#define HEADER 1
#define BODY 2

static int needs(int flags, int has_8bitmime, int has_smtputf8)
{
    const ss_message_t m = { .attr = { .is_8bit_header = flags & 1,
                                       .is_8bit = flags >> 1 & 1,
                                       .is_utf8 = flags >> 2 & 1 } };
    ss_convert_t got = ss_convert_needs(&m, has_8bitmime, has_smtputf8);

    return (got.header ? HEADER : 0) | (got.body ? BODY : 0);
}

static void only_what_the_server_does_not_take(void)
{
    CU_ASSERT_EQUAL(needs(1, 1, 1), 0);
    CU_ASSERT_EQUAL(needs(1, 1, 0), HEADER);
    CU_ASSERT_EQUAL(needs(1, 0, 1), HEADER);
    CU_ASSERT_EQUAL(needs(2, 1, 0), 0);
    CU_ASSERT_EQUAL(needs(2, 0, 1), BODY);
    CU_ASSERT_EQUAL(needs(3, 0, 0), HEADER | BODY);
    CU_ASSERT_EQUAL(needs(4, 1, 0), HEADER);
    CU_ASSERT_EQUAL(needs(0, 0, 0), 0);
}

/* The message in two parts, converted; NULL: nothing of it could be. *left: what is still needed.
 */
static const char *converted(const char *text, int *left, apr_pool_t *pool)
{
    apr_size_t len = strlen(text), cut = len / 2;
    ss_message_part_t parts[] = { { text, cut }, { text + cut, len - cut } };
    const ss_message_t m = { .size = len, .parts = parts, .part_count = 2 };
    ss_convert_t asked = { .header = 1, .body = 1 };
    const char *bytes;

    int failed = ss_convert_make(&m, &asked, &bytes, &len, pool);
    *left = (asked.header ? HEADER : 0) | (asked.body ? BODY : 0);
    return failed ? NULL : apr_pstrmemdup(pool, bytes, len);
}

static void what_cannot_be_converted_is_left(void)
{
    static const char sealed[] =
        "DKIM-Signature: v=1; h=Subject; b=x\r\nSubject: \xc3\xb6\r\n\r\nx\r\n";
    apr_pool_t *pool;
    int left;

    apr_pool_create(&pool, NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(converted("Subject: \xc3\xb6\r\n\r\n\xc3\xb6\r\n", &left, pool),
                                  "Subject: =?utf-8?B?w7Y=?=\r\n"));
    CU_ASSERT_EQUAL(left, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(converted("From: \xc3\xb6@b.c\r\n\r\nx\xc3\xb6\r\n", &left, pool),
                                  "From: \xc3\xb6@b.c\r\n"));
    CU_ASSERT_EQUAL(left, HEADER);
    CU_ASSERT_PTR_NOT_NULL(converted(sealed, &left, pool));
    CU_ASSERT_EQUAL(left, HEADER);
    CU_ASSERT_PTR_NULL(
        converted("From: \xc3\xb6@b.c\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n"
                  "--b\r\n\r\n\xc3\xb6\r\n--b--\r\n",
                  &left, pool));
    CU_ASSERT_EQUAL(left, HEADER | BODY);
    apr_pool_destroy(pool);
}

void ss_suite_convert(void)
{
    CU_pSuite s = CU_add_suite("convert", NULL, NULL);

    CU_add_test(s, "only_what_the_server_does_not_take", only_what_the_server_does_not_take);
    CU_add_test(s, "what_cannot_be_converted_is_left", what_cannot_be_converted_is_left);
}
