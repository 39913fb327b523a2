/* status_command.h: the command status. */
#pragma once

#include "cli/cli.h"

int ss_status_command(ss_cli_t *cli, int argc, const char *const *argv);
