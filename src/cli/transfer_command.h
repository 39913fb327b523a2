/* transfer_command.h: the commands export and import. */
#pragma once

#include "cli/cli.h"

int ss_transfer_command_export(ss_cli_t *cli, int argc, const char *const *argv);
int ss_transfer_command_import(ss_cli_t *cli, int argc, const char *const *argv);
