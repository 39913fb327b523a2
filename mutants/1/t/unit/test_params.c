/* test_params.c: parameters of query strings and forms: decoding, repeats, and every way to be
 * malformed. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <string.h>

#include "web/shared/params.c"

void ss_suite_params(void);

/* The pairs as "name=value|name=value", or "!" and the sentence. */
static const char *show(const char *text, apr_pool_t *pool)
{
    ss_params_t query;
    const char *why = NULL, *out = "";

    if (ss_params_parse(&query, text, &why, pool)) return apr_pstrcat(pool, "!", why, NULL);
    for (int i = 0; i < query.pairs->nelts; i++) {
        const ss_params_pair_t *pair = &APR_ARRAY_IDX(query.pairs, i, ss_params_pair_t);
        out = apr_pstrcat(pool, out, i ? "|" : "", pair->name, "=", pair->value, NULL);
    }
    return out;
}

static void parameters_are_decoded(void)
{
    static const struct {
        const char *label, *input, *want;
    } rows[] = {
        { "nothing", "", "" },
        { "no string", NULL, "" },
        { "one", "a=b", "a=b" },
        { "without a value", "auto", "auto=" },
        { "empty value", "from=", "from=" },
        { "equals in the value", "a=b=c", "a=b=c" },
        { "plus is a blank", "a=b+c", "a=b c" },
        { "percent at the end", "a=%40", "a=@" },
        { "percent in the middle", "a=x%40y", "a=x@y" },
        { "percent in the name", "%61=1", "a=1" },
        { "either case", "a=%c3%A9", "a=\xc3\xa9" },
        { "repeats keep their order", "to=1&to=2&x=3&to=4", "to=1|to=2|x=3|to=4" },
        { "empty parts are left out", "&&a=1&&b=2&", "a=1|b=2" },
        { "one digit", "a=%4", "!% is not followed by two hexadecimal digits" },
        { "no digit", "a=%", "!% is not followed by two hexadecimal digits" },
        { "no hexadecimal", "a=%4g", "!% is not followed by two hexadecimal digits" },
        { "does not read into the next", "a=%4&1=2",
          "!% is not followed by two hexadecimal digits" },
        { "zero byte", "a=%00", "!a zero byte in a parameter" },
        { "no UTF-8", "a=%ff", "!invalid UTF-8 in a parameter" },
        { "overlong UTF-8", "a=%c0%af", "!invalid UTF-8 in a parameter" },
        { "line ends stay bytes", "a=1%0d%0a", "a=1\r\n" },
    };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = show(rows[i].input, pool);
        if (strcmp(got, rows[i].want))
            printf("\n    %s: got %s, want %s", rows[i].label, got, rows[i].want);
        CU_ASSERT_STRING_EQUAL(got, rows[i].want);
    }
    apr_pool_destroy(pool);
}

static void too_many_are_refused(void)
{
    apr_pool_t *pool;
    ss_params_t query;
    const char *why = NULL;

    apr_pool_create(&pool, NULL);
    char *text = apr_palloc(pool, 2 * (SS_PARAMS_MAX + 1) + 1);
    for (int i = 0; i <= SS_PARAMS_MAX; i++) memcpy(text + 2 * i, "a&", 2);
    text[2 * (SS_PARAMS_MAX + 1)] = '\0';
    CU_ASSERT_EQUAL(ss_params_parse(&query, text, &why, pool), -1);
    CU_ASSERT_PTR_NOT_NULL(why);
    text[2 * SS_PARAMS_MAX] = '\0';
    CU_ASSERT_EQUAL(ss_params_parse(&query, text, &why, pool), 0);
    CU_ASSERT_EQUAL(ss_params_count(&query, "a"), SS_PARAMS_MAX);
    apr_pool_destroy(pool);
}

static void values_are_found(void)
{
    static const char *const known[] = { "a", "b", NULL };
    apr_pool_t *pool;
    ss_params_t query;
    const char *why = NULL;

    apr_pool_create(&pool, NULL);
    CU_ASSERT_EQUAL_FATAL(ss_params_parse(&query, "a=1&a=2&b&on=yes&off=0&no=", &why, pool), 0);
    CU_ASSERT_STRING_EQUAL(ss_params_get(&query, "a"), "1");
    CU_ASSERT_STRING_EQUAL(ss_params_get(&query, "b"), "");
    CU_ASSERT_PTR_NULL(ss_params_get(&query, "A"));
    CU_ASSERT_EQUAL(ss_params_count(&query, "a"), 2);
    CU_ASSERT_EQUAL(ss_params_flag(&query, "b", 0), 1);
    CU_ASSERT_EQUAL(ss_params_flag(&query, "on", 0), 1);
    CU_ASSERT_EQUAL(ss_params_flag(&query, "off", 1), 0);
    CU_ASSERT_EQUAL(ss_params_flag(&query, "missing", 1), 1);
    CU_ASSERT_STRING_EQUAL(ss_params_unknown(&query, known), "on");
    CU_ASSERT_STRING_EQUAL(ss_params_escape("a b&c=\xc3\xa9/-._~", pool),
                           "a%20b%26c%3D%C3%A9%2F-._~");
    apr_pool_destroy(pool);
}

void ss_suite_params(void)
{
    CU_pSuite suite = CU_add_suite("params", NULL, NULL);

    CU_add_test(suite, "parameters_are_decoded", parameters_are_decoded);
    CU_add_test(suite, "too_many_are_refused", too_many_are_refused);
    CU_add_test(suite, "values_are_found", values_are_found);
}
