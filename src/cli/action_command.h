/* action_command.h: the commands retry, hold, release, cancel and bounce. */
#ifndef SS_CLI_ACTION_COMMAND_H
#define SS_CLI_ACTION_COMMAND_H

#include "cli/cli.h"

int ss_action_command(ss_cli_t *cli, int argc, const char *const *argv);

#endif
