/* action_command.h: the commands retry, hold, release, cancel and bounce. */
#pragma once

#include "cli/cli.h"

int ss_action_command(ss_cli_t *cli, int argc, const char *const *argv);
