/* token_command.h: the command token. */
#ifndef SS_CLI_TOKEN_COMMAND_H
#define SS_CLI_TOKEN_COMMAND_H

#include "cli/cli.h"

int ss_token_command(ss_cli_t *cli, int argc, const char *const *argv);

#endif
