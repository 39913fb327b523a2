/* short_id.h: message ids as people type them. */
#pragma once

#include "cli/cli.h"

/* The whole id of the one message whose id begins or ends with text; the daemon is asked unless
 * text is whole. NULL: no message has it, or several have; the error was printed, and *code is the
 * exit code. */
const char *ss_short_id_resolve(ss_cli_t *cli, const char *text, int *code);
/* How many characters of the ends of ids tell the messages of a list apart: 8, or more. */
int ss_short_id_ending(const json_t *rows, apr_pool_t *pool);
/* So many characters of a message's id. */
const char *ss_short_id_end(const json_t *row, int ending, apr_pool_t *pool);
