/* queue_command.h: the commands queue, mailq and show. */
#pragma once

#include "cli/cli.h"

int ss_queue_command(ss_cli_t *cli, int argc, const char *const *argv);
int ss_queue_command_mailq(ss_cli_t *cli, int argc, const char *const *argv);
int ss_queue_command_show(ss_cli_t *cli, int argc, const char *const *argv);
