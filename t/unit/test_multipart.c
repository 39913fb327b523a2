/* test_multipart.c: forms taken apart: boundaries in the content, names as browsers and curl write them, what is cut off. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <string.h>

#include "config/settings.h"
#include "daemon/quota.h"
#include "mail/multipart.h"

void ss_suite_multipart(void);

static apr_pool_t *pool;

static apr_array_header_t *read_all(const char *body, const char **why)
{
    apr_array_header_t *parts;

    return ss_multipart_read(&parts, body, strlen(body), "b", why, pool) ? NULL : parts;
}

#define PART(i) (&APR_ARRAY_IDX(parts, i, ss_multipart_part_t))
#define HEAD "--b\r\nContent-Disposition: form-data; "

static void a_boundary_is_read(void)
{
    apr_pool_create(&pool, NULL);
    CU_ASSERT_STRING_EQUAL(ss_multipart_boundary("multipart/form-data; boundary=abc", pool), "abc");
    CU_ASSERT_STRING_EQUAL(ss_multipart_boundary("multipart/form-data; charset=utf-8; boundary=\"a b\"", pool), "a b");
    CU_ASSERT_PTR_NULL(ss_multipart_boundary("multipart/form-data; boundary=", pool));
    CU_ASSERT_PTR_NULL(ss_multipart_boundary("multipart/form-data", pool));
    CU_ASSERT_PTR_NULL(ss_multipart_boundary("multipart/form-data; boundary=01234567890123456789012345678901234567890123456789012345678901234567890", pool));
    apr_pool_destroy(pool);
}

static void parts_are_found(void)
{
    const char *why = NULL;
    apr_array_header_t *parts;

    apr_pool_create(&pool, NULL);
    parts = read_all("preamble\r\n" HEAD "name=\"a\"\r\n\r\none\r\n--bc\r\n--b-\r\n" HEAD "name=\"b\"; filename=\"x/y\\z.t\"\r\ncontent-type: text/plain\r\n\r\n\r\n"
                     HEAD "name=\"c\"\r\n\r\n\r\n--b--\r\nepilogue", &why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(parts);
    CU_ASSERT_EQUAL_FATAL(parts->nelts, 3);
    CU_ASSERT_EQUAL(PART(0)->len, strlen("one\r\n--bc\r\n--b-"));
    CU_ASSERT_STRING_EQUAL(PART(1)->filename, "z.t");
    CU_ASSERT_STRING_EQUAL(PART(1)->type, "text/plain");
    CU_ASSERT_EQUAL(PART(1)->len, 0);
    CU_ASSERT_EQUAL(PART(2)->len, 0);
    CU_ASSERT_PTR_NULL(PART(2)->filename);
    parts = read_all(HEAD "name=\"a\\\"b\"; filename=\"q%22.t\"\r\nContent-ID: <i@1>\r\n\r\nx\r\n--b--", &why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(parts);
    CU_ASSERT_STRING_EQUAL(PART(0)->name, "a\"b");
    CU_ASSERT_STRING_EQUAL(PART(0)->filename, "q\".t");
    CU_ASSERT_STRING_EQUAL(PART(0)->cid, "i@1");
    apr_pool_destroy(pool);
}

static void what_is_broken_is_refused(void)
{
    static const char *const bodies[] = {
        "", "--b", "x--b\r\n", "--b\r\n", "--b\r\n\r\nx\r\n--b--", "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", "--b\r\nno field\r\n\r\nx\r\n--b--",
        HEAD "name=\"a\"\r\n\r\nx", HEAD "name=\"a\"\r\n\r\nx\r\n--b", HEAD "name=\"a\"\r\n\r\nx--b--", HEAD "name=\"a"
    };

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        const char *why = NULL;
        CU_ASSERT_PTR_NULL(read_all(bodies[i], &why));
        CU_ASSERT_PTR_NOT_NULL(why);
    }
    apr_pool_destroy(pool);
}

static void a_share_is_used_up_and_fills_again(void)
{
    static const ss_rate_t rates[] = { { 2, APR_USEC_PER_SEC }, { 3, 60 * APR_USEC_PER_SEC } };
    apr_time_t now = 1700000000 * APR_USEC_PER_SEC;
    ss_quota_t *quota;

    apr_pool_create(&pool, NULL);
    quota = ss_quota_create(pool);
    CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 2, now), 0);
    CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 2, now), 0);
    CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 2, now), 1);
    CU_ASSERT_EQUAL(ss_quota_take(quota, "b", rates, 2, now), 0);
    now += APR_USEC_PER_SEC;
    CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 2, now), 0);
    int wait = ss_quota_take(quota, "a", rates, 2, now);
    CU_ASSERT_TRUE(wait > 15 && wait <= 20);
    now += wait * APR_USEC_PER_SEC;
    CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 2, now), 0);
    CU_ASSERT_EQUAL(ss_quota_take(quota, "a", rates, 1, now), 0);
    apr_pool_destroy(pool);
}

void ss_suite_multipart(void)
{
    CU_pSuite suite = CU_add_suite("multipart", NULL, NULL);

    CU_add_test(suite, "a boundary is read", a_boundary_is_read);
    CU_add_test(suite, "parts are found", parts_are_found);
    CU_add_test(suite, "what is broken is refused", what_is_broken_is_refused);
    CU_add_test(suite, "a submitter's share is used up and fills again", a_share_is_used_up_and_fills_again);
}
