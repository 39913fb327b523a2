/* test_multipart.c: forms taken apart: boundaries in the content, names as browsers and curl write
 * them, what is cut off. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>

#include "fill.h"
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
    CU_ASSERT_STRING_EQUAL(
        ss_multipart_boundary("multipart/form-data; charset=utf-8; boundary=\"a b\"", pool), "a b");
    CU_ASSERT_PTR_NULL(ss_multipart_boundary("multipart/form-data; boundary=", pool));
    CU_ASSERT_PTR_NULL(ss_multipart_boundary("multipart/form-data", pool));
    CU_ASSERT_PTR_NULL(ss_multipart_boundary(
        "multipart/form-data; "
        "boundary=01234567890123456789012345678901234567890123456789012345678901234567890",
        pool));
    apr_pool_destroy(pool);
}

static void parts_are_found(void)
{
    const char *why = NULL;
    apr_array_header_t *parts;

    apr_pool_create(&pool, NULL);
    parts =
        read_all("preamble\r\n" HEAD "name=\"a\"\r\n\r\none\r\n--bc\r\n--b-\r\n" HEAD
                 "name=\"b\"; filename=\"x/y\\z.t\"\r\ncontent-type: text/plain\r\n\r\n\r\n" HEAD
                 "name=\"c\"\r\n\r\n\r\n--b--\r\nepilogue",
                 &why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(parts);
    CU_ASSERT_EQUAL_FATAL(parts->nelts, 3);
    CU_ASSERT_EQUAL(PART(0)->len, strlen("one\r\n--bc\r\n--b-"));
    CU_ASSERT_STRING_EQUAL(PART(1)->filename, "z.t");
    CU_ASSERT_STRING_EQUAL(PART(1)->type, "text/plain");
    CU_ASSERT_EQUAL(PART(1)->len, 0);
    CU_ASSERT_EQUAL(PART(2)->len, 0);
    CU_ASSERT_PTR_NULL(PART(2)->filename);
    parts = read_all(
        HEAD "name=\"a\\\"b\"; filename=\"q%22.t\"\r\nContent-ID: <i@1>\r\n\r\nx\r\n--b--", &why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(parts);
    CU_ASSERT_STRING_EQUAL(PART(0)->name, "a\"b");
    CU_ASSERT_STRING_EQUAL(PART(0)->filename, "q\".t");
    CU_ASSERT_STRING_EQUAL(PART(0)->cid, "i@1");
    apr_pool_destroy(pool);
}

static void what_is_broken_is_refused(void)
{
    static const char *const bodies[] = { "",
                                          "--b",
                                          "x--b\r\n",
                                          "--b\r\n",
                                          "--b\r\n\r\nx\r\n--b--",
                                          "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
                                          "--b\r\nno field\r\n\r\nx\r\n--b--",
                                          HEAD "name=\"a\"\r\n\r\nx",
                                          HEAD "name=\"a\"\r\n\r\nx\r\n--b",
                                          HEAD "name=\"a\"\r\n\r\nx--b--",
                                          HEAD "name=\"a" };

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        const char *why = NULL;
        CU_ASSERT_PTR_NULL(read_all(bodies[i], &why));
        CU_ASSERT_PTR_NOT_NULL(why);
    }
    apr_pool_destroy(pool);
}

/* What browsers, curl and hand-written clients make of names and types. */
static void odd_headers(void)
{
    static const struct {
        const char *header, *name, *filename, *type, *cid;
    } table[] = {
        { "Content-Disposition: form-data; name=plain\r\n", "plain", NULL, NULL, NULL },
        { "Content-Disposition: form-data; name=a ; filename=b\r\n", "a", "b", NULL, NULL },
        { "Content-Disposition: form-data; name=\"a\\\\b\\c\"\r\n", "a\\b\\c", NULL, NULL, NULL },
        { "Content-Disposition: form-data; x=\"name=\\\"no;\"; name=yes\r\n", "yes", NULL, NULL,
          NULL },
        { "Content-Disposition: form-data; name=\"a%0d%0Ab%22%41\"\r\n", "a  b\"%41", NULL, NULL,
          NULL },
        { "Content-Disposition: form-data; name=\"open\r\n", "open", NULL, NULL, NULL },
        { "Content-Disposition: form-data; namex=b; name=a\r\nX-Other: x\r\nContent-ID: i@1\r\n",
          "a", NULL, NULL, "i@1" },
        { "Content-Disposition: form-data; name=a\r\nContent-ID: <i\r\n", "a", NULL, NULL, "<i" },
        { "Content-Disposition: form-data; name=a\r\nContent-ID: >\r\n", "a", NULL, NULL, ">" },
        { "Content-Disposition: form-data; name=a; filename=\"..\\\\x/\"\r\nContent-Type: a/b;\r\n "
          "c=d\r\n",
          "a", "", "a/b; c=d", NULL },
        { "Content-Disposition: form-data; name=a; filename*=utf-8''%e2%82%ac.txt\r\n", "a",
          "\xe2\x82\xac.txt", NULL, NULL },
        { "Content-Disposition: form-data; name=a; filename=x; filename*=ISO-8859-1'de'%fc\r\n",
          "a", "\xc3\xbc", NULL, NULL },
        { "Content-Disposition: form-data; name=a;\r\n filename*0*=utf-8''%c3%bc;\r\n "
          "filename*1=\"-b.txt\"\r\n",
          "a", "\xc3\xbc-b.txt", NULL, NULL },
        { "Content-Disposition: form-data; name=a; filename*=plain.txt\r\n", "a", "plain.txt", NULL,
          NULL },
        { "Content-Disposition: form-data; name=a; filename*=utf-8''..%2f..%2fx\r\n", "a", "x",
          NULL, NULL },
        { "Content-Disposition: form-data; name=a; filename=\"=?utf-8?q?=C3=BC?=\"\r\n", "a",
          "\xc3\xbc", NULL, NULL }
    };
    const char *why = NULL;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        apr_array_header_t *parts =
            read_all(apr_pstrcat(pool, "--b\r\n", table[i].header, "\r\nx\r\n--b--", NULL), &why);
        CU_ASSERT_PTR_NOT_NULL_FATAL(parts);
        CU_ASSERT_STRING_EQUAL(PART(0)->name, table[i].name);
        CU_ASSERT(table[i].filename
                      ? PART(0)->filename && !strcmp(PART(0)->filename, table[i].filename)
                      : !PART(0)->filename);
        CU_ASSERT(table[i].type ? PART(0)->type && !strcmp(PART(0)->type, table[i].type)
                                : !PART(0)->type);
        CU_ASSERT(table[i].cid ? PART(0)->cid && !strcmp(PART(0)->cid, table[i].cid)
                               : !PART(0)->cid);
    }
    CU_ASSERT_PTR_NULL(ss_multipart_boundary("multipart/form-data; boundary=\"a\tb\"", pool));
    CU_ASSERT_PTR_NULL(ss_multipart_boundary("multipart/form-data; boundary=\"a\xc3\xa4\"", pool));
    CU_ASSERT_PTR_NULL(ss_multipart_boundary("multipart/form-data; \"boundary", pool));
    apr_pool_destroy(pool);
}

