/* test_step.h: steps of the connection test at a terminal. */
#pragma once

#include "cli/cli.h"

/* The exit code for a failed step ("auth": 17); EX_OK for NULL. */
int ss_test_step_code(const char *step);
/* Prints a step's lines while the test runs: on standard error, and only for a person at a
 * terminal. */
void ss_test_step_print(const ss_cli_t *cli, const char *text, apr_size_t len);
