/* commands.h: the table of commands. */
#pragma once

#include "cli/cli.h"

extern const ss_cli_command_t ss_commands[];
extern const int ss_commands_count;

/* NULL: there is no such command. */
const ss_cli_command_t *ss_commands_find(const char *name);