static void bounds(void)
{
    static const char one[] = HEAD "name=a\r\n\r\nx\r\n";
    const char *why = NULL;

    apr_pool_create(&pool, NULL);
    char *many = apr_palloc(pool, 2001 * sizeof(one) + 8), *to = many;
    for (int i = 0; i < 2001; i++) to = apr_cpystrn(to, one, sizeof(one));
    memcpy(to, "--b--", 6);
    CU_ASSERT_PTR_NULL(read_all(many, &why));
    CU_ASSERT_STRING_EQUAL(why, "it has too many parts");
    apr_array_header_t *parts = read_all(many + sizeof(one) - 1, &why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(parts);
    CU_ASSERT_EQUAL(parts->nelts, 2000);
    /* A header of 16 KiB is too long; blanks behind a boundary are 64 at most. */
    CU_ASSERT_PTR_NULL(read_all(
        apr_pstrcat(pool, HEAD "name=\"", fill(pool, 'x', 16384), "\"\r\n\r\nx\r\n--b--", NULL),
        &why));
    CU_ASSERT_PTR_NOT_NULL(read_all(
        apr_pstrcat(pool, HEAD "name=a\r\n\r\nx\r\n--b--", fill(pool, '\t', 64), NULL), &why));
    CU_ASSERT_PTR_NULL(read_all(
        apr_pstrcat(pool, HEAD "name=a\r\n\r\nx\r\n--b--", fill(pool, '\t', 65), NULL), &why));
    CU_ASSERT_PTR_NULL(read_all(HEAD "name=a\r\n\r\nx\r\n--b--x", &why));
    apr_pool_destroy(pool);
}

void ss_suite_multipart(void)
{
    CU_pSuite suite = CU_add_suite("multipart", NULL, NULL);

    CU_add_test(suite, "a boundary is read", a_boundary_is_read);
    CU_add_test(suite, "parts are found", parts_are_found);
    CU_add_test(suite, "what is broken is refused", what_is_broken_is_refused);
    CU_add_test(suite, "odd headers", odd_headers);
    CU_add_test(suite, "bounds", bounds);
}
