/* pause_command.h: the commands pause, resume and flush. */
#ifndef SS_CLI_PAUSE_COMMAND_H
#define SS_CLI_PAUSE_COMMAND_H

#include "cli/cli.h"

int ss_pause_command(ss_cli_t *cli, int argc, const char *const *argv);

#endif
