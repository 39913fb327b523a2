/* test_csrf_rule.c: which requests may act. */
#include <CUnit/CUnit.h>
#include <apr_pools.h>
#include <stdio.h>

#include "web/shared/csrf_rule.c"

void ss_suite_csrf_rule(void);

#define A "0123456789abcdef0123456789abcdef"
#define B "0123456789abcdef0123456789abcdee"
#define COOKIE SS_CSRF_RULE_COOKIE "="

static void only_our_pages_act(void)
{
    static const struct {
        const char *label, *cookies, *origin, *field;
        int want;
    } rows[] = {
        { "command-line tool", NULL, NULL, NULL, 1 },
        { "command-line tool with a field", NULL, NULL, B, 1 },
        { "our page", COOKIE A, "http://h", A, 1 },
        { "our page without Origin", COOKIE A, NULL, A, 1 },
        { "among other cookies", "x=1; " COOKIE A "; y=2", NULL, A, 1 },
        { "Origin alone", NULL, "http://evil.example", NULL, 0 },
        { "Origin and a guessed field", NULL, "http://evil.example", A, 0 },
        { "cookie without a field", COOKIE A, NULL, NULL, 0 },
        { "other cookies only", "session=1", NULL, A, 0 },
        { "empty Cookie header", "", NULL, NULL, 0 },
        { "last digit differs", COOKIE A, NULL, B, 0 },
        { "empty token", COOKIE, NULL, "", 0 },
        { "field too short", COOKIE A, NULL, "0123456789abcdef", 0 },
        { "field too long", COOKIE A, NULL, A "0", 0 },
        { "cookie too long", COOKIE A "0", NULL, A, 0 },
        { "upper case", COOKIE "0123456789ABCDEF0123456789ABCDEF", NULL,
          "0123456789ABCDEF0123456789ABCDEF", 0 },
        { "longer name", "x" COOKIE A, NULL, A, 0 },
        { "name without value", SS_CSRF_RULE_COOKIE "; a=" A, NULL, A, 0 },
    };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int got = ss_csrf_rule_allows(rows[i].cookies, rows[i].origin, rows[i].field, pool);
        if (got != rows[i].want) printf("\n    %s: got %d", rows[i].label, got);
        CU_ASSERT_EQUAL(got, rows[i].want);
    }
    CU_ASSERT_STRING_EQUAL(ss_csrf_rule_cookie("a=b;\t" COOKIE A ";c", pool), A);
    CU_ASSERT_PTR_NULL(ss_csrf_rule_cookie(NULL, pool));
    apr_pool_destroy(pool);
}

void ss_suite_csrf_rule(void)
{
    CU_add_test(CU_add_suite("csrf_rule", NULL, NULL), "only_our_pages_act", only_our_pages_act);
}
