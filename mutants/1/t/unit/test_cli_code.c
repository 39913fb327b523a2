/* test_cli_code.c: exit codes of the command line. */
#include <CUnit/CUnit.h>
#include <apr_pools.h>
#include <stdio.h>

#include "cli/cli_code.c"

void ss_suite_cli_code(void);

static void the_worst_reason_decides(void)
{
    static const struct {
        const char *status, *relay;
        int want;
    } rows[] = {
        { "{}", NULL, 0 },
        { "{\"reasons\":[]}", NULL, 0 },
        { "{\"reasons\":[{\"relay\":\"a\",\"reason\":\"paused\"}]}", NULL, 1 },
        { "{\"reasons\":[{\"relay\":\"a\",\"reason\":\"blocked\"},{\"relay\":\"b\",\"reason\":"
          "\"paused\"}]}",
          NULL, 2 },
        { "{\"reasons\":[{\"relay\":\"a\",\"reason\":\"blocked\"},{\"relay\":\"b\",\"reason\":"
          "\"paused\"}]}",
          "a", 2 },
        { "{\"reasons\":[{\"relay\":\"a\",\"reason\":\"blocked\"},{\"relay\":\"b\",\"reason\":"
          "\"paused\"}]}",
          "b", 1 },
        { "{\"reasons\":[{\"relay\":\"a\",\"reason\":\"blocked\"},{\"relay\":\"b\",\"reason\":"
          "\"paused\"}]}",
          "c", 0 },
        { "{\"reasons\":[{\"relay\":null,\"reason\":\"full\"}]}", "c", 2 },
        { "{\"reasons\":[{}]}", NULL, 2 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *status = json_loads(rows[i].status, 0, NULL);
        int got = ss_cli_code_status(status, rows[i].relay);
        if (got != rows[i].want) printf("\n    %s: got %d", rows[i].status, got);
        CU_ASSERT_EQUAL(got, rows[i].want);
        json_decref(status);
    }
}

static void each_refusal_has_a_code(void)
{
    static const struct {
        int status, want;
    } rows[] = { { 400, 1 },           { 401, EX_NOPERM },   { 403, EX_NOPERM },   { 404, 1 },
                 { 409, 1 },           { 413, 1 },           { 429, EX_TEMPFAIL }, { 499, 1 },
                 { 500, EX_SOFTWARE }, { 503, EX_TEMPFAIL }, { 504, EX_SOFTWARE } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_EQUAL(ss_cli_exit_code(rows[i].status, SS_CLI_NOTHING), rows[i].want);
    CU_ASSERT_EQUAL(ss_cli_exit_code(422, EX_DATAERR), 65);
}

static void each_failed_step_has_a_code(void)
{
    static const char *const steps[] = { "config",   "resolve", "connect",  "tls",
                                         "greeting", "hello",   "starttls", "auth",
                                         "mail",     "rcpt",    "quit" };

    for (int i = 0; i < 11; i++) CU_ASSERT_EQUAL(ss_cli_code_step(steps[i]), 10 + i);
    CU_ASSERT_EQUAL(ss_cli_code_step(NULL), 0);
    CU_ASSERT_EQUAL(ss_cli_code_step("dance"), EX_SOFTWARE);
}

void ss_suite_cli_code(void)
{
    CU_pSuite suite = CU_add_suite("cli_code", NULL, NULL);

    CU_add_test(suite, "the_worst_reason_decides", the_worst_reason_decides);
    CU_add_test(suite, "each_refusal_has_a_code", each_refusal_has_a_code);
    CU_add_test(suite, "each_failed_step_has_a_code", each_failed_step_has_a_code);
}
