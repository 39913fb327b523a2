/* transfer_command.h: the commands export and import. */
#ifndef SS_CLI_TRANSFER_COMMAND_H
#define SS_CLI_TRANSFER_COMMAND_H

#include "cli/cli.h"

int ss_transfer_command_export(ss_cli_t *cli, int argc, const char *const *argv);
int ss_transfer_command_import(ss_cli_t *cli, int argc, const char *const *argv);

#endif
