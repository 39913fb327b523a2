/* test_csrf_rule.c: which requests may act. */
#include <CUnit/CUnit.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <stdio.h>

#include "web/shared/csrf_rule.c"

void ss_suite_csrf_rule(void);

#define A "0123456789abcdef0123456789abcdef"
#define B "0123456789abcdef0123456789abcdee"
#define COOKIE SS_CSRF_RULE_COOKIE "="
#define COOKIE_TLS SS_CSRF_RULE_COOKIE_TLS "="

static const unsigned char key[16] = "one key of all", other_key[16] = "another";
static const ss_csrf_rule_t rule = { key, "/mail-status", "ann", 0 },
                            tls = { key, "/mail-status", "ann", 1 };

static void only_our_pages_act(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    const char *of_a = ss_csrf_rule_token(&rule, A, pool),
               *of_b = ss_csrf_rule_token(&rule, B, pool);
    char *nearly = apr_pstrdup(pool, of_a);
    nearly[strlen(nearly) - 1] ^= 1;
    const struct {
        const char *label, *cookies, *token;
        const ss_csrf_rule_t *rule;
        int want;
    } rows[] = {
        { "our page", COOKIE A, of_a, &rule, 1 },
        { "among other cookies", "x=1; " COOKIE A "; y=2", of_a, &rule, 1 },
        { "no cookie", NULL, of_a, &rule, 0 },
        { "cookie without a field", COOKIE A, NULL, &rule, 0 },
        { "other cookies only", "session=1", of_a, &rule, 0 },
        { "empty Cookie header", "", of_a, &rule, 0 },
        { "a field that equals the cookie", COOKIE A, A, &rule, 0 },
        { "the token of another cookie", COOKIE A, of_b, &rule, 0 },
        { "last digit differs", COOKIE A, nearly, &rule, 0 },
        { "empty token", COOKIE A, "", &rule, 0 },
        { "token too long", COOKIE A, apr_pstrcat(pool, of_a, "0", NULL), &rule, 0 },
        { "token too short", COOKIE A, apr_pstrmemdup(pool, of_a, 15), &rule, 0 },
        { "cookie too long", COOKIE A "0", of_a, &rule, 0 },
        { "longer name", "x" COOKIE A, of_a, &rule, 0 },
        { "name without value", COOKIE "; a=" A, of_a, &rule, 0 },
        { "a planted cookie before ours", COOKIE B "; " COOKIE A, of_a, &rule, 1 },
        { "a planted cookie behind ours", COOKIE A "; " COOKIE B, of_a, &rule, 1 },
        { "a planted cookie alone", COOKIE B, of_a, &rule, 0 },
        { "over TLS", COOKIE_TLS A, of_a, &tls, 1 },
        { "over TLS, a name that any host can set", COOKIE A, of_a, &tls, 0 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int got = ss_csrf_rule_allows(rows[i].rule, rows[i].cookies, rows[i].token, pool);
        if (got != rows[i].want) printf("\n    %s: got %d", rows[i].label, got);
        CU_ASSERT_EQUAL(got, rows[i].want);
    }
    apr_pool_destroy(pool);
}

static void a_token_is_of_one_server_page_and_user(void)
{
    static const ss_csrf_rule_t others[] = { { other_key, "/mail-status", "ann", 0 },
                                             { key, "/mail-test", "ann", 0 },
                                             { key, "/mail-status", "bob", 0 },
                                             { key, "/mail-status", "", 0 } };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        CU_ASSERT_FALSE(
            ss_csrf_rule_allows(&rule, COOKIE A, ss_csrf_rule_token(&others[i], A, pool), pool));
    apr_pool_destroy(pool);
}

static void cookies_are_found(void)
{
    const char *header = "a=b;\t" COOKIE A ";c;" COOKIE B, *none = NULL;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    CU_ASSERT_STRING_EQUAL(ss_csrf_rule_cookie(&header, 0, pool), A);
    CU_ASSERT_STRING_EQUAL(ss_csrf_rule_cookie(&header, 0, pool), B);
    CU_ASSERT_PTR_NULL(ss_csrf_rule_cookie(&header, 0, pool));
    CU_ASSERT_PTR_NULL(ss_csrf_rule_cookie(&none, 0, pool));
    apr_pool_destroy(pool);
}

void ss_suite_csrf_rule(void)
{
    CU_pSuite suite = CU_add_suite("csrf_rule", NULL, NULL);

    CU_add_test(suite, "only_our_pages_act", only_our_pages_act);
    CU_add_test(suite, "a_token_is_of_one_server_page_and_user",
                a_token_is_of_one_server_page_and_user);
    CU_add_test(suite, "cookies_are_found", cookies_are_found);
}
