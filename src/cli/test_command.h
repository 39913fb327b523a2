/* test_command.h: the command test. */
#ifndef SS_CLI_TEST_COMMAND_H
#define SS_CLI_TEST_COMMAND_H

#include "cli/cli.h"

int ss_test_command(ss_cli_t *cli, int argc, const char *const *argv);

#endif
