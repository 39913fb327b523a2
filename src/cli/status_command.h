/* status_command.h: the command status. */
#ifndef SS_CLI_STATUS_COMMAND_H
#define SS_CLI_STATUS_COMMAND_H

#include "cli/cli.h"

int ss_status_command(ss_cli_t *cli, int argc, const char *const *argv);

#endif
