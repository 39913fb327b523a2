/* test_step.c: steps of the connection test at a terminal. */
#include "cli/test_step.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *step;
    int code;
} step_codes[] = { { "config", 10 },   { "resolve", 11 }, { "connect", 12 },  { "tls", 13 },
                   { "greeting", 14 }, { "hello", 15 },   { "starttls", 16 }, { "auth", 17 },
                   { "mail", 18 },     { "rcpt", 19 },    { "quit", 20 } };

int ss_test_step_code(const char *step)
{
    if (!step) return EX_OK;
    for (size_t i = 0; i < sizeof(step_codes) / sizeof(step_codes[0]); i++) {
        if (!strcmp(step_codes[i].step, step)) return step_codes[i].code;
    }
    return EX_SOFTWARE;
}

void ss_test_step_print(const ss_cli_t *cli, const char *text, apr_size_t len)
{
    if (cli->is_json || !isatty(STDERR_FILENO) || !isatty(STDOUT_FILENO)) return;
    fwrite(text, 1, len, stderr);
}
