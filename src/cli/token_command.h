/* token_command.h: the command token. */
#pragma once

#include "cli/cli.h"

int ss_token_command(ss_cli_t *cli, int argc, const char *const *argv);
