/* complete.h: completion of command lines for shells. */
#pragma once

#include "cli/cli.h"

/* "complete NAME WORD...": prints what the last word may become. */
int ss_complete_print(ss_cli_t *cli, int argc, const char *const *argv);
