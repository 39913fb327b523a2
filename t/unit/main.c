/* main.c: runs every suite of t/unit. With names as arguments only those suites. Fails when a test
 * fails or none ran. */
#include <CUnit/Basic.h>
#include <apr_general.h>
#include <stdio.h>
#include <string.h>

#define SS_SUITE(name) void ss_suite_##name(void);
#include "unit_suites.inc"
#undef SS_SUITE

static const struct {
    const char *name;
    void (*add)(void);
} suites[] = {
#define SS_SUITE(name) { #name, ss_suite_##name },
#include "unit_suites.inc"
#undef SS_SUITE
};

static int is_wanted(const char *name, int argc, char **argv)
{
    if (argc < 2) return 1;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], name)) return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (apr_initialize() != APR_SUCCESS || CU_initialize_registry() != CUE_SUCCESS) return 2;
    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
        if (is_wanted(suites[i].name, argc, argv)) suites[i].add();
    }
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned int ran = CU_get_number_of_tests_run();
    unsigned int failed = CU_get_number_of_tests_failed();
    CU_cleanup_registry();
    apr_terminate();
    printf("%u passed, %u failed\n", ran - failed, failed);
    return failed || !ran;
}
