/* test_command.h: the command test. */
#pragma once

#include "cli/cli.h"

int ss_test_command(ss_cli_t *cli, int argc, const char *const *argv);
