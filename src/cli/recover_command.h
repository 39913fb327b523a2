/* recover_command.h: the command queue --recover. */
#ifndef SS_CLI_RECOVER_COMMAND_H
#define SS_CLI_RECOVER_COMMAND_H

#include "cli/cli.h"

/* Saves what can be read of the queue file from into the new file to (NULL: FROM.recovered).
 * Returns the exit code. */
int ss_recover_command(ss_cli_t *cli, const char *from, const char *to);

#endif
