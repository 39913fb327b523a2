/* test_core.c: a daemon that cannot start says why once, and asks to be tried again. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <string.h>
#include <sys/resource.h>

#include "daemon/core.h"

void ss_suite_core(void);

static char lines[2000];

static void write_line(void *self, ss_log_level_t level, const char *line)
{
    apr_size_t len = strlen(lines);

    (void)self;
    (void)level;
    apr_snprintf(lines + len, sizeof(lines) - len, "%s\n", line);
}

static void a_start_without_descriptors_is_to_be_tried_again(void)
{
    static const ss_log_t sink = { .write = write_line, .level = SS_LOG_DEBUG };
    ss_trouble_t trouble = { 0 };
    const ss_core_options_t options = { .log = &sink, .trouble = &trouble, .listen_fd = -1 };
    struct rlimit before, none;

    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 0;
    *lines = '\0';
    setrlimit(RLIMIT_NOFILE, &none);
    CU_ASSERT_EQUAL(ss_core_run(&options), SS_CORE_EXIT_AGAIN);
    CU_ASSERT_PTR_NOT_NULL(strstr(lines, "SMTPSend-208"));
    CU_ASSERT_PTR_NOT_NULL(strstr(ss_trouble_text(&trouble, (ss_mono_t){ 0 }, (ss_mono_t){ 0 }),
                                  "Too many open files"));
    *lines = '\0';
    CU_ASSERT_EQUAL(ss_core_run(&options), SS_CORE_EXIT_AGAIN);
    CU_ASSERT_STRING_EQUAL(lines, "");
    setrlimit(RLIMIT_NOFILE, &before);
}

void ss_suite_core(void)
{
    CU_pSuite suite = CU_add_suite("core", NULL, NULL);

    CU_ADD_TEST(suite, a_start_without_descriptors_is_to_be_tried_again);
}
