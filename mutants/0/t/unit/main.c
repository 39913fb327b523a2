/* main.c: runs every suite of t/unit. With names as arguments only those suites. Several processes
 * share them, since some tests wait for a driver's or a kernel's time. Fails when a test fails, a
 * process ends early, or nothing ran. */
#include <CUnit/Basic.h>
#include <apr_general.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

#define SUITES (sizeof(suites) / sizeof(suites[0]))
#define PROCESSES 4

_Static_assert(SUITES < 256, "a suite's number is one byte");

typedef struct {
    unsigned int ran, failed;
} result_t;

static int is_wanted(const char *name, int argc, char **argv)
{
    if (argc < 2) return 1;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], name)) return 1;
    }
    return 0;
}

/* In a process of its own: runs the next suite from the pipe that all share until it is empty. */
static int run_suites(int next, int results)
{
    unsigned char suite;
    result_t sum = { 0, 0 };

    if (apr_initialize() != APR_SUCCESS) return 2;
    CU_basic_set_mode(CU_BRM_SILENT);
    while (read(next, &suite, 1) == 1) {
        if (CU_initialize_registry() != CUE_SUCCESS) return 2;
        suites[suite].add();
        CU_basic_run_tests();
        sum.ran += CU_get_number_of_tests_run();
        sum.failed += CU_get_number_of_tests_failed();
        if (CU_get_number_of_failure_records()) {
            printf("suite %s:", suites[suite].name);
            CU_basic_show_failures(CU_get_failure_list());
            printf("\n");
        }
        CU_cleanup_registry();
    }
    apr_terminate();
    fflush(stdout);
    return write(results, &sum, sizeof(sum)) == sizeof(sum) ? 0 : 2;
}

int main(int argc, char **argv)
{
    int next[2], results[2], is_broken = 0, status;
    result_t sum, total = { 0, 0 };

    if (pipe(next) || pipe(results)) return 2;
    for (size_t i = 0; i < SUITES; i++) {
        unsigned char suite = (unsigned char)i;
        if (is_wanted(suites[i].name, argc, argv) && write(next[1], &suite, 1) != 1) return 2;
    }
    close(next[1]);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();
        if (pid < 0) return 2;
        if (!pid) exit(run_suites(next[0], results[1]));
    }
    close(results[1]);
    while (wait(&status) > 0) is_broken |= status;
    while (read(results[0], &sum, sizeof(sum)) == sizeof(sum)) {
        total.ran += sum.ran;
        total.failed += sum.failed;
    }
    if (is_broken) printf("a process of the tests ended early (status %d)\n", is_broken);
    printf("%u passed, %u failed\n", total.ran - total.failed, total.failed);
    return is_broken || total.failed || !total.ran;
}
