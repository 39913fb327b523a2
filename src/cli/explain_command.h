/* explain_command.h: the command explain. */
#pragma once

#include "cli/cli.h"

int ss_explain_command(ss_cli_t *cli, int argc, const char *const *argv);
