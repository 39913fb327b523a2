/* pause_command.h: the commands pause, resume and flush. */
#pragma once

#include "cli/cli.h"

int ss_pause_command(ss_cli_t *cli, int argc, const char *const *argv);
