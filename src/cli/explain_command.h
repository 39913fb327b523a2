/* explain_command.h: the command explain. */
#ifndef SS_CLI_EXPLAIN_COMMAND_H
#define SS_CLI_EXPLAIN_COMMAND_H

#include "cli/cli.h"

int ss_explain_command(ss_cli_t *cli, int argc, const char *const *argv);

#endif
