/* test_submitter.c: what submitters are called. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>

#include "web/submit/submitter.c"

void ss_suite_submitter(void);

static void names(void)
{
    static const struct {
        const char *label, *server, *location, *user, *want;
    } rows[] = {
        { "a location", "a.example", "/mail", NULL, "web:a.example /mail" },
        { "a user", "a.example", "/mail", "bob", "web:a.example /mail bob" },
        { "no user", "a.example", "/mail", "", "web:a.example /mail" },
        { "no location", "a.example", NULL, NULL, "web:a.example" },
        { "blanks do not make another one", "a", "/x", "b c", "web:a /x b%20c" },
        { "nor does what looks encoded", "a", "/x", "b%20c", "web:a /x b%2520c" },
        { "UTF-8", "a", "/x", "J\xc3\xbcrgen", "web:a /x J\xc3\xbcrgen" },
        { "other octets", "a", "/x", "J\xfcrgen\x01", "web:a /x J%FCrgen%01" },
    };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *name =
            ss_submitter_name("web", rows[i].server, rows[i].location, rows[i].user, pool);
        if (strcmp(name, rows[i].want)) printf("\n    %s: %s", rows[i].label, name);
        CU_ASSERT_STRING_EQUAL(name, rows[i].want);
    }
    apr_pool_destroy(pool);
}

/* Two users whose names begin alike stay two, and no character is cut. */
static void long_names_are_cut_and_differ(void)
{
    char one[2000], other[2000];
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i + 1 < sizeof(one); i += 2) memcpy(one + i, "\xc3\xbc", 2);
    one[1998] = '\0';
    memcpy(other, one, sizeof(one));
    other[1997] = '\xa4';
    for (int shift = 0; shift < 2; shift++) {
        const char *a = ss_submitter_name("web", "s", shift ? "/x" : "/", one, pool);
        const char *b = ss_submitter_name("web", "s", shift ? "/x" : "/", other, pool);
        CU_ASSERT_TRUE(strlen(a) <= SS_SUBMITTER_MAX && strlen(a) > SS_SUBMITTER_MAX - 3);
        CU_ASSERT_STRING_NOT_EQUAL(a, b);
        CU_ASSERT_TRUE(ss_codec_is_utf8(a, strlen(a)));
    }
    apr_pool_destroy(pool);
}

/* Whoever calls himself as the front ends call others gets nothing of theirs. */
static void former_names(void)
{
    CU_ASSERT_STRING_EQUAL(ss_submitter_former(NULL, "/mail"), "/mail");
    CU_ASSERT_STRING_EQUAL(ss_submitter_former("", ""), "/");
    CU_ASSERT_STRING_EQUAL(ss_submitter_former("alice", "/mail"), "alice");
    CU_ASSERT_PTR_NULL(ss_submitter_former("uid:0", "/mail"));
    CU_ASSERT_PTR_NULL(ss_submitter_former("web:a /mail bob", "/mail"));
    CU_ASSERT_PTR_NULL(ss_submitter_former("/mail", "/other"));
    CU_ASSERT_PTR_NULL(ss_submitter_former("report", "/mail"));
    CU_ASSERT_PTR_NULL(ss_submitter_former("server", "/mail"));
}

void ss_suite_submitter(void)
{
    CU_pSuite suite = CU_add_suite("submitter", NULL, NULL);

    CU_add_test(suite, "names", names);
    CU_add_test(suite, "long_names_are_cut_and_differ", long_names_are_cut_and_differ);
    CU_add_test(suite, "former_names", former_names);
}
