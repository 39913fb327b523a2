/* test_trace.c: which "traceparent" is valid. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "mail/trace.h"

void ss_suite_trace(void);

#define ID "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"
#define ZERO16 "0000000000000000"

static void only_valid_values_are_kept(void)
{
    static const struct {
        const char *text, *want; /* NULL: ignored */
    } rows[] = {
        { "00-" ID "-01", "00-" ID "-01" },
        { "00-" ID "-00", "00-" ID "-00" },
        { "00-" ID "-ff", "00-" ID "-ff" },
        { " \t00-" ID "-01 ", "00-" ID "-01" },
        { "", NULL },
        { " ", NULL },
        { "00", NULL },
        { "00-" ID, NULL },
        { "00-" ID "-1", NULL },
        { "00-" ID "-0g", NULL },
        { "00-" ID "-01-x", NULL },
        { "00-" ID "-01, 00-" ID "-01", NULL },
        { "00-" ID "-01\r\nX: y", NULL },
        { "ff-" ID "-01", NULL },
        { "FF-" ID "-01", NULL },
        { "0-" ID "-001", NULL },
        { "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", NULL },
        { "00-" ZERO16 ZERO16 "-00f067aa0ba902b7-01", NULL },
        { "00-4bf92f3577b34da6a3ce929d0e0e4736-" ZERO16 "-01", NULL },
        { "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01", NULL },
        { "00_" ID "-01", NULL },
        { "00-" ID "_01", NULL },
        /* later versions */
        { "01-" ID "-01", "00-" ID "-01" },
        { "cc-" ID "-0a", "00-" ID "-00" },
        { "cc-" ID "-ff-what comes then", "00-" ID "-01" },
        { "cc-" ID "-01.x", NULL },
    };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = ss_trace_parent(rows[i].text, pool);
        int is_right = got && rows[i].want ? !strcmp(got, rows[i].want) : got == rows[i].want;
        if (!is_right) printf("\n    %s: got %s", rows[i].text, got ? got : "nothing");
        CU_ASSERT(is_right);
    }
    CU_ASSERT_PTR_NULL(ss_trace_parent(NULL, pool));
    apr_pool_destroy(pool);
}

void ss_suite_trace(void)
{
    CU_pSuite suite = CU_add_suite("trace", NULL, NULL);

    CU_add_test(suite, "only_valid_values_are_kept", only_valid_values_are_kept);
}
