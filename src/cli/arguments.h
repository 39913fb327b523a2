/* arguments.h: long options by a table. */
#pragma once

#include <apr_tables.h>

#include "cli/cli.h"

typedef struct {
    const char *name;       /* "state", without dashes; NULL: the end of the table */
    const char *value_name; /* "STATE"; NULL: a flag */
    const char *help;
    /* a const char *: set to the value, the last one wins; of a flag an int: set to 1 */
    void *target;
} ss_arguments_option_t;

/* Reads argv by the options (may be NULL; each command also takes --socket, --json and --help).
 * What is left goes to *operands (const char *); operands NULL: nothing may be left. 0: run the
 * command; otherwise the command ends with *code (help was printed, or a usage error). */
int ss_arguments_read(ss_cli_t *cli, const ss_arguments_option_t *options, int argc,
                      const char *const *argv, apr_array_header_t **operands, int *code);

/* ---- the parts of --help; lines of at most 80 columns ---- */

/* Usage and summary. */
void ss_arguments_print_begin(const ss_cli_command_t *command, apr_pool_t *pool);
/* An option, padded to left_width, and what it does. */
void ss_arguments_print_row(const char *left, int left_width, const char *help);
/* Help, exit codes and example. */
void ss_arguments_print_end(const ss_cli_command_t *command, apr_pool_t *pool);
/* Paragraphs, each one line of text; further lines are indented like the first, and by 2 more. */
void ss_arguments_print_text(const char *text, apr_pool_t *pool);
